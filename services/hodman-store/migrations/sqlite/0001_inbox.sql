-- Everything that happened outside, once per (source, delivery), in the order in which it was stored.
CREATE TABLE inbox (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again, not even after pruning
    source      TEXT    NOT NULL,
    delivery    TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    pipeline    TEXT,
    meta        TEXT    NOT NULL,
    body        BLOB    NOT NULL,
    received_at INTEGER NOT NULL,
    state       TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'handled', 'ignored', 'poison')),
    note        TEXT,
    acked_at    INTEGER,
    UNIQUE (source, delivery)
) STRICT;
CREATE INDEX inbox_pending ON inbox (seq) WHERE state = 'pending';
CREATE INDEX inbox_acked ON inbox (acked_at) WHERE state IN ('handled', 'ignored');
