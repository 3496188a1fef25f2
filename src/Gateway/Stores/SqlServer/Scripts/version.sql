SELECT MAX(version) AS version FROM [idempotency].[schema_version];
