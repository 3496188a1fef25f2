-- Version 1. A rowid table with small rows and the answers in a table of their own, appended in order: a random 16-byte key
-- as the primary key of rows that carry their bodies was three to four times slower (big rows move and are checkpointed again).
CREATE TABLE record (
    id          INTEGER PRIMARY KEY,
    key         BLOB    NOT NULL UNIQUE,
    state       INTEGER NOT NULL,           -- 1 InFlight, 2 Completed, 3 Unknown
    claim       BLOB    NOT NULL,
    fingerprint BLOB    NOT NULL,
    lease_until INTEGER NOT NULL,           -- all times: milliseconds since 1970-01-01 UTC
    expires_at  INTEGER NOT NULL,
    retention   INTEGER NOT NULL,           -- milliseconds
    created_at  INTEGER NOT NULL,
    operation   TEXT    NOT NULL,
    client_key  TEXT    NOT NULL,
    actor       BLOB    NOT NULL
) STRICT;

CREATE INDEX record_expires_at ON record (expires_at);

CREATE TABLE answer (
    id    INTEGER PRIMARY KEY,              -- record.id
    bytes BLOB NOT NULL
) STRICT;

PRAGMA user_version = 1;
