SELECT number, key, claim, fingerprint, expires_at, size FROM spool WHERE number > $after ORDER BY number LIMIT $limit;
