//! Steps 7 and 8: a bad change is rolled back, and `explain` says how things stand.

use super::super::world::REPOSITORY;
use super::{Memo, Story, environment, promote};
use anyhow::{Context as _, ensure};
use hodman_core::event::Ask;
use hodman_core::explain as told;
use hodman_core::ids::{EnvName, PackageDigest};

const LOAD: &str = "src/load.py";

/// Two merged changes: a bad one that reaches production, and one behind it whose pull request for prod stays open.
pub(super) async fn bad_change(story: &Story, memo: &mut Memo) -> anyhow::Result<String> {
    let first = story.people["prod"].job("report").await?;
    ensure!(first.0 > 0, "prod has its jobs");
    change(
        story,
        "orders are loaded twice",
        "print(\"loading orders\")\nprint(\"loading orders\")\n",
    )
    .await?;
    let bad = newest(story).await?;
    story
        .transcript
        .detail(&format!("a bad change becomes package {}", &bad[7..19]));
    promote::propose(story, "qa").await?;
    promote::promote(story, "qa").await?;
    promote::propose(story, "prod").await?;
    promote::promote(story, "prod").await?;
    memo.bad_package = Some(bad.clone());
    change(
        story,
        "orders are loaded gently",
        "print(\"loading orders gently\")\n",
    )
    .await?;
    promote::propose(story, "qa").await?;
    promote::promote(story, "qa").await?;
    let next = story.open_pull("hodman/promote/prod").await?;
    Ok(format!(
        "prod has {}, and #{} with the next package is open",
        &bad[..19],
        next.number
    ))
}

async fn change(story: &Story, title: &str, source: &str) -> anyhow::Result<()> {
    let before = newest(story).await?;
    let text = format!("# Databricks notebook source\n# Loads the orders of the day.\n{source}");
    story
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[(LOAD, Some(text.as_bytes()))],
            title,
            "rita",
        )
        .map_err(|error| anyhow::anyhow!(error.message))?;
    story
        .until("the package of the change", |state| {
            state
                .packages
                .last()
                .filter(|package| package.digest.as_str() != before)
                .map(|_| ())
        })
        .await
}

async fn newest(story: &Story) -> anyhow::Result<String> {
    let state = story.state().await?;
    state
        .packages
        .last()
        .map(|package| package.digest.to_string())
        .context("a package")
}

pub(super) async fn rollback(story: &Story, memo: &mut Memo) -> anyhow::Result<String> {
    let good = memo.first_package.clone().context("the first package")?;
    let superseded = story.open_pull("hodman/promote/prod").await?;
    let folders = story.people["prod"]
        .files("/Workspace/Shared/.hodman/shop/prod")
        .await?;
    story
        .ask(
            "olga",
            Ask::Rollback {
                env: EnvName::from("prod"),
                to: None,
                now: false,
                reason: "orders are loaded twice".to_owned(),
            },
        )
        .await?;
    story
        .transcript
        .detail("olga: hodman rollback prod --reason \"orders are loaded twice\"");
    let pull = story.open_pull("hodman/rollback/prod").await?;
    story.transcript.detail(&format!(
        "#{} is superseded, #{} opens",
        superseded.number, pull.number
    ));
    let old = story
        .forge
        .pull(REPOSITORY, superseded.number)
        .map_err(|error| anyhow::anyhow!(error.message))?;
    ensure!(
        !old.open && !old.merged,
        "the open promotion #{} is closed",
        old.number
    );
    story.review_and_merge(&pull, "rita", "olga")?;
    let bad = memo.bad_package.clone();
    let package = story.healthy("prod", bad.as_deref()).await?;
    ensure!(package == good, "prod is back at {good}, not {package}");
    let after = story.people["prod"]
        .files("/Workspace/Shared/.hodman/shop/prod")
        .await?;
    ensure!(after == folders, "nothing was uploaded");
    let state = story.state().await?;
    let aside = environment(&state, "prod").context("prod")?;
    ensure!(
        aside
            .put_aside
            .contains_key(&PackageDigest::from(bad.unwrap_or_default())),
        "the bad package is put aside"
    );
    Ok(format!(
        "prod is back at {}; nothing was uploaded",
        &package[..19]
    ))
}

pub(super) async fn explain(story: &Story, memo: &Memo) -> anyhow::Result<String> {
    let state = story.state().await?;
    let prod = EnvName::from("prod");
    let told = told::explain(&state, &prod, story.now()).context("prod is explained")?;
    story.transcript.detail(&format!("prod: {}", told.standing));
    for line in &told.there {
        story.transcript.detail(&format!("  {line}"));
    }
    for reason in &told.waits {
        story.transcript.detail(&format!("  waits: {reason}"));
    }
    let good = memo.first_package.clone().unwrap_or_default();
    ensure!(
        told.package
            .as_ref()
            .is_some_and(|package| package.as_str() == good),
        "it names the package in place"
    );
    ensure!(!told.waits.is_empty(), "it says what is waited for");
    Ok(format!(
        "prod is {}, with {} reasons",
        told.standing,
        told.waits.len()
    ))
}
