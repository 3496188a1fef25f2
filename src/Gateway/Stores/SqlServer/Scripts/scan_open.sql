-- @after_created_at, @after, @limit. By the index record_open: its condition stands here as it stands there, and the first
-- comparison is the one that the index is entered by.
SET NOCOUNT ON;
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());

SELECT TOP (@limit) @now AS now, id, record_key, state, claim, lease_until, expires_at, retention, created_at, operation, client_key, actor
FROM [idempotency].[record]
WHERE state <> 2
    AND created_at >= @after_created_at
    AND (created_at > @after_created_at OR id > @after)
ORDER BY created_at, id;
