//! A change that nothing may run on: what runs in the workspace is stopped before, and nothing starts for a while after, also
//! when hodman ends meanwhile.

mod changes;
mod network;
mod role;
mod stage;
mod window;

use chrono::Duration;
use hodman_tests::harness::Short;
use serde_json::json;
use stage::{Inside, healthy, other_credentials, pool, says, says_again, start, waits};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_is_stopped_and_nothing_starts_until_the_time_is_over() {
    let scene = start().await;
    let account = scene.somebody();
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");

    let made = scene.databricks.workspaces().pop().expect("the made one");
    let inside = Inside::new(&made.url());
    let cluster = json!({"cluster_name": "people's", "spark_version": "15.4.x", "node_type_id": "m5.large", "num_workers": 1});
    let cluster = inside.makes("/api/2.1/clusters/create", cluster).await;
    let cluster = cluster["cluster_id"].as_str().expect("an id").to_owned();
    let warehouse =
        json!({"name": "people's", "cluster_size": "Small", "enable_serverless_compute": false});
    let warehouse = inside.makes("/api/2.0/sql/warehouses", warehouse).await;
    let warehouse = warehouse["id"].as_str().expect("an id").to_owned();
    let pool = pool(&inside).await;

    other_credentials(&scene);
    let pull = short.proposed("qa").await.expect("a plan");
    let step = "maintenance: runs are waited for, clusters, SQL warehouses and idle instances of pools are stopped first, and nothing \
                of ours starts for 20 minutes after";
    assert!(pull.body.contains(step), "{}", pull.body);
    // A run would be cut off, so its end is waited for.
    let nightly = made.job_by_name("nightly").expect("the job");
    let run = made.run_job(nightly.id, "ana@acme.example").expect("a run");
    short.merge(&pull).expect("merged");
    let waited = async || {
        let words = waits(&scene, &short).await?;
        words
            .contains(&format!("waits for run {run} in workspace qa"))
            .then_some(())
    };
    short.wait("the run's end", waited).await.expect("waits");
    let running = inside
        .reads("/api/2.1/clusters/get", "cluster_id", &cluster)
        .await;
    assert_ne!(running["state"], "TERMINATED", "{running}");
    let ended = async || {
        let run = inside
            .reads("/api/2.2/jobs/runs/get", "run_id", &run.to_string())
            .await;
        (run["state"]["life_cycle_state"] == "TERMINATED").then_some(())
    };
    short
        .wait("the end of the run", ended)
        .await
        .expect("ended");
    scene.clock.advance(Duration::minutes(2));
    let held = async || {
        let words = waits(&scene, &short).await?;
        words
            .contains("nothing of ours starts on account_workspaces.workspace-workspace until")
            .then_some(())
    };
    short.wait("the hold", held).await.expect("held");
    let workspaces = account.all("workspaces").await;
    let shop = workspaces
        .iter()
        .find(|one| one["workspace_name"] == "shop")
        .expect("shop");
    let credentials = account.all("credentials").await;
    // It may go back to the old ones without a word as long as nothing starts.
    assert_eq!(credentials.len(), 2, "{credentials:?}");
    let has = |one: &&serde_json::Value| one["credentials_id"] == shop["credentials_id"];
    let new = credentials.iter().find(has).expect("its credentials");
    assert_eq!(new["credentials_name"], "shop-keys");
    let stopped = inside
        .reads("/api/2.1/clusters/get", "cluster_id", &cluster)
        .await;
    assert_eq!(stopped["state"], "TERMINATED", "{stopped}");
    let stopped = inside
        .reads(&format!("/api/2.0/sql/warehouses/{warehouse}"), "", "")
        .await;
    assert_eq!(stopped["state"], "STOPPED", "{stopped}");
    let keeps = async || {
        let pool = inside
            .reads("/api/2.0/instance-pools/get", "instance_pool_id", &pool)
            .await;
        (
            pool["min_idle_instances"].clone(),
            pool["idle_instance_autotermination_minutes"].clone(),
        )
    };
    assert_eq!(keeps().await, (json!(0), json!(0)));
    let nightly = async || {
        let path = "/api/2.2/jobs/get";
        let job = inside.reads(path, "job_id", &nightly.id.to_string()).await;
        job["settings"]["schedule"].clone()
    };
    let paused = nightly().await;
    assert_eq!(paused["pause_status"], "PAUSED", "{paused}");
    daemon.stop().await;

    // Another hodman goes on where this one was, and not before the time is over.
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    scene.clock.advance(Duration::minutes(2));
    let asked = made.requests().len();
    let held = async || {
        let words = waits(&scene, &short).await?;
        let again = made.requests().len() > asked;
        (again && words.contains("nothing of ours starts on")).then_some(())
    };
    short
        .wait("the hold again", held)
        .await
        .expect("held still");
    assert_eq!(keeps().await, (json!(0), json!(0)));
    scene.clock.advance(Duration::minutes(20));
    let back = async || (keeps().await == (json!(2), json!(30))).then_some(());
    short
        .wait("the pool as it was", back)
        .await
        .expect("refilled");
    healthy(&short).await;
    let credentials = account.all("credentials").await;
    assert_eq!(credentials.len(), 1, "the old are away: {credentials:?}");
    assert_eq!(credentials[0]["credentials_name"], "shop-keys");
    let goes_on = nightly().await;
    assert_eq!(goes_on["pause_status"], "UNPAUSED", "{goes_on}");
    assert_eq!(
        goes_on["quartz_cron_expression"],
        paused["quartz_cron_expression"]
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_while_the_workspace_changes_it_waits_for_the_end_of_that_and_asks_nobody() {
    let scene = start().await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    other_credentials(&scene);
    let pull = short.proposed("qa").await.expect("a plan");
    scene.databricks.account().slow_provisioning(10_000);
    short.merge(&pull).expect("merged");
    let asked = async || {
        let requests = scene.databricks.account_faults().requests();
        requests
            .iter()
            .any(|sent| sent.method == "PATCH")
            .then_some(())
    };
    short.wait("the change", asked).await.expect("asked for");
    daemon.stop().await;

    // Nobody answers in a workspace that is set up anew, so nothing of it is seen.
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    scene.clock.advance(Duration::minutes(2));
    says(
        &scene,
        &short,
        "account_workspaces shop is still being changed",
    )
    .await;
    // How long nothing may start counts from its end, not from when it was asked for.
    scene.databricks.account().hurry();
    scene.clock.advance(Duration::minutes(2));
    let held = "nothing of ours starts on account_workspaces.workspace-workspace until";
    says(&scene, &short, held).await;
    scene.clock.advance(Duration::minutes(10));
    says_again(&scene, &short, held).await;
    scene.clock.advance(Duration::minutes(11));
    healthy(&short).await;
    let account = scene.somebody();
    let credentials = account.all("credentials").await;
    assert_eq!(credentials.len(), 1, "{credentials:?}");
    assert_eq!(credentials[0]["credentials_name"], "shop-keys");
    daemon.stop().await;
}
