-- @key, @claim, @fingerprint, @lease, @retention (ms), @take_over, @operation, @client_key, @actor.
-- Answers one row: whether the record is the caller's, and what there is. No record (state is null): it was released or swept
-- in this very moment, or became one that the caller may claim, and the batch is repeated. The unique index alone decides
-- between two that insert at once.
SET NOCOUNT ON;
DECLARE @record_key binary(16) = CAST(@key AS binary(16));
DECLARE @own binary(16) = CAST(@claim AS binary(16));
DECLARE @now bigint = DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());
DECLARE @claimed bit = 0;
DECLARE @state tinyint;
DECLARE @expires_at bigint;

-- A look first: a replay then writes nothing and raises no error.
SELECT @state = state, @expires_at = expires_at FROM [idempotency].[record] WHERE record_key = @record_key;

IF @state IS NULL
BEGIN
    BEGIN TRY
        INSERT INTO [idempotency].[record] (record_key, state, claim, fingerprint, lease_until, expires_at, retention, created_at, operation, client_key, actor)
        VALUES (@record_key, 1, @own, CAST(@fingerprint AS binary(48)), @now + @lease, @now + @lease + @retention, @retention, @now, @operation, @client_key, CAST(@actor AS binary(16)));
        SET @claimed = 1;
    END TRY
    BEGIN CATCH
        IF ERROR_NUMBER() NOT IN (2601, 2627)
            THROW;
    END CATCH;
END;

IF @claimed = 0 AND (@state IS NULL OR @state <> 2 OR @expires_at <= @now)
BEGIN
    SET XACT_ABORT ON;
    BEGIN TRANSACTION;

    -- What may be claimed anew: expired, the caller's own, or to be taken over. One statement, so one of several wins.
    UPDATE [idempotency].[record]
    SET state = 1,
        claim = @own,
        fingerprint = CAST(@fingerprint AS binary(48)),
        lease_until = @now + @lease,
        expires_at = @now + @lease + @retention,
        retention = @retention,
        created_at = CASE WHEN expires_at > @now THEN created_at ELSE @now END,
        operation = @operation,
        client_key = @client_key,
        actor = CAST(@actor AS binary(16))
    WHERE record_key = @record_key
        AND (expires_at <= @now
            OR (state = 1 AND claim = @own)
            OR (@take_over = 1
                AND fingerprint = CAST(@fingerprint AS binary(48))
                AND (state = 3 OR (state = 1 AND lease_until <= @now))));
    SET @claimed = @@ROWCOUNT;

    IF @claimed = 1
        DELETE FROM [idempotency].[answer]
        WHERE id = (SELECT id FROM [idempotency].[record] WHERE record_key = @record_key);

    COMMIT TRANSACTION;
END;

SELECT @claimed AS claimed,
    @now AS now,
    r.state,
    r.fingerprint,
    r.created_at,
    r.lease_until - @now AS lease_left,
    a.bytes
FROM (SELECT 1 AS one) AS o
    LEFT JOIN [idempotency].[record] AS r ON r.record_key = @record_key
        AND (@claimed = 1
            OR (r.expires_at > @now
                -- As in the update above, for what has changed since: "unknown" is no answer to one who would take it over.
                AND NOT (r.state = 1 AND r.claim = @own)
                AND NOT (@take_over = 1
                    AND r.fingerprint = CAST(@fingerprint AS binary(48))
                    AND (r.state = 3 OR (r.state = 1 AND r.lease_until <= @now)))))
    LEFT JOIN [idempotency].[answer] AS a ON a.id = r.id AND r.state = 2;
