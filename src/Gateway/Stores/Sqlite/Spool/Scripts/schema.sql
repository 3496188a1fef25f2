-- The spool, version 1. Numbers are never used twice: processes that share the file read on from the last one that they know.
CREATE TABLE spool (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    store       TEXT    NOT NULL,           -- which it is meant for
    key         BLOB    NOT NULL,
    claim       BLOB    NOT NULL,
    fingerprint BLOB    NOT NULL,
    expires_at  INTEGER NOT NULL,           -- milliseconds since 1970-01-01 UTC
    operation   TEXT    NOT NULL,
    client_key  TEXT    NOT NULL,
    actor       BLOB    NOT NULL,
    size        INTEGER NOT NULL,           -- bytes of the answer
    answer      BLOB    NOT NULL
) STRICT;

-- What all answers take together, kept up to date with them: summing them up at each addition would cost more the fuller it is.
CREATE TABLE total (size INTEGER NOT NULL) STRICT;
INSERT INTO total VALUES (0);
CREATE TRIGGER spool_added AFTER INSERT ON spool BEGIN UPDATE total SET size = size + NEW.size; END;
CREATE TRIGGER spool_removed AFTER DELETE ON spool BEGIN UPDATE total SET size = size - OLD.size; END;

PRAGMA user_version = 1;
