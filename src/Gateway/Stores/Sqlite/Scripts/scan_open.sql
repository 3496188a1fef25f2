-- INDEXED BY: rather an error than a look at every row.
SELECT id, state, claim, fingerprint, lease_until, expires_at, created_at, NULL, key, retention, operation, client_key, actor
FROM record INDEXED BY record_open
WHERE state <> 2 AND (created_at, id) > ($created_at, $id)
ORDER BY created_at, id LIMIT $limit;
