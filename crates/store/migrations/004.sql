-- Desk users, the audit chain, retention and erasure.

-- 0 is the program itself and has no row. The name of an erased user is replaced.
CREATE TABLE desk_user (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL, added_at INTEGER NOT NULL,
    disabled_at INTEGER
);

-- The chain: nothing in it is personal. hash covers the previous hash and all other columns; see audit.rs.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor INTEGER NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
    digest BLOB, commitment BLOB NOT NULL, hash BLOB NOT NULL
);
CREATE INDEX audit_subject ON audit (subject);
-- What the commitment of an entry is over. It may hold personal data and can be erased; the chain still holds then.
CREATE TABLE audit_detail (
    entry INTEGER PRIMARY KEY, salt BLOB NOT NULL, actor_name TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL
);

-- Name, mail and phone of a contact enter a register change's digest by a salted commitment. NULL: recorded before there was one, and
-- salt NULL beside a commitment: erased.
ALTER TABLE contact ADD COLUMN salt BLOB;
ALTER TABLE contact ADD COLUMN commitment BLOB;

-- What a change has withdrawn, without reading all that stands.
CREATE INDEX organisation_state_withdrawn ON organisation_state (withdrawn_in) WHERE withdrawn_in IS NOT NULL;
CREATE INDEX asset_withdrawn ON asset (withdrawn_in) WHERE withdrawn_in IS NOT NULL;
CREATE INDEX contact_withdrawn ON contact (withdrawn_in) WHERE withdrawn_in IS NOT NULL;
CREATE INDEX relation_withdrawn ON relation (withdrawn_in) WHERE withdrawn_in IS NOT NULL;

-- A subject (report:17, finding:12, organisation:GM0513) of which nothing expires.
CREATE TABLE legal_hold (
    id INTEGER PRIMARY KEY, subject TEXT NOT NULL, reason TEXT NOT NULL, placed_at INTEGER NOT NULL, placed_by INTEGER NOT NULL,
    released_at INTEGER, released_by INTEGER
);

-- What was erased by which audit entry: a kind (report, finding, message, contact, detail, row) and its numbers, see erase.rs. The
-- entry's digest is over these.
CREATE TABLE erasure (entry INTEGER NOT NULL, kind TEXT NOT NULL, numbers BLOB NOT NULL);
CREATE INDEX erasure_entry ON erasure (entry);
-- The entry that erased its bytes.
ALTER TABLE report ADD COLUMN erased INTEGER;
ALTER TABLE message ADD COLUMN erased INTEGER;
-- Single rows whose bytes were blanked, and by which entry.
CREATE TABLE redaction (report INTEGER NOT NULL, row INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (report, row)) WITHOUT ROWID;
-- Frames that nothing names any more and that are still to be overwritten: done at once, or after a crash when the store is opened.
CREATE TABLE wipe (segment INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, PRIMARY KEY (segment, offset)) WITHOUT ROWID;
