SELECT count(*) FROM spool WHERE store <> $store;
