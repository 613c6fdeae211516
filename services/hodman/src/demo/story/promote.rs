//! Steps 2 to 5: package, propose, promote.

use super::super::world::REPOSITORY;
use super::{Memo, Story, environment};
use anyhow::{Context as _, ensure};
use hodman_core::state::Phase;

pub(super) async fn package(story: &Story, memo: &mut Memo) -> anyhow::Result<String> {
    let pull = story.open_pull("hodman/capture/dev").await?;
    story.merge(&pull, "rita")?;
    let package = story
        .until("the package of the merged change", |state| {
            let newest = state.packages.last()?;
            // The package of what main was before may have been built first.
            (state.build.is_none()
                && Some(&newest.inputs) == state.inputs.as_ref()
                && state.packages.len() > 1)
                .then(|| newest.digest.to_string())
        })
        .await?;
    memo.first_package = Some(package.clone());
    Ok(format!("package {}", &package[..19]))
}

pub(super) async fn propose(story: &Story, env: &str) -> anyhow::Result<String> {
    let newest = story
        .until("a package", |state| {
            state.packages.last().map(|package| package.digest.clone())
        })
        .await?;
    let number = story
        .until(&format!("the pull request for {env}"), |state| {
            let promotion = environment(state, env)?.promotion.as_ref()?;
            match &promotion.phase {
                Phase::Open(pull) if promotion.package == newest && pull.updating.is_none() => {
                    Some(pull.number.0)
                }
                _ => None,
            }
        })
        .await?;
    let pull = story
        .forge
        .pull(REPOSITORY, number)
        .map_err(|error| anyhow::anyhow!(error.message))?;
    let changed = story
        .forge
        .changed_files(REPOSITORY, number)
        .map_err(|error| anyhow::anyhow!(error.message))?;
    let pin = format!("environments/{env}/release.yaml");
    ensure!(
        changed == [pin.clone()],
        "it changes {pin} only, not {changed:?}"
    );
    ensure!(
        pull.body.contains("report"),
        "its body shows the plan; got:\n{}",
        pull.body
    );
    story
        .until(
            &format!("the check run on the pull request for {env}"),
            |state| {
                let env = environment(state, env)?;
                (env.said.contains_key("proposal") && env.saying.is_empty()).then_some(())
            },
        )
        .await?;
    story
        .transcript
        .detail(&format!("#{number} “{}”", pull.title));
    Ok(format!("#{number} changes {pin} only"))
}

pub(super) async fn promote(story: &Story, env: &str) -> anyhow::Result<String> {
    let before = story.state().await?;
    let old = environment(&before, env)
        .and_then(|env| env.current.as_ref())
        .map(|current| current.package.to_string());
    let pull = story.open_pull(&format!("hodman/promote/{env}")).await?;
    story.review_and_merge(&pull, "rita", "olga")?;
    let package = story.healthy(env, old.as_deref()).await?;
    let newest = before
        .packages
        .last()
        .map(|package| package.digest.to_string())
        .context("a package")?;
    ensure!(package == newest, "{env} has the newest package");
    let jobs = story.people[env].jobs().await?;
    let ours = jobs
        .iter()
        .filter(|(_, _, settings)| settings["tags"]["hodman_env"] == env)
        .count();
    ensure!(
        ours == 3,
        "three jobs carry the marker in {env}, not {ours}"
    );
    let (_, report) = story.people[env].job("report").await?;
    let path = report["tasks"][0]["notebook_task"]["notebook_path"]
        .as_str()
        .unwrap_or_default();
    ensure!(
        path.contains("/.hodman/shop/"),
        "the job runs from a folder named by the files: {path}"
    );
    let source = story.people[env].read(path).await?;
    ensure!(
        source.contains("in full"),
        "the notebook is the one that was captured"
    );
    Ok(format!("{env} is healthy with {}", &package[..19]))
}

/// A changed binding is planned on its own pull request, whose merge applies the pinned package anew.
pub(super) async fn rebind(story: &Story) -> anyhow::Result<String> {
    let path = "environments/qa/environment.yaml";
    let text = story
        .forge
        .read_file(REPOSITORY, "main", path)
        .context("qa's environment.yaml")?;
    let text = String::from_utf8_lossy(&text).replace("catalog: shop_qa", "catalog: shop_quality");
    story
        .forge
        .commit(
            REPOSITORY,
            "rename-catalog",
            &[(path, Some(text.as_bytes()))],
            "qa: another catalog",
            "olga",
        )
        .map_err(|error| anyhow::anyhow!(error.message))?;
    let number = story
        .forge
        .open_pull(
            REPOSITORY,
            "rename-catalog",
            "main",
            "qa: another catalog",
            "",
            "olga",
        )
        .map_err(|error| anyhow::anyhow!(error.message))?;
    story
        .transcript
        .detail(&format!("olga opens #{number}, which changes {path}"));
    let counts = story
        .until(
            "the plan on the pull request that changes the binding",
            |state| {
                let checked = state
                    .checked
                    .get(&hodman_core::ids::PullNumber(number))
                    .filter(|checked| checked.shown)?;
                let (_, plan) = checked.plans.get(&hodman_core::ids::EnvName::from("qa"))?;
                Some(plan.counts())
            },
        )
        .await?;
    story
        .transcript
        .detail(&format!("hodman shows its plan there: {counts}"));
    let before = environment(&story.state().await?, "qa").and_then(|env| env.binding.clone());
    let pull = story
        .forge
        .pull(REPOSITORY, number)
        .map_err(|error| anyhow::anyhow!(error.message))?;
    story.merge(&pull, "olga")?;
    story
        .until("qa under its new binding", |state| {
            let env = environment(state, "qa")?;
            let current = env.current.as_ref()?;
            (env.run.is_none()
                && Some(&current.binding) != before.as_ref()
                && current.healthy_since.is_some())
            .then_some(())
        })
        .await?;
    let (_, nightly) = story.people["qa"].job("nightly").await?;
    let catalog = &nightly["tasks"][0]["notebook_task"]["base_parameters"]["catalog"];
    ensure!(
        catalog == "shop_quality",
        "the job has the new catalog, not {catalog}"
    );
    Ok(format!(
        "merging #{number} applied the pinned package anew: {counts}"
    ))
}
