//! What was captured, put into a workspace that has nothing.

use std::process::Output;

use super::kinds::a_team_at_work;
use super::stage::Stage;
use hodman::work::Restore;
use hodman_sandbox::faults::FaultRule;
use hodman_tests::harness::{Options, REPOSITORY, Secrets, binary};
use serde_json::{Value, json};

/// `hodman --json restore …`, in a process of its own.
pub(super) async fn restore(stage: &Stage, arguments: &[&str]) -> Output {
    let config = stage.scene.folder.path().join("restore.yaml");
    let text = stage.scene.config(Secrets::Environment, stage.scene.port);
    std::fs::write(&config, text).expect("settings");
    tokio::process::Command::new(binary())
        .args(["--json", "restore"])
        .args(arguments)
        .arg("--config")
        .arg(&config)
        .envs(stage.scene.environment())
        .output()
        .await
        .expect("hodman runs")
}

pub(super) fn said(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_workspace_becomes_what_was_captured() {
    let stage = Stage::start(Options::short()).await;
    a_team_at_work(&stage).await;
    stage.captured().await;
    let into = ["main", "--workspace", "prod"];

    // Where people work by hand nothing is written, unless somebody insists.
    let words = refused(&restore(&stage, &["main", "--workspace", "dev"]).await);
    assert!(
        words.contains("people work by hand") && words.contains("--force"),
        "{words}"
    );
    let words = refused(&restore(&stage, &["main", "--workspace", "nowhere"]).await);
    assert!(words.contains("nowhere"), "{words}");

    let shown = said(&restore(&stage, &into).await);
    assert!(shown["done"].is_null(), "only shown: {shown}");
    let none = stage.get("prod", "/api/2.2/jobs/list").await;
    assert!(none["jobs"].as_array().is_none_or(Vec::is_empty), "{none}");
    let done = said(&restore(&stage, &[into.as_slice(), &["--apply", "--yes"]].concat()).await);
    assert!(
        done["done"].as_u64().is_some_and(|done| done >= 12),
        "{done}"
    );
    let again = said(&restore(&stage, &[into.as_slice(), &["--apply", "--yes"]].concat()).await);
    assert!(again["done"].is_null(), "an empty plan: {again}");
    let jobs = stage.get("prod", "/api/2.2/jobs/list").await;
    assert_eq!(jobs["jobs"].as_array().map(Vec::len), Some(3), "{jobs}");
    stage.stop().await;
}

fn wanted(workspace: &str) -> Restore {
    Restore {
        branch: "main".to_owned(),
        workspace: workspace.to_owned(),
        target: None,
        like: None,
        force: false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unmerged_capture_is_restored_as_the_environment_that_it_is_of() {
    let stage = Stage::start(Options::short()).await;
    a_team_at_work(&stage).await;
    stage.capture().await;
    let branch = stage.pull().head_ref;
    assert_eq!(branch, "hodman/capture/dev");
    // Another one in which people work by hand, whose name comes first and whose values are others.
    let analytics = "mode: free-form\nworkspaces: [{name: analytics, host: \"https://analytics.example.com\"}]\nbundle_target: nowhere\n";
    let file = "environments/analytics/environment.yaml";
    stage.commit(&branch, file, Some(analytics));
    let head = stage
        .scene
        .forge
        .head(REPOSITORY, &branch)
        .expect("a branch");
    stage.tag("before-the-flood", &head).await;
    let work = &stage.daemon.as_ref().expect("a daemon").parts().work;
    let of = |branch: &str, like: Option<&str>| Restore {
        branch: branch.to_owned(),
        like: like.map(str::to_owned),
        ..wanted("prod")
    };
    let plan = work
        .plan_restore("shop", &of(&branch, None))
        .await
        .expect("dev's values, by the branch");
    assert!(!plan.is_empty());

    // By what else a commit is known, somebody has to say whose values.
    for name in ["before-the-flood", &head, &head[..9]] {
        let words = work
            .plan_restore("shop", &of(name, None))
            .await
            .expect_err("ambiguous")
            .to_string();
        assert!(
            words.contains("analytics, dev") && words.contains("--like"),
            "{name}: {words}"
        );
        let same = work
            .plan_restore("shop", &of(name, Some("dev")))
            .await
            .expect("a plan");
        assert_eq!(same.digest(), plan.digest(), "{name}");
    }
    for name in ["no-such-branch", "0123456", "a b"] {
        let words = work
            .plan_restore("shop", &of(name, None))
            .await
            .expect_err("nothing")
            .to_string();
        assert!(
            words.contains("is no branch, tag or commit of"),
            "{name}: {words}"
        );
    }

    // Another environment's values: refused while it says none for what was captured.
    let refused = work
        .plan_restore("shop", &of(&branch, Some("qa")))
        .await
        .expect_err("no counterparts");
    let words = format!("{refused:?}");
    assert!(words.contains("identity."), "{words}");
    let path = "environments/qa/environment.yaml";
    let qa = stage.main(path).expect("qa");
    let every = "identity:\n  notifications: {\"*\": \"ops@acme.example\"}\n  catalogs: {\"*\": \"*\"}\n  principals: {\"*\": \"*\"}\n  storage: {\"*\": \"*\"}\n";
    stage.commit(&branch, path, Some(&qa.replace("identity:\n", every)));
    let wanted = of(&branch, Some("qa"));
    let plan = work.plan_restore("shop", &wanted).await.expect("a plan");
    work.apply_restore("shop", &wanted, &plan)
        .await
        .expect("done");
    let jobs = stage
        .get("prod", "/api/2.2/jobs/list?expand_tasks=true")
        .await;
    let told = jobs["jobs"]
        .as_array()
        .expect("jobs")
        .iter()
        .find(|job| job["settings"]["name"] == "report")
        .map(|job| job["settings"]["email_notifications"]["on_failure"].clone());
    assert_eq!(told, Some(json!(["ops@acme.example"])), "{jobs}");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_stops_between_its_two_notes_is_finished_by_the_next() {
    let stage = Stage::start(Options::short()).await;
    a_team_at_work(&stage).await;
    stage.captured().await;
    // Nobody had this one in the workspace: it lies in the folder.
    stage.commit("main", "src/more.txt", Some("more"));
    let prod = stage.scene.workspace("prod");
    let notes = "/Workspace/Shared/.hodman/shop/restore/files.json";
    let note = || -> Value {
        let bytes = prod.read_file(notes).expect("a note");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    // The note itself passes, the next two imports do not.
    let rule = FaultRule::status(400, 2)
        .on("POST")
        .path_contains("/workspace/import")
        .skipping(2);
    prod.faults().add(rule);
    let work = &stage.daemon.as_ref().expect("a daemon").parts().work;
    let plan = work
        .plan_restore("shop", &wanted("prod"))
        .await
        .expect("a plan");
    let stopped = work.apply_restore("shop", &wanted("prod"), &plan).await;
    assert!(stopped.is_err(), "{stopped:?}");
    let unsure = note();
    let files = unsure["files"].as_object().expect("files");
    assert!(
        files.len() >= 4 && files.values().all(|file| file["digest"].is_null()),
        "noted as uncertain before anything is written: {unsure}"
    );

    let plan = work
        .plan_restore("shop", &wanted("prod"))
        .await
        .expect("a plan");
    assert!(plan.has_files_step(), "{}", plan.to_table());
    work.apply_restore("shop", &wanted("prod"), &plan)
        .await
        .expect("done");
    let left = work
        .plan_restore("shop", &wanted("prod"))
        .await
        .expect("a plan");
    assert!(left.is_empty(), "{}", left.to_table());
    let sure = note();
    let files = sure["files"].as_object().expect("files");
    assert!(
        files.values().all(|file| file["digest"].is_string()),
        "{sure}"
    );
    let more = prod.read_file("/Workspace/Shared/.hodman/shop/restore/files/src/more.txt");
    assert_eq!(more.as_deref(), Some(b"more".as_slice()));
    assert!(
        prod.read_file("/Workspace/Shared/shop/look.sql").is_some(),
        "where people had it"
    );
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_made_when_our_claims_could_not_be_noted_in_the_end_is_ours() {
    for restarted in [false, true] {
        made_without_a_note(restarted).await;
    }
}

/// What this process made it remembers; another one finds it in the workspace.
async fn made_without_a_note(restarted: bool) {
    let mut stage = Stage::start(Options::short()).await;
    a_team_at_work(&stage).await;
    stage.captured().await;
    let prod = stage.scene.workspace("prod");
    // What is claimed is noted before anything is made, and which files are; nothing else is, the claims at the end included.
    let rule = FaultRule::status(400, 100)
        .on("POST")
        .path_contains("/workspace/import")
        .skipping(2);
    prod.faults().add(rule);
    let work = &stage.daemon.as_ref().expect("a daemon").parts().work;
    let plan = work
        .plan_restore("shop", &wanted("prod"))
        .await
        .expect("a plan");
    let stopped = work.apply_restore("shop", &wanted("prod"), &plan).await;
    assert!(stopped.is_err(), "{stopped:?}");
    assert_eq!(dashboards(&stage).await, 1, "beside the files that failed");
    prod.faults().clear();
    if restarted {
        stage.daemon.take().expect("a daemon").stop().await;
        stage.daemon = Some(stage.scene.daemon().await);
    }

    let work = &stage.daemon.as_ref().expect("a daemon").parts().work;
    let plan = work
        .plan_restore("shop", &wanted("prod"))
        .await
        .expect("a plan");
    let found = plan.rows().any(|(_, row)| row.key.kind == "dashboards");
    assert!(!found, "known again by its path: {}", plan.to_table());
    work.apply_restore("shop", &wanted("prod"), &plan)
        .await
        .expect("done");
    let left = work
        .plan_restore("shop", &wanted("prod"))
        .await
        .expect("a plan");
    assert!(left.is_empty(), "{}", left.to_table());
    assert_eq!(dashboards(&stage).await, 1);
    stage.stop().await;
}

async fn dashboards(stage: &Stage) -> usize {
    let list = stage.get("prod", "/api/2.0/lakeview/dashboards").await;
    list["dashboards"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_has_at_the_same_place_is_not_written_over() {
    let stage = Stage::start(Options::short()).await;
    a_team_at_work(&stage).await;
    stage.captured().await;
    let prod = stage.scene.workspace("prod");
    let person = "ana@acme.example";
    prod.put_file("/Shared/shop/look.sql", b"select 'mine'\n", person)
        .expect("a file");
    let work = &stage.daemon.as_ref().expect("a daemon").parts().work;
    let plan = work
        .plan_restore("shop", &wanted("prod"))
        .await
        .expect("a plan");
    let refused = work.apply_restore("shop", &wanted("prod"), &plan).await;
    let words = refused.expect_err("refused").to_string();
    assert!(
        words.contains("/Shared/shop/look.sql is there already"),
        "{words}"
    );
    let kept = prod.read_file("/Shared/shop/look.sql");
    assert_eq!(kept.as_deref(), Some(b"select 'mine'\n".as_slice()));

    // The same content is no reason to stop.
    prod.put_file("/Shared/shop/look.sql", b"select 1\n", person)
        .expect("a file");
    let plan = work
        .plan_restore("shop", &wanted("prod"))
        .await
        .expect("a plan");
    work.apply_restore("shop", &wanted("prod"), &plan)
        .await
        .expect("done");
    stage.stop().await;
}
