//! Proposes a new environment: its file and the modules that it calls, by a pull request.

use super::quiet::quiet;
use super::{Job, WorkError, check, git, takeover};
use crate::environments;
use hodman_clients::git::Base;
use hodman_core::event::Outcome;
use hodman_core::ids::{CommitSha, EnvName};
use hodman_core::text::new_environment_text;
use hodman_model::bundle;
use hodman_model::files::{SourceBytes, Tree};
use hodman_model::modules::Foundation;
use std::collections::BTreeMap;

pub(super) async fn propose(
    job: &Job<'_>,
    env: &EnvName,
    config: &CommitSha,
    from: &str,
    files: &BTreeMap<String, String>,
    by: &str,
) -> Result<Outcome, WorkError> {
    job.repo.fetch().await?;
    let main = job
        .repo
        .mirror
        .head(&job.repo.branch)?
        .unwrap_or_else(|| config.to_string());
    let own = format!("environments/{env}/environment.yaml");
    let at = main.clone();
    let tree = job
        .repo
        .blocking(move |repo| check::tree(repo, &at))
        .await?;
    if job.repo.mirror.read(&main, &job.repo.path(&own))?.is_some() {
        return Ok(Outcome::PullNeedless);
    }
    let (new, kept): (BTreeMap<_, _>, BTreeMap<_, _>) = files
        .iter()
        .partition(|(path, _)| !tree.contains_key(*path));
    let mut with = tree;
    for (path, text) in &new {
        allowed(path, &own)?;
        with.insert((*path).clone(), SourceBytes::plain(text.as_bytes()));
    }
    understood(job, &own, files, &with)?;
    let branch = format!("hodman/new/{env}");
    // Asked for once more, with other answers say: what was asked for last is what is proposed.
    let open = takeover::open(job, &branch).await?;
    let changes = new.iter().map(|(path, text)| {
        let content = Some(text.as_bytes().to_vec());
        (job.repo.path(path), content)
    });
    let head = git::commit(
        job,
        vec![main.clone()],
        Base::Commit(main.clone()),
        changes.collect(),
        format!("{env}: a new environment\n"),
    )
    .await?;
    let paths = |files: &BTreeMap<&String, &String>| -> Vec<String> {
        files.keys().map(|path| (*path).clone()).collect()
    };
    let text = new_environment_text(env, &quiet(by), &quiet(from), &paths(&new), &paths(&kept));
    takeover::put(job, &branch, head, open, text).await
}

/// Nothing but the environment's own file and modules: whoever may ask for an environment may not write elsewhere.
fn allowed(path: &str, own: &str) -> Result<(), WorkError> {
    let parts: Vec<&str> = path.split('/').collect();
    let plain = parts
        .iter()
        .all(|part| !part.is_empty() && !part.starts_with('.') && !part.contains('\\'));
    let module = parts.len() >= 3 && parts[0] == "modules";
    if plain && (path == own || module) {
        return Ok(());
    }
    Err(WorkError::lasting(format!(
        "`{path}` is neither {own} nor a file of a module"
    )))
}

/// Whether the file is one of an environment, and the modules that it calls are there and fit.
fn understood(
    job: &Job<'_>,
    own: &str,
    files: &BTreeMap<String, String>,
    tree: &Tree,
) -> Result<(), WorkError> {
    let text = files
        .get(own)
        .ok_or_else(|| WorkError::lasting(format!("there is no {own} among the files")))?;
    let environment = environments::parse(own, text)?;
    Foundation::resolve(job.pipeline, own, &environment, tree)
        .map_err(|error| WorkError::lasting(error.to_string()))?;
    let name = own.split('/').nth(1).unwrap_or_default();
    has_target(environment.target_of(name), tree)
}

/// A pull request that is red at once helps nobody. A bundle that cannot be read is told elsewhere.
fn has_target(target: &str, tree: &Tree) -> Result<(), WorkError> {
    let Ok(known) = bundle::target_names(tree) else {
        return Ok(());
    };
    if known.iter().any(|known| known == target) {
        return Ok(());
    }
    Err(WorkError::lasting(format!(
        "the bundle has no target `{target}`: add one to it, or name one with --bundle-target; there are: {}",
        known.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::{allowed, has_target};
    use hodman_model::files::{SourceBytes, Tree};

    #[test]
    fn a_target_that_there_is_not_is_refused_with_those_that_there_are() {
        let text = "bundle: {name: shop}\ntargets: {qa: {}, prod: {}}\n";
        let tree = Tree::from([(
            "databricks.yml".to_owned(),
            SourceBytes::plain(text.as_bytes()),
        )]);
        has_target("prod", &tree).unwrap();
        let refused = has_target("eu", &tree).unwrap_err().to_string();
        assert!(
            refused.contains("no target `eu`") && refused.ends_with("prod, qa"),
            "{refused}"
        );
        has_target("eu", &Tree::new()).unwrap();
    }

    #[test]
    fn only_its_own_file_and_modules_are_written() {
        let own = "environments/eu/environment.yaml";
        for good in [own, "modules/net/module.yaml", "modules/net/a/b.yaml"] {
            allowed(good, own).unwrap();
        }
        for bad in [
            "environments/prod/environment.yaml",
            "environments/policy.yaml",
            "modules/x",
            "modules/../databricks.yml",
            "modules/.git/config",
            ".github/workflows/x.yml",
            "/etc/passwd",
            "modules//x",
        ] {
            assert!(allowed(bad, own).is_err(), "{bad}");
        }
    }
}
