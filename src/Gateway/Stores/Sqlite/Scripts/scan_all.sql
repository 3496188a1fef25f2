-- Expired rows are looked at as well: what a step reads is bounded by its limit, and by nothing else.
SELECT id, state, claim, fingerprint, lease_until, expires_at, created_at, NULL, key, retention, operation, client_key, actor
FROM record
WHERE id < $before
ORDER BY id DESC LIMIT $limit;
