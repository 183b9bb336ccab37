-- Who reports to us. Words as the model writes them; formats and senders are lists, one a line; absent numbers are NULL.
CREATE TABLE source (
    id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, kind TEXT NOT NULL, contact TEXT NOT NULL,
    trust TEXT NOT NULL, reliability TEXT NOT NULL, credibility INTEGER NOT NULL, tlp INTEGER, may_notify INTEGER NOT NULL,
    may_look_up INTEGER NOT NULL, shown_as TEXT NOT NULL, rhythm_seconds INTEGER, formats TEXT NOT NULL, bytes_max INTEGER,
    reports_per_hour_max INTEGER, critical INTEGER NOT NULL, licence TEXT NOT NULL, senders TEXT NOT NULL
);

-- What a source proves itself with at the HTTP door. Only a hash is kept.
CREATE TABLE source_token (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, hash BLOB NOT NULL UNIQUE, label TEXT NOT NULL, created_at INTEGER NOT NULL,
    revoked_at INTEGER
);

-- Where a report came from: source 0 is nobody in particular, receipt NULL is not by way of the spool.
ALTER TABLE report ADD COLUMN source INTEGER NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN receipt INTEGER;
-- When its source took it back.
ALTER TABLE report ADD COLUMN withdrawn_at INTEGER;
CREATE INDEX report_source ON report (source, received_at);

-- May those who are affected be told of what is in it?
ALTER TABLE member ADD COLUMN may_notify INTEGER NOT NULL DEFAULT 1;

-- What became of what reached a door. outcome: see arrivals.rs. report: the one it became, or that had the same bytes.
CREATE TABLE arrival (
    receipt INTEGER PRIMARY KEY, door TEXT NOT NULL, source INTEGER NOT NULL, received_at INTEGER NOT NULL, name TEXT NOT NULL,
    sender TEXT NOT NULL, size INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, report INTEGER, ended_at INTEGER NOT NULL,
    actor TEXT NOT NULL
);
CREATE INDEX arrival_source ON arrival (source, received_at);

-- Rejected rows that were read again: each became a row of another report. chunk.replayed counts them.
ALTER TABLE chunk ADD COLUMN replayed INTEGER NOT NULL DEFAULT 0;
CREATE TABLE replay (
    report INTEGER NOT NULL, row INTEGER NOT NULL, as_report INTEGER NOT NULL, as_row INTEGER NOT NULL, PRIMARY KEY (report, row)
) WITHOUT ROWID;

-- What arrived once more, from whomever.
CREATE INDEX arrival_known ON arrival (report, source) WHERE outcome = 'known';

-- What the DNS said of an address (its names) or a host name (its addresses). answer: 0 found (one a line), 1 nothing, 2 unusable, 3 unknown.
CREATE TABLE look_up (
    id INTEGER PRIMARY KEY, subject TEXT NOT NULL UNIQUE, answer INTEGER NOT NULL, found TEXT NOT NULL, looked_at INTEGER NOT NULL,
    answered_at INTEGER NOT NULL
);

-- A key with which a member fetches its own rows. The secret signs what is asked, so a hash of it would not do; it goes when it is revoked.
CREATE TABLE member_key (
    id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL, key TEXT NOT NULL UNIQUE, secret BLOB NOT NULL, label TEXT NOT NULL,
    created_at INTEGER NOT NULL, revoked_at INTEGER
);
-- What an organisation was told (fate 2), without reading all assignments.
CREATE INDEX assignment_block_told ON assignment_block (organisation) WHERE fate = 2;

-- The country that a table gives a prefix, of two letters; NULL: it says none.
ALTER TABLE announced ADD COLUMN country TEXT;
