INSERT INTO pipelines (pipeline, version, state, wake_at, history_length, history_hash, updated_at) VALUES
    ('sales', 2, '{"v":2}', 1800000000000, 2,
     '1a498d3ed252d60805155ea939873536ad791fca0060a56683ede84b7e9006e3', 1700000005000);
INSERT INTO history (pipeline, position, version, at, env, kind, because, data, hash) VALUES
    ('sales', 1, 1, 1700000000000, NULL, 'started', 'first commit', '{"a":1}',
     'c4ba88e3015f8d88f4907029983987768cbd7111a39ea303a98eea684ea52d60'),
    ('sales', 2, 2, 1700000005000, 'qa', 'promoted', 'merged by ada', 'null',
     '1a498d3ed252d60805155ea939873536ad791fca0060a56683ede84b7e9006e3');
