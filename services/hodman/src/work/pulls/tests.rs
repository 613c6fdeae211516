//! Whose commits are on a branch.

use super::{AUTHOR, others_commits};
use chrono::{DateTime, TimeDelta};
use hodman_clients::git::{Base, CommitRequest, FileChange, MergeResult, Mirror, MirrorConfig};
use std::collections::BTreeMap;
use std::sync::Arc;

const PERSON: &str = "ann@example.com";

struct Yard {
    mirror: Mirror,
    _folder: tempfile::TempDir,
}

impl Yard {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = MirrorConfig::new(
            folder.path().join("mirror.git"),
            "http://127.0.0.1:1/o/r.git",
            Arc::new(|| Ok(None)),
        );
        Self {
            mirror: Mirror::open(config).unwrap(),
            _folder: folder,
        }
    }

    fn commit(&self, by: &str, parents: &[&str], base: Base, files: &[(&str, &str)]) -> String {
        let change = |content: &str| FileChange {
            content: content.as_bytes().to_vec(),
            executable: false,
        };
        let request = CommitRequest {
            parents: parents.iter().map(|id| (*id).to_owned()).collect(),
            base,
            changes: files
                .iter()
                .map(|(path, content)| ((*path).to_owned(), Some(change(content))))
                .collect::<BTreeMap<_, _>>(),
            message: "a step\n".to_owned(),
            author_name: by.to_owned(),
            author_email: by.to_owned(),
            time: DateTime::UNIX_EPOCH + TimeDelta::days(1),
        };
        self.mirror.commit(&request).unwrap().id().to_owned()
    }

    fn on(&self, by: &str, parent: &str, files: &[(&str, &str)]) -> String {
        self.commit(by, &[parent], Base::Commit(parent.to_owned()), files)
    }

    fn merged(&self, ours: &str, theirs: &str) -> Base {
        match self.mirror.merge(ours, theirs).unwrap() {
            MergeResult::Clean { tree } => Base::Tree(tree),
            MergeResult::Conflicts { paths } => panic!("conflicts in {paths:?}"),
        }
    }
}

#[test]
fn a_pin_of_ours_is_nobody_elses_and_a_commit_on_top_is() {
    let yard = Yard::new();
    let main = yard.commit(PERSON, &[], Base::Empty, &[("a", "1")]);
    let pin = yard.on(AUTHOR.1, &main, &[("pin", "1")]);
    assert!(!others_commits(&yard.mirror, pin.clone(), &main).unwrap());
    let on_top = yard.on(PERSON, &pin, &[("pin", "2")]);
    assert!(others_commits(&yard.mirror, on_top.clone(), &main).unwrap());
    let ours_again = yard.on(AUTHOR.1, &on_top, &[("pin", "3")]);
    assert!(others_commits(&yard.mirror, ours_again, &main).unwrap());
}

#[test]
fn update_branch_brings_nothing_of_anybodys_own() {
    let yard = Yard::new();
    let main = yard.commit(PERSON, &[], Base::Empty, &[("a", "1")]);
    let pin = yard.on(AUTHOR.1, &main, &[("pin", "1")]);
    let moved = yard.on(PERSON, &main, &[("a", "2")]);
    let updated = yard.commit(PERSON, &[&pin, &moved], yard.merged(&pin, &moved), &[]);
    assert!(!others_commits(&yard.mirror, updated, &moved).unwrap());
}

#[test]
fn an_edit_inside_of_such_a_merge_is_a_persons_own() {
    let yard = Yard::new();
    let main = yard.commit(PERSON, &[], Base::Empty, &[("a", "1")]);
    let pin = yard.on(AUTHOR.1, &main, &[("pin", "1")]);
    let moved = yard.on(PERSON, &main, &[("a", "2")]);
    let edited = yard.commit(
        PERSON,
        &[&pin, &moved],
        yard.merged(&pin, &moved),
        &[("pin", "2")],
    );
    assert!(others_commits(&yard.mirror, edited, &moved).unwrap());
    // A merge of something that is not main is one, too.
    let aside = yard.on(PERSON, &main, &[("b", "1")]);
    let other = yard.commit(PERSON, &[&pin, &aside], yard.merged(&pin, &aside), &[]);
    assert!(others_commits(&yard.mirror, other, &moved).unwrap());
}
