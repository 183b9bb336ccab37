-- By what people sign in beside a password. All times are seconds since 1970.

-- Somebody at a provider of OpenID Connect, by what never changes there: issuer and subject.
CREATE TABLE identity (
    issuer TEXT NOT NULL, subject TEXT NOT NULL, account INTEGER NOT NULL, linked_at INTEGER NOT NULL, PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;
CREATE INDEX identity_account ON identity (account);

-- A passkey, by the id that its authenticator gave it. key: its public key as the authenticator gave it (COSE). counter: its last signature counter.
-- name: what its owner calls it.
CREATE TABLE passkey (
    id BLOB PRIMARY KEY, account INTEGER NOT NULL, key BLOB NOT NULL, counter INTEGER NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL,
    used_at INTEGER
) WITHOUT ROWID;
CREATE INDEX passkey_account ON passkey (account);

-- A code with which somebody signs in once who has lost their second factor; by its hash.
CREATE TABLE recovery_code (hash BLOB PRIMARY KEY, account INTEGER NOT NULL, created_at INTEGER NOT NULL, used_at INTEGER) WITHOUT ROWID;
CREATE INDEX recovery_code_account ON recovery_code (account);
