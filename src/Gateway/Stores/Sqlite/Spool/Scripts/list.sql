SELECT number, key, claim, fingerprint, expires_at, operation, client_key, actor, size
FROM spool WHERE number > $after AND store = $store ORDER BY number LIMIT $limit;
