//! A plan taken: package, binding and workspaces put together and compared.

use super::claims::Ledgers;
use super::desired::desired;
use super::{Job, WorkError, apply, before, filesets, foundation, live, secrets, stacks, young};
use hodman_clients::databricks::Workspace;
use hodman_core::facts::PlanFacts;
use hodman_core::ids::{ActionDigest, BindingDigest, EnvName, PackageDigest, PlanDigest};
use hodman_model::bundle::{ResolvedBundle, ResourceKey};
use hodman_model::digest::Digest;
use hodman_model::files::{
    Environment, Presence, Rotate, Tree, Workspace as Place, parse_environment,
};
use hodman_model::kinds::files as file_sets;
use hodman_model::modules::{FOUNDATION, Foundation, host_of};
use hodman_model::plan::{self, Desired, Known, NamingKey, Observed, Plan, PlanContext, Row, Sent};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything that applying needs to know again.
pub struct Taken {
    /// The plan over all workspaces.
    pub plan: Plan,
    /// The binding it was taken under.
    pub binding: BindingDigest,
    /// The environment's file.
    pub environment: Environment,
    /// What ought to be there.
    pub desired: Desired,
    /// What would be sent in fields that cannot be read back.
    pub sent: BTreeMap<ResourceKey, Sent>,
    /// The resolved bundle: its files are what is uploaded.
    pub bundle: ResolvedBundle,
    /// The folder of the file set, without the workspace.
    pub folder: Option<String>,
    /// What was found, in order: what the workspaces stand on, where the environment calls modules, then workspace by
    /// workspace. As far as it is there: a workspace that a module is yet to make ends the list.
    pub parts: Vec<Part>,
    /// What the modules ask for and give.
    pub foundation: Foundation,
    /// What is known of what they made, as far as it stays.
    pub given: Known,
}

/// One workspace's part, or that of what workspaces stand on.
pub struct Part {
    /// Its client.
    pub workspace: Workspace,
    /// What was found.
    pub observed: Observed,
    /// Whose the objects without tags are.
    pub(super) ledgers: Ledgers,
}

pub(super) use foundation::Engines;

/// Takes the plan for `package` under the binding that `config` has for `env`, on the way to its apply.
pub(super) async fn take(
    job: &Job<'_>,
    env: &EnvName,
    package: &PackageDigest,
    config: &str,
) -> Result<Taken, WorkError> {
    take_asking(job, env, package, config, Engines::Approved).await
}

/// The same, asking the engines of stacks so much.
pub(super) async fn take_asking(
    job: &Job<'_>,
    env: &EnvName,
    package: &PackageDigest,
    config: &str,
    engines: Engines,
) -> Result<Taken, WorkError> {
    let environment = environment_at(job, env, config)?;
    let tree = job.work.packages.tree(package).await?;
    take_package(job, env, environment, (&tree, Some(package)), engines).await
}

/// The environment's file at a commit.
pub(super) fn environment_at(
    job: &Job<'_>,
    env: &EnvName,
    commit: &str,
) -> Result<Environment, WorkError> {
    let path = format!("environments/{env}/environment.yaml");
    let bytes = job
        .repo
        .mirror
        .read(commit, &job.repo.path(&path))?
        .ok_or_else(|| WorkError::lasting(format!("{path} is not in commit {commit}")))?;
    Ok(parse_environment(&path, &String::from_utf8_lossy(&bytes))?)
}

/// The same with files that need not be a stored package.
pub(super) async fn take_tree(
    job: &Job<'_>,
    env: &EnvName,
    environment: Environment,
    tree: &Arc<Tree>,
) -> Result<Taken, WorkError> {
    take_tree_asking(job, env, environment, tree, Engines::Proposed).await
}

/// The same, asking the engines of stacks so much.
pub(super) async fn take_tree_asking(
    job: &Job<'_>,
    env: &EnvName,
    environment: Environment,
    tree: &Arc<Tree>,
    engines: Engines,
) -> Result<Taken, WorkError> {
    take_package(job, env, environment, (tree, None), engines).await
}

/// The same for files that are those of a package, where they are.
pub(super) async fn take_package(
    job: &Job<'_>,
    env: &EnvName,
    environment: Environment,
    of: (&Arc<Tree>, Option<&PackageDigest>),
    engines: Engines,
) -> Result<Taken, WorkError> {
    taken(job, env, environment, of, (false, engines)).await
}

/// The same for somebody who only has to reach what is there: what a plan would refuse is no reason not to. Its plan is never
/// applied.
pub(super) async fn reach(
    job: &Job<'_>,
    env: &EnvName,
    package: &PackageDigest,
    config: &str,
) -> Result<Taken, WorkError> {
    let environment = environment_at(job, env, config)?;
    let tree = job.work.packages.tree(package).await?;
    taken(job, env, environment, (&tree, None), (true, Engines::Left)).await
}

/// The same for somebody who looks for what is to be taken over: that names are others' is what is looked for, and no reason
/// to see nothing. Its plan is never applied.
pub(super) async fn look(
    job: &Job<'_>,
    env: &EnvName,
    environment: Environment,
    tree: &Arc<Tree>,
) -> Result<Taken, WorkError> {
    let how = (true, Engines::Proposed);
    taken(job, env, environment, (tree, None), how).await
}

async fn taken(
    job: &Job<'_>,
    env: &EnvName,
    environment: Environment,
    (tree, package): (&Arc<Tree>, Option<&PackageDigest>),
    (only_looks, engines): (bool, Engines),
) -> Result<Taken, WorkError> {
    let mut modules = foundation::resolve(job, env, &environment, tree)?;
    let (bundle, mut desired) = desired(env, &environment, (tree, job.repo), &modules)?;
    if !only_looks {
        let wanted = (&mut desired, &mut modules.desired);
        Box::pin(before::take_away(job, env, package, &environment, wanted)).await?;
    }
    let sent = secrets::sent(job, env, &desired).await?;
    let root = file_sets::root(job.pipeline, env.as_str());
    let mut parts = Vec::new();
    let mut plans = Vec::new();
    let stands = foundation::take(job, env, &environment, modules, only_looks, engines);
    let mut stands = Box::pin(stands).await?;
    let given = stands.given();
    if environment.terraform.is_some() {
        stacks::no_secret_leaves_terraform(&desired, &given)?;
    }
    let absent = environment.state == Presence::Absent;
    let (mut ground, mut ground_plan) = (stands.part.take(), stands.plan.take());
    if !absent {
        plans.extend(ground_plan.take());
        parts.extend(ground.take());
    }
    let applied = before::deployed(job, env).await?;
    let applied = applied.map(|current| current.applied_at);
    let mut all_there = true;
    for place in &environment.workspaces {
        let workspace = foundation::workspace(job, env, place, &stands);
        let Some(workspace) = Box::pin(workspace).await? else {
            if absent {
                continue;
            }
            // Nothing is there yet, so everything is to be made; looked at anew when the workspace has been.
            let context = PlanContext {
                sent: sent.clone(),
                unseen: true,
                given: given.clone(),
                ..context(job, env, &environment, place, &Ledgers::default())
            };
            plans.push(plan::plan(&desired, &Observed::default(), &context)?);
            all_there = false;
            continue;
        };
        let question = live::Question {
            desired: &desired,
            pipeline: job.pipeline,
            env: env.as_str(),
            root: &root,
            readers: filesets::groups(&environment),
            given: Some(&given),
            applied,
            adopt: &place.adopt,
            told: None,
        };
        let mut below = ground.iter().chain(&parts);
        let below = below.find(|part| part.is_foundation());
        let mut found = match live::observe(&workspace, &question).await {
            // One that is being removed is listed for a while, and knows nobody any more.
            Err(error) if absent && error.is_refused() && host_of(&place.host).is_some() => {
                return Err(error.passing());
            }
            found => found.map_err(|error| young::waited_for(job, below, &workspace, error))?,
        };
        apply::show_as_before(below, &workspace, &mut found.observed.objects);
        let context = PlanContext {
            sent: sent.clone(),
            only_looks,
            rotate: environment.rotate == Rotate::Auto,
            given: given.clone(),
            ..context(job, env, &environment, place, &found.ledgers)
        };
        plans.push(plan::plan(&desired, &found.observed, &context)?);
        if all_there {
            parts.push(Part {
                workspace,
                observed: found.observed,
                ledgers: found.ledgers,
            });
        }
    }
    // What workspaces stand on goes after what is in them.
    plans.extend(ground_plan);
    parts.extend(ground);
    Ok(Taken {
        plan: Plan::join(plans),
        binding: BindingDigest(environment.binding_digest().to_string()),
        folder: desired
            .files
            .as_ref()
            .map(|set| file_sets::folder(&root, &set.folder)),
        environment,
        desired,
        sent,
        bundle,
        parts,
        foundation: stands.foundation,
        given,
    })
}

/// Under which secrets stand in the names of actions.
pub(super) fn naming(job: &Job<'_>) -> NamingKey {
    NamingKey::new(job.work.secrets.derived("names of actions"))
}

/// What a plan for one workspace goes by, beside what is wanted and what is there.
pub(super) fn context(
    job: &Job<'_>,
    env: &EnvName,
    environment: &Environment,
    place: &Place,
    ledgers: &Ledgers,
) -> PlanContext {
    PlanContext {
        pipeline: job.pipeline.to_owned(),
        env: env.as_str().to_owned(),
        naming: naming(job),
        workspace: place.name.clone(),
        files_root: file_sets::root(job.pipeline, env.as_str()),
        adopt: place.adopt.clone(),
        allow_destroy: environment.allow_destroy.clone(),
        protected: ledgers.own.protected(),
        ..PlanContext::default()
    }
}

impl Part {
    /// Whether this is what workspaces stand on.
    #[must_use]
    pub fn is_foundation(&self) -> bool {
        self.workspace.is_foundation()
    }

    /// What ought to be there.
    #[must_use]
    pub fn desired<'t>(&self, taken: &'t Taken) -> &'t Desired {
        match self.is_foundation() {
            true => &taken.foundation.desired,
            false => &taken.desired,
        }
    }
}

impl Taken {
    /// Whether every workspace is there, so that all of the plan can be applied as it stands.
    #[must_use]
    pub fn all_there(&self) -> bool {
        self.parts.len() == self.plan.parts.len()
    }

    /// Whether the plan is known to its end: nothing of it waits for what other rows give, nothing has more to do when it is done,
    /// and every workspace is there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let open = |row: &Row| row.waits || row.looks_again;
        self.all_there() && !self.plan.rows().any(|(_, row)| open(row))
    }

    /// Whether a workspace cannot be looked at although everything that it stands on is as it should be.
    #[must_use]
    pub fn is_being_made(&self) -> bool {
        let mut ground = self.plan.parts.iter();
        let ground = ground.find(|part| part.workspace == FOUNDATION);
        !self.all_there() && ground.is_none_or(|part| part.rows.is_empty())
    }

    /// Whether everything is to go.
    #[must_use]
    pub fn absent(&self) -> bool {
        self.environment.state == Presence::Absent
    }

    /// The parts of workspaces, each with its place in the environment's file.
    pub(super) fn workspaces(&self) -> impl Iterator<Item = (&Place, &Part)> {
        let parts = self.parts.iter().filter(|part| !part.is_foundation());
        self.environment.workspaces.iter().zip(parts)
    }

    /// The plan as decisions see it.
    #[must_use]
    pub fn facts(&self) -> PlanFacts {
        facts(&self.plan)
    }

    /// Keeps the whole plan, so that it can be shown in full and adopted from.
    pub(super) async fn keep(&self, job: &Job<'_>) -> Result<(), WorkError> {
        // Written as it is: as a value in between, ten thousand rows would take two hundred megabytes more.
        let json = serde_json::to_vec(&self.plan)?;
        job.work
            .store
            .put_blob(
                "plan",
                self.plan.digest().as_str(),
                &json,
                job.work.clock.now(),
            )
            .await?;
        Ok(())
    }
}

/// A plan as decisions see it.
#[must_use]
pub fn facts(plan: &Plan) -> PlanFacts {
    let summary = plan.summary();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    PlanFacts {
        digest: Some(PlanDigest(plan.digest().to_string())),
        actions: plan
            .action_digests()
            .into_iter()
            .map(|digest: Digest| ActionDigest(digest.to_string()))
            .collect(),
        creates: count(summary.create),
        updates: count(summary.update + summary.resize + summary.rotate + summary.adopt),
        replaces: count(summary.replace),
        deletes: count(summary.delete),
        uploads: plan.has_files_step(),
        irreversible: plan
            .irreversible()
            .into_iter()
            .map(|key| key.to_string())
            .collect(),
        maintenance: plan
            .rows()
            .filter(|(_, row)| row.maintenance.is_some())
            .map(|(_, row)| row.key.to_string())
            .collect(),
        perhaps_there: plan
            .rows()
            .filter_map(|(_, row)| Some(format!("{}: {}", row.key, row.perhaps.as_ref()?)))
            .collect(),
        by_hand: BTreeMap::new(),
        repairs: BTreeSet::new(),
        report: None,
    }
}
