UPDATE record
SET state = 1, claim = $claim, fingerprint = $fingerprint, lease_until = $lease_until, expires_at = $expires_at,
    retention = $retention, created_at = $created_at, operation = $operation, client_key = $client_key, actor = $actor
WHERE id = $id;
