-- What members ask of the desk. All times are seconds since 1970; words are as the model writes them.

-- An asset that a member gives up, or of which something else must change. accepted, reason: how the desk decided.
CREATE TABLE asset_request (
    id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, role TEXT NOT NULL, wish TEXT NOT NULL,
    text TEXT NOT NULL, requested_at INTEGER NOT NULL, requested_by TEXT NOT NULL, decided_at INTEGER, decided_by TEXT, accepted INTEGER, reason TEXT
);
CREATE INDEX asset_request_open ON asset_request (organisation) WHERE decided_at IS NULL;
