DELETE FROM answer WHERE id IN (SELECT id FROM record WHERE expires_at <= $now ORDER BY expires_at, id LIMIT $limit);
