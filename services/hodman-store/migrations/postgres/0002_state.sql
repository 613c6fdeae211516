-- One row per pipeline: its whole state, the version that guards it, and the head of its history.
CREATE TABLE pipelines (
    pipeline       TEXT   PRIMARY KEY NOT NULL,
    version        BIGINT NOT NULL CHECK (version > 0),
    state          TEXT   NOT NULL,
    wake_at        BIGINT,
    history_length BIGINT NOT NULL DEFAULT 0,
    history_hash   TEXT   NOT NULL DEFAULT '',
    updated_at     BIGINT NOT NULL
);
CREATE INDEX pipelines_wake ON pipelines (wake_at) WHERE wake_at IS NOT NULL;

-- What was decided and why. Each row's hash covers the row before it.
CREATE TABLE history (
    pipeline TEXT   NOT NULL REFERENCES pipelines (pipeline),
    position BIGINT NOT NULL,
    version  BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    env      TEXT,
    kind     TEXT   NOT NULL,
    because  TEXT   NOT NULL,
    data     TEXT   NOT NULL,
    hash     TEXT   NOT NULL,
    PRIMARY KEY (pipeline, position)
);
CREATE INDEX history_env ON history (pipeline, env, position);
