SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = 'record_open';
