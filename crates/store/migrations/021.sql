-- What came of links between hubs in use. All times are seconds since 1970.

-- When another hub was heard to take something back, by our clock: whether it takes back too much is not judged by its own times.
ALTER TABLE hub_taken_back ADD COLUMN heard_at INTEGER NOT NULL DEFAULT 0;
UPDATE hub_taken_back SET heard_at = at;

-- How findings are written in the parcels of a link: idf or x-arf.
ALTER TABLE hub_link ADD COLUMN payload TEXT NOT NULL DEFAULT 'idf';
