use hodman_clients::git::{GitError, Lease, Mirror, PushOutcome};

use super::{commit, first_commit};
use crate::git_server::{GitServer, git};

fn is_stale(outcome: &PushOutcome) -> bool {
    matches!(outcome, PushOutcome::NonFastForward { .. })
}

#[test]
fn whoever_is_slower_is_told_so_and_nothing_is_lost() {
    let server = GitServer::http();
    let (fast, slow) = (server.mirror("fast"), server.mirror("slow"));
    let first = first_commit(&fast);
    slow.fetch().unwrap();
    let ours = commit(&slow, &[&first], &["src/a.py=slow\n"]);
    let theirs = commit(&fast, &[&first], &["src/a.py=fast\n"]);
    fast.push("main", &theirs, &Lease::FastForward).unwrap();

    for lease in [
        Lease::FastForward,
        Lease::Absent,
        Lease::At(first.clone()),
        Lease::ForceFrom(first.clone()),
    ] {
        let outcome = slow.push("main", &ours, &lease).unwrap();
        assert!(is_stale(&outcome), "{lease:?}: {outcome:?}");
    }
    assert_eq!(server.git(&["rev-parse", "main"]), theirs);

    // Even knowing their commit, only force replaces it.
    slow.fetch().unwrap();
    assert!(is_stale(
        &slow
            .push("main", &ours, &Lease::At(theirs.clone()))
            .unwrap()
    ));
    let outcome = slow.push("main", &ours, &Lease::ForceFrom(theirs)).unwrap();
    assert_eq!(outcome, PushOutcome::Pushed);
    assert_eq!(server.git(&["rev-parse", "main"]), ours);
    assert_eq!(slow.head("main").unwrap(), Some(ours));
}

/// Promotions of many environments share a mirror, and daemons a repository.
#[test]
fn many_writers_at_once_lose_nothing_and_break_nothing() {
    const WRITERS: usize = 25;
    let server = GitServer::http();
    let mirrors = [server.mirror("one"), server.mirror("two")];
    let first = first_commit(&mirrors[0]);
    mirrors[1].fetch().unwrap();
    let write = |mirror: &Mirror, writer: usize| {
        let own = format!("own/{writer}=1\n");
        let branch = commit(mirror, &[&first], &[&own]);
        let pushed = mirror.push(&format!("writer/{writer}"), &branch, &Lease::Absent);
        assert_eq!(pushed.unwrap(), PushOutcome::Pushed);
        loop {
            let head = mirror.head("main").unwrap().unwrap();
            let shared = format!("shared/{writer}=1\n");
            let next = commit(mirror, &[&head], &[&shared]);
            match mirror.push("main", &next, &Lease::At(head)).unwrap() {
                PushOutcome::Pushed => return,
                PushOutcome::NonFastForward { .. } => mirror.fetch().unwrap(),
                other @ PushOutcome::Rejected { .. } => panic!("{other:?}"),
            }
        }
    };
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let mirror = &mirrors[writer % mirrors.len()];
            let write = &write;
            scope.spawn(move || write(mirror, writer));
        }
    });
    let shared = server.git(&["ls-tree", "--name-only", "main", "shared/"]);
    assert_eq!(shared.lines().count(), WRITERS);
    let branches = server.git(&["for-each-ref", "refs/heads/writer/"]);
    assert_eq!(branches.lines().count(), WRITERS);
    server.git(&["fsck", "--strict"]);
    for mirror in &mirrors {
        git(mirror.path(), &["fsck", "--strict"]);
    }
}

#[test]
fn a_push_whose_answer_was_lost_may_be_repeated() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let first = first_commit(&mirror);
    let second = commit(&mirror, &[&first], &["src/a.py=2\n"]);
    for lease in [
        Lease::At(first.clone()),
        Lease::At(first.clone()),
        Lease::Absent,
    ] {
        assert_eq!(
            mirror.push("main", &second, &lease).unwrap(),
            PushOutcome::Pushed
        );
    }
    let posts = server
        .requests()
        .iter()
        .filter(|line| line.starts_with("POST") && line.contains("receive-pack"))
        .count();
    assert_eq!(posts, 2, "one for each commit");
}

#[test]
fn a_hook_that_declines_is_final_and_its_words_are_kept() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let first = first_commit(&mirror);
    server.hook(
        "pre-receive",
        "echo 'GH006: 2 reviews are needed' >&2; exit 1",
    );
    let second = commit(&mirror, &[&first], &["src/a.py=2\n"]);
    let outcome = mirror
        .push("main", &second, &Lease::At(first.clone()))
        .unwrap();
    let PushOutcome::Rejected { reason } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        reason.contains("hook declined") && reason.contains("2 reviews are needed"),
        "{reason}"
    );
    assert_eq!(
        mirror.head("main").unwrap(),
        Some(first),
        "nothing moved here either"
    );
}

#[test]
fn a_branch_that_moves_between_look_and_push_counts_as_a_lost_race() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let first = first_commit(&mirror);
    let theirs = commit(&mirror, &[&first], &["src/a.py=theirs\n"]);
    mirror.push("other", &theirs, &Lease::Absent).unwrap();
    // This hook runs after our client has read the references and before the branch is set.
    server.hook(
        "update",
        &format!("test \"$1\" != refs/heads/main || git update-ref refs/heads/main {theirs}"),
    );
    let ours = commit(&mirror, &[&first], &["src/a.py=ours\n"]);
    let outcome = mirror.push("main", &ours, &Lease::At(first)).unwrap();
    assert!(is_stale(&outcome), "{outcome:?}");
    assert_eq!(server.git(&["rev-parse", "main"]), theirs);
}

#[test]
fn only_branches_and_known_commits_are_pushed() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let first = first_commit(&mirror);
    for name in ["", "a:b", "*", "a..b", "x.lock"] {
        let error = mirror.push(name, &first, &Lease::Absent).unwrap_err();
        assert!(matches!(error, GitError::Invalid(_)), "{name}: {error:?}");
    }
    let unknown = "0123456789012345678901234567890123456789";
    let error = mirror.push("x", unknown, &Lease::Absent).unwrap_err();
    assert!(matches!(error, GitError::Missing { .. }), "{error:?}");
    assert!(matches!(
        mirror.push("x", "main", &Lease::Absent),
        Err(GitError::NotAnId(_))
    ));
}
