UPDATE record SET state = 2, claim = $claim, expires_at = $now + retention WHERE id = $id;
