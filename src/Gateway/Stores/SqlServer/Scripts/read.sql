-- @key. One row, or none: there is no such record, or it has expired.
SET NOCOUNT ON;
DECLARE @record_key binary(16) = CAST(@key AS binary(16));
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());

SELECT @now AS now, r.id, r.record_key, r.state, r.claim, r.lease_until, r.expires_at, r.retention, r.created_at, r.operation, r.client_key, r.actor, a.bytes
FROM [idempotency].[record] AS r
    LEFT JOIN [idempotency].[answer] AS a ON a.id = r.id AND r.state = 2
WHERE r.record_key = @record_key AND r.expires_at > @now;
