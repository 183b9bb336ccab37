-- Prefixes as imported tables say them: announced by an AS number, or listed under a RIPE handle.

-- tab: 0 IPv4 by AS number, 1 IPv6 by AS number, 2 IPv4 by handle, 3 IPv6 by handle. start: the first address, big-endian.
-- origin: the AS number, or the number of the handle. As in the register, nothing is overwritten: an import records and withdraws.
CREATE TABLE announced (
    tab INTEGER NOT NULL, start BLOB NOT NULL, length INTEGER NOT NULL, origin INTEGER NOT NULL,
    recorded_in INTEGER NOT NULL, withdrawn_in INTEGER,
    PRIMARY KEY (tab, start, length, origin, recorded_in)
) WITHOUT ROWID;
CREATE TABLE announced_handle (id INTEGER PRIMARY KEY, handle TEXT NOT NULL UNIQUE);
-- Which version of the register took a table in, and from when the table is.
CREATE TABLE announced_import (
    version INTEGER NOT NULL, tab INTEGER NOT NULL, as_of INTEGER NOT NULL, source TEXT NOT NULL, prefixes INTEGER NOT NULL,
    PRIMARY KEY (version, tab)
) WITHOUT ROWID;

-- What an explanation asks for, without reading the whole register.
CREATE INDEX asset_value ON asset (value);
CREATE INDEX relation_from ON relation (from_organisation);
