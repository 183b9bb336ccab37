-- Corrections: assignments taken back and given anew after the register was set right, in the order of commit.

-- run: the first correction of the same command. after_chunk: the last chunk committed before it. items: see corrections.rs.
CREATE TABLE correction (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL,
    after_chunk INTEGER NOT NULL, register_version INTEGER NOT NULL, findings INTEGER NOT NULL, withdrawn INTEGER NOT NULL,
    assignments INTEGER NOT NULL, items BLOB NOT NULL
);
CREATE INDEX correction_run ON correction (run);

-- The assignments a correction has added to a report's.
CREATE TABLE correction_report (
    correction INTEGER NOT NULL, report INTEGER NOT NULL, assignments INTEGER NOT NULL,
    PRIMARY KEY (correction, report)
) WITHOUT ROWID;
CREATE INDEX correction_report_of ON correction_report (report);

-- The correction that made a block; none for those a chunk brought.
ALTER TABLE assignment_block ADD COLUMN correction INTEGER;

-- A block that was taken back: its fate before, the notification that told it (its first in any language), and the notice by which that
-- was taken back. recall: 0 nobody was told, 1 a notice is to be made, 2 made, 3 not needed (the mails had not left, or a successor is told).
CREATE TABLE withdrawal (
    block INTEGER PRIMARY KEY, correction INTEGER NOT NULL, fate INTEGER NOT NULL, told_by INTEGER, recall INTEGER NOT NULL
);
CREATE INDEX withdrawal_correction ON withdrawal (correction);
CREATE INDEX withdrawal_due ON withdrawal (told_by) WHERE recall = 1;

-- A notification that takes another back. breach: the task it was asked for by, else the correction's run.
CREATE TABLE recall_notice (
    notification INTEGER PRIMARY KEY, takes_back INTEGER NOT NULL, run INTEGER, breach INTEGER
);
CREATE INDEX recall_notice_of ON recall_notice (takes_back);

-- A possible data breach: something was told to the wrong party. decision: 0 open, 1 reported, 2 not reported.
CREATE TABLE breach (
    id INTEGER PRIMARY KEY, discovered_at INTEGER NOT NULL, opened_at INTEGER NOT NULL, opened_by TEXT NOT NULL,
    subject TEXT NOT NULL, reason TEXT NOT NULL,
    decision INTEGER NOT NULL DEFAULT 0, closed_at INTEGER, closed_by TEXT, closed_reason TEXT
);

-- The notifications a breach is about.
CREATE TABLE breach_notification (
    breach INTEGER NOT NULL, notification INTEGER NOT NULL,
    PRIMARY KEY (breach, notification)
) WITHOUT ROWID;
