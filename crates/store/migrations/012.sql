-- Telling, once more. All times are seconds since 1970.

-- Is a notification confidential because the policy says so, whatever its marking?
ALTER TABLE notification ADD COLUMN confidential INTEGER NOT NULL DEFAULT 0;

-- When a recipient wants a message at the earliest; NULL: at once.
ALTER TABLE message ADD COLUMN not_before INTEGER;

-- The vulnerabilities (CVE) that a finding was told with, and those that it was seen with since; NULL: never looked at. Up to which chunk it was
-- looked stands in meta, as cves_seen.
ALTER TABLE follow_up ADD COLUMN cves TEXT;
ALTER TABLE follow_up ADD COLUMN new_cves TEXT;
