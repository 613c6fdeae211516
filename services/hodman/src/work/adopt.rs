//! Proposes a hand edit as a pull request: the YAML takes what the workspace has, comments and order kept.

use super::open_pull::stored_plan;
use super::quiet::quiet;
use super::{Job, WorkError, check, foundation, git, pulls};
use hodman_clients::git::Base;
use hodman_clients::github::{NewPull, Pull};
use hodman_core::event::Outcome;
use hodman_core::facts::PullKind;
use hodman_core::ids::{CommitSha, EnvName, PackageDigest, PipelineName, PlanDigest, PullNumber};
use hodman_core::text::{Marker, adopt_text, marker_of};
use hodman_model::bundle::{COMMIT_FILE, Options, ResourceKey};
use hodman_model::capture::adopt as model_adopt;
use hodman_model::files::{Environment, SourceBytes, Tree};
use hodman_model::plan::{Action, FieldChange};
use std::collections::BTreeMap;

/// The plan is there to be looked at, not to be read to its end.
const PLAN_CHARS: usize = 20_000;

pub(super) async fn adopt(
    job: &Job<'_>,
    env: &EnvName,
    package: &PackageDigest,
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
    let target = environment.target_of(env.as_str()).to_owned();
    let stored = stored_plan(job, plan).await?;
    let mut notes = Vec::new();
    let mut asked = Vec::new();
    for (_, row) in stored.rows() {
        if row.is_files_folder_only() {
            continue;
        }
        if row.is_files_step() {
            notes.push(format!(
                "the files of the environment come from Git only: {}; the next apply puts that right",
                row.reason
            ));
            continue;
        }
        // Another size is another value, however it is put back.
        if !matches!(row.action, Action::Update | Action::Resize) {
            notes.push(format!(
                "`{}`: {} is not proposed back; {}",
                row.key,
                row.action.word(),
                row.reason
            ));
            continue;
        }
        let mut changes = row.changes.read();
        let all = changes.len();
        changes.retain(|change| !change.is_marker());
        if changes.len() < all {
            notes.push(format!(
                "`{}`: {}; the next apply does it",
                row.key, row.reason
            ));
        }
        if !changes.is_empty() {
            asked.push((row.key.clone(), changes));
        }
    }
    let at = main.clone();
    let mut tree = job
        .repo
        .blocking(move |repo| check::tree(repo, &at))
        .await?;
    if tree.contains_key(COMMIT_FILE) {
        // What is in place has the commit of its package: the branch going on is nobody's edit.
        let packed = job.work.packages.tree(package).await?;
        if let Some(noted) = packed.get(COMMIT_FILE) {
            tree.insert(COMMIT_FILE.to_owned(), noted.clone());
        }
    }
    let options = resolved_as(job, env, &environment, &tree);
    let (changes, more) = job
        .repo
        .blocking(move |_| Ok(edited(tree, &asked, &target, &options)))
        .await?;
    notes.extend(more);
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
        notes,
    )
    .await
}

/// How the environment resolves its bundle; what does not come out is as if nobody said it, for here it is only compared.
fn resolved_as(job: &Job<'_>, env: &EnvName, environment: &Environment, tree: &Tree) -> Options {
    let modules = foundation::resolve(job, env, environment, tree).unwrap_or_default();
    let options = environment.options(env.as_str(), tree, &modules);
    Options {
        branch: Some(job.repo.branch.clone()),
        origin_url: Some(job.repo.origin_url().to_owned()),
        // What they build is no part of the repository.
        allow_builds: true,
        unbuilt: true,
        ..options.unwrap_or_else(|_| Options {
            variables: environment.variables.clone(),
            outside: modules.outside(),
            ..Options::default()
        })
    }
}

/// The files that say what was changed by hand, and what is to be told about it.
fn edited(
    mut tree: Tree,
    asked: &[(ResourceKey, Vec<FieldChange>)],
    target: &str,
    options: &Options,
) -> (BTreeMap<String, Option<Vec<u8>>>, Vec<String>) {
    let mut changes = BTreeMap::new();
    let mut notes = Vec::new();
    for (key, differences) in asked {
        match model_adopt(&tree, key, differences, target, options) {
            Ok(adopted) => {
                notes.extend(adopted.notes);
                for (path, bytes) in adopted.changes {
                    put(&mut tree, &path, bytes.clone());
                    changes.insert(path, bytes);
                }
            }
            Err(error) => notes.push(format!("`{key}` could not be taken over: {error}")),
        }
    }
    (changes, notes)
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
    mut notes: Vec<String>,
) -> Result<Outcome, WorkError> {
    let (github, repository) = (&job.work.github, job.repo.repository());
    let changes: BTreeMap<String, Option<Vec<u8>>> = changes
        .into_iter()
        .map(|(path, content)| (job.repo.path(&path), content))
        .collect();
    let message = format!("{env}: adopt a change made by hand\n");
    let mut earlier = open_proposals(job, env).await?;
    // Open already: from a try whose answer was lost, or because the same difference came back. What people pushed on
    // top of it stays; what main has moved on from is made anew.
    let same = |(_, marker): &(Pull, Marker)| marker.plan.as_ref() == Some(plan);
    if let Some(at) = earlier.iter().position(same) {
        let (open, marker) = earlier.remove(at);
        if fits(job, &open, &changes).await? || pulls::person_pushed(job, &open).await? {
            return Ok(ready(open.number, open.head_sha.clone()));
        }
        earlier.push((open, marker));
    }
    let base = Base::Commit(main.to_owned());
    let head = git::commit(job, vec![main.to_owned()], base, changes, message).await?;
    if head == main {
        return Ok(Outcome::PullNeedless);
    }
    // One that is open proposes less than there is now, and takes the rest, unless somebody works on it.
    let mut open = earlier.pop().map(|(pull, _)| pull);
    if let Some(pull) = &open
        && pulls::person_pushed(job, pull).await?
    {
        notes.push(format!(
            "#{} proposes what was found before, and somebody pushed to it, so it stays as it is; one of the two can be closed",
            pull.number
        ));
        open = None;
    }
    let branch = match &open {
        Some(pull) => pull.head_ref.clone(),
        None => format!("hodman/adopt/{env}/{}", plan.short()),
    };
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
    job.fence.check().await?;
    let number = match open {
        Some(pull) => {
            let (title, body) = (Some(text.title.as_str()), Some(text.body.as_str()));
            github
                .update_pull(repository, pull.number, title, body)
                .await?;
            pull.number
        }
        None => {
            let new = NewPull {
                title: text.title,
                body: text.body,
                head: branch,
                base: job.repo.branch.clone(),
            };
            github.create_pull(repository, &new).await?.number
        }
    };
    Ok(ready(number, head))
}

/// Whether an open proposal says of the files that it changes what it would say on the present main, and can be merged there.
async fn fits(
    job: &Job<'_>,
    open: &Pull,
    changes: &BTreeMap<String, Option<Vec<u8>>>,
) -> Result<bool, WorkError> {
    let (head, wanted) = (open.head_sha.clone(), changes.clone());
    let same = job
        .repo
        .blocking(move |repo| {
            for (path, content) in wanted {
                if repo.mirror.read(&head, &path)? != content {
                    return Ok(false);
                }
            }
            Ok(true)
        })
        .await?;
    if !same {
        return Ok(false);
    }
    let repository = job.repo.repository();
    let now = job.work.github.pull(repository, open.number).await?;
    Ok(now.mergeable != Some(false))
}

fn ready(number: u64, head: String) -> Outcome {
    Outcome::PullReady {
        number: PullNumber(number),
        head: CommitSha(head),
    }
}

/// Our open proposals for the environment, the oldest first.
async fn open_proposals(job: &Job<'_>, env: &EnvName) -> Result<Vec<(Pull, Marker)>, WorkError> {
    let repository = job.repo.repository();
    let base = Some(job.repo.branch.as_str());
    let open = job.work.github.open_pulls(repository, base).await?;
    let ours = open.into_iter().filter_map(|pull| {
        let marker = marker_of(&pull.body)?;
        let ours = marker.kind == PullKind::Adopt
            && marker.env == *env
            && marker.pipeline.as_str() == job.pipeline
            && pull.head_ref.starts_with(&format!("hodman/adopt/{env}/"))
            && !pull.is_fork_of(repository);
        ours.then_some((pull, marker))
    });
    Ok(ours.collect())
}
