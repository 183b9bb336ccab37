-- The work of the desk. All times are seconds since 1970; people are desk users by their numbers, or the names they act under.

-- What the desk does about a finding. handler: who works on it. snoozed_until: it is no open work before this time.
CREATE TABLE finding_work (finding INTEGER PRIMARY KEY, handler INTEGER, snoozed_until INTEGER);
CREATE INDEX finding_work_handler ON finding_work (handler, finding) WHERE handler IS NOT NULL;
CREATE INDEX finding_work_snoozed ON finding_work (snoozed_until) WHERE snoozed_until IS NOT NULL;

-- Its changes, to be shown and taken back. batch: those that were made at once, by the number of the first. what: 0 the handler, 1 the end of a snooze.
CREATE TABLE finding_change (
    id INTEGER PRIMARY KEY, batch INTEGER NOT NULL, finding INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, what INTEGER NOT NULL,
    before INTEGER, after INTEGER
);
CREATE INDEX finding_change_finding ON finding_change (finding);
CREATE INDEX finding_change_batch ON finding_change (batch);

-- What colleagues tell each other about a finding; nobody else reads it.
CREATE TABLE finding_note (id INTEGER PRIMARY KEY, finding INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX finding_note_finding ON finding_note (finding);

-- A list that somebody keeps. query: what stands behind the question mark.
CREATE TABLE saved_view (
    id INTEGER PRIMARY KEY, account INTEGER NOT NULL, name TEXT NOT NULL, query TEXT NOT NULL, UNIQUE (account, name)
);

-- One shift hands over to the next. sums: what was open, promised and due then (JSON of counts).
CREATE TABLE shift (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, text TEXT NOT NULL, sums TEXT NOT NULL, accepted_at INTEGER, accepted_by TEXT
);

-- What goes on about a notification stands on one page with it.
CREATE INDEX notification_thread ON notification (thread) WHERE thread IS NOT NULL;

-- What somebody said something about is a small part of what was told, and looked for by what they said.
CREATE INDEX follow_up_said ON follow_up (state, finding) WHERE state <> 0;
