INSERT INTO answer (id, bytes) VALUES ($id, $bytes);
