INSERT INTO record (key, state, claim, fingerprint, lease_until, expires_at, retention, created_at, operation, client_key, actor)
VALUES ($key, 1, $claim, $fingerprint, $lease_until, $expires_at, $retention, $now, $operation, $client_key, $actor)
ON CONFLICT (key) DO NOTHING;
