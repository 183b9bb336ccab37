-- When another hub was heard to take something back, in seconds since 1970 by our clock: whether it takes back too much is not judged by its own times.
ALTER TABLE hub_taken_back ADD COLUMN heard_at INTEGER NOT NULL DEFAULT 0;
UPDATE hub_taken_back SET heard_at = at;
