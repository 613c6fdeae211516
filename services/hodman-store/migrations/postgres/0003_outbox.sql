-- What is to be done outside. Leased by attempt; the database itself refuses a second runner in a lane.
CREATE TABLE outbox (
    id               BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pipeline         TEXT   NOT NULL REFERENCES pipelines (pipeline),
    op               BIGINT NOT NULL,
    lane             TEXT   NOT NULL,
    kind             TEXT   NOT NULL,
    env              TEXT,
    payload          TEXT   NOT NULL,
    state            TEXT   NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'leased', 'done', 'cancelled')),
    run_at           BIGINT NOT NULL,
    attempt          BIGINT NOT NULL DEFAULT 0,
    worker           TEXT,
    lease_until      BIGINT,
    cancel_requested BIGINT NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    last_error       TEXT,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    CHECK ((state = 'leased') = (lease_until IS NOT NULL)),
    UNIQUE (pipeline, op)
);
CREATE UNIQUE INDEX outbox_one_per_lane ON outbox (lane) WHERE state = 'leased';
CREATE INDEX outbox_queued ON outbox (run_at, lane, id) WHERE state = 'queued';
CREATE INDEX outbox_lease ON outbox (lease_until) WHERE state = 'leased';
CREATE INDEX outbox_finished ON outbox (updated_at) WHERE state IN ('done', 'cancelled');
