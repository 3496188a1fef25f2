SELECT count(*), coalesce(sum(size), 0), min(expires_at), EXISTS (SELECT 1 FROM record WHERE key = $key AND expires_at > $now)
FROM (SELECT record.expires_at, (SELECT length(bytes) FROM answer WHERE answer.id = record.id) AS size FROM record WHERE actor = $actor AND operation = $operation AND expires_at > $now);
