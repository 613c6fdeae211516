//! A mirror against a real git server.

mod commits;
mod damage;
mod history;
mod pushes;
mod remote;

use std::collections::BTreeMap;

use chrono::DateTime;
use hodman_clients::git::{
    Base, CommitOutcome, CommitRequest, FileChange, Lease, Mirror, PushOutcome,
};

/// `path=content`, or `-path` to remove.
fn changes(lines: &[&str]) -> BTreeMap<String, Option<FileChange>> {
    lines
        .iter()
        .map(|line| match line.strip_prefix('-') {
            Some(path) => (path.to_owned(), None),
            None => {
                let (path, content) = line.split_once('=').unwrap();
                let change = FileChange {
                    content: content.into(),
                    executable: path.ends_with(".sh"),
                };
                (path.to_owned(), Some(change))
            }
        })
        .collect()
}

fn request(parents: &[&str], lines: &[&str]) -> CommitRequest {
    CommitRequest {
        parents: parents.iter().map(|&id| id.to_owned()).collect(),
        base: parents
            .first()
            .map_or(Base::Empty, |&id| Base::Commit(id.to_owned())),
        changes: changes(lines),
        message: format!("change {}\n", lines.join(" ")),
        author_name: "Ada".into(),
        author_email: "ada@example.com".into(),
        time: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
    }
}

/// A new commit.
fn commit(mirror: &Mirror, parents: &[&str], lines: &[&str]) -> String {
    match mirror.commit(&request(parents, lines)).unwrap() {
        CommitOutcome::Committed(id) => id,
        CommitOutcome::Unchanged(id) => panic!("nothing changed since {id}"),
    }
}

/// A first commit on main, pushed.
fn first_commit(mirror: &Mirror) -> String {
    let id = commit(
        mirror,
        &[],
        &["README.md=one\n", "src/a.py=1\n", "run.sh=#!/bin/sh\n"],
    );
    assert_eq!(
        mirror.push("main", &id, &Lease::Absent).unwrap(),
        PushOutcome::Pushed
    );
    id
}
