//! A mirror is a cache: whatever happens to its directory, a fetch brings it back.

use std::fs;
use std::path::Path;

use hodman_clients::git::{GitError, Mirror};

use super::{commit, first_commit};
use crate::git_server::{GitServer, TOKEN};

/// Empties every object, as a power cut does to files that were not synced.
fn empty_objects(mirror: &Path) {
    let mut directories = vec![mirror.join("objects")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let mut permissions = fs::metadata(&path).unwrap().permissions();
                #[expect(
                    clippy::permissions_set_readonly_false,
                    reason = "a file of this test only"
                )]
                permissions.set_readonly(false);
                fs::set_permissions(&path, permissions).unwrap();
                fs::write(&path, "").unwrap();
            }
        }
    }
}

#[test]
fn a_mirror_damaged_while_we_were_away_starts_empty_and_fills_again() {
    let server = GitServer::http();
    let first = first_commit(&server.mirror("m"));
    empty_objects(&server.mirror_path("m"));
    let mirror = server.mirror("m");
    assert_eq!(mirror.heads().unwrap().len(), 0);
    mirror.fetch().unwrap();
    assert_eq!(mirror.read(&first, "README.md").unwrap().unwrap(), b"one\n");
}

#[test]
fn a_mirror_damaged_under_our_hands_is_cloned_anew() {
    let server = GitServer::http();
    let (mirror, other) = (server.mirror("m"), server.mirror("other"));
    let first = first_commit(&mirror);
    other.fetch().unwrap();
    let second = commit(&other, &[&first], &["src/a.py=2\n"]);
    other
        .push("main", &second, &hodman_clients::git::Lease::FastForward)
        .unwrap();

    empty_objects(mirror.path());
    mirror.fetch().unwrap();
    assert_eq!(mirror.read(&second, "src/a.py").unwrap().unwrap(), b"2\n");
    assert!(!server.mirror_path("m.old").exists() && !server.mirror_path("m.new").exists());
}

#[test]
fn a_mirror_can_be_rebuilt_on_demand_and_stays_when_that_fails() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let first = first_commit(&mirror);
    mirror.rebuild().unwrap();
    assert_eq!(mirror.head("main").unwrap(), Some(first.clone()));

    let away = Mirror::open(server.config("m", "wrong token")).unwrap();
    assert!(matches!(away.rebuild(), Err(GitError::Unauthorized { .. })));
    assert_eq!(away.head("main").unwrap(), Some(first));
}

#[test]
fn locks_of_a_killed_process_are_removed() {
    let server = GitServer::http();
    let first = first_commit(&server.mirror("m"));
    let lock = server.mirror_path("m").join("refs/heads/main.lock");
    fs::write(&lock, "").unwrap();
    let mirror = server.mirror("m");
    assert!(!lock.exists());
    let second = commit(&mirror, &[&first], &["src/a.py=2\n"]);
    mirror
        .push("main", &second, &hodman_clients::git::Lease::FastForward)
        .unwrap();
}

#[test]
fn a_directory_that_is_no_mirror_is_left_alone() {
    let server = GitServer::http();
    let path = server.mirror_path("m");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("thesis.tex"), "ten years of work").unwrap();
    let error = Mirror::open(server.config("m", TOKEN)).unwrap_err();
    assert!(matches!(error, GitError::NotAMirror(_)));
    assert!(path.join("thesis.tex").exists());
}

#[test]
fn objects_are_synced_to_disk() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let config = fs::read_to_string(mirror.path().join("config")).unwrap();
    assert!(config.contains("fsyncObjectFiles = true"), "{config}");
}
