//! Proposes that objects of a former owner become ours: their ids in the environment's file, by a pull request.

use super::quiet::quiet;
use super::{Job, WorkError, check, git, taken};
use hodman_clients::git::Base;
use hodman_clients::github::NewPull;
use hodman_core::event::{Outcome, Takeover};
use hodman_core::ids::{CommitSha, EnvName, PullNumber};
use hodman_core::text::takeover_text;
use hodman_model::bundle::ResourceKey;
use hodman_model::field_path::PathSegment;
use hodman_model::files::{Environment, parse_environment};
use hodman_model::plan::Plan;
use hodman_model::takeover::{self, Former, FormerState, From, Matched};
use hodman_model::yaml_edit;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// Table and plan share a body of 65,536 characters.
const PLAN_CHARS: usize = 30_000;
/// Rows of the table; the file itself lists all of them.
const ROWS: usize = 100;

/// A takeover as it would be proposed.
pub struct Proposal {
    /// What was paired, what was not and why.
    pub matched: Matched,
    /// The plan of that workspace's environment with the takeover.
    pub plan: Plan,
    /// The environment's file with the ids in it.
    pub text: String,
    /// Who the former owner was.
    pub from: From,
}

pub(super) async fn take_over(
    job: &Job<'_>,
    env: &EnvName,
    config: &CommitSha,
    takeover: &Takeover,
    by: &str,
) -> Result<Outcome, WorkError> {
    job.repo.fetch().await?;
    let main = job
        .repo
        .mirror
        .head(&job.repo.branch)?
        .unwrap_or_else(|| config.to_string());
    let proposal = proposal(job, env, &main, takeover).await?;
    let path = format!("environments/{env}/environment.yaml");
    if proposal.matched.matches.is_empty() {
        return if proposal.matched.ours.is_empty() {
            Err(WorkError::lasting(nothing(&proposal.matched)))
        } else {
            Ok(Outcome::PullNeedless)
        };
    }
    propose(job, env, &main, by, &path, &proposal).await
}

/// What was found in the workspace with that place in the environment's file.
fn there(taken: &taken::Taken, place: usize) -> Result<&taken::Part, WorkError> {
    let found = taken.workspaces().nth(place);
    found.map(|(_, part)| part).ok_or_else(|| {
        WorkError::lasting("the workspace is not made yet: there is nothing in it to take over")
    })
}

/// Pairs, plans and edits, without writing anything anywhere.
///
/// # Errors
/// When the repository or the workspace cannot be read, or a person has to decide something first.
pub(super) async fn proposal(
    job: &Job<'_>,
    env: &EnvName,
    commit: &str,
    takeover: &Takeover,
) -> Result<Proposal, WorkError> {
    let (from, state) = known(takeover)?;
    let environment = taken::environment_at(job, env, commit)?;
    let place = place(&environment, takeover.workspace.as_deref())?;
    let at = commit.to_owned();
    let tree = job
        .repo
        .blocking(move |repo| check::tree(repo, &at))
        .await?;
    let tree = Arc::new(tree);
    // Without what the file lists already: its objects may be gone, and a plan would refuse to look further.
    let mut bare = environment.clone();
    bare.workspaces[place].adopt.clear();
    let found = taken::take_tree(job, env, bare, &tree).await?;
    let observed = &there(&found, place)?.observed;
    let mut matched =
        takeover::match_up(&state, &found.desired, observed, job.pipeline, env.as_str());
    if matched.is_blocked() {
        return Err(WorkError::lasting(nothing(&matched)));
    }
    let mut with = environment.clone();
    with.workspaces[place].adopt.extend(matched.adopt());
    // Only now are these objects read in full: others' were nobody's business before.
    let taken = taken::take_tree(job, env, with, &tree).await?;
    matched.look_for_marks(&there(&taken, place)?.observed);
    let plan = taken.plan;
    let path = format!("environments/{env}/environment.yaml");
    let text = job
        .repo
        .mirror
        .read(commit, &job.repo.path(&path))?
        .unwrap_or_default();
    let text = edited(&path, &String::from_utf8_lossy(&text), place, &matched)?;
    Ok(Proposal {
        matched,
        plan,
        text,
        from,
    })
}

/// The request's list in the model's form.
fn known(takeover: &Takeover) -> Result<(From, FormerState), WorkError> {
    let from: From = serde_json::from_value(takeover.from.clone().into()).map_err(|_| {
        WorkError::lasting(format!(
            "`{}` is none of bundle-state, tfstate and ids",
            takeover.from
        ))
    })?;
    let mut objects = Vec::new();
    for object in &takeover.objects {
        let key: ResourceKey = object
            .key
            .parse()
            .map_err(|_| WorkError::lasting(format!("`{}` is no key of a resource", object.key)))?;
        objects.push(Former {
            key,
            address: object.address.clone(),
            id: object.id.clone(),
            name: object.name.clone(),
        });
    }
    let state = FormerState {
        objects,
        others: vec![],
    };
    Ok((from, state))
}

/// Which of the environment's workspaces is meant.
fn place(environment: &Environment, name: Option<&str>) -> Result<usize, WorkError> {
    let names: Vec<&str> = environment
        .workspaces
        .iter()
        .map(|workspace| workspace.name.as_str())
        .collect();
    match (name, names.as_slice()) {
        (None, [_]) => Ok(0),
        (None, _) => Err(WorkError::lasting(format!(
            "the environment has several workspaces; say which with --workspace: {}",
            names.join(", ")
        ))),
        (Some(name), names) => names
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| {
                WorkError::lasting(format!(
                    "the environment has no workspace `{name}`; there are: {}",
                    names.join(", ")
                ))
            }),
    }
}

/// The environment's file with the ids in it; comments and order stay.
fn edited(path: &str, text: &str, place: usize, matched: &Matched) -> Result<String, WorkError> {
    let mut text = text.to_owned();
    for found in &matched.matches {
        let at = [
            PathSegment::Key("workspaces".to_owned()),
            PathSegment::Index(place),
            PathSegment::Key("adopt".to_owned()),
            PathSegment::Key(found.key.to_string()),
        ];
        text = yaml_edit::set(&text, &at, &found.id.clone().into(), &[])
            .map_err(|error| WorkError::lasting(format!("{path} cannot be edited: {error}")))?
            .text;
    }
    parse_environment(path, &text)?;
    Ok(text)
}

/// Why nothing is proposed: every doubt with its reason.
fn nothing(matched: &Matched) -> String {
    let mut text = String::from("nothing is taken over before this is settled:");
    let blocking = matched.is_blocked();
    for left in matched.left.iter().filter(|left| left.blocks == blocking) {
        // Writing to a string cannot fail.
        let _ = write!(text, " {} ({}): {};", left.address, left.id, left.because);
    }
    if matched.left.is_empty() {
        text.push_str(" the list names no object");
    }
    text.trim_end_matches(';').to_owned()
}

async fn propose(
    job: &Job<'_>,
    env: &EnvName,
    main: &str,
    by: &str,
    path: &str,
    proposal: &Proposal,
) -> Result<Outcome, WorkError> {
    let github = &job.work.github;
    let branch = format!("hodman/takeover/{env}");
    let there = github
        .find_open_pull(job.repo.repository(), &branch)
        .await?;
    let changes = BTreeMap::from([(
        job.repo.path(path),
        Some(proposal.text.clone().into_bytes()),
    )]);
    let head = git::commit(
        job,
        vec![main.to_owned()],
        Base::Commit(main.to_owned()),
        changes,
        format!(
            "{env}: take over {} objects\n",
            proposal.matched.matches.len()
        ),
    )
    .await?;
    if head == main {
        return Ok(Outcome::PullNeedless);
    }
    git::push(
        job,
        &branch,
        &head,
        job.repo.mirror.head(&branch)?,
        there.is_none(),
    )
    .await?;
    let text = takeover_text(
        env,
        &quiet(by),
        &table(&proposal.matched),
        &proposal.plan.to_markdown(PLAN_CHARS).0,
        &takeover::letting_go(proposal.from, &proposal.matched.matches),
    );
    job.fence.check().await?;
    let pull = github
        .create_pull(
            job.repo.repository(),
            &NewPull {
                title: text.title,
                body: text.body,
                head: branch,
                base: job.repo.branch.clone(),
            },
        )
        .await?;
    Ok(Outcome::PullReady {
        number: PullNumber(pull.number),
        head: CommitSha(head),
    })
}

fn table(matched: &Matched) -> String {
    let mut text = String::from("| resource | object | was | paired by |\n|---|---|---|---|\n");
    for found in matched.matches.iter().take(ROWS) {
        let marked = found
            .marked
            .as_ref()
            .map(|marked| format!("; {marked}"))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "| `{}` | {} `{}` | `{}`{} | {} |",
            found.key,
            quiet(&found.name),
            found.id,
            quiet(&found.address),
            quiet(&marked),
            found.because
        );
    }
    if matched.matches.len() > ROWS {
        let _ = writeln!(text, "\nand {} more", matched.matches.len() - ROWS);
    }
    if !matched.left.is_empty() {
        text.push_str("\nLeft alone:\n\n");
        for left in matched.left.iter().take(ROWS) {
            let _ = writeln!(
                text,
                "- `{}` (`{}`): {}",
                quiet(&left.address),
                left.id,
                quiet(&left.because)
            );
        }
    }
    text
}
