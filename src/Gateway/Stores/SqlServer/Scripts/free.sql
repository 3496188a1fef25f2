-- @key, @claim (which the operator saw). What has an answer has run, whatever its state says.
SET NOCOUNT ON;
DECLARE @record_key binary(16) = CAST(@key AS binary(16));
DECLARE @seen binary(16) = CAST(@claim AS binary(16));
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());
DECLARE @done bit = 0;

DELETE r
FROM [idempotency].[record] AS r
WHERE r.record_key = @record_key AND r.claim = @seen AND r.expires_at > @now
    AND (r.state = 3 OR (r.state = 1 AND r.lease_until <= @now))
    AND NOT EXISTS (SELECT 1 FROM [idempotency].[answer] AS a WHERE a.id = r.id);
SET @done = @@ROWCOUNT;

SELECT @done AS done;
