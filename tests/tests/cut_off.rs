//! A row that was cut off half-way: the next run does the rest without asking anybody again, and nothing but the rest. What
//! was refused for certain leaves nothing behind that would make somebody else's object ours.

use hodman_core::event::Ask;
use hodman_core::state::RunPhase;
use hodman_sandbox::faults::{Direction, Director, FaultRule};
use hodman_tests::harness::{CANARY, Options, REPOSITORY, Scene, Short, environment};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

const FILE: &str = "resources/more.yml";
const CLAIMS: &str = "/Workspace/Shared/.hodman/shop/qa/claims.json";

const CATALOG: &str = "resources:
  catalogs:
    lake: {name: lake}
  schemas:
    sales:
      name: sales
      catalog_name: ${resources.catalogs.lake.name}
      comment: what was sold
      grants: [{principal: users, privileges: [USE_SCHEMA]}]
";

fn provider() {}

fn commit(scene: &Scene, text: &str) {
    let files = [(FILE, Some(text.as_bytes()))];
    scene
        .forge
        .commit(REPOSITORY, "main", &files, "more of it", "rita")
        .expect("a commit");
}

/// A person of qa sends a request.
async fn ask(scene: &Scene, method: &str, path: &str, body: Value) -> Value {
    let method = method.parse().expect("a method");
    let answer = scene.workspace("qa").call("ana", method, path, body).await;
    answer.unwrap_or_else(|error| panic!("{path}: {error:?}"))
}

/// Once a request whose path ends with `first` came, the next `method` whose path contains `path` is answered with `status`.
fn once_after(
    scene: &Scene,
    first: &'static str,
    (method, path, status): (&'static str, &'static str, u16),
) {
    let (came, done) = (AtomicBool::new(false), AtomicBool::new(false));
    let director = Director::new(move |request| {
        let asked = request.uri.path();
        if request.method == "POST" && asked.ends_with(first) {
            came.store(true, Ordering::SeqCst);
        }
        let next = request.method == method && asked.contains(path) && came.load(Ordering::SeqCst);
        match next && !done.swap(true, Ordering::SeqCst) {
            true => Direction::Fault(FaultRule::status(status, 1)),
            false => Direction::Pass,
        }
    });
    scene.workspace("qa").faults().direct(Some(director));
}

/// Merges the promotion to qa, waits until a step is refused, and gives the package and the words.
async fn refused(short: &Short<'_>) -> (String, String) {
    let pull = short.proposed("qa").await.expect("a promotion");
    let marker = hodman_core::text::marker_of(&pull.body).expect("a marker");
    short.merge(&pull).expect("merged");
    let package = marker.package.expect("a package").to_string();
    (package, why(short).await)
}

async fn why(short: &Short<'_>) -> String {
    short
        .wait("the refusal", async || {
            let state = short.state().await.ok()?;
            match environment(&state, "qa")?.run.clone()?.phase {
                RunPhase::Failed {
                    why,
                    not_before: None,
                    ..
                } => Some(why),
                _ => None,
            }
        })
        .await
        .expect("a refusal")
}

async fn retry(short: &Short<'_>) {
    let again = Ask::Retry { env: "qa".into() };
    short.ask("olga", again).await.expect("asked");
}

/// The next run does the rest; nobody approves anything.
async fn the_rest(short: &Short<'_>, package: &str) {
    retry(short).await;
    short
        .wait("qa healthy without another approval", async || {
            let state = short.state().await.ok()?;
            let qa = environment(&state, "qa")?;
            if let Some(run) = &qa.run
                && let RunPhase::NeedsApproval { outside, .. } = &run.phase
            {
                panic!("asks for {outside:?}");
            }
            let current = qa.current.as_ref()?;
            let there = current.package.as_str() == package && current.healthy_since.is_some();
            (there && qa.run.is_none()).then_some(())
        })
        .await
        .expect("the rest");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grants_that_were_refused_after_a_create_are_set_by_the_next_run() {
    provider();
    let scene = Scene::start(Options::short()).await;
    commit(&scene, CATALOG);
    let refusal = FaultRule::status(403, 1)
        .on("PATCH")
        .path_contains("/unity-catalog/permissions/schema");
    scene.workspace("qa").faults().add(refusal);
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let (package, words) = refused(&short).await;
    assert!(words.contains("setting grants"), "{words}");
    the_rest(&short, &package).await;
    let path = "/api/2.1/unity-catalog/permissions/schema/lake.sales";
    let grants = ask(&scene, "GET", path, Value::Null).await.to_string();
    assert!(grants.contains("USE_SCHEMA"), "{grants}");
    daemon.stop().await;
}

const POOL: &str = "resources:
  instance_pools:
    pool: {instance_pool_name: pool, node_type_id: m5.large, min_idle_instances: 0, max_capacity: 4}
  jobs:
    hourly:
      name: hourly
      max_concurrent_runs: 2
      permissions: [{group_name: users, level: CAN_VIEW}]
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_removed_to_be_replaced_is_made_by_the_next_run_and_half_an_update_goes_on() {
    provider();
    let scene = Scene::start(Options::short()).await;
    commit(&scene, POOL);
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");

    let text = POOL
        .replace("m5.large", "m5.xlarge")
        .replace("max_concurrent_runs: 2", "max_concurrent_runs: 3")
        .replace("CAN_VIEW", "CAN_MANAGE_RUN");
    commit(&scene, &text);
    let pool = FaultRule::status(403, 1).path_contains("/instance-pools/create");
    let access = FaultRule::status(403, 1)
        .on("PUT")
        .path_contains("/permissions/jobs/");
    scene.workspace("qa").faults().set(vec![pool, access]);
    let (package, words) = refused(&short).await;
    assert!(words.contains("replace instance_pools.pool"), "{words}");
    assert!(words.contains("setting permissions"), "{words}");
    the_rest(&short, &package).await;
    let path = "/api/2.0/instance-pools/list";
    let pools = ask(&scene, "GET", path, Value::Null).await;
    let pools = pools["instance_pools"].as_array().expect("pools");
    assert_eq!(pools.len(), 1, "{pools:?}");
    assert_eq!(pools[0]["node_type_id"], "m5.xlarge");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_changed_in_the_middle_is_asked_for() {
    provider();
    let scene = Scene::start(Options::short()).await;
    commit(&scene, POOL);
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");
    let text = POOL
        .replace("max_concurrent_runs: 2", "max_concurrent_runs: 3")
        .replace("CAN_VIEW", "CAN_MANAGE_RUN");
    commit(&scene, &text);
    let qa = scene.workspace("qa");
    qa.faults().set(vec![
        FaultRule::status(403, 1)
            .on("PUT")
            .path_contains("/permissions/jobs/"),
    ]);
    refused(&short).await;
    let id = qa.job_by_name("hourly").expect("a job").id;
    let body = json!({"job_id": id, "new_settings": {"max_concurrent_runs": 9}});
    ask(&scene, "POST", "/api/2.2/jobs/update", body).await;
    retry(&short).await;
    let outside = short
        .wait("the question", async || {
            let state = short.state().await.ok()?;
            match environment(&state, "qa")?.run.clone()?.phase {
                RunPhase::NeedsApproval { outside, .. } => Some(outside),
                _ => None,
            }
        })
        .await
        .expect("asked");
    assert_eq!(outside, ["jobs.hourly"]);
    daemon.stop().await;
}

const ADOPTED: &str = "resources:
  schemas:
    sales:
      name: sales
      catalog_name: lake
      comment: what was sold
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_takeover_that_was_cut_off_before_its_update_goes_on() {
    provider();
    let options = Options::short().edit(
        "environments/qa/environment.yaml",
        "  - name: qa\n",
        "  - name: qa\n    adopt: {schemas.sales: lake.sales}\n",
    );
    let scene = Scene::start(options).await;
    commit(&scene, ADOPTED);
    let catalog = json!({"name": "lake"});
    ask(&scene, "POST", "/api/2.1/unity-catalog/catalogs", catalog).await;
    let schema = json!({"name": "sales", "catalog_name": "lake", "comment": "old"});
    ask(&scene, "POST", "/api/2.1/unity-catalog/schemas", schema).await;
    let refusal = FaultRule::status(403, 1)
        .on("PATCH")
        .path_contains("/unity-catalog/schemas/");
    scene.workspace("qa").faults().add(refusal);
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let (package, words) = refused(&short).await;
    assert!(words.contains("adopt schemas.sales"), "{words}");
    the_rest(&short, &package).await;
    let path = "/api/2.1/unity-catalog/schemas/lake.sales";
    let schema = ask(&scene, "GET", path, Value::Null).await;
    assert_eq!(schema["comment"], "what was sold");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_was_put_and_not_noted_is_put_again_by_the_next_run() {
    provider();
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().canonicalize().expect("a path");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("db"), format!("db-{CANARY}")).expect("a secret");
    let options = Options {
        settings: format!("secrets:\n  qa: {{files: [\"{}\"]}}\n", folder.display()),
        ..Options::short()
    };
    let scene = Scene::start(options).await;
    let text = format!(
        "resources:\n  secret_scopes:\n    shop: {{name: shop}}\n  secrets:\n    db: {{scope: \"${{resources.secret_scopes.shop.name}}\", \
         key: db, value: {{file: \"{}/db\"}}}}\n",
        folder.display()
    );
    commit(&scene, &text);
    let qa = scene.workspace("qa");
    // When the value is there, hodman asks since when.
    once_after(&scene, "/secrets/put", ("GET", "/secrets/list", 403));
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let (package, words) = refused(&short).await;
    assert!(words.contains("secrets.db"), "{words}");
    assert!(qa.secret("shop", "db").is_some(), "it was put");
    the_rest(&short, &package).await;
    daemon.stop().await;
}

/// The claims of qa.
fn claims(scene: &Scene) -> Value {
    let claims = scene.workspace("qa").read_file(CLAIMS).expect("the claims");
    serde_json::from_slice(&claims).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_makes_after_a_refused_create_stays_theirs_and_other_branches_went_on() {
    provider();
    let scene = Scene::start(Options::short()).await;
    let volume = "  volumes:
    raw:
      name: raw
      catalog_name: lake
      schema_name: ${resources.schemas.sales.name}
      volume_type: MANAGED
  jobs:
    alone: {name: alone}
";
    commit(&scene, &format!("{CATALOG}{volume}"));
    let qa = scene.workspace("qa");
    let refusal = FaultRule::status(403, 1)
        .on("POST")
        .path_contains("/unity-catalog/schemas");
    qa.faults().add(refusal);
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let (package, words) = refused(&short).await;
    assert!(words.contains("create schemas.sales"), "{words}");
    assert!(words.contains("volumes.raw"), "not tried: {words}");
    assert!(qa.job_by_name("alone").is_some(), "it waits for nobody");
    let held = claims(&scene);
    for key in ["schemas.sales", "volumes.raw"] {
        assert_eq!(held["claims"][key], Value::Null, "{held}");
    }
    assert_eq!(held["claims"]["catalogs.lake"]["id"], "lake", "{held}");

    let schema = json!({"name": "sales", "catalog_name": "lake", "comment": "mine"});
    ask(&scene, "POST", "/api/2.1/unity-catalog/schemas", schema).await;
    retry(&short).await;
    let again = short
        .wait("another refusal", async || {
            let again = why(&short).await;
            (again != words).then_some(again)
        })
        .await
        .expect("a refusal");
    let told = again.contains("carries no marker of ours") && again.contains("adopt");
    assert!(told, "{again}");
    let path = "/api/2.1/unity-catalog/schemas/lake.sales";
    let there = ask(&scene, "GET", path, Value::Null).await;
    assert_eq!(there["comment"], "mine", "nobody touched it");

    // The person gives the name free: one retry does all that was left.
    ask(&scene, "DELETE", path, Value::Null).await;
    the_rest(&short, &package).await;
    assert_eq!(
        claims(&scene)["claims"]["volumes.raw"]["id"],
        "lake.sales.raw"
    );
    daemon.stop().await;
}

const QUERY: &str = "resources:
  queries:
    revenue: {display_name: revenue, query_text: SELECT 1, warehouse_id: abc}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_without_a_folder_is_found_by_the_next_run_when_nobody_saw_the_end_of_its_create() {
    provider();
    let scene = Scene::start(Options::short()).await;
    commit(&scene, QUERY);
    let qa = scene.workspace("qa");
    qa.faults().add(
        FaultRule::drop_connection(1)
            .on("POST")
            .path_contains("/sql/queries")
            .after_effect(),
    );
    // Nor can it be looked for at once.
    once_after(&scene, "/sql/queries", ("GET", "/sql/queries", 403));
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let (package, words) = refused(&short).await;
    assert!(words.contains("queries.revenue"), "{words}");
    the_rest(&short, &package).await;
    let listed = ask(&scene, "GET", "/api/2.0/sql/queries", Value::Null).await;
    let queries = listed["results"].as_array().expect("queries");
    assert_eq!(queries.len(), 1, "{listed}");
    let held = claims(&scene);
    assert_eq!(held["claims"]["queries.revenue"]["id"], queries[0]["id"]);
    daemon.stop().await;
}

const ENDPOINT: &str = "resources:
  vector_search_endpoints:
    search: {name: search, endpoint_type: STANDARD}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_made_a_moment_ago_and_is_not_known_yet_is_waited_for() {
    provider();
    let scene = Scene::start(Options::short()).await;
    commit(&scene, ENDPOINT);
    let seen = "/vector-search/endpoints/search";
    once_after(&scene, "/vector-search/endpoints", ("GET", seen, 404));
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("nobody had to act");
    let asked = scene.workspace("qa").requests();
    let missed = asked
        .iter()
        .any(|request| request.status == 404 && request.path.contains(seen));
    assert!(missed, "it was looked for too early");
    daemon.stop().await;
}
