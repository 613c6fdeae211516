INSERT INTO outbox (id, pipeline, op, lane, kind, env, payload, state, run_at, attempt, worker, lease_until, created_at, updated_at) VALUES
    (1, 'sales', 1, 'qa', 'apply', 'qa', '{}', 'queued', 1700000000000, 0, NULL, NULL, 1700000000000, 1700000000000),
    (2, 'sales', 2, 'qa', 'apply', 'qa', '{}', 'leased', 1700000000000, 2, 'w', 1700000060000, 1700000000000, 1700000000000),
    (3, 'sales', 3, 'prod', 'apply', NULL, '{}', 'done', 1700000000000, 1, 'w', NULL, 1700000000000, 1700000000000);
