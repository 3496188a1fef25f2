-- @limit. The answers go with their records. The condition stands twice: what was claimed anew since it was found stays.
SET NOCOUNT ON;
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());
DECLARE @removed int = 0;

DELETE FROM [idempotency].[record]
WHERE id IN (SELECT TOP (@limit) id FROM [idempotency].[record] WHERE expires_at <= @now ORDER BY expires_at)
    AND expires_at <= @now;
SET @removed = @@ROWCOUNT;

SELECT @removed AS removed;
