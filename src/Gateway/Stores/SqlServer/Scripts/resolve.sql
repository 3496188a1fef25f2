-- @key, @claim (which the operator saw), @heir (the claim that it has then, which nobody holds), @answer.
SET NOCOUNT ON;
SET XACT_ABORT ON;
DECLARE @record_key binary(16) = CAST(@key AS binary(16));
DECLARE @seen binary(16) = CAST(@claim AS binary(16));
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());
DECLARE @done bit = 0;

BEGIN TRANSACTION;

UPDATE [idempotency].[record]
SET state = 2, claim = CAST(@heir AS binary(16)), expires_at = @now + retention
WHERE record_key = @record_key AND claim = @seen AND expires_at > @now
    AND (state = 3 OR (state = 1 AND lease_until <= @now));
SET @done = @@ROWCOUNT;

IF @done = 1
    INSERT INTO [idempotency].[answer] (id, bytes)
    SELECT id, @answer FROM [idempotency].[record] WHERE record_key = @record_key;

COMMIT TRANSACTION;

SELECT @done AS done;
