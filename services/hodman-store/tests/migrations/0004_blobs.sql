INSERT INTO blobs (kind, digest, bytes, created_at) VALUES ('plan', 'sha256:1', x'706c616e', 1700000000000);
