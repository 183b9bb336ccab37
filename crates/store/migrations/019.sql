-- What the chain of hubs needs so that a backlog holds up nothing. All times are seconds since 1970.

-- Parcels that wait for the first word of the other hub: a notification's assignments get their fates when none is left.
CREATE INDEX parcel_out_first_word ON parcel_out (notification) WHERE state IN (0, 1) AND outcome IS NOT 'deferred';

-- Parcels under way: how many wait, since when the oldest, and what is late, without a look at rows or at what has ended.
CREATE INDEX parcel_out_under_way ON parcel_out (link, state, class, created_at, answered_at) WHERE state IN (0, 1);

-- Hubs that have not answered within the service level of their link, as the desk was told. since: when it was told. late_at: when something was last late.
CREATE TABLE hub_outage (link INTEGER PRIMARY KEY, since INTEGER NOT NULL, late_at INTEGER NOT NULL);

-- What became of what another hub took back; empty: it is still to be carried out. What was noted before stays as it is.
ALTER TABLE hub_taken_back ADD COLUMN outcome TEXT;
UPDATE hub_taken_back SET outcome = 'noted';
CREATE INDEX hub_taken_back_open ON hub_taken_back (link) WHERE outcome IS NULL OR outcome = 'for_desk';

-- Taken back before what it takes back was here, by the name of the finding on the link. at: as the other hub says. heard_at: by our clock.
CREATE TABLE hub_taken_back_early (link INTEGER NOT NULL, key BLOB NOT NULL, at INTEGER NOT NULL, heard_at INTEGER NOT NULL, PRIMARY KEY (link, key)) WITHOUT ROWID;
