-- Days on which an organisation is closed besides public holidays: terms that wait for it do not count them. day: days since 1970-01-01.
CREATE TABLE closing_day (organisation INTEGER NOT NULL, day INTEGER NOT NULL, PRIMARY KEY (organisation, day)) WITHOUT ROWID;
