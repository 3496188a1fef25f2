-- @key, @claim (which the operator saw). Its answer goes with it.
SET NOCOUNT ON;
DECLARE @record_key binary(16) = CAST(@key AS binary(16));
DECLARE @seen binary(16) = CAST(@claim AS binary(16));
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());
DECLARE @done bit = 0;

DELETE FROM [idempotency].[record]
WHERE record_key = @record_key AND claim = @seen AND expires_at > @now
    AND (state IN (2, 3) OR (state = 1 AND lease_until <= @now));
SET @done = @@ROWCOUNT;

SELECT @done AS done;
