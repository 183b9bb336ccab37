-- What the chain of hubs keeps beside parcels. All times are seconds since 1970; words are as the model writes them.

-- Questions about one address or name: whose is this? way: 'asked' by us, or 'heard' from the other hub. answer, hub: what was said.
CREATE TABLE hub_question (
    id INTEGER PRIMARY KEY, link INTEGER NOT NULL, question BLOB NOT NULL, way TEXT NOT NULL, value TEXT NOT NULL, asked_at INTEGER NOT NULL,
    answer TEXT, hub TEXT, answered_at INTEGER, UNIQUE (link, way, question)
);
CREATE INDEX hub_question_at ON hub_question (link, way, asked_at);

-- Sealing to final recipients. wanted: is what we hand over on this link sealed? key: the other hub's own key (OpenPGP), as it published it.
CREATE TABLE hub_sealing (link INTEGER PRIMARY KEY, wanted INTEGER NOT NULL DEFAULT 0, key BLOB);

-- Keys that a hub published with its list of claims, and which of them each claim is sealed to.
CREATE TABLE hub_seal_key (link INTEGER NOT NULL, number INTEGER NOT NULL, key BLOB NOT NULL, PRIMARY KEY (link, number)) WITHOUT ROWID;
CREATE TABLE hub_sealed_claim (
    link INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (link, kind, value)
) WITHOUT ROWID;

-- Why a parcel is not sent though it is due; its body is then as it would be without sealing.
ALTER TABLE parcel_out ADD COLUMN withheld TEXT;
CREATE INDEX parcel_out_withheld ON parcel_out (link, id) WHERE withheld IS NOT NULL;

-- What other hubs signed and said, as it came: the lines of an arrival whose signatures held, packed by zstd. Receipts stand with their parcels.
CREATE TABLE hub_proof (arrival INTEGER PRIMARY KEY, link INTEGER NOT NULL, at INTEGER NOT NULL, lines BLOB NOT NULL);
CREATE INDEX hub_proof_at ON hub_proof (link, at);

-- A list of claims that takes so much back that a person decides about it: as it came, until then. standing, gone: how many claims stand, and how many of those are not
-- on it.
CREATE TABLE hub_claim_list (
    link INTEGER PRIMARY KEY, version INTEGER NOT NULL, came_at INTEGER NOT NULL, standing INTEGER NOT NULL, gone INTEGER NOT NULL, data BLOB NOT NULL
);

-- What another hub handed over to us and took back.
CREATE TABLE hub_taken_back (link INTEGER NOT NULL, finding INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (link, finding)) WITHOUT ROWID;
CREATE INDEX hub_taken_back_finding ON hub_taken_back (finding);
