-- Claims and their proofs, conflicts, joining, changes of trusted contacts, keys and confirmations of contacts.

-- What a member says is theirs. What is proven becomes an asset; the claim stays beside it.
CREATE TABLE claim (
    id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, role TEXT NOT NULL,
    valid_from INTEGER, valid_until INTEGER, note TEXT NOT NULL, token TEXT NOT NULL, state TEXT NOT NULL,
    means TEXT, proven_at INTEGER, expires_at INTEGER, failing_since INTEGER, looked_at INTEGER NOT NULL, created_at INTEGER NOT NULL
);

-- Every attempt to prove a claim, appended.
CREATE TABLE proof_attempt (
    id INTEGER PRIMARY KEY, claim INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, means TEXT NOT NULL,
    found INTEGER NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX proof_attempt_claim ON proof_attempt (claim);

-- A code that was sent to a role address. The code itself is not kept. state: sent, used, spent, bounced.
CREATE TABLE mail_code (
    id INTEGER PRIMARY KEY, claim INTEGER NOT NULL, address TEXT NOT NULL, code_hash BLOB NOT NULL, sent_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, tries INTEGER NOT NULL, state TEXT NOT NULL
);
CREATE INDEX mail_code_claim ON mail_code (claim);

-- Two who say that the same is theirs. The other side is a claim, or an asset named by what it is, for its number changes.
CREATE TABLE conflict (
    id INTEGER PRIMARY KEY, claim INTEGER NOT NULL, other_claim INTEGER, organisation INTEGER NOT NULL, kind TEXT NOT NULL,
    value TEXT NOT NULL, role TEXT NOT NULL, opened_at INTEGER NOT NULL,
    decided_at INTEGER, decided_by TEXT, decided_for INTEGER, reason TEXT
);
CREATE INDEX conflict_claim ON conflict (claim);

-- An organisation that joins has a row for each step that was taken; one that the desk entered has none.
CREATE TABLE joining_step (
    organisation INTEGER NOT NULL, step TEXT NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, by_name TEXT NOT NULL,
    number TEXT NOT NULL,
    PRIMARY KEY (organisation, step)
) WITHOUT ROWID;

-- Assignments that wait until their organisation has joined, and when its general contact heard of it.
CREATE TABLE joining_block (block INTEGER PRIMARY KEY, organisation INTEGER NOT NULL);
CREATE INDEX joining_block_organisation ON joining_block (organisation);
CREATE TABLE joining_letter (id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE INDEX assignment_block_no_contact ON assignment_block (organisation) WHERE fate = 10;

-- A key belongs to a mail address of an organisation, so that it outlives a change of the contact's other fields.
CREATE TABLE contact_key (
    id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL, email TEXT NOT NULL, kind TEXT NOT NULL, fingerprint TEXT NOT NULL,
    bytes BLOB NOT NULL, added_at INTEGER NOT NULL, withdrawn_at INTEGER
);

-- A change that waits for a second pair of eyes and a call back. contact: who changes; NULL adds one. key_kind: the change is a key.
CREATE TABLE pending_change (
    id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL, contact INTEGER, register_version INTEGER NOT NULL,
    role TEXT NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL, phone TEXT NOT NULL, language TEXT NOT NULL, tlp_max INTEGER NOT NULL,
    position INTEGER NOT NULL, valid_from INTEGER, valid_until INTEGER,
    key_kind TEXT, key_fingerprint TEXT, key_bytes BLOB,
    requested_at INTEGER NOT NULL, requested_by TEXT NOT NULL, reason TEXT NOT NULL,
    decided_at INTEGER, decided_by TEXT, approved INTEGER, called_back TEXT
);

-- Somebody said that a contact is still right. A changed contact is another row, and fresh.
CREATE TABLE contact_confirmation (contact INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL);
CREATE INDEX contact_confirmation_contact ON contact_confirmation (contact);

-- A link that was sent, to confirm with. Only the hash of the token is kept; it is good once.
CREATE TABLE confirmation_request (
    token_hash BLOB PRIMARY KEY, contact INTEGER NOT NULL, sent_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, used_at INTEGER
) WITHOUT ROWID;
CREATE INDEX confirmation_request_contact ON confirmation_request (contact);
