DELETE FROM spool WHERE store <> $store AND expires_at <= $now;
