-- What the chain of hubs keeps beside parcels. All times are seconds since 1970; words are as the model writes them.

-- Questions about one address or name: whose is this? way: 'asked' by us, or 'heard' from the other hub. answer, hub: what was said.
CREATE TABLE hub_question (
    id INTEGER PRIMARY KEY, link INTEGER NOT NULL, question BLOB NOT NULL, way TEXT NOT NULL, value TEXT NOT NULL, asked_at INTEGER NOT NULL,
    answer TEXT, hub TEXT, answered_at INTEGER, UNIQUE (link, way, question)
);
CREATE INDEX hub_question_at ON hub_question (link, way, asked_at);
