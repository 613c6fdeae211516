//! What stays of a file that is written anew.

use super::is_executable;
use chrono::{DateTime, TimeDelta};
use hodman_clients::git::{Base, CommitRequest, FileChange, Mirror, MirrorConfig};
use std::collections::BTreeMap;
use std::sync::Arc;

#[test]
fn a_script_is_known_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let config = MirrorConfig::new(
        folder.path().join("mirror.git"),
        "http://127.0.0.1:1/o/r.git",
        Arc::new(|| Ok(None)),
    );
    let mirror = Mirror::open(config).unwrap();
    let file = |executable| {
        let content = b"true\n".to_vec();
        Some(FileChange {
            content,
            executable,
        })
    };
    let request = CommitRequest {
        parents: vec![],
        base: Base::Empty,
        changes: BTreeMap::from([
            ("src/run.sh".to_owned(), file(true)),
            ("src/plain.py".to_owned(), file(false)),
        ]),
        message: "files\n".to_owned(),
        author_name: "ann".to_owned(),
        author_email: "ann@example.com".to_owned(),
        time: DateTime::UNIX_EPOCH + TimeDelta::days(1),
    };
    let base = Base::Commit(mirror.commit(&request).unwrap().id().to_owned());
    let known = |path| is_executable(&mirror, &base, path).unwrap();
    assert!(known("src/run.sh"));
    assert!(!known("src/plain.py"));
    assert!(!known("src"));
    assert!(!known("src/new.py"));
}
