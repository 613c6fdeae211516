//! Pull requests that change a release pin and nothing else.

use super::quiet::quiet;
use super::{Job, WorkError, git};
use hodman_clients::git::Base;
use hodman_clients::github::{NewPull, PullState};
use hodman_core::effect::Act;
use hodman_core::event::Outcome;
use hodman_core::facts::PullKind;
use hodman_core::ids::{
    BindingDigest, CommitSha, EnvName, PackageDigest, PipelineName, PlanDigest, PullNumber,
};
use hodman_core::text::{Marker, PullText, promotion_text};
use hodman_model::files::{Release, render_release};
use hodman_model::plan::Plan;
use std::collections::BTreeMap;

/// GitHub takes 65,536 characters in a body; the rest of ours is well below 5,000.
const PLAN_CHARS: usize = 55_000;

struct Wanted<'a> {
    kind: PullKind,
    package: &'a PackageDigest,
    source_commit: &'a CommitSha,
    binding: &'a BindingDigest,
    plan: &'a PlanDigest,
    because: &'a str,
    gates: &'a [String],
}

impl<'a> Wanted<'a> {
    /// What both acts on a pull request say; none for any other act.
    fn of(act: &'a Act) -> Option<Self> {
        match act {
            Act::OpenPull {
                kind,
                package,
                source_commit,
                binding,
                plan,
                because,
                gates,
            }
            | Act::UpdatePull {
                kind,
                package,
                source_commit,
                binding,
                plan,
                because,
                gates,
                ..
            } => Some(Self {
                kind: *kind,
                package,
                source_commit,
                binding,
                plan,
                because,
                gates,
            }),
            _ => None,
        }
    }
}

pub(super) async fn open(job: &Job<'_>, env: &EnvName, act: &Act) -> Result<Outcome, WorkError> {
    let wanted = Wanted::of(act).ok_or_else(|| WorkError::lasting("not an opening"))?;
    let mirror = &job.repo.mirror;
    job.repo.fetch().await?;
    let main = mirror
        .head(&job.repo.branch)?
        .ok_or_else(|| WorkError::transient("the default branch is gone"))?;
    let path = pin_path(job, env);
    let pin = pin(&wanted)?;
    if mirror.read(&main, &path)?.as_deref() == Some(pin.as_bytes()) {
        return Ok(Outcome::PullNeedless);
    }
    let branch = branch(env, &wanted);
    // Open already, from a try whose answer was lost or from before the database was: its branch is gone on with.
    let there = job
        .work
        .github
        .find_open_pull(job.repo.repository(), &branch)
        .await?;
    let base = match (&there, mirror.head(&branch)?) {
        (Some(_), Some(head)) => head,
        _ => main,
    };
    let head = commit(job, env, &wanted, &base, &path, &pin).await?;
    git::push(job, &branch, &head, mirror.head(&branch)?, there.is_none()).await?;
    let text = text(job, env, &wanted).await?;
    let new = NewPull {
        title: text.title.clone(),
        body: text.body.clone(),
        head: branch,
        base: job.repo.branch.clone(),
    };
    job.fence.check().await?;
    let pull = job
        .work
        .github
        .create_pull(job.repo.repository(), &new)
        .await?;
    if pull.body != text.body || pull.title != text.title {
        job.work
            .github
            .update_pull(
                job.repo.repository(),
                pull.number,
                Some(&text.title),
                Some(&text.body),
            )
            .await?;
    }
    Ok(Outcome::PullReady {
        number: PullNumber(pull.number),
        head: CommitSha(head),
    })
}

/// Puts a new plan on an open one as a new head commit, so that the forge withdraws approvals of the old head.
pub(super) async fn update(job: &Job<'_>, env: &EnvName, act: &Act) -> Result<Outcome, WorkError> {
    let (Act::UpdatePull { number, .. }, Some(wanted)) = (act, Wanted::of(act)) else {
        return Err(WorkError::lasting("not an update"));
    };
    let github = &job.work.github;
    let pull = github.pull(job.repo.repository(), number.0).await?;
    // Never write to what is closed or merged: it would look like an approval of something else.
    if pull.state != PullState::Open {
        return Ok(Outcome::PullClosed);
    }
    let mirror = &job.repo.mirror;
    job.repo.fetch().await?;
    let base = mirror
        .head(&pull.head_ref)?
        .ok_or_else(|| WorkError::transient(format!("branch {} is gone", pull.head_ref)))?;
    let head = commit(
        job,
        env,
        &wanted,
        &base,
        &pin_path(job, env),
        &pin(&wanted)?,
    )
    .await?;
    git::push(job, &pull.head_ref, &head, Some(base), false).await?;
    let text = text(job, env, &wanted).await?;
    job.fence.check().await?;
    github
        .update_pull(
            job.repo.repository(),
            number.0,
            Some(&text.title),
            Some(&text.body),
        )
        .await?;
    Ok(Outcome::PullReady {
        number: *number,
        head: CommitSha(head),
    })
}

fn pin_path(job: &Job<'_>, env: &EnvName) -> String {
    job.repo.path(&format!("environments/{env}/release.yaml"))
}

fn pin(wanted: &Wanted<'_>) -> Result<String, WorkError> {
    let bad = |what: &str| WorkError::lasting(format!("{what} of the pin is not one"));
    Ok(render_release(&Release {
        package: wanted
            .package
            .as_str()
            .parse()
            .map_err(|_| bad("the package"))?,
        source_commit: wanted
            .source_commit
            .as_str()
            .parse()
            .map_err(|_| bad("the source commit"))?,
        binding: wanted
            .binding
            .as_str()
            .parse()
            .map_err(|_| bad("the binding"))?,
        plan: wanted.plan.as_str().parse().map_err(|_| bad("the plan"))?,
    }))
}

/// One branch for each package and purpose: a stale branch of an older promotion is never in the way.
fn branch(env: &EnvName, wanted: &Wanted<'_>) -> String {
    match wanted.kind {
        PullKind::Rollback => format!("hodman/rollback/{env}/{}", wanted.package.short()),
        PullKind::Replan => format!("hodman/replan/{env}/{}", wanted.package.short()),
        PullKind::Promotion | PullKind::Capture | PullKind::Adopt => {
            format!("hodman/promote/{env}/{}", wanted.package.short())
        }
    }
}

async fn commit(
    job: &Job<'_>,
    env: &EnvName,
    wanted: &Wanted<'_>,
    base: &str,
    path: &str,
    pin: &str,
) -> Result<String, WorkError> {
    let message = format!(
        "{env}: {} package {}\n\n{}\n",
        wanted.kind.label(),
        wanted.package.short(),
        wanted.because
    );
    let changes = BTreeMap::from([(path.to_owned(), Some(pin.as_bytes().to_vec()))]);
    git::commit(
        job,
        vec![base.to_owned()],
        Base::Commit(base.to_owned()),
        changes,
        message,
    )
    .await
}

async fn text(job: &Job<'_>, env: &EnvName, wanted: &Wanted<'_>) -> Result<PullText, WorkError> {
    let plan = stored_plan(job, wanted.plan).await?;
    let (markdown, short) = plan.to_markdown(PLAN_CHARS);
    let link = job.work.link(&format!("/plans/{}", wanted.plan));
    let counts = super::taken::facts(&plan).counts();
    let marker = Marker {
        pipeline: PipelineName::from(job.pipeline),
        env: env.clone(),
        kind: wanted.kind,
        package: Some(wanted.package.clone()),
        plan: Some(wanted.plan.clone()),
    };
    let shown = if short { link.as_deref() } else { None };
    let gates: Vec<String> = wanted.gates.iter().map(|gate| quiet(gate)).collect();
    Ok(promotion_text(
        &marker,
        &quiet(wanted.because),
        &counts,
        &gates,
        &markdown,
        shown,
    ))
}

/// A plan that was kept when it was taken.
pub(super) async fn stored_plan(job: &Job<'_>, digest: &PlanDigest) -> Result<Plan, WorkError> {
    let json = job
        .work
        .store
        .get_blob("plan", digest.as_str())
        .await?
        .ok_or_else(|| WorkError::transient(format!("plan {} is not stored", digest.short())))?;
    Ok(serde_json::from_slice(&json)?)
}
