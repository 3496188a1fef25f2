DELETE FROM record WHERE key = $key AND claim = $claim AND state = 1 AND expires_at > $now;
