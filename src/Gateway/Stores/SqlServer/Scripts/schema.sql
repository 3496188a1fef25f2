-- The tables of the idempotency gateway, version 1. All of them or none; safe to run again. Replace [idempotency] to use another schema.
--
-- Why it looks like this, at fifty million records with random keys:
-- * The rows lie in the order in which they were made (id), not in that of their random keys: they are only ever added at the
--   end, so no page of the large table is split, and a page that is read holds records of the same minutes.
-- * Only the unique index has random keys. Its entries are 16 + 8 bytes; fifty million take about 1.9 GB at the fill that random
--   insertion settles at (some 70 %), and it is the one part that should fit in memory. A fill factor does not help: it would
--   only put off the first splits.
-- * Answers are in a table of their own. A record that grew by its answer when it is completed would split its page each time.
--   An answer is added under its record's id, hence nearly in order as well, and up to 8000 bytes of it stay in the row.
-- * The open records have an index of their own, made apart from this (open_index.sql), as not every server that speaks T-SQL has
--   filtered indexes: all works without it, and operators find open records more slowly.
-- * All times are numbers, milliseconds since 1970-01-01 UTC by this server's clock: no overflow, no rounding.
-- On SQL Server 2019 and later, many gateways at once gain from OPTIMIZE_FOR_SEQUENTIAL_KEY = ON on both primary keys, and any
-- table from DATA_COMPRESSION = PAGE on [answer]; both can be set later, and nothing depends on them.
SET XACT_ABORT ON;
BEGIN TRANSACTION;

IF SCHEMA_ID(N'idempotency') IS NULL
    EXEC (N'CREATE SCHEMA [idempotency]');

IF OBJECT_ID(N'[idempotency].[schema_version]', N'U') IS NULL
BEGIN
    CREATE TABLE [idempotency].[record]
    (
        id          bigint        NOT NULL IDENTITY (1, 1),
        record_key  binary(16)    NOT NULL,
        state       tinyint       NOT NULL, -- 1 InFlight, 2 Completed, 3 Unknown
        claim       binary(16)    NOT NULL,
        fingerprint binary(48)    NOT NULL,
        lease_until bigint        NOT NULL,
        expires_at  bigint        NOT NULL,
        retention   bigint        NOT NULL, -- milliseconds
        created_at  bigint        NOT NULL,
        operation   nvarchar(256) NOT NULL,
        client_key  varchar(1024) NOT NULL,
        actor       binary(16)    NOT NULL,
        CONSTRAINT record_id PRIMARY KEY CLUSTERED (id),
        CONSTRAINT record_key UNIQUE NONCLUSTERED (record_key)
    );

    CREATE INDEX record_expires_at ON [idempotency].[record] (expires_at);

    CREATE TABLE [idempotency].[answer]
    (
        id    bigint         NOT NULL,
        bytes varbinary(max) NOT NULL,
        CONSTRAINT answer_id PRIMARY KEY CLUSTERED (id),
        CONSTRAINT answer_record FOREIGN KEY (id) REFERENCES [idempotency].[record] (id) ON DELETE CASCADE
    );

    CREATE TABLE [idempotency].[schema_version]
    (
        version int NOT NULL,
        CONSTRAINT schema_version_version PRIMARY KEY CLUSTERED (version)
    );

    INSERT INTO [idempotency].[schema_version] (version) VALUES (1);
END;

COMMIT TRANSACTION;
