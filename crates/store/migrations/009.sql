-- Telling and hearing back. All times are seconds since 1970; words are as the model writes them.

-- The rules for telling (TOML). Every version is kept; the newest is in force, and none is the built-in one.
CREATE TABLE policy_version (version INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL);

-- What the policy keeps from being told now. keeps: as in the model. version: of the policy that decided it; rule: its rule, from 1.
-- until: when it is decided again, if that does not wait for another policy.
CREATE TABLE kept_block (
    block INTEGER PRIMARY KEY, keeps TEXT NOT NULL, version INTEGER NOT NULL, rule INTEGER NOT NULL, until INTEGER
);
CREATE INDEX kept_block_until ON kept_block (until) WHERE until IS NOT NULL;
CREATE INDEX kept_block_version ON kept_block (version) WHERE keeps IN ('overview', 'held', 'suppressed', 'nobody');

-- The texts of mails as the desk changed them. NULL text: the built-in one again.
CREATE TABLE template_version (
    id INTEGER PRIMARY KEY, language TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL,
    text TEXT
);
CREATE INDEX template_version_of ON template_version (language, name);

-- What is told together at a later time. Assignment blocks with fate 4 (digest) name one. notification: the one it became.
CREATE TABLE overview (
    id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL, rhythm TEXT NOT NULL, due_at INTEGER NOT NULL, made_at INTEGER,
    notification INTEGER
);
CREATE INDEX overview_due ON overview (due_at) WHERE made_at IS NULL;

-- Weekly overviews that were made: what was sent, held and open at an organisation up to a time.
CREATE TABLE weekly_overview (
    organisation INTEGER NOT NULL, until INTEGER NOT NULL, notification INTEGER NOT NULL, PRIMARY KEY (organisation, until)
) WITHOUT ROWID;

-- What a notification is: findings, reminder, escalation, overview, campaign, safety_net, letter. thread: the one it goes on about.
ALTER TABLE notification ADD COLUMN kind TEXT NOT NULL DEFAULT 'findings';
ALTER TABLE notification ADD COLUMN thread INTEGER;

-- A finding at an organisation that was told of it, and what that one said. state: as in the model. told_by: the notification that told
-- it last, first_told_by: the one whose assignments hold it; answer: the answer that gave it its state. tellings counts how often.
CREATE TABLE follow_up (
    organisation INTEGER NOT NULL, finding INTEGER NOT NULL, first_told_by INTEGER NOT NULL, told_by INTEGER NOT NULL, severity INTEGER NOT NULL,
    compromised INTEGER NOT NULL, first_told_at INTEGER NOT NULL, last_told_at INTEGER NOT NULL, tellings INTEGER NOT NULL,
    state INTEGER NOT NULL, state_at INTEGER NOT NULL, until INTEGER, deadline INTEGER, answer INTEGER,
    closed_at INTEGER, PRIMARY KEY (organisation, finding)
) WITHOUT ROWID;
CREATE INDEX follow_up_told_by ON follow_up (told_by);
CREATE INDEX follow_up_finding ON follow_up (finding);

-- How bad each new finding of a chunk was, two bits each from the lowest; NULL: not kept then, and never found to be worse. worse: findings
-- seen worse than ever before, as pairs of varints (finding, severity); NULL: none.
ALTER TABLE chunk ADD COLUMN severities BLOB;
ALTER TABLE chunk ADD COLUMN worse BLOB;
CREATE INDEX chunk_worse ON chunk (id) WHERE worse IS NOT NULL;

-- What is known to be exploited: a CVE, an identifier or a type of report, in lower case.
CREATE TABLE exploited (subject TEXT PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;

-- How far the ladder of a notification (its lead) was climbed.
CREATE TABLE ladder (
    notification INTEGER PRIMARY KEY, organisation INTEGER NOT NULL, started_at INTEGER NOT NULL, steps INTEGER NOT NULL, stepped_at INTEGER,
    ended_at INTEGER
);
CREATE INDEX ladder_open ON ladder (notification) WHERE ended_at IS NULL;

-- Who is to be called about a notification, and what came of it. result NULL: still to be called.
CREATE TABLE call (
    id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL, notification INTEGER NOT NULL, why TEXT NOT NULL, added_at INTEGER NOT NULL,
    locked_by TEXT, locked_at INTEGER, result TEXT, note TEXT NOT NULL, next_at INTEGER, ended_at INTEGER, actor TEXT NOT NULL
);
CREATE UNIQUE INDEX call_open ON call (organisation, notification) WHERE ended_at IS NULL;

-- What recipients said. findings: as in assignment_block, empty for all of the notification. standing: 0 proposed to the desk, 1 taken,
-- 2 refused by the desk. sender: who wrote it, decided_by: who accepted a risk, supplier: to whom it was passed. contradicts: an earlier answer
-- that cannot be true as well. decided_at: when the desk decided. done_at: of "not ours", when the assignments were corrected.
CREATE TABLE answer (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, organisation INTEGER NOT NULL, notification INTEGER NOT NULL, kind TEXT NOT NULL,
    findings BLOB NOT NULL, until INTEGER, decided_by TEXT NOT NULL, supplier TEXT NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL,
    way TEXT NOT NULL, sender TEXT NOT NULL, receipt INTEGER, standing INTEGER NOT NULL, why TEXT NOT NULL, contradicts INTEGER,
    decided_at INTEGER, done_at INTEGER, actor TEXT NOT NULL
);
CREATE INDEX answer_notification ON answer (notification);
CREATE INDEX answer_receipt ON answer (receipt) WHERE receipt IS NOT NULL;
CREATE INDEX answer_undecided ON answer (id) WHERE decided_at IS NULL;

-- What became known of a mail address we write to, in small letters. A time that is not NULL: it holds since then. failures: mails that came
-- back since the desk last looked; failed_at: there is no such mailbox.
CREATE TABLE mailbox (
    address TEXT PRIMARY KEY, failed_at INTEGER, failures INTEGER NOT NULL, last_failure_at INTEGER, failure TEXT NOT NULL,
    complained_at INTEGER, compromised_at INTEGER, compromised_by INTEGER
) WITHOUT ROWID;

-- Somebody who asked never to be written to: an address or a domain.
CREATE TABLE do_not_contact (subject TEXT PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;

-- Whom the outside world names for an address or a name. found: mail addresses, one a line. answered_at NULL: nobody answered yet; until: how
-- long the answer holds, when it says so.
CREATE TABLE abuse_contact (
    id INTEGER PRIMARY KEY, subject TEXT NOT NULL, means TEXT NOT NULL, found TEXT NOT NULL, holder TEXT NOT NULL, asked_at INTEGER NOT NULL,
    answered_at INTEGER, until INTEGER, UNIQUE (subject, means)
);

-- The files that say which registry knows an address or a domain.
CREATE TABLE rdap_bootstrap (name TEXT PRIMARY KEY, bytes BLOB NOT NULL, fetched_at INTEGER NOT NULL) WITHOUT ROWID;

-- An action about one report: own text and deadline, approved by a second person before it leaves. report 0: not taken in yet. Until it is
-- sent, assignment blocks of the report with fate 9 (held) name it.
CREATE TABLE campaign (
    id INTEGER PRIMARY KEY, report INTEGER NOT NULL, title TEXT NOT NULL, text_nl TEXT NOT NULL, text_en TEXT NOT NULL, deadline INTEGER,
    created_at INTEGER NOT NULL, actor TEXT NOT NULL, approved_at INTEGER, approved_by TEXT, sent_at INTEGER, ended_at INTEGER
);
CREATE INDEX campaign_report ON campaign (report);
CREATE TABLE campaign_notification (campaign INTEGER NOT NULL, notification INTEGER NOT NULL, PRIMARY KEY (campaign, notification)) WITHOUT ROWID;

-- Trial operation: the first load of a source and kind, told only when the desk releases it.
CREATE TABLE baseline (
    source INTEGER NOT NULL, kind TEXT NOT NULL, report INTEGER NOT NULL, at INTEGER NOT NULL, released_at INTEGER, actor TEXT,
    PRIMARY KEY (source, kind)
) WITHOUT ROWID;

-- Messages that are withheld (state 4): confidential, and no way to keep them so.
-- A mail to a mailbox that several organisations share: those beside the first have a row that is carried by its row, and is never sent itself.
ALTER TABLE message ADD COLUMN carried_by INTEGER;
CREATE INDEX message_carried ON message (carried_by) WHERE carried_by IS NOT NULL;

CREATE INDEX message_withheld ON message (id) WHERE state = 4;
