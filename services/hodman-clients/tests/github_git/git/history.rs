use hodman_clients::git::{Lease, Mirror, PathVersion};

use super::{commit, first_commit};
use crate::git_server::GitServer;

#[test]
fn the_last_change_is_the_merge_that_brought_it() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let first = first_commit(&mirror);
    // On a branch the pin changes twice; main gets it by a merge, then something else changes.
    let one = commit(&mirror, &[&first], &["environments/qa/release.yaml=1\n"]);
    let two = commit(&mirror, &[&one], &["environments/qa/release.yaml=2\n"]);
    let merge = commit(
        &mirror,
        &[&first, &two],
        &["environments/qa/release.yaml=2\n"],
    );
    let last = commit(&mirror, &[&merge], &["README.md=two\n"]);
    mirror
        .push("main", &last, &Lease::At(first.clone()))
        .unwrap();

    let pin = "environments/qa/release.yaml";
    assert_eq!(
        mirror.last_change("main", pin).unwrap(),
        Some(merge.clone())
    );
    assert_eq!(
        mirror.last_change(&last, "environments").unwrap(),
        Some(merge)
    );
    assert_eq!(mirror.last_change(&last, "src/a.py").unwrap(), Some(first));
    assert_eq!(mirror.last_change(&last, "none").unwrap(), None);
    assert!(mirror.last_change("no-such-branch", pin).is_err());

    let oid = |id: &str| Some(mirror.list(id, pin).unwrap()[0].oid.clone());
    let version = |id: &str| PathVersion {
        commit: id.to_owned(),
        oid: oid(id),
    };
    assert_eq!(
        mirror.history_of(pin, &last, 9).unwrap(),
        [version(&two), version(&one)]
    );
    assert_eq!(mirror.history_of(pin, &last, 1).unwrap(), [version(&two)]);
}

#[test]
fn removing_a_file_is_a_change() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let first = first_commit(&mirror);
    let gone = commit(&mirror, &[&first], &["-README.md"]);
    let last = commit(&mirror, &[&gone], &["src/a.py=2\n"]);
    assert_eq!(
        mirror.last_change(&last, "README.md").unwrap(),
        Some(gone.clone())
    );
    let history = mirror.history_of("README.md", &last, 9).unwrap();
    assert_eq!(
        history[0],
        PathVersion {
            commit: gone,
            oid: None
        }
    );
    assert_eq!(history[1].commit, first);
}

#[test]
fn commits_are_compared() {
    let server = GitServer::http();
    let mirror = server.mirror("m");
    let first = first_commit(&mirror);
    let ours = commit(&mirror, &[&first], &["README.md=two\n"]);
    let theirs = commit(&mirror, &[&first], &["src/b.py=new\n", "-run.sh"]);
    let unrelated = commit(&mirror, &[], &["z=z\n"]);

    assert!(mirror.is_ancestor(&first, &ours).unwrap());
    assert!(mirror.is_ancestor(&first, &first).unwrap());
    assert!(!mirror.is_ancestor(&ours, &first).unwrap());
    assert!(!mirror.is_ancestor(&ours, &theirs).unwrap());
    assert_eq!(mirror.merge_base(&ours, &theirs).unwrap(), Some(first));
    assert_eq!(mirror.merge_base(&ours, &unrelated).unwrap(), None);
    assert_eq!(
        changed(&mirror, &ours, &theirs),
        ["README.md", "run.sh", "src/b.py"]
    );
    assert_eq!(changed(&mirror, &ours, &ours), Vec::<String>::new());

    let info = mirror.commit_info(&theirs).unwrap();
    assert_eq!(
        (info.author_name.as_str(), info.time.timestamp()),
        ("Ada", 1_700_000_000)
    );
    assert_eq!(info.message, "change src/b.py=new\n -run.sh\n");
}

fn changed(mirror: &Mirror, before: &str, after: &str) -> Vec<String> {
    mirror
        .changed_paths(before, after)
        .unwrap()
        .into_iter()
        .collect()
}
