-- @key, @claim, @answer.
SET NOCOUNT ON;
SET XACT_ABORT ON;
DECLARE @record_key binary(16) = CAST(@key AS binary(16));
DECLARE @own binary(16) = CAST(@claim AS binary(16));
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());
DECLARE @done bit = 0;

BEGIN TRANSACTION;

UPDATE [idempotency].[record]
SET state = 2, expires_at = @now + retention
WHERE record_key = @record_key AND claim = @own AND state <> 2 AND expires_at > @now;
SET @done = @@ROWCOUNT;

IF @done = 1
    INSERT INTO [idempotency].[answer] (id, bytes)
    SELECT id, @answer FROM [idempotency].[record] WHERE record_key = @record_key;

COMMIT TRANSACTION;

-- A completion whose reply was lost, repeated: the first answer stays.
IF @done = 0 AND EXISTS (SELECT 1 FROM [idempotency].[record] WHERE record_key = @record_key AND claim = @own AND state = 2 AND expires_at > @now)
    SET @done = 1;

SELECT @done AS done;
