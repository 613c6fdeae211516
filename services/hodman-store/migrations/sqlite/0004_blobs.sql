-- Large values that are named by their digest: full plans. Never changed once written.
CREATE TABLE blobs (
    kind       TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    bytes      BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (kind, digest)
) STRICT;
