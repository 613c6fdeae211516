//! Reads the repository and its pull requests at one go. Whatever woke it, it looks at everything anew.

mod checks;

use super::build::builds_refused;
use super::declared::declared;
use super::{Job, Repo, WorkError, keep, origin, pulls};
use crate::environments;
use hodman_core::event::Outcome;
use hodman_core::facts::{EnvFacts, ForgeFacts, Pin};
use hodman_core::ids::{BindingDigest, CommitSha, EnvName, PackageDigest, PlanDigest, PullNumber};
use hodman_core::policy::{self, NamedCheck};
use hodman_model::diagnostic::Diagnostics;
use hodman_model::files::{self, CaptureOn, CheckName, Environment, parse_release};
use std::collections::{BTreeMap, BTreeSet};

/// What is looked at beside the branch.
pub(super) struct Asked<'a> {
    /// Pull requests, also closed ones.
    pub pulls: &'a BTreeSet<PullNumber>,
    /// Commits whose checks are asked for.
    pub commits: &'a BTreeSet<CommitSha>,
    /// Checks that the branch names no more.
    pub old_checks: &'a BTreeSet<NamedCheck>,
    /// What was kept outside of the database, too.
    pub recall: bool,
}

pub(super) async fn observe(job: &Job<'_>, asked: &Asked<'_>) -> Result<Outcome, WorkError> {
    let mirror = &job.repo.mirror;
    job.repo.fetch().await?;
    let head = mirror.head(&job.repo.branch)?.ok_or_else(|| {
        WorkError::transient(format!(
            "{} has no branch {}",
            job.repo.repository(),
            job.repo.branch
        ))
    })?;
    let at = head.clone();
    let (inputs, inputs_error) = match job.repo.blocking(move |repo| declared(repo, &at)).await {
        Ok(Ok(declared)) => {
            let refused = match declared.builds.first() {
                Some(build) => builds_refused(job.repo, &head)?
                    .map(|why| format!("the artifact `{}` cannot be built: {why}", build.artifact)),
                None => None,
            };
            // No inputs rather than a failed build: that would stay failed when a policy is all that changes.
            match refused {
                Some(why) => (None, Some(why)),
                None => (Some(declared.id), None),
            }
        }
        Ok(Err(problems)) => (None, Some(problems.to_string())),
        Err(error) if error.is_transient() => return Err(error),
        // A file whose name is not UTF-8: nothing is packaged, everything else goes on.
        Err(error) => (None, Some(error.to_string())),
    };
    let seen = pulls::look(job, &head, asked.pulls).await?;
    let (environments, mut gates) = read_all(job, &head, asked.recall).await?;
    gates.extend(checks::old(asked.old_checks));
    let facts = ForgeFacts {
        environments,
        checks: checks::of(job, asked.commits, &gates).await?,
        pulls: seen.ours,
        ended: seen.ended,
        foreign: seen.foreign,
        head: CommitSha(head),
        inputs,
        inputs_error,
    };
    Ok(Outcome::Observed {
        facts: Box::new(facts),
    })
}

/// The environments, and all checks that their gates name; `recall` reads what was kept of them outside of the database.
async fn read_all(
    job: &Job<'_>,
    head: &str,
    recall: bool,
) -> Result<(BTreeMap<EnvName, EnvFacts>, BTreeSet<CheckName>), WorkError> {
    let mut texts = BTreeMap::new();
    for name in environment_names(job.repo, head)? {
        let path = format!("environments/{name}/environment.yaml");
        let text = read_text(job, head, &path)?.unwrap_or_default();
        texts.insert(name, text);
    }
    let (mut found, mut gates) = (BTreeMap::new(), BTreeSet::new());
    for (name, read) in environments::parse_all(texts) {
        let mut facts = one(job, head, &name, read, &mut gates).await?;
        if recall {
            facts.kept = keep::kept(job, &name).await?;
        }
        found.insert(EnvName(name), facts);
    }
    Ok((found, gates))
}

/// Folders below `environments/` that hold an `environment.yaml`.
pub(super) fn environment_names(repo: &Repo, commit: &str) -> Result<BTreeSet<String>, WorkError> {
    let listed = repo.mirror.list(commit, &repo.path("environments"))?;
    Ok(listed
        .iter()
        .filter_map(|entry| {
            let rest = repo.inner(&entry.path)?.strip_prefix("environments/")?;
            let (name, file) = rest.split_once('/')?;
            (file == "environment.yaml").then(|| name.to_owned())
        })
        .collect())
}

async fn one(
    job: &Job<'_>,
    head: &str,
    name: &str,
    read: Result<Environment, Diagnostics>,
    gates: &mut BTreeSet<CheckName>,
) -> Result<EnvFacts, WorkError> {
    let mut facts = EnvFacts::default();
    let path = format!("environments/{name}/environment.yaml");
    match read {
        Ok(environment) => {
            facts.binding = Some(BindingDigest(environment.binding_digest().to_string()));
            facts.policy = Some(policy_of(&environment));
            gates.extend(environment.gates.checks.iter().cloned());
            facts.binding_origin = origin::of(job, head, &path).await?;
        }
        Err(found) => facts.error = Some(found.to_string()),
    }
    let path = format!("environments/{name}/release.yaml");
    if let Some(text) = read_text(job, head, &path)? {
        match parse_release(&path, &text) {
            Ok(release) => {
                let pin = pin_of(&release);
                facts.pin_package_stored = job.work.packages.has(&pin.package).await?;
                facts.pin = Some(pin);
                facts.pin_origin = origin::of(job, head, &path).await?;
            }
            Err(found) => facts.pin_error = Some(found.to_string()),
        }
    }
    Ok(facts)
}

fn read_text(job: &Job<'_>, commit: &str, inner: &str) -> Result<Option<String>, WorkError> {
    let bytes = job.repo.mirror.read(commit, &job.repo.path(inner))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn pin_of(release: &files::Release) -> Pin {
    Pin {
        package: PackageDigest(release.package.to_string()),
        source_commit: CommitSha(release.source_commit.to_string()),
        binding: BindingDigest(release.binding.to_string()),
        plan: PlanDigest(release.plan.to_string()),
    }
}

/// The part of an environment's file that decides.
#[must_use]
pub fn policy_of(environment: &Environment) -> policy::Policy {
    let schedule = |spec: &files::Schedule| policy::ScheduleSpec {
        cron: spec.cron.clone(),
        zone: spec.zone.to_string(),
        missed: match spec.missed {
            files::Missed::RunOnce => policy::Missed::RunOnce,
            files::Missed::Skip => policy::Missed::Skip,
        },
    };
    policy::Policy {
        mode: match environment.mode {
            files::Mode::FreeForm => policy::Mode::FreeForm,
            files::Mode::Promoted => policy::Mode::Promoted,
        },
        after: environment
            .after
            .iter()
            .map(|name| EnvName(name.clone()))
            .collect(),
        merge: match environment.merge {
            files::Merge::Manual => policy::MergeBy::Manual,
            files::Merge::Auto => policy::MergeBy::Auto,
        },
        open: match environment.open {
            files::Open::Ready => policy::OpenWhen::Ready,
            files::Open::Window => policy::OpenWhen::Window,
        },
        gates: gates_of(&environment.gates),
        // Of what is destroyed nothing is run, compared or put back.
        verify: environment
            .verify
            .as_ref()
            .filter(|_| environment.state == files::Presence::Present)
            .map(|verify| policy::VerifySpec {
                run_job: verify.run_job.clone(),
                timeout_seconds: seconds(verify.timeout),
            }),
        drift: match environment.drift {
            files::Drift::Report => policy::DriftPolicy::Report,
            files::Drift::PullRequest => policy::DriftPolicy::PullRequest,
            files::Drift::Heal => policy::DriftPolicy::Heal,
        },
        reconcile: environment
            .schedules
            .reconcile
            .as_ref()
            .filter(|_| environment.state == files::Presence::Present)
            .map(schedule),
        capture: environment.schedules.capture.as_ref().map(schedule),
        capture_on_push: environment
            .capture
            .as_ref()
            .is_some_and(|rules| rules.on.contains(&CaptureOn::Push)),
        capture_on_news_of: environment
            .capture
            .as_ref()
            .filter(|rules| rules.on.contains(&CaptureOn::Event))
            .map(|_| {
                environment
                    .workspaces
                    .iter()
                    .map(|place| place.name.clone())
                    .collect()
            })
            .unwrap_or_default(),
        on_aws: environment.aws.is_some() && !environment.modules.is_empty(),
        absent: environment.state == files::Presence::Absent,
    }
}

fn gates_of(gates: &files::Gates) -> policy::Gates {
    policy::Gates {
        soak_seconds: gates.soak.map_or(0, seconds),
        checks: gates.checks.iter().map(ToString::to_string).collect(),
        apps: gates
            .checks
            .iter()
            .filter_map(|check| Some((check.to_string(), check.app.clone()?)))
            .collect(),
        approvals: gates.approvals,
        windows: gates
            .windows
            .iter()
            .map(|window| policy::WindowSpec {
                deny: window.kind == files::WindowKind::Deny,
                cron: window.cron.clone(),
                zone: window.zone.to_string(),
                seconds: seconds(window.duration),
            })
            .collect(),
        freezes: gates
            .freezes
            .iter()
            .map(|freeze| policy::FreezeSpec {
                from: freeze.from,
                to: freeze.to,
                reason: freeze.reason.clone(),
            })
            .collect(),
    }
}

fn seconds(span: files::Span) -> i64 {
    i64::try_from(span.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
