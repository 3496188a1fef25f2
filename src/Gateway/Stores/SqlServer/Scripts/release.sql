-- @key, @claim.
SET NOCOUNT ON;
DECLARE @record_key binary(16) = CAST(@key AS binary(16));
DECLARE @own binary(16) = CAST(@claim AS binary(16));
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());
DECLARE @done bit = 0;

DELETE FROM [idempotency].[record]
WHERE record_key = @record_key AND claim = @own AND state = 1 AND expires_at > @now;
SET @done = @@ROWCOUNT;

SELECT @done AS done;
