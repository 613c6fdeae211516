-- What is to be done outside. Leased by attempt; the database itself refuses a second runner in a lane.
CREATE TABLE outbox (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    pipeline         TEXT    NOT NULL REFERENCES pipelines (pipeline),
    op               INTEGER NOT NULL,
    lane             TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    env              TEXT,
    payload          TEXT    NOT NULL,
    state            TEXT    NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'leased', 'done', 'cancelled')),
    run_at           INTEGER NOT NULL,
    attempt          INTEGER NOT NULL DEFAULT 0,
    worker           TEXT,
    lease_until      INTEGER,
    cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    last_error       TEXT,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    CHECK ((state = 'leased') = (lease_until IS NOT NULL)),
    UNIQUE (pipeline, op)
) STRICT;
CREATE UNIQUE INDEX outbox_one_per_lane ON outbox (lane) WHERE state = 'leased';
CREATE INDEX outbox_queued ON outbox (run_at, lane, id) WHERE state = 'queued';
CREATE INDEX outbox_lease ON outbox (lease_until) WHERE state = 'leased';
CREATE INDEX outbox_finished ON outbox (updated_at) WHERE state IN ('done', 'cancelled');
