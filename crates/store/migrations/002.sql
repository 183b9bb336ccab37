-- Relations between organisations, and periods and an order for contacts.

ALTER TABLE contact ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN valid_from INTEGER;
ALTER TABLE contact ADD COLUMN valid_until INTEGER;

CREATE TABLE relation (
    id INTEGER PRIMARY KEY, from_organisation INTEGER NOT NULL, kind TEXT NOT NULL, to_organisation INTEGER NOT NULL,
    mandate TEXT NOT NULL, scan_consent INTEGER NOT NULL, valid_from INTEGER, valid_until INTEGER, note TEXT NOT NULL,
    recorded_in INTEGER NOT NULL, withdrawn_in INTEGER
);
