-- @operation, @actor, @key. What the actor holds, and whether the record is there. Needs actor_index.sql.
SET NOCOUNT ON;
DECLARE @who binary(16) = CAST(@actor AS binary(16));
DECLARE @record_key binary(16) = CAST(@key AS binary(16));
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());

SELECT COUNT_BIG(*) AS held_keys, COALESCE(SUM(CAST(DATALENGTH(a.bytes) AS bigint)), 0) AS held_bytes, COALESCE(MIN(r.expires_at) - @now, 0) AS until_oldest_ends,
    CASE WHEN EXISTS (SELECT 1 FROM [idempotency].[record] AS k WHERE k.record_key = @record_key AND k.expires_at > @now) THEN 1 ELSE 0 END AS is_known
FROM [idempotency].[record] AS r
    LEFT JOIN [idempotency].[answer] AS a ON a.id = r.id
WHERE r.actor = @who AND r.operation = @operation AND r.expires_at > @now;
