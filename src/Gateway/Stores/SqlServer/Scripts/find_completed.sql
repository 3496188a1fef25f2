-- @key. By reading alone: for a database that takes no writes now.
SET NOCOUNT ON;
DECLARE @record_key binary(16) = CAST(@key AS binary(16));
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());

SELECT CAST(0 AS bit) AS claimed,
    @now AS now,
    r.state,
    r.fingerprint,
    r.created_at,
    CAST(0 AS bigint) AS lease_left,
    a.bytes
FROM (SELECT 1 AS one) AS o
    LEFT JOIN [idempotency].[record] AS r ON r.record_key = @record_key AND r.expires_at > @now AND r.state = 2
    LEFT JOIN [idempotency].[answer] AS a ON a.id = r.id;
