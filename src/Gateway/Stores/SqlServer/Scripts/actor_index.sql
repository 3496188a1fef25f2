-- For quotas (MaxLiveKeysPerActor, MaxLiveBytesPerActor): without it each new key passes over all records. Run it by hand before the
-- first policy has one, at a quiet time: writes wait for one pass over the table. No part of the schema's version. Safe to run again.
IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE object_id = OBJECT_ID(N'[idempotency].[record]', N'U') AND name = N'record_actor')
    CREATE INDEX record_actor ON [idempotency].[record] (actor, operation, expires_at);
