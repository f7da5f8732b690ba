-- Two logs. Only the last head of each is kept: any earlier one follows from the entries.
CREATE TABLE log (
    name       TEXT PRIMARY KEY,
    frontier   BLOB NOT NULL,
    checkpoint BLOB
) STRICT, WITHOUT ROWID;
INSERT INTO log (name, frontier) VALUES ('config', zeroblob(8)), ('event', zeroblob(8));

-- A table a log, so that the place in the log is the row's own key and appends only touch the last page.
-- The leaf hash comes first: who reads hashes reads no long entry to its end.
CREATE TABLE config_entry (idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TABLE event_entry  (idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;

-- Full tiles. The root comes before the 8 KiB of hashes: partial tiles of the level above are read from it.
CREATE TABLE config_tile (
    level INTEGER, idx INTEGER, root BLOB NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE event_tile (
    level INTEGER, idx INTEGER, root BLOB NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

-- How far each source's own chain has come into the event log.
CREATE TABLE source (name TEXT PRIMARY KEY, count INTEGER NOT NULL, head BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE cosignature (
    log  TEXT NOT NULL REFERENCES log (name),
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    line BLOB NOT NULL,
    PRIMARY KEY (log, name)
) STRICT, WITHOUT ROWID;

-- Wrapped keys. Rows of key_bytes are added at the end and overwritten in place, never deleted (hub_keys.rs).
CREATE TABLE key_bytes (id INTEGER PRIMARY KEY, wrapped BLOB NOT NULL) STRICT;
CREATE TABLE key_name  (name TEXT PRIMARY KEY, id INTEGER NOT NULL REFERENCES key_bytes (id)) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment (
    controller TEXT PRIMARY KEY,
    secret     BLOB NOT NULL,
    expires    INTEGER NOT NULL,
    failures   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- The search index: derived from the event log, and behind it by what is not yet indexed.
CREATE TABLE seen (
    idx    INTEGER PRIMARY KEY,
    time   INTEGER NOT NULL,
    code   INTEGER NOT NULL,
    source TEXT NOT NULL,
    door   TEXT,
    person BLOB
) STRICT;
CREATE INDEX seen_door   ON seen (door, idx)   WHERE door IS NOT NULL;
CREATE INDEX seen_person ON seen (person, idx) WHERE person IS NOT NULL;
CREATE TABLE seen_to (only INTEGER PRIMARY KEY CHECK (only = 0), position INTEGER NOT NULL) STRICT;
INSERT INTO seen_to VALUES (0, 0);

CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Added by version 2 (sql.rs): how far each passkey's counter has come. The keys themselves stand in the config log.
CREATE TABLE passkey (
    credential BLOB PRIMARY KEY,
    count      INTEGER NOT NULL,
    used       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Added by version 3: API keys of services by the hash of their secrets, and what was done to them that the event log does
-- not have yet.
CREATE TABLE api_key (
    id        TEXT PRIMARY KEY,
    service   TEXT NOT NULL,
    secret    BLOB NOT NULL,
    label     TEXT NOT NULL,
    scope     TEXT NOT NULL,
    config    INTEGER NOT NULL,
    made      INTEGER NOT NULL,
    ends      INTEGER NOT NULL,
    used      INTEGER,
    used_from TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE api_key_deed (
    n        INTEGER PRIMARY KEY,
    key      TEXT NOT NULL,
    service  TEXT NOT NULL,
    operator TEXT,
    fact     INTEGER NOT NULL
) STRICT;

-- Added by version 4: with what operators sign in beside passkeys. Passwords are hashes under the hub's pepper, secrets are
-- wrapped under the master key, recovery codes are hashes of 120 random bits; `step` is the last one whose code was taken.
CREATE TABLE way (
    operator TEXT PRIMARY KEY,
    password TEXT,
    secret   BLOB,
    step     INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    held     INTEGER,
    changed  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE recovery_code (
    operator TEXT NOT NULL,
    code     BLOB NOT NULL,
    PRIMARY KEY (operator, code)
) STRICT, WITHOUT ROWID;
CREATE TABLE account (
    issuer   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    operator TEXT NOT NULL,
    bound    INTEGER NOT NULL,
    used     INTEGER,
    held     INTEGER,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
