INSERT INTO spool (store, key, claim, fingerprint, expires_at, operation, client_key, actor, size, answer)
SELECT $store, $key, $claim, $fingerprint, $expires_at, $operation, $client_key, $actor, $size, $answer
WHERE (SELECT size FROM total) + $size <= $max_size
RETURNING number;
