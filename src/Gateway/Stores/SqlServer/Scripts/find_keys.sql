-- @first, @last. Two at most.
SET NOCOUNT ON;
DECLARE @from binary(16) = CAST(@first AS binary(16));
DECLARE @to binary(16) = CAST(@last AS binary(16));
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());

SELECT TOP (2) record_key
FROM [idempotency].[record]
WHERE record_key >= @from AND record_key <= @to AND expires_at > @now;
