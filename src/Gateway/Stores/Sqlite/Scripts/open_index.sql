-- The open records, oldest first: a row leaves it when it is completed, so it stays small. Added to files of before, and no part
-- of the version: every gateway of version 1 keeps it up without knowing of it, and without it the open records are found among all.
CREATE INDEX IF NOT EXISTS record_open ON record (created_at) WHERE state <> 2;
