-- @after, @limit. In place of scan_open.sql where the index is missing: all records, the oldest first.
SET NOCOUNT ON;
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());

SELECT TOP (@limit) @now AS now, id, record_key, state, claim, lease_until, expires_at, retention, created_at, operation, client_key, actor
FROM [idempotency].[record]
WHERE id > @after
ORDER BY id;
