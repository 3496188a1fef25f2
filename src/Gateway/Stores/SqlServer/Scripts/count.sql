SELECT COUNT_BIG(*) AS records FROM [idempotency].[record];
