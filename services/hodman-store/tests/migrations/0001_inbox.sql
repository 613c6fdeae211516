INSERT INTO inbox (seq, source, delivery, kind, pipeline, meta, body, received_at, state, note, acked_at) VALUES
    (1, 'github', 'd-1', 'push', 'sales', '{"x":1}', x'7b7d', 1700000000000, 'handled', NULL, 1700000001000),
    (2, 'sqs', 'd-2', 'change', NULL, 'null', x'00ff', 1700000002000, 'pending', NULL, NULL),
    (3, 'github', 'd-3', 'push', NULL, '{}', x'', 1700000003000, 'poison', 'not JSON', 1700000004000);
