-- The last look-up of each name of the register. answer: 0 it resolves, 1 it is gone, 2 nobody could ever say. gone_since, gone_at: when it
-- was first and last found gone since it last resolved.
CREATE TABLE name_look_up (
    name TEXT PRIMARY KEY, looked_at INTEGER NOT NULL, answer INTEGER NOT NULL, gone_since INTEGER, gone_at INTEGER
) WITHOUT ROWID;
