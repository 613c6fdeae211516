use hodman_clients::git::{Base, CommitOutcome, EntryKind, GitError, Lease, MergeResult};

use super::{commit, first_commit, request};
use crate::git_server::{GitServer, git};

#[test]
fn the_same_request_makes_the_same_commit_anywhere() {
    let server = GitServer::http();
    let (one, other) = (server.mirror("one"), server.mirror("other"));
    let first = commit(&one, &[], &["a/b.txt=1\n"]);
    assert_eq!(commit(&other, &[], &["a/b.txt=1\n"]), first);
    assert_eq!(commit(&one, &[], &["a/b.txt=1\n"]), first);
    // Fixed, so that a new version of this crate still finds the old one's work.
    assert_eq!(first, "f814789f661528693d32890aea5965b413a55e38");
}

#[test]
fn a_request_that_changes_nothing_says_so() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let first = first_commit(&mirror);
    for lines in [vec![], vec!["README.md=one\n"], vec!["-none.txt"]] {
        let outcome = mirror.commit(&request(&[&first], &lines)).unwrap();
        assert_eq!(
            outcome,
            CommitOutcome::Unchanged(first.clone()),
            "{lines:?}"
        );
    }
}

#[test]
fn files_are_added_changed_removed_and_turned_into_directories() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let first = first_commit(&mirror);
    let files = |id: &str| -> Vec<String> {
        mirror
            .list(id, "")
            .unwrap()
            .into_iter()
            .map(|entry| entry.path)
            .collect()
    };
    assert_eq!(files(&first), ["README.md", "run.sh", "src/a.py"]);

    let second = commit(&mirror, &[&first], &["-src/a.py", "x/y/z.txt=new\n"]);
    assert_eq!(
        files(&second),
        ["README.md", "run.sh", "x/y/z.txt"],
        "no empty directory stays"
    );
    let third = commit(
        &mirror,
        &[&second],
        &["-README.md", "README.md/index=dir\n", "x=file\n"],
    );
    assert_eq!(files(&third), ["README.md/index", "run.sh", "x"]);
    let fourth = commit(&mirror, &[&third], &["-README.md/index", "-run.sh", "-x"]);
    assert_eq!(files(&fourth), Vec::<String>::new());

    mirror.push("other", &fourth, &Lease::Absent).unwrap();
    server.git(&["fsck", "--strict"]);
}

#[test]
fn entries_say_what_they_are() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let first = first_commit(&mirror);
    let entries = mirror.list(&first, "run.sh").unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (entries[0].kind, entries[0].size),
        (EntryKind::Executable, 10)
    );
    assert_eq!(
        mirror.blob(&entries[0].oid).unwrap().unwrap(),
        b"#!/bin/sh\n"
    );
    assert_eq!(mirror.list(&first, "src/").unwrap()[0].path, "src/a.py");
    assert_eq!(mirror.list(&first, "none").unwrap(), []);
    assert_eq!(mirror.read(&first, "src").unwrap(), None);
    let many = mirror
        .read_many(&first, ["README.md", "none", "src/a.py"])
        .unwrap();
    assert_eq!(many.keys().collect::<Vec<_>>(), ["README.md", "src/a.py"]);

    let work = server.mirror_path("work");
    std::fs::create_dir(&work).unwrap();
    git(
        &work,
        &["clone", "-q", server.repository().to_str().unwrap(), "."],
    );
    std::os::unix::fs::symlink("README.md", work.join("link")).unwrap();
    git(&work, &["add", "link"]);
    git(
        &work,
        &[
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@y",
            "commit",
            "-qm",
            "link",
        ],
    );
    git(&work, &["push", "-q"]);
    mirror.fetch().unwrap();
    let head = mirror.head("main").unwrap().unwrap();
    assert_eq!(
        mirror.list(&head, "link").unwrap()[0].kind,
        EntryKind::Symlink
    );
}

#[test]
fn a_clean_merge_is_committed_with_both_parents() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let first = first_commit(&mirror);
    let ours = commit(&mirror, &[&first], &["README.md=two\n"]);
    let theirs = commit(&mirror, &[&first], &["src/b.py=new\n"]);
    let MergeResult::Clean { tree } = mirror.merge(&ours, &theirs).unwrap() else {
        panic!()
    };
    let mut merge = request(&[&ours, &theirs], &[]);
    merge.base = Base::Tree(tree);
    let CommitOutcome::Committed(merge) = mirror.commit(&merge).unwrap() else {
        panic!()
    };
    assert_eq!(mirror.commit_info(&merge).unwrap().parents, [ours, theirs]);
    assert_eq!(mirror.read(&merge, "README.md").unwrap().unwrap(), b"two\n");
    assert_eq!(mirror.read(&merge, "src/b.py").unwrap().unwrap(), b"new\n");
}

#[test]
fn a_conflict_names_its_files() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let first = first_commit(&mirror);
    let ours = commit(&mirror, &[&first], &["README.md=ours\n", "-src/a.py"]);
    let theirs = commit(
        &mirror,
        &[&first],
        &["README.md=theirs\n", "src/a.py=2\n", "new=1\n"],
    );
    let MergeResult::Conflicts { paths } = mirror.merge(&ours, &theirs).unwrap() else {
        panic!()
    };
    assert_eq!(
        paths.into_iter().collect::<Vec<_>>(),
        ["README.md", "src/a.py"]
    );
}

#[test]
fn a_commit_that_the_mirror_does_not_have_is_missing() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let unknown = "0123456789012345678901234567890123456789";
    assert!(matches!(
        mirror.read(unknown, "x"),
        Err(GitError::Missing { .. })
    ));
    assert!(matches!(
        mirror.read("0123", "x"),
        Err(GitError::NotAnId(_))
    ));
    let escape = request(&[], &["../x=1"]);
    assert!(matches!(mirror.commit(&escape), Err(GitError::Invalid(_))));
}
