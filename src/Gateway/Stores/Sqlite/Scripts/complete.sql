UPDATE record SET state = 2, expires_at = $now + retention
WHERE key = $key AND claim = $claim AND state <> 2 AND expires_at > $now
RETURNING id;
