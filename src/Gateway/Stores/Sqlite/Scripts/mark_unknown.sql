UPDATE record SET expires_at = CASE state WHEN 1 THEN $now + retention ELSE expires_at END, state = 3
WHERE key = $key AND claim = $claim AND state <> 2 AND expires_at > $now;
