SELECT record.id, record.state, record.claim, record.fingerprint, record.lease_until, record.expires_at, record.created_at, answer.bytes
FROM record LEFT JOIN answer ON answer.id = record.id
WHERE record.key = $key;
