//! Step 1: what people made by hand becomes one pull request.

use super::super::world::REPOSITORY;
use super::{Cast, Story, environment};
use anyhow::{Context as _, ensure};
use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_sandbox::github::PullView;
use serde_json::json;

pub(super) async fn capture(story: &Story) -> anyhow::Result<String> {
    story
        .until("the repository to be read", |state| {
            environment(state, "dev").map(|_| ())
        })
        .await?;
    let dev = &story.people["dev"];
    dev.edit_job("nightly", |settings| {
        settings.insert(
            "schedule".to_owned(),
            json!({ "quartz_cron_expression": "0 30 3 * * ?", "timezone_id": "Europe/Berlin", "pause_status": "UNPAUSED" }),
        );
    })
    .await?;
    story
        .transcript
        .detail("ana moves the schedule of job `nightly` to 03:30");
    dev.notebook(
        "/Shared/shop/report",
        "# Databricks notebook source\nprint(\"the report of the day\")\n",
    )
    .await?;
    let cluster = dev
        .create_cluster(
            json!({ "cluster_name": "reporting", "spark_version": "15.4.x-scala2.12",
            "node_type_id": "m5d.large", "num_workers": 1, "autotermination_minutes": 30 }),
        )
        .await?;
    let mut build = Cast::notebook_task("build", "/Shared/shop/report", &[]);
    build["existing_cluster_id"] = json!(cluster);
    let mut send = Cast::notebook_task("send", "/Shared/shop/report", &["build"]);
    send["existing_cluster_id"] = json!(cluster);
    dev.create_job(json!({ "name": "report", "tasks": [build, send] }))
        .await?;
    story
        .transcript
        .detail("ana adds job `report` with two tasks, a notebook and a cluster");

    ask(story).await?;
    let pull = story.open_pull("hodman/capture/dev").await?;
    story
        .transcript
        .detail(&format!("hodman opens #{} “{}”", pull.number, pull.title));
    let job = read(story, &pull.head_sha, "resources/report.job.yml")?;
    ensure!(
        job.contains("${resources.clusters.reporting.id}"),
        "the cluster's id became a reference; got:\n{job}"
    );
    ensure!(!job.contains(&cluster), "no id is left in the YAML");
    ensure!(
        !job.contains("max_concurrent_runs") && !job.contains("MULTI_TASK"),
        "no server defaults; got:\n{job}"
    );
    let nightly = read(story, &pull.head_sha, "resources/nightly.job.yml")?;
    ensure!(
        nightly.contains("0 30 3 * * ?"),
        "the schedule is in the YAML; got:\n{nightly}\n{}",
        pull.body
    );
    ensure!(
        nightly.contains("# Before the shops open."),
        "comments in Git stay"
    );
    read(story, &pull.head_sha, "src/report.py")?;
    ensure!(
        pull.body.contains("ana@") || pull.body.contains("unknown"),
        "the body says by whom"
    );

    // A second change updates the same pull request; a third look finds nothing new.
    dev.notebook(
        "/Shared/shop/report",
        "# Databricks notebook source\nprint(\"the report of the day, in full\")\n",
    )
    .await?;
    ask(story).await?;
    story
        .until("the second capture", |state| captured(state, 2))
        .await?;
    let again = story.open_pull("hodman/capture/dev").await?;
    ensure!(again.number == pull.number, "one pull request");
    ensure!(again.head_sha != pull.head_sha, "with a new head");
    ensure!(
        read(story, &again.head_sha, "src/report.py")?.contains("in full"),
        "with the second change"
    );
    ask(story).await?;
    story
        .until("the third capture", |state| captured(state, 3))
        .await?;
    let same = story.open_pull("hodman/capture/dev").await?;
    ensure!(
        same.head_sha == again.head_sha,
        "nothing changed: no new commit"
    );
    let captures = |pull: &&PullView| pull.head_ref.starts_with("hodman/capture/");
    let open = story
        .forge
        .pulls(REPOSITORY)
        .iter()
        .filter(captures)
        .count();
    ensure!(open == 1, "one capture pull request, not {open}");
    Ok(format!(
        "one capture pull request, #{}, updated in place",
        pull.number
    ))
}

async fn ask(story: &Story) -> anyhow::Result<()> {
    // The moment of the last capture is what tells one from the next.
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    story
        .ask(
            "ana",
            Ask::Capture {
                env: EnvName::from("dev"),
            },
        )
        .await
}

fn captured(state: &hodman_core::state::PipelineState, times: u64) -> Option<()> {
    let capture = &environment(state, "dev")?.capture;
    (capture.done >= times && capture.running.is_none() && !capture.wanted).then_some(())
}

fn read(story: &Story, at: &str, path: &str) -> anyhow::Result<String> {
    let bytes = story
        .forge
        .read_file(REPOSITORY, at, path)
        .with_context(|| format!("{path} is not in {at}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
