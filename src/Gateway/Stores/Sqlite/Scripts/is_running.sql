SELECT 1 FROM record WHERE key = $key AND state = 1 AND lease_until > $now AND expires_at > $now;
