-- In place of scan_open.sql where the index is missing: all records, the oldest first.
SELECT id, state, claim, fingerprint, lease_until, expires_at, created_at, NULL, key, retention, operation, client_key, actor
FROM record
WHERE id > $after
ORDER BY id LIMIT $limit;
