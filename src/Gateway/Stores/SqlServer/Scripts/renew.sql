-- @key, @claim, @lease (ms).
SET NOCOUNT ON;
DECLARE @record_key binary(16) = CAST(@key AS binary(16));
DECLARE @own binary(16) = CAST(@claim AS binary(16));
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());
DECLARE @done bit = 0;

UPDATE [idempotency].[record]
SET lease_until = @now + @lease, expires_at = @now + @lease + retention
WHERE record_key = @record_key AND claim = @own AND state = 1 AND lease_until > @now;
SET @done = @@ROWCOUNT;

SELECT @done AS done;
