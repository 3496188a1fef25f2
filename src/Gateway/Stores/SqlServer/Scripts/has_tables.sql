SELECT CASE WHEN OBJECT_ID(N'[idempotency].[schema_version]', N'U') IS NULL THEN 0 ELSE 1 END AS has_tables;
