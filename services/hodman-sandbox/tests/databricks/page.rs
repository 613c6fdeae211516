//! The page with which a person works by hand.

use serde_json::json;

use crate::bench::{ANA, Bench};

#[tokio::test]
async fn a_person_changes_a_schedule_a_notebook_and_adds_a_job() {
    let bench = Bench::start().await;
    let id = bench
        .dev
        .create_job(json!({"name": "<nightly>"}), "app-1")
        .unwrap();
    let post = async |path: String, form: &[(&str, &str)]| {
        let call = bench
            .client
            .post(format!("{}{path}", bench.dev.url()))
            .form(form);
        call.send().await.unwrap().text().await.unwrap()
    };
    let cron = [
        ("cron", "0 30 5 * * ?"),
        ("zone", "Europe/Berlin"),
        ("paused", "true"),
        ("by", ANA),
    ];
    let page = post(format!("/ui/jobs/{id}/schedule"), &cron).await;
    assert!(
        page.contains("0 30 5 * * ?") && !page.contains("<nightly>"),
        "shown, and escaped: {page}"
    );
    let job = bench.dev.job_by_name("<nightly>").unwrap();
    assert_eq!(
        (job.creator.as_str(), job.changed_by.as_str()),
        ("app-1", ANA)
    );
    assert_eq!(job.settings["schedule"]["pause_status"], "PAUSED");

    post(
        "/ui/notebook".to_owned(),
        &[
            ("path", "/Shared/team/nb"),
            ("source", "# Databricks notebook source\r\nprint(2)"),
            ("by", ANA),
        ],
    )
    .await;
    assert_eq!(
        bench.dev.read_file("/Shared/team/nb").unwrap(),
        b"# Databricks notebook source\nprint(2)"
    );
    post(
        "/ui/jobs".to_owned(),
        &[
            ("name", "new"),
            ("notebook", "/Shared/team/nb"),
            ("cron", ""),
            ("zone", "UTC"),
            ("by", ANA),
        ],
    )
    .await;
    let new = bench.dev.job_by_name("new").unwrap();
    assert_eq!(
        new.settings["tasks"][0]["notebook_task"]["notebook_path"],
        "/Shared/team/nb"
    );
    assert_eq!(new.settings.get("schedule"), None);
    let refused = post(
        format!("/ui/jobs/{id}/schedule"),
        &[("cron", "nonsense"), ("zone", "UTC"), ("by", ANA)],
    )
    .await;
    assert!(refused.contains("Invalid quartz cron expression"));
}
