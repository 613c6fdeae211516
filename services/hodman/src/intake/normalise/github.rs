//! GitHub's deliveries. Only the fields that are used are read, each of them may be null: payloads differ between
//! events, versions and Enterprise Servers, and a field that we do not need must not make a delivery poison.

use std::borrow::Cow;

use hodman_store::NewEvent;
use serde::Deserialize;
use serde_json::Value;

use super::{Poison, bare, in_short};
use crate::intake::event::{EventKind, ForgeEvent, Provider, RefChange, Side};

/// Whether an event of this name says something that hodman uses.
#[must_use]
pub fn is_known(event_name: &str) -> bool {
    !matches!(kind_of(event_name), EventKind::Other(_))
}

fn kind_of(event_name: &str) -> EventKind {
    match event_name {
        "push" => EventKind::Push,
        "pull_request" | "pull_request_target" | "merge_group" => EventKind::PullRequest,
        "pull_request_review" | "pull_request_review_comment" | "pull_request_review_thread" => {
            EventKind::Review
        }
        "check_run" | "check_suite" | "workflow_run" => EventKind::Check,
        "issue_comment" | "commit_comment" => EventKind::Comment,
        "status" => EventKind::Status,
        "ping" => EventKind::Ping,
        other => EventKind::Other(other.to_owned()),
    }
}

pub(super) fn normalise(event: &NewEvent) -> Result<ForgeEvent, Poison> {
    let kind = kind_of(&event.kind);
    let poison = |problem: String| Poison::Body {
        kind: event.kind.clone(),
        problem,
    };
    let json = json(event);
    let mut normalised = bare(event, Provider::Github, kind);
    if let EventKind::Other(_) | EventKind::Ping = normalised.kind {
        let value: Value =
            serde_json::from_slice(&json).map_err(|error| poison(in_short(&error)))?;
        let text = |pointer: &str| {
            value
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        normalised.action = text("/action");
        normalised.repository = text("/repository/full_name");
        normalised.ref_name = text("/ref");
        normalised.sender = text("/sender/login");
        return Ok(normalised);
    }
    let payload: Payload =
        serde_json::from_slice(&json).map_err(|error| poison(in_short(&error)))?;
    payload
        .fill(&mut normalised)
        .map_err(|missing| poison(format!("`{missing}` is missing")))?;
    Ok(normalised)
}

/// The JSON of a delivery: the body, or for hooks that were set to forms its `payload` field.
fn json(event: &NewEvent) -> Cow<'_, [u8]> {
    let content_type = event
        .meta
        .get("content-type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return Cow::Borrowed(&event.body);
    }
    form_urlencoded::parse(&event.body)
        .find(|(name, _)| name == "payload")
        .map_or(Cow::Borrowed(&[]), |(_, payload)| {
            Cow::Owned(payload.into_owned().into_bytes())
        })
}

#[derive(Deserialize)]
struct Payload {
    action: Option<String>,
    repository: Option<Repository>,
    sender: Option<Login>,
    #[serde(rename = "ref")]
    ref_name: Option<String>,
    before: Option<String>,
    after: Option<String>,
    sha: Option<String>,
    branches: Option<Vec<Branch>>,
    number: Option<u64>,
    pull_request: Option<Pull>,
    merge_group: Option<MergeGroup>,
    check_run: Option<Check>,
    check_suite: Option<Check>,
    workflow_run: Option<Check>,
    issue: Option<Numbered>,
    comment: Option<Comment>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: Option<String>,
}

#[derive(Deserialize)]
struct Login {
    login: Option<String>,
}

#[derive(Deserialize)]
struct Branch {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Numbered {
    number: Option<u64>,
}

#[derive(Deserialize)]
struct Pull {
    number: Option<u64>,
    head: Option<Tip>,
    base: Option<Tip>,
}

#[derive(Deserialize)]
struct Tip {
    #[serde(rename = "ref")]
    ref_name: Option<String>,
    sha: Option<String>,
}

#[derive(Deserialize)]
struct MergeGroup {
    head_sha: Option<String>,
    head_ref: Option<String>,
    base_sha: Option<String>,
    base_ref: Option<String>,
}

/// A check run, check suite or workflow run.
#[derive(Deserialize)]
struct Check {
    head_sha: Option<String>,
    head_branch: Option<String>,
    /// A check run has its branch here.
    check_suite: Option<Suite>,
    pull_requests: Option<Vec<Option<Numbered>>>,
}

#[derive(Deserialize)]
struct Suite {
    head_branch: Option<String>,
}

#[derive(Deserialize)]
struct Comment {
    commit_id: Option<String>,
}

impl Payload {
    /// Fills in what this kind of event says; the error names a field that it cannot be without.
    fn fill(self, event: &mut ForgeEvent) -> Result<(), &'static str> {
        event.action = self.action;
        event.sender = self.sender.and_then(|sender| sender.login);
        let repository = self.repository.and_then(|repository| repository.full_name);
        event.repository = Some(repository.ok_or("repository.full_name")?);
        event.number = self.number;
        match event.kind {
            EventKind::Push => {
                let name = self.ref_name.ok_or("ref")?;
                let before = commit(self.before.ok_or("before")?);
                let after = commit(self.after.ok_or("after")?);
                (event.before, event.after) = (before.clone(), after.clone());
                event.ref_name = Some(name.clone());
                event.refs.push(RefChange {
                    name,
                    before,
                    after,
                });
            }
            EventKind::PullRequest if self.pull_request.is_none() => {
                let group = self.merge_group.ok_or("pull_request")?;
                event.head = side(group.head_ref, group.head_sha);
                event.base = side(group.base_ref, group.base_sha);
            }
            EventKind::PullRequest | EventKind::Review => {
                let pull = self.pull_request.ok_or("pull_request")?;
                event.number = Some(pull.number.or(self.number).ok_or("pull_request.number")?);
                event.head = pull.head.and_then(|tip| side(tip.ref_name, tip.sha));
                event.base = pull.base.and_then(|tip| side(tip.ref_name, tip.sha));
                // `synchronize` says where the branch was and is.
                (event.before, event.after) = (self.before, self.after);
            }
            EventKind::Check => {
                let check = self
                    .check_run
                    .or(self.check_suite)
                    .or(self.workflow_run)
                    .ok_or("check_run")?;
                let branch = check
                    .head_branch
                    .or(check.check_suite.and_then(|suite| suite.head_branch));
                event.ref_name.clone_from(&branch);
                event.head = Some(side(branch, check.head_sha).ok_or("head_sha")?);
                let pulls = check.pull_requests.unwrap_or_default();
                event.number = pulls.into_iter().flatten().find_map(|pull| pull.number);
            }
            EventKind::Status => {
                let branch = self
                    .branches
                    .unwrap_or_default()
                    .into_iter()
                    .find_map(|branch| branch.name);
                event.ref_name.clone_from(&branch);
                event.head = Some(side(branch, self.sha).ok_or("sha")?);
            }
            EventKind::Comment => {
                event.number = self.issue.and_then(|issue| issue.number);
                event.head = side(None, self.comment.and_then(|comment| comment.commit_id));
            }
            EventKind::Ping | EventKind::Command | EventKind::Notice | EventKind::Other(_) => {}
        }
        Ok(())
    }
}

fn side(ref_name: Option<String>, sha: Option<String>) -> Option<Side> {
    sha.map(|sha| Side { ref_name, sha })
}

/// A commit, or nothing where GitHub writes forty zeros (sixty-four with SHA-256) for "no commit".
fn commit(sha: String) -> Option<String> {
    let is_zero = !sha.is_empty() && sha.bytes().all(|digit| digit == b'0');
    (!is_zero).then_some(sha)
}
