-- For quotas, and made with the first of them: without it each look would pass over all records. No part of the version.
CREATE INDEX IF NOT EXISTS record_actor ON record (actor, operation, expires_at);
