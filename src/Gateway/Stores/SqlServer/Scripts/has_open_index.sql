-- Whether the index of the open records is there, and whether it can be made with nobody waiting for it (open_index.sql).
SELECT CASE WHEN EXISTS (SELECT 1 FROM sys.indexes WHERE object_id = OBJECT_ID(N'[idempotency].[record]', N'U') AND name = N'record_open' AND has_filter = 1 AND is_disabled = 0)
        THEN 1 ELSE 0 END AS is_there,
    CASE WHEN CAST(SERVERPROPERTY(N'EngineEdition') AS int) IN (3, 5, 8)
            OR (SELECT COALESCE(SUM(rows), 0) FROM sys.partitions WHERE object_id = OBJECT_ID(N'[idempotency].[record]', N'U') AND index_id = 1) < 100000
        THEN 1 ELSE 0 END AS nobody_waits;
