-- @before, @limit. Expired records are looked at as well: what a step reads is bounded by its limit, and by nothing else.
SET NOCOUNT ON;
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());

SELECT TOP (@limit) @now AS now, id, record_key, state, claim, lease_until, expires_at, retention, created_at, operation, client_key, actor
FROM [idempotency].[record]
WHERE id < @before
ORDER BY id DESC;
