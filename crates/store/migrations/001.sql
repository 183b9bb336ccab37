-- The first layout. Ids are dense and ours; times are seconds since 1970, UTC.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- How rows were read, so that they can be read the same way later.
CREATE TABLE plan (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, definition BLOB NOT NULL);

-- Sets of assignees that findings share; `members` is 6 bytes an assignee, see findings.rs.
CREATE TABLE assignment_set (id INTEGER PRIMARY KEY, members BLOB NOT NULL);

CREATE TABLE kind (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, feed TEXT NOT NULL, classification TEXT NOT NULL,
    identifier TEXT NOT NULL, severity INTEGER NOT NULL
);

-- state: 0 being taken in, 1 complete, 2 complete as far as it could be read (failure says why).
CREATE TABLE report (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, received_at INTEGER NOT NULL, received_day TEXT NOT NULL,
    size INTEGER NOT NULL, head_hash BLOB NOT NULL, content_hash BLOB, state INTEGER NOT NULL, failure TEXT
);
CREATE INDEX report_content ON report (content_hash);
CREATE INDEX report_head ON report (size, head_hash);
CREATE INDEX report_day ON report (received_day);

-- A file inside a report: the report itself, or a member of a container. `head` is what stands before the first record.
CREATE TABLE member (
    report INTEGER NOT NULL, seq INTEGER NOT NULL, path TEXT NOT NULL, plan INTEGER NOT NULL, tlp INTEGER NOT NULL,
    head BLOB NOT NULL,
    PRIMARY KEY (report, seq)
) WITHOUT ROWID;

-- The bytes of a container as they came, block by block.
CREATE TABLE original (
    report INTEGER NOT NULL, seq INTEGER NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
    length INTEGER NOT NULL, raw_length INTEGER NOT NULL,
    PRIMARY KEY (report, seq)
) WITHOUT ROWID;

-- One chunk of rows (skipping: 1 when it begins inside a line that is too long, 2 when it ends there): the checkpoint, the sums and the fates. Blobs last, so that sums are read without them.
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY, report INTEGER NOT NULL, member INTEGER NOT NULL, first_row INTEGER NOT NULL, rows INTEGER NOT NULL,
    first_line INTEGER NOT NULL, end_line INTEGER NOT NULL, skipping INTEGER NOT NULL, end_offset INTEGER NOT NULL,
    prefix_hash BLOB NOT NULL,
    segment INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, raw_length INTEGER NOT NULL,
    register_version INTEGER NOT NULL, committed_at INTEGER NOT NULL,
    rejected INTEGER NOT NULL, duplicates INTEGER NOT NULL, clears INTEGER NOT NULL, events INTEGER NOT NULL,
    assignments INTEGER NOT NULL, known INTEGER NOT NULL, first_finding INTEGER NOT NULL, new_findings INTEGER NOT NULL,
    sightings_applied INTEGER NOT NULL DEFAULT 0,
    keys BLOB NOT NULL, sets BLOB NOT NULL, changes BLOB NOT NULL, fates BLOB NOT NULL
);
CREATE INDEX chunk_report ON chunk (report, first_row);
CREATE INDEX chunk_unapplied ON chunk (id) WHERE sightings_applied = 0;

CREATE TABLE finding (
    id INTEGER PRIMARY KEY, report INTEGER NOT NULL, row INTEGER NOT NULL, kind INTEGER NOT NULL, first_seen INTEGER NOT NULL,
    transport INTEGER NOT NULL, port INTEGER NOT NULL, ip BLOB, name TEXT
);

-- Last seen and count of findings id/1000.
CREATE TABLE sighting_block (id INTEGER PRIMARY KEY, marks BLOB NOT NULL);

-- Assignments of one chunk that share organisation, role, end and fate. organisation 0 is nobody.
CREATE TABLE assignment_block (
    id INTEGER PRIMARY KEY, chunk INTEGER NOT NULL, report INTEGER NOT NULL, organisation INTEGER NOT NULL, role INTEGER NOT NULL,
    end INTEGER NOT NULL, count INTEGER NOT NULL, fate INTEGER NOT NULL, reference INTEGER, findings BLOB NOT NULL
);
CREATE INDEX assignment_block_report ON assignment_block (report);
CREATE INDEX assignment_block_chunk ON assignment_block (chunk);
CREATE INDEX assignment_block_queued ON assignment_block (organisation) WHERE fate = 1 AND reference IS NULL;
CREATE INDEX assignment_block_reference ON assignment_block (reference) WHERE reference IS NOT NULL;

-- Every change of fate, appended; the block carries the last.
CREATE TABLE fate_change (
    id INTEGER PRIMARY KEY, block INTEGER NOT NULL, at INTEGER NOT NULL, fate INTEGER NOT NULL, reference INTEGER, reason TEXT
);
CREATE INDEX fate_change_block ON fate_change (block);

-- The register. Nothing is overwritten: a row is recorded in a version and withdrawn in a later one.
CREATE TABLE register_version (version INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE organisation (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE);
CREATE TABLE organisation_state (
    organisation INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, parent TEXT, language TEXT NOT NULL,
    recorded_in INTEGER NOT NULL, withdrawn_in INTEGER
);
CREATE INDEX organisation_state_of ON organisation_state (organisation);
CREATE TABLE asset (
    id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, role TEXT NOT NULL,
    valid_from INTEGER, valid_until INTEGER, proof TEXT NOT NULL, flags INTEGER NOT NULL, note TEXT NOT NULL,
    recorded_in INTEGER NOT NULL, withdrawn_in INTEGER
);
CREATE TABLE contact (
    id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL, role TEXT NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL,
    phone TEXT NOT NULL, language TEXT NOT NULL, tlp_max INTEGER NOT NULL, recorded_in INTEGER NOT NULL, withdrawn_in INTEGER
);

-- lead: the first notification that tells the same assignments (in another language); itself, mostly.
CREATE TABLE notification (
    id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, organisation INTEGER NOT NULL, language TEXT NOT NULL, created_at INTEGER NOT NULL,
    tlp INTEGER NOT NULL, findings INTEGER NOT NULL, subject TEXT NOT NULL, lead INTEGER NOT NULL
);
CREATE INDEX notification_lead ON notification (lead);
CREATE INDEX notification_organisation ON notification (organisation);

-- One frozen message to one recipient. state: 0 waiting, 1 attempt started, 2 accepted, 3 given up.
CREATE TABLE message (
    id INTEGER PRIMARY KEY, notification INTEGER NOT NULL, recipient TEXT NOT NULL, role TEXT NOT NULL, message_id TEXT NOT NULL UNIQUE,
    segment INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, raw_length INTEGER NOT NULL,
    state INTEGER NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL, created_at INTEGER NOT NULL, finished_at INTEGER,
    outcome TEXT
);
CREATE INDEX message_due ON message (next_at) WHERE state < 2;
CREATE INDEX message_notification ON message (notification);
CREATE INDEX message_recipient ON message (recipient, finished_at);
