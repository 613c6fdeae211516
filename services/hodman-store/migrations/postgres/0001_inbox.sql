-- Everything that happened outside, once per (source, delivery), in the order in which it was stored.
CREATE TABLE inbox (
    seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      TEXT   NOT NULL,
    delivery    TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    pipeline    TEXT,
    meta        TEXT   NOT NULL,
    body        BYTEA  NOT NULL,
    received_at BIGINT NOT NULL,
    state       TEXT   NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'handled', 'ignored', 'poison')),
    note        TEXT,
    acked_at    BIGINT,
    UNIQUE (source, delivery)
);
CREATE INDEX inbox_pending ON inbox (seq) WHERE state = 'pending';
CREATE INDEX inbox_acked ON inbox (acked_at) WHERE state IN ('handled', 'ignored');
