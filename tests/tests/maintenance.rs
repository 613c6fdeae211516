//! A change that nothing may run on: what runs in the workspace is stopped before, and nothing starts for a while after, also
//! when hodman ends meanwhile.

use chrono::Duration;
use hodman_clients::databricks::{Auth, Connections, Request, Retry, Workspace, WorkspaceConfig};
use hodman_core::explain;
use hodman_core::ids::EnvName;
use hodman_tests::harness::{CANARY, Options, REPOSITORY, Scene, Short};
use serde_json::{Value, json};

const FILE: &str = "modules/workspace/module.yaml";
const MODULE: &str = include_str!("../../examples/foundation/modules/workspace/module.yaml");

const CALL: &str = "\
account: main
modules:
  workspace:
    module: workspace
    inputs: {name: shop, region: eu-west-1, role_arn: \"arn:aws:iam::123456789012:role/shop\", bucket: shop-root}
workspaces:
";

/// The made workspace as its first member sees it.
struct Inside(Workspace);

impl Inside {
    fn new(url: &str) -> Self {
        let config = WorkspaceConfig {
            name: "shop".to_owned(),
            host: url.to_owned(),
            auth: Auth::OAuth {
                client_id: "hodman-qa".to_owned(),
                client_secret: format!("qa-{CANARY}").into(),
                token_url: None,
            },
            timeout: std::time::Duration::from_secs(10),
            user_agent: "somebody".to_owned(),
        };
        let connections = Connections::new().expect("TLS");
        Self(Workspace::new(config, &connections).expect("a client"))
    }

    async fn makes(&self, path: &str, body: Value) -> Value {
        let request = Request::post(path, body, Retry::NotIdempotent);
        let answer = self.0.call(request).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    async fn reads(&self, path: &str, name: &str, value: &str) -> Value {
        let request = Request::get(path);
        let request = match name {
            "" => request,
            name => request.query(name, value),
        };
        let answer = self.0.call(request).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

/// What explain says that qa waits for.
async fn waits(scene: &Scene, short: &Short<'_>) -> Option<String> {
    let state = short.state().await.ok()?;
    let told = explain::explain(&state, &EnvName::from("qa"), scene.clock.now())?;
    let words: Vec<String> = told.waits.iter().map(ToString::to_string).collect();
    Some(words.join("; "))
}

/// Everything that runs in a workspace stands on its credentials.
fn other_credentials(scene: &Scene) {
    let module = MODULE.replace(
        "credentials_name: ${inputs.name}",
        "credentials_name: ${inputs.name}-keys",
    );
    assert_ne!(module, MODULE);
    let files = [(FILE, Some(module.as_bytes()))];
    scene
        .forge
        .commit(REPOSITORY, "main", &files, "other credentials", "rita")
        .expect("committed");
}

async fn start() -> Scene {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .ok();
    let mut options = Options::short().file(FILE, MODULE).edit(
        "environments/qa/environment.yaml",
        "workspaces:\n",
        CALL,
    );
    options.made = vec!["qa"];
    Scene::start(options).await
}

async fn healthy(short: &Short<'_>) {
    let at_rest = async || {
        let state = short.state().await.ok()?;
        let env = state.environments.get(&EnvName::from("qa"))?;
        let healthy = env.current.as_ref()?.healthy_since.is_some() && env.run.is_none();
        healthy.then_some(())
    };
    short
        .wait("qa", at_rest)
        .await
        .expect("applied and verified");
}

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
    let pool = json!({"instance_pool_name": "people's", "node_type_id": "m5.large", "min_idle_instances": 2,
                      "idle_instance_autotermination_minutes": 30});
    let pool = inside.makes("/api/2.0/instance-pools/create", pool).await;
    let pool = pool["instance_pool_id"].as_str().expect("an id").to_owned();

    other_credentials(&scene);
    let pull = short.proposed("qa").await.expect("a plan");
    let step = "maintenance: runs are waited for, clusters, SQL warehouses and idle instances of pools are stopped first, and nothing \
                starts for 20 minutes after";
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
            .contains("nothing starts on account_workspaces.workspace-workspace until")
            .then_some(())
    };
    short.wait("the hold", held).await.expect("held");
    let workspaces = account.all("workspaces").await;
    let shop = workspaces
        .iter()
        .find(|one| one["workspace_name"] == "shop")
        .expect("shop");
    let credentials = account.all("credentials").await;
    assert_eq!(
        credentials.len(),
        1,
        "the old ones are away: {credentials:?}"
    );
    assert_eq!(shop["credentials_id"], credentials[0]["credentials_id"]);
    assert_eq!(credentials[0]["credentials_name"], "shop-keys");
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
    daemon.stop().await;

    // Another hodman goes on where this one was, and not before the time is over.
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    scene.clock.advance(Duration::minutes(2));
    let asked = made.requests().len();
    let held = async || {
        let words = waits(&scene, &short).await?;
        let again = made.requests().len() > asked;
        (again && words.contains("nothing starts on")).then_some(())
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
    let changing = async || {
        let words = waits(&scene, &short).await?;
        words
            .contains("account_workspaces shop is still being changed")
            .then_some(())
    };
    short.wait("the end of it", changing).await.expect("waits");
    scene.databricks.account().hurry();
    scene.clock.advance(Duration::minutes(22));
    healthy(&short).await;
    let account = scene.somebody();
    let credentials = account.all("credentials").await;
    assert_eq!(credentials.len(), 1, "{credentials:?}");
    assert_eq!(credentials[0]["credentials_name"], "shop-keys");
    daemon.stop().await;
}
