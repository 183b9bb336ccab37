-- Programs that use the API. organisation NULL: the desk's own. scopes: words with a space between.
CREATE TABLE api_client (
    id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, organisation INTEGER, scopes TEXT NOT NULL, per_minute_max INTEGER NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER
);

-- API keys; only a keyed hash is kept. expires_at: when a newer one has taken its place.
CREATE TABLE api_key (
    id INTEGER PRIMARY KEY, client INTEGER NOT NULL, hash BLOB NOT NULL UNIQUE, created_at INTEGER NOT NULL, expires_at INTEGER
);
CREATE INDEX api_key_client ON api_key (client);

-- Public keys (JWK) with which a client signs who it is (RFC 7523).
CREATE TABLE api_public_key (id INTEGER PRIMARY KEY, client INTEGER NOT NULL, jwk TEXT NOT NULL, created_at INTEGER NOT NULL);
CREATE INDEX api_public_key_client ON api_public_key (client);

-- What a client signed and was taken: a second time it is refused. hash: of its jti. until: when it has run out by itself.
CREATE TABLE api_assertion (client INTEGER NOT NULL, hash BLOB NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (client, hash)) WITHOUT ROWID;

-- What was answered to a request that bore an Idempotency-Key. digest: of the request.
CREATE TABLE api_response (
    id INTEGER PRIMARY KEY, client INTEGER NOT NULL, key_hash BLOB NOT NULL, digest BLOB NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, at INTEGER NOT NULL, UNIQUE (client, key_hash)
);
