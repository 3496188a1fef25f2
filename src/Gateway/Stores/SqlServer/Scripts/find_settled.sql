-- @keys: at most 256 record keys of 16 bytes, one behind the other. Those whose record is not InFlight with its lease alive.
SET NOCOUNT ON;
DECLARE @all varbinary(4096) = CAST(@keys AS varbinary(4096));
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());

WITH sixteen AS (SELECT n FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15)) AS v (n)),
    place AS (SELECT high.n * 16 + low.n AS n FROM sixteen AS high CROSS JOIN sixteen AS low),
    wanted AS (SELECT CAST(SUBSTRING(@all, n * 16 + 1, 16) AS binary(16)) AS record_key FROM place WHERE n < DATALENGTH(@all) / 16)
SELECT w.record_key
FROM wanted AS w
    LEFT JOIN [idempotency].[record] AS r ON r.record_key = w.record_key AND r.expires_at > @now
WHERE r.id IS NULL OR r.state <> 1 OR r.lease_until <= @now;
