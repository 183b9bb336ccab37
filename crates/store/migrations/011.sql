-- The chain of hubs. All times are seconds since 1970; words are as the model writes them.

-- What was agreed with another hub. organisation: the code of whom it stands for here, empty for none. source: through which what it sends comes in.
CREATE TABLE hub_link (
    id INTEGER PRIMARY KEY, peer TEXT NOT NULL, url TEXT NOT NULL, organisation TEXT NOT NULL, source INTEGER NOT NULL, state TEXT NOT NULL,
    direction TEXT NOT NULL, transport TEXT NOT NULL, tlp_max INTEGER NOT NULL, purposes TEXT NOT NULL, parcels_per_hour INTEGER NOT NULL,
    credit INTEGER NOT NULL, service_level_seconds INTEGER NOT NULL, status TEXT NOT NULL, retention_days INTEGER NOT NULL,
    created_at INTEGER NOT NULL, ended_at INTEGER
);
CREATE UNIQUE INDEX hub_link_peer ON hub_link (peer) WHERE ended_at IS NULL;

-- Public keys (Ed25519) of other hubs, pinned by a person, or announced under one that was (announced_by). revoked_at: nothing signed by it counts any
-- more.
CREATE TABLE hub_key (
    link INTEGER NOT NULL, key BLOB NOT NULL, announced_by BLOB, pinned_at INTEGER NOT NULL, valid_until INTEGER, revoked_at INTEGER,
    PRIMARY KEY (link, key)
) WITHOUT ROWID;

-- Parcels that we hand over. state and class: as in the model. body: the signed line of the wire. outcome, reason: of the receipt, whose signed line is
-- kept as proof. late_at: since when a person knows that no receipt came.
CREATE TABLE parcel_out (
    id INTEGER PRIMARY KEY, link INTEGER NOT NULL, parcel BLOB NOT NULL, class INTEGER NOT NULL, finding INTEGER NOT NULL, key BLOB NOT NULL,
    revision INTEGER NOT NULL, notification INTEGER NOT NULL, body BLOB NOT NULL, created_at INTEGER NOT NULL, state INTEGER NOT NULL,
    attempts INTEGER NOT NULL, next_at INTEGER NOT NULL, sent_at INTEGER, outcome TEXT, reason TEXT, receipt BLOB, answered_at INTEGER,
    late_at INTEGER, UNIQUE (link, parcel)
);
CREATE INDEX parcel_out_due ON parcel_out (link, class, next_at) WHERE state = 0;
CREATE INDEX parcel_out_sent ON parcel_out (link, sent_at) WHERE state = 1;
CREATE INDEX parcel_out_notification ON parcel_out (notification);
CREATE INDEX parcel_out_finding ON parcel_out (finding, link, revision);
CREATE INDEX parcel_out_made ON parcel_out (link, created_at);
CREATE INDEX parcel_out_key ON parcel_out (link, key, revision);

-- Parcels that had their effect here: row and report hold what they told. status: what was last said of it to the other side, 0 nothing. finding: what it
-- told, once its row was decided on; -1 when that is no finding. path: names of hubs, with spaces between. made_at: when its sender
-- made it.
CREATE TABLE parcel_in (
    id INTEGER PRIMARY KEY, link INTEGER NOT NULL, parcel BLOB NOT NULL, key BLOB NOT NULL, revision INTEGER NOT NULL, report INTEGER NOT NULL,
    row INTEGER NOT NULL, path TEXT NOT NULL, at INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, status INTEGER NOT NULL,
    finding INTEGER, made_at INTEGER NOT NULL, UNIQUE (link, parcel), UNIQUE (link, key, revision)
);
CREATE INDEX parcel_in_made ON parcel_in (link, made_at);
CREATE INDEX parcel_in_report ON parcel_in (report, row);
CREATE INDEX parcel_in_finding ON parcel_in (finding) WHERE finding >= 0;
CREATE INDEX parcel_in_new ON parcel_in (id) WHERE finding IS NULL;
CREATE INDEX parcel_in_unsaid ON parcel_in (id) WHERE status = 0 AND finding >= 0;

-- Everything else that goes to another hub: receipts, status, claims, and what we ask. body: the signed line of the wire. Kept until it was taken.
CREATE TABLE hub_message (
    id INTEGER PRIMARY KEY, link INTEGER NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL, created_at INTEGER NOT NULL, sent_at INTEGER
);
CREATE INDEX hub_message_due ON hub_message (link, id) WHERE sent_at IS NULL;

-- How far what we handed over came at the other side, by finding or as counts.
CREATE TABLE hub_status (
    link INTEGER NOT NULL, finding INTEGER NOT NULL, status INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (link, finding)
) WITHOUT ROWID;
CREATE INDEX hub_status_finding ON hub_status (finding);
CREATE TABLE hub_status_count (
    link INTEGER NOT NULL, day TEXT NOT NULL, status INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (link, day, status)
) WITHOUT ROWID;
