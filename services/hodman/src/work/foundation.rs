//! What workspaces stand on: the modules that an environment calls, their part of the plan, and the addresses of the
//! workspaces that they make.

use super::claims::Ledgers;
use super::taken::{self, Part};
use super::{Job, WorkError, live, stacks};
use crate::places::Seen;
use hodman_clients::databricks::Workspace;
use hodman_core::ids::EnvName;
use hodman_model::bundle::ResourceKey;
use hodman_model::files::{Environment, Presence, Tree, Workspace as Place};
use hodman_model::kinds::{TEMPLATE_BODY, Whose, files as file_sets};
use hodman_model::modules::{FOUNDATION, Foundation, host_of};
use hodman_model::plan::{self, Action, Known, Observed, ObservedObject, Plan, PlanContext, Row};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The foundation of an environment, compared.
#[derive(Default)]
pub(super) struct Stands {
    /// What the modules ask for and give.
    pub foundation: Foundation,
    /// Its part of the plan; none without modules.
    pub plan: Option<Plan>,
    /// What was found.
    pub part: Option<Part>,
    /// What is known of its objects.
    pub known: Known,
    /// The same without those that are about to be made anew. A workspace of them is nowhere yet: what is in the old one goes
    /// with it, and all of it is to be made in the new one.
    staying: Known,
    /// The addresses that its account told.
    pub seen: Seen,
}

impl Stands {
    /// What workspaces may go by: of what is about to be replaced, and of stacks whose outputs are about to change, nothing is
    /// known.
    pub fn given(&self) -> Known {
        let mut given = self.known.clone();
        let previews = self.part.as_ref().map(|part| &part.observed.previews);
        let gives_otherwise = |row: &Row| {
            let preview = previews.and_then(|previews| previews.get(&row.key));
            let changes = preview.is_some_and(|preview| !preview.outputs.is_empty());
            row.waits || changes
        };
        for (_, row) in self.plan.iter().flat_map(Plan::rows) {
            if row.action == Action::Replace || gives_otherwise(row) {
                given.forget(&row.key);
            }
        }
        given
    }
}

/// Whether the engines of stacks are asked what they would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engines {
    /// They are, for a plan.
    Asked,
    /// They are, on the way to an apply.
    Approved,
    /// They also look for what people changed inside of stacks: for a comparison of what is in place.
    Compared,
    /// They are, for somebody who asks at this machine about files that may be nobody's yet.
    Proposed,
    /// Only those are asked that may run what a pull request says that nobody merged, and what they say is kept for no apply.
    Unmerged {
        /// Whether CloudFormation may. Templates that nobody merged may not: a change set runs their macros.
        templates: bool,
        /// Whether Terraform may, by the policy on the promoted branch and the daemon's settings.
        terraform: bool,
    },
    /// They are not: only what is there counts.
    Left,
}

impl Engines {
    /// Whose words stacks are told now.
    pub fn whose(self) -> Whose {
        match self {
            Self::Asked | Self::Approved | Self::Compared => Whose::Merged,
            Self::Proposed | Self::Left => Whose::Asked,
            Self::Unmerged { .. } => Whose::Proposed,
        }
    }

    /// What a plan asks for.
    pub fn for_plan(compares: bool) -> Self {
        match compares {
            true => Self::Compared,
            false => Self::Asked,
        }
    }
}

/// Compares what the modules ask for with what is there.
pub(super) async fn take(
    job: &Job<'_>,
    env: &EnvName,
    environment: &Environment,
    mut foundation: Foundation,
    only_looks: bool,
    engines: Engines,
) -> Result<Stands, WorkError> {
    // Without calls there may still be what earlier ones made.
    if environment.modules.is_empty()
        && !Ledgers::of_foundation(job, env.as_str())
            .await?
            .claims_any()
    {
        return Ok(Stands::default());
    }
    let mut formerly = BTreeMap::new();
    if environment.state == Presence::Absent {
        // What it gives is still asked for: the workspaces that it made are emptied before they go.
        let all = std::mem::take(&mut foundation.desired.resources).into_iter();
        formerly = all.map(|(key, wanted)| (key, wanted.needs)).collect();
    }
    let place = job
        .work
        .places
        .foundation(job.whose(env), environment)
        .await?;
    fits(job, env, environment, &foundation)?;
    let adopt = adopted(environment);
    // What nobody merged yet runs nothing, unless the policy lets it.
    let may_run = !matches!(
        engines,
        Engines::Unmerged {
            terraform: false,
            ..
        }
    );
    let question = live::Question {
        desired: &foundation.desired,
        pipeline: job.pipeline,
        env: env.as_str(),
        root: "",
        readers: BTreeSet::new(),
        given: None,
        applied: None,
        adopt: &adopt,
        told: may_run.then_some(live::Wanted {
            by_name: &foundation.told,
            whose: engines.whose(),
        }),
    };
    let mut found = live::observe_foundation(job, &place, environment, &question).await?;
    foundation.say_defaults(&found.ledgers.own.said());
    stacks::forget_unmade(&foundation, &mut found.observed);
    let mut context = PlanContext {
        only_looks,
        formerly,
        begun: found.ledgers.own.begun(),
        ..context(job, env, environment, found.ledgers.own.protected())
    };
    let taken_over = stacks::taken_over(&foundation, &found.observed);
    context.adopt.extend(taken_over);
    let mut plan = plan::plan(&foundation.desired, &found.observed, &context)?;
    if engines != Engines::Left {
        let question = stacks::Question {
            job,
            env,
            environment,
            place: &place,
            foundation: &foundation,
            plan: &plan,
            engines,
        };
        if Box::pin(stacks::ask(&question, &mut found.observed)).await? {
            plan = plan::plan(&foundation.desired, &found.observed, &context)?;
        }
    }
    if engines == Engines::Compared {
        stacks::look_inside(&place, (job, env), &plan, &mut found.observed).await?;
    }
    let known = Known::of(
        &foundation.desired,
        &found.observed,
        job.pipeline,
        env.as_str(),
    );
    if engines != Engines::Left && environment.state != Presence::Absent {
        // What is about to be changed may be right then.
        let mut settled = known.clone();
        plan.rows().for_each(|(_, row)| settled.forget(&row.key));
        if let Some(wrong) = foundation.given_wrongly(&file(env), &settled) {
            return Err(WorkError::lasting(wrong.to_string()));
        }
    }
    let mut staying = known.clone();
    for (_, row) in plan.rows() {
        if row.action == Action::Replace {
            staying.forget(&row.key);
        }
    }
    let seen = Seen {
        account: environment.account.clone(),
        hosts: hosts(&found.observed),
    };
    Ok(Stands {
        seen,
        staying,
        foundation,
        plan: Some(plan),
        part: Some(Part {
            workspace: place,
            observed: found.observed,
            ledgers: found.ledgers,
        }),
        known,
    })
}

/// Refuses templates that AWS would not take, before anything is asked for or shown.
fn fits(
    job: &Job<'_>,
    env: &EnvName,
    environment: &Environment,
    foundation: &Foundation,
) -> Result<(), WorkError> {
    for (key, wanted) in &foundation.desired.resources {
        let body = wanted.config.get(TEMPLATE_BODY).and_then(Value::as_str);
        let refused = body.and_then(|body| {
            let places = &job.work.places;
            places.refuses_template(environment, body.len())
        });
        if let Some(words) = refused {
            return Err(WorkError::lasting(format!("{}: {key}: {words}", file(env))));
        }
    }
    Ok(())
}

/// What the modules that an environment calls come to.
pub(super) fn resolve(
    job: &Job<'_>,
    env: &EnvName,
    environment: &Environment,
    tree: &Tree,
) -> Result<Foundation, WorkError> {
    if environment.modules.is_empty() {
        return Ok(Foundation::default());
    }
    Foundation::resolve(job.pipeline, &file(env), environment, tree)
        .map_err(|error| WorkError::lasting(error.to_string()))
}

/// The addresses of the account's workspaces, as far as they are ours.
fn hosts(observed: &Observed) -> Vec<String> {
    let of_kind = |object: &&ObservedObject| object.kind == "account_workspaces";
    let workspaces = observed.objects.iter().filter(of_kind);
    workspaces
        .filter_map(|object| Some(object.listed.outputs.get("host")?.as_str()?.to_owned()))
        .collect()
}

/// What is taken over by the id of an object. A state of Terraform is none: it is taken over by being planned.
pub(super) fn adopted(environment: &Environment) -> BTreeMap<ResourceKey, String> {
    let adopt = environment.adopt.iter();
    adopt
        .filter(|(key, _)| !stacks::is_terraform(key))
        .map(|(key, id)| (key.clone(), id.clone()))
        .collect()
}

/// What the foundation's plan goes by.
pub(super) fn context(
    job: &Job<'_>,
    env: &EnvName,
    environment: &Environment,
    protected: BTreeSet<ResourceKey>,
) -> PlanContext {
    PlanContext {
        pipeline: job.pipeline.to_owned(),
        env: env.as_str().to_owned(),
        naming: taken::naming(job),
        workspace: FOUNDATION.to_owned(),
        files_root: file_sets::root(job.pipeline, env.as_str()),
        adopt: adopted(environment),
        allow_destroy: environment.allow_destroy.clone(),
        protected,
        ..PlanContext::default()
    }
}

/// The client of a workspace; none when a module is yet to make it.
pub(super) async fn workspace(
    job: &Job<'_>,
    env: &EnvName,
    place: &Place,
    stands: &Stands,
) -> Result<Option<Workspace>, WorkError> {
    let places = &job.work.places;
    if host_of(&place.host).is_none() {
        let client = places.workspace(job.whose(env), &place.name, &place.host)?;
        return places.machine(client).await.map(Some);
    }
    let host = stands
        .foundation
        .fill(
            &file(env),
            &Value::from(place.host.as_str()),
            &stands.staying,
        )
        .map_err(|error| WorkError::lasting(error.to_string()))?;
    match host.as_ref().and_then(Value::as_str) {
        Some(host) => {
            let client = places
                .made(job.whose(env), &place.name, host, &stands.seen)
                .await?;
            places.machine(client).await.map(Some)
        }
        None => Ok(None),
    }
}

/// The client of a workspace for somebody who took no plan.
pub(super) async fn workspace_of(
    job: &Job<'_>,
    env: &EnvName,
    environment: &Environment,
    tree: &Tree,
    place: &Place,
) -> Result<Workspace, WorkError> {
    let foundation = resolve(job, env, environment, tree)?;
    let stands = take(job, env, environment, foundation, false, Engines::Left).await?;
    workspace(job, env, place, &stands)
        .await?
        .ok_or_else(|| WorkError::transient(format!("workspace `{}` is not made yet", place.name)))
}

pub(super) fn file(env: &EnvName) -> String {
    format!("environments/{env}/environment.yaml")
}
