//! Proposes a hand edit as a pull request: the YAML takes what the workspace has, comments and order kept.

use super::open_pull::stored_plan;
use super::quiet::quiet;
use super::{Job, WorkError, check, git};
use hodman_clients::git::Base;
use hodman_clients::github::NewPull;
use hodman_core::event::Outcome;
use hodman_core::facts::PullKind;
use hodman_core::ids::{CommitSha, EnvName, PackageDigest, PipelineName, PlanDigest, PullNumber};
use hodman_core::text::{Marker, adopt_text};
use hodman_model::capture::adopt as model_adopt;
use hodman_model::files::{SourceBytes, Tree};
use hodman_model::plan::Action;
use std::collections::BTreeMap;

/// The plan is there to be looked at, not to be read to its end.
const PLAN_CHARS: usize = 20_000;

pub(super) async fn adopt(
    job: &Job<'_>,
    env: &EnvName,
    _package: &PackageDigest,
    config: &CommitSha,
    plan: &PlanDigest,
) -> Result<Outcome, WorkError> {
    job.repo.fetch().await?;
    let main = job
        .repo
        .mirror
        .head(&job.repo.branch)?
        .unwrap_or_else(|| config.to_string());
    let environment = super::taken::environment_at(job, env, &main)?;
    let target = environment
        .bundle_target
        .clone()
        .unwrap_or_else(|| env.as_str().to_owned());
    let stored = stored_plan(job, plan).await?;
    let at = main.clone();
    let mut tree = job
        .repo
        .blocking(move |repo| check::tree(repo, &at))
        .await?;
    let mut changes: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
    let mut notes = Vec::new();
    for (_, row) in stored.rows() {
        if row.is_files_step() || row.is_files_folder_only() {
            continue;
        }
        if row.action != Action::Update {
            notes.push(format!(
                "`{}`: {} is not proposed back; {}",
                row.key,
                row.action.word(),
                row.reason
            ));
            continue;
        }
        match model_adopt(&tree, &row.key, &row.changes, &target) {
            Ok(adopted) => {
                notes.extend(adopted.notes);
                for (path, bytes) in adopted.changes {
                    put(&mut tree, &path, bytes.clone());
                    changes.insert(path, bytes);
                }
            }
            Err(error) => notes.push(format!("`{}` could not be taken over: {error}", row.key)),
        }
    }
    if changes.is_empty() {
        return Err(WorkError::lasting(if notes.is_empty() {
            "there is nothing that Git could say differently".to_owned()
        } else {
            notes.join("; ")
        }));
    }
    propose(
        job,
        env,
        plan,
        &main,
        changes,
        &stored.to_markdown(PLAN_CHARS).0,
        &notes,
    )
    .await
}

fn put(tree: &mut Tree, path: &str, bytes: Option<Vec<u8>>) {
    match bytes {
        Some(bytes) => drop(tree.insert(
            path.to_owned(),
            SourceBytes {
                bytes: bytes.into(),
                executable: false,
            },
        )),
        None => drop(tree.remove(path)),
    }
}

async fn propose(
    job: &Job<'_>,
    env: &EnvName,
    plan: &PlanDigest,
    main: &str,
    changes: BTreeMap<String, Option<Vec<u8>>>,
    shown: &str,
    notes: &[String],
) -> Result<Outcome, WorkError> {
    let branch = format!("hodman/adopt/{env}/{}", plan.short());
    let changes = changes
        .into_iter()
        .map(|(path, content)| (job.repo.path(&path), content))
        .collect();
    let message = format!("{env}: adopt a change made by hand\n");
    // Open already: from a try whose answer was lost, or because the same difference came back. What people pushed on
    // top of it stays.
    if let Some(open) = job
        .work
        .github
        .find_open_pull(job.repo.repository(), &branch)
        .await?
    {
        return Ok(Outcome::PullReady {
            number: PullNumber(open.number),
            head: CommitSha(open.head_sha),
        });
    }
    let head = git::commit(
        job,
        vec![main.to_owned()],
        Base::Commit(main.to_owned()),
        changes,
        message,
    )
    .await?;
    if head == main {
        return Ok(Outcome::PullNeedless);
    }
    git::push(job, &branch, &head, job.repo.mirror.head(&branch)?, true).await?;
    let marker = Marker {
        pipeline: PipelineName::from(job.pipeline),
        env: env.clone(),
        kind: PullKind::Adopt,
        package: None,
        plan: Some(plan.clone()),
    };
    let notes: Vec<String> = notes.iter().map(|note| quiet(note)).collect();
    let text = adopt_text(&marker, shown, &notes);
    let new = NewPull {
        title: text.title,
        body: text.body,
        head: branch,
        base: job.repo.branch.clone(),
    };
    job.fence.check().await?;
    let pull = job
        .work
        .github
        .create_pull(job.repo.repository(), &new)
        .await?;
    Ok(Outcome::PullReady {
        number: PullNumber(pull.number),
        head: CommitSha(head),
    })
}
