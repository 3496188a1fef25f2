INSERT INTO spool (key, claim, fingerprint, expires_at, size, answer)
SELECT $key, $claim, $fingerprint, $expires_at, $size, $answer
WHERE (SELECT size FROM total) + $size <= $max_size
RETURNING number;
