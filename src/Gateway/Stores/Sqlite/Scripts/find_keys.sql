SELECT id, key FROM record WHERE key BETWEEN $first AND $last AND expires_at > $now LIMIT 2;
