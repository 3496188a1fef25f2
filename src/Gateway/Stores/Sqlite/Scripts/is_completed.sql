SELECT 1 FROM record WHERE key = $key AND claim = $claim AND state = 2 AND expires_at > $now;
