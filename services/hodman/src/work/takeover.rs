//! Proposes that objects of a former owner become ours: their ids in the environment's file, by a pull request.

mod earlier;
mod imports;
mod text;

pub(super) use earlier::{open, put};

use super::claims::elsewhere;
use super::quiet::quiet;
use super::{Job, WorkError, check, git, live, taken};
use hodman_clients::git::Base;
use hodman_clients::github::Pull;
use hodman_core::event::{Outcome, Takeover};
use hodman_core::ids::{CommitSha, EnvName};
use hodman_core::text::takeover_text;
use hodman_model::bundle::ResourceKey;
use hodman_model::claims;
use hodman_model::files::Environment;
use hodman_model::kinds::{Listing, foundation_kinds, kind};
use hodman_model::plan::{Observed, ObservedObject, Plan};
use hodman_model::takeover::{self, Former, FormerState, From, Matched};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// Table and plan share a body of 65,536 characters.
const PLAN_CHARS: usize = 30_000;

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
    /// What an open pull request proposes already, and goes along.
    pub before: Vec<(String, String)>,
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
    let there = open(job, &branch(env)).await?;
    let before = earlier::proposed(job, env, there.as_ref())?;
    let proposal = proposal(job, env, &main, takeover, before.as_ref()).await?;
    if proposal.matched.is_empty() {
        return if proposal.matched.ours.is_empty() && proposal.matched.listed.is_empty() {
            Err(WorkError::lasting(nothing(&proposal.matched)))
        } else {
            Ok(Outcome::PullNeedless)
        };
    }
    propose(job, env, &main, by, there, &proposal).await
}

/// Where objects are taken over: what workspaces stand on, or a workspace by its place in the environment's file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layer {
    Foundation,
    Workspace(usize),
}

impl Layer {
    /// Whether objects of that kind lie there.
    fn holds(self, kind: &str) -> bool {
        let below = foundation_kinds().any(|of| of.name() == kind);
        below == (self == Self::Foundation)
    }

    /// The ids that the environment's file lists there.
    fn adopt(self, environment: &mut Environment) -> &mut BTreeMap<ResourceKey, String> {
        match self {
            Self::Foundation => &mut environment.adopt,
            Self::Workspace(place) => &mut environment.workspaces[place].adopt,
        }
    }

    /// What was found there.
    fn part(self, taken: &taken::Taken) -> Result<&taken::Part, WorkError> {
        let (found, none) = match self {
            Self::Foundation => (
                taken.parts.iter().find(|part| part.is_foundation()),
                "the environment calls no modules: there is nothing that would become ours",
            ),
            Self::Workspace(place) => (
                taken.workspaces().nth(place).map(|(_, part)| part),
                "the workspace is not made yet: there is nothing in it to take over",
            ),
        };
        found.ok_or_else(|| WorkError::lasting(none))
    }
}

/// Pairs, plans and edits, without writing anything anywhere. `before` is the environment's file as an open pull request has it.
///
/// # Errors
/// When the repository, the workspace or what it stands on cannot be read, or a person has to decide something first.
pub(super) async fn proposal(
    job: &Job<'_>,
    env: &EnvName,
    commit: &str,
    takeover: &Takeover,
    before: Option<&Environment>,
) -> Result<Proposal, WorkError> {
    let (from, state) = known(takeover)?;
    let environment = taken::environment_at(job, env, commit)?;
    let below = |object: &Former| Layer::Foundation.holds(&object.key.kind);
    let mut layers = Vec::new();
    if state.objects.iter().any(below) || imports::concerns(&state, &environment) {
        layers.push(Layer::Foundation);
    }
    if layers.is_empty() || !state.objects.iter().all(below) {
        let place = place(&environment, takeover.workspace.as_deref())?;
        layers.push(Layer::Workspace(place));
    }
    let at = commit.to_owned();
    let tree = job
        .repo
        .blocking(move |repo| check::tree(repo, &at))
        .await?;
    let tree = Arc::new(tree);
    // Without what the file lists already: its objects may be gone, and a plan would refuse to look further.
    let mut bare = environment.clone();
    for layer in &layers {
        layer.adopt(&mut bare).clear();
    }
    imports::clear(&mut bare);
    let found = taken::look(job, env, bare, &tree).await?;
    let mut matched = Matched::default();
    for layer in &layers {
        let part = layer.part(&found)?;
        let mut observed = part.observed.clone();
        if *layer == Layer::Foundation {
            below_others(part, &state, &mut observed).await?;
            let keys = state.objects.iter().map(|object| &object.key);
            let others = elsewhere(job, env.as_str(), &environment, keys).await?;
            claims::mark(&others, &mut observed.objects);
        }
        let of_layer = state.of(|kind| layer.holds(kind));
        let desired = part.desired(&found);
        let more = takeover::match_up(&of_layer, desired, &observed, job.pipeline, env.as_str());
        matched = matched.and(more);
    }
    if from == From::Ids {
        matched.all_must_fit();
    }
    if layers.contains(&Layer::Foundation) {
        let region = job.work.places.region(&environment);
        let more = imports::matched(&state, &environment, &found, (region, &matched));
        matched = matched.with_imports(more);
    }
    if matched.is_blocked() {
        return Err(WorkError::lasting(nothing(&matched)));
    }
    let of_match = |key: &ResourceKey| layers.iter().find(|layer| layer.holds(&key.kind));
    let earlier = match before {
        Some(before) => (
            earlier::entries(&environment, before, (&layers, &matched.matches)),
            imports::earlier(&environment, before, &matched.imports),
        ),
        None => Default::default(),
    };
    let found = matched.adopt().into_iter();
    let found = found.filter_map(|(key, id)| Some((*of_match(&key)?, key, id)));
    let entries: Vec<earlier::Entry> = earlier.0.iter().cloned().chain(found).collect();
    let stacks: Vec<imports::Entry> = earlier
        .1
        .iter()
        .cloned()
        .chain(imports::entries(&matched))
        .collect();
    let mut with = environment.clone();
    for (layer, key, id) in &entries {
        layer.adopt(&mut with).insert(key.clone(), id.clone());
    }
    imports::list(&mut with, &stacks);
    // Only now are these objects read in full: others' were nobody's business before.
    let taken = taken::take_tree(job, env, with, &tree).await?;
    for layer in &layers {
        matched.look_for_marks(&layer.part(&taken)?.observed);
    }
    let plan = taken.plan;
    let path = format!("environments/{env}/environment.yaml");
    let text = job
        .repo
        .mirror
        .read(commit, &job.repo.path(&path))?
        .unwrap_or_default();
    let text = text::edited(&path, &String::from_utf8_lossy(&text), &entries, &stacks)?;
    let ids = earlier
        .0
        .into_iter()
        .map(|(_, key, id)| (key.to_string(), id));
    let before = ids
        .chain(earlier.1.into_iter().map(imports::said))
        .collect();
    Ok(Proposal {
        matched,
        plan,
        text,
        from,
        before,
    })
}

/// Adds what lies below something that is not ours yet, and so is in no list that was read.
async fn below_others(
    part: &taken::Part,
    state: &FormerState,
    observed: &mut Observed,
) -> Result<(), WorkError> {
    for former in &state.objects {
        let Some(kind) = kind(&former.key.kind).filter(|_| !former.facts.is_empty()) else {
            continue;
        };
        let mut seen = observed.objects.iter();
        let is_it =
            |object: &ObservedObject| object.kind == kind.name() && object.listed.id == former.id;
        if seen.any(is_it) || matches!(kind.listing(), Listing::All(_)) {
            continue;
        }
        if let Some(listed) = live::by_id(&part.workspace, kind, &former.id).await? {
            observed.objects.push(ObservedObject {
                kind: kind.name().to_owned(),
                listed,
            });
        }
    }
    Ok(())
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
            facts: object.facts.clone(),
        });
    }
    // The same form, in words that decisions know.
    let resources = serde_json::from_value(json!(takeover.resources))?;
    let state = FormerState {
        objects,
        resources,
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

fn branch(env: &EnvName) -> String {
    format!("hodman/takeover/{env}")
}

async fn propose(
    job: &Job<'_>,
    env: &EnvName,
    main: &str,
    by: &str,
    open: Option<Pull>,
    proposal: &Proposal,
) -> Result<Outcome, WorkError> {
    let path = format!("environments/{env}/environment.yaml");
    let changes = BTreeMap::from([(
        job.repo.path(&path),
        Some(proposal.text.clone().into_bytes()),
    )]);
    let head = git::commit(
        job,
        vec![main.to_owned()],
        Base::Commit(main.to_owned()),
        changes,
        format!(
            "{env}: take over {} objects\n",
            proposal.matched.matches.len() + proposal.matched.imports.len() + proposal.before.len()
        ),
    )
    .await?;
    if head == main {
        return Ok(Outcome::PullNeedless);
    }
    let text = takeover_text(
        env,
        &quiet(by),
        &(text::table(&proposal.matched) + &earlier::listed(&proposal.before)),
        &proposal.plan.to_markdown(PLAN_CHARS).0,
        &takeover::letting_go(proposal.from, &proposal.matched),
    );
    earlier::put(job, &branch(env), head, open, text).await
}
