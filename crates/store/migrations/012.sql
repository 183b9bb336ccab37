-- Telling, once more. All times are seconds since 1970.

-- Is a notification confidential because the policy says so, whatever its marking?
ALTER TABLE notification ADD COLUMN confidential INTEGER NOT NULL DEFAULT 0;

-- When a recipient wants a message at the earliest; NULL: at once.
ALTER TABLE message ADD COLUMN not_before INTEGER;
