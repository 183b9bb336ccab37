-- People who sign in to the portal. All times are seconds since 1970; words are as the model writes them.

-- organisation: its code, empty for the desk. roles: words, separated by spaces. password: its hash. one_time: the secret of codes, closed with a key
-- from the secret of the installation; one_time_used: the last step that was used. failures: wrong tries since the last right one.
CREATE TABLE account (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, display_name TEXT NOT NULL, organisation TEXT NOT NULL, roles TEXT NOT NULL,
    language TEXT NOT NULL, password TEXT NOT NULL DEFAULT '', one_time BLOB, one_time_used INTEGER, failures INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER, created_at INTEGER NOT NULL, disabled_at INTEGER
);
CREATE INDEX account_organisation ON account (organisation);

-- A link with which somebody sets a password and a second factor; by the hash of its token.
CREATE TABLE invitation (token BLOB PRIMARY KEY, account INTEGER NOT NULL, expires_at INTEGER NOT NULL, used_at INTEGER) WITHOUT ROWID;

-- Somebody at a browser; by the hash of its cookie. proven: 0 the password only, 1 the second factor too. agent: what the browser says it is.
CREATE TABLE session (
    token BLOB PRIMARY KEY, account INTEGER NOT NULL, proven INTEGER NOT NULL, created_at INTEGER NOT NULL, used_at INTEGER NOT NULL,
    agent TEXT NOT NULL, ended_at INTEGER
) WITHOUT ROWID;
CREATE INDEX session_account ON session (account);
