UPDATE record SET lease_until = $lease_until, expires_at = $lease_until + retention
WHERE key = $key AND claim = $claim AND state = 1 AND lease_until > $now;
