SELECT record.id, state, claim, fingerprint, lease_until, expires_at, created_at, answer.bytes, key, retention, operation, client_key, actor
FROM record LEFT JOIN answer ON answer.id = record.id
WHERE key = $key;
