-- The index of the open records, oldest first: a row leaves it when it is completed, so it stays small. No part of the schema's
-- version: without it the open records are found among all. Safe to run again.
-- The gateway runs this at start where it may (CreateSchema) and where nobody has to wait for it: where the edition makes an
-- index online, or the table is small yet. Else run it by hand at a quiet time: writes wait while it is made, for one pass over
-- the table. A filtered index asks every session that writes to the table for QUOTED_IDENTIFIER ON (sqlcmd: -I).
SET QUOTED_IDENTIFIER ON;

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE object_id = OBJECT_ID(N'[idempotency].[record]', N'U') AND name = N'record_open')
BEGIN
    -- 3 Enterprise and Developer, 5 Azure SQL Database, 8 Azure SQL Managed Instance.
    IF CAST(SERVERPROPERTY(N'EngineEdition') AS int) IN (3, 5, 8)
        EXEC (N'CREATE INDEX record_open ON [idempotency].[record] (created_at, id) INCLUDE (state) WHERE state <> 2 WITH (ONLINE = ON);');
    ELSE
        EXEC (N'CREATE INDEX record_open ON [idempotency].[record] (created_at, id) INCLUDE (state) WHERE state <> 2;');
END;
