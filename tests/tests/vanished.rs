//! Objects that are gone: what people make in their place is theirs, what was taken over once can be made again, and a name whose
//! owner is still on its way out is waited for.

use hodman_core::event::Ask;
use hodman_core::state::RunPhase;
use hodman_sandbox::faults::{Direction, Director, FaultRule};
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short, environment};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

const FILE: &str = "resources/more.yml";
const LAKE: &str = "resources:\n  catalogs:\n    lake: {name: lake}\n";
const NOTHING: &str = "resources: {}\n";
const CATALOGS: &str = "/api/2.1/unity-catalog/catalogs";

fn commit(scene: &Scene, text: &str) {
    let files = [(FILE, Some(text.as_bytes()))];
    scene
        .forge
        .commit(REPOSITORY, "main", &files, "more or less of it", "rita")
        .expect("a commit");
}

/// A person of qa sends a request.
async fn ask(scene: &Scene, method: &str, path: &str, body: Value) -> Value {
    let method = method.parse().expect("a method");
    let answer = scene.workspace("qa").call("ana", method, path, body).await;
    answer.unwrap_or_else(|error| panic!("{path}: {error:?}"))
}

/// A person makes a catalog of that name. It stays, and a comparison finds nothing.
async fn is_theirs(scene: &Scene, short: &Short<'_>) {
    ask(
        scene,
        "POST",
        CATALOGS,
        json!({"name": "lake", "comment": "mine"}),
    )
    .await;
    let drift = short.compared("qa").await.expect("compared");
    assert!(drift.found.is_none(), "{:?}", drift.found);
    let there = ask(scene, "GET", &format!("{CATALOGS}/lake"), Value::Null).await;
    assert_eq!(there["comment"], "mine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_make_where_ours_vanished_is_theirs() {
    let scene = Scene::start(Options::short().file(FILE, LAKE)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has it");
    ask(
        &scene,
        "DELETE",
        &format!("{CATALOGS}/lake?force=true"),
        Value::Null,
    )
    .await;
    commit(&scene, NOTHING);
    short.promote("qa").await.expect("qa without it");
    is_theirs(&scene, &short).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_it_is_where_the_end_of_a_removal_was_never_noted() {
    let scene = Scene::start(Options::short().file(FILE, LAKE)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has it");
    commit(&scene, NOTHING);
    // Refused once it is gone, as if somebody had pulled the plug.
    let (gone, done) = (AtomicBool::new(false), AtomicBool::new(false));
    let director = Director::new(move |request| {
        let path = request.uri.path();
        if request.method == "DELETE" && path.ends_with("/catalogs/lake") {
            gone.store(true, Ordering::SeqCst);
        }
        let notes = request.method == "POST" && path.contains("/workspace/import");
        match notes && gone.load(Ordering::SeqCst) && !done.swap(true, Ordering::SeqCst) {
            true => Direction::Fault(FaultRule::status(403, 1)),
            false => Direction::Pass,
        }
    });
    scene.workspace("qa").faults().direct(Some(director));
    let pull = short.proposed("qa").await.expect("a promotion");
    let marker = hodman_core::text::marker_of(&pull.body).expect("a marker");
    short.merge(&pull).expect("merged");
    let failed = async || {
        let state = short.state().await.ok()?;
        let run = environment(&state, "qa")?.run.clone()?;
        matches!(run.phase, RunPhase::Failed { .. }).then_some(())
    };
    short.wait("the plug", failed).await.expect("cut off");
    let retry = Ask::Retry { env: "qa".into() };
    short.ask("olga", retry).await.expect("asked");
    let package = marker.package.expect("a package").to_string();
    short.healthy("qa", &package).await.expect("qa without it");
    is_theirs(&scene, &short).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_over_comes_back_after_it_was_gone() {
    let options = Options::short().file(FILE, LAKE).edit(
        "environments/qa/environment.yaml",
        "  - name: qa\n",
        "  - name: qa\n    adopt: {catalogs.lake: lake}\n",
    );
    let scene = Scene::start(options).await;
    ask(&scene, "POST", CATALOGS, json!({"name": "lake"})).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa takes it over");
    // Removed by hand it is compared still, and missed.
    ask(
        &scene,
        "DELETE",
        &format!("{CATALOGS}/lake?force=true"),
        Value::Null,
    )
    .await;
    let drift = short.compared("qa").await.expect("compared");
    let found = drift.found.expect("a difference");
    assert_eq!((found.plan.creates, found.plan.deletes), (1, 0));
    commit(&scene, NOTHING);
    short.promote("qa").await.expect("qa without it");
    commit(&scene, LAKE);
    short.promote("qa").await.expect("qa with it again");
    let there = ask(&scene, "GET", &format!("{CATALOGS}/lake"), Value::Null).await;
    assert_eq!(there["name"], "lake");
    daemon.stop().await;
}

const APP: &str = "resources:\n  apps:\n    board: {name: board}\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_is_on_its_way_out_is_gone_and_its_name_is_waited_for() {
    let scene = Scene::start(Options::short().file(FILE, APP)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has it");
    let before = ask(&scene, "GET", "/api/2.0/apps/board", Value::Null).await;
    let qa = scene.workspace("qa");
    qa.show_deleted_apps(true);
    commit(&scene, NOTHING);
    short.promote("qa").await.expect("qa without it");
    let leaving = ask(&scene, "GET", "/api/2.0/apps/board", Value::Null).await;
    assert_eq!(leaving["compute_status"]["state"], "DELETING");
    let drift = short.compared("qa").await.expect("compared");
    assert!(drift.found.is_none(), "{:?}", drift.found);
    commit(&scene, APP);
    let pull = short.proposed("qa").await.expect("a promotion");
    let marker = hodman_core::text::marker_of(&pull.body).expect("a marker");
    short.merge(&pull).expect("merged");
    let refused = async || {
        let asked = qa.requests();
        let mut creates = asked.iter().filter(|asked| asked.path == "/api/2.0/apps");
        creates.any(|asked| asked.status == 409).then_some(())
    };
    short
        .wait("a name that is taken", refused)
        .await
        .expect("refused");
    qa.show_deleted_apps(false);
    let package = marker.package.expect("a package").to_string();
    let there = short.healthy("qa", &package).await;
    there.expect("qa with another one");
    let after = ask(&scene, "GET", "/api/2.0/apps/board", Value::Null).await;
    assert_ne!(after["id"], before["id"]);
    assert_eq!(after["compute_status"]["state"], "ACTIVE");
    daemon.stop().await;
}

/// Removed by nobody: the next comparison wants to remove so many.
async fn is_ours_still(short: &Short<'_>, deletes: u32) {
    let drift = short.compared("qa").await.expect("compared");
    let found = drift.found.expect("a difference");
    assert_eq!((found.plan.creates, found.plan.deletes), (0, deletes));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_we_may_not_see_for_a_while_is_ours_still() {
    for unseen in ["hidden", "without a metastore"] {
        let scene = Scene::start(Options::short().file(FILE, LAKE)).await;
        let daemon = scene.daemon().await;
        let short = Short::new(&scene, daemon.parts().store.clone());
        short.promote("qa").await.expect("qa has it");
        let director = Director::new(move |request| {
            let path = request.uri.path();
            let fault = |fault: FaultRule, words: &str| Direction::Fault(fault.body(words));
            let nothing = r#"{"error_code": "METASTORE_DOES_NOT_EXIST", "message": "No metastore assigned for the current workspace."}"#;
            match (request.method.as_str(), path.strip_prefix(CATALOGS)) {
                ("GET", Some(_)) if unseen != "hidden" => fault(FaultRule::status(404, 1), nothing),
                ("GET", Some("")) => fault(FaultRule::status(200, 1), r#"{"catalogs": []}"#),
                ("GET", Some(_)) => fault(
                    FaultRule::status(403, 1),
                    r#"{"error_code": "PERMISSION_DENIED", "message": "User does not have USE CATALOG"}"#,
                ),
                _ => Direction::Pass,
            }
        });
        scene.workspace("qa").faults().direct(Some(director));
        commit(&scene, NOTHING);
        let promoted = short.promote("qa").await;
        promoted.unwrap_or_else(|error| panic!("{unseen}: {error:?}"));
        scene.workspace("qa").faults().direct(None);
        is_ours_still(&short, 1).await;
        daemon.stop().await;
    }
}

const QUERIES: &str = "/api/2.0/sql/queries";
const QUERY: &str = "resources:
  queries:
    daily: {display_name: daily, parent_path: /Workspace/Shared, query_text: SELECT 1, warehouse_id: abc}
";

/// What is claimed of the query.
fn claim_of_the_query(scene: &Scene) -> Value {
    let path = "/Workspace/Shared/.hodman/shop/qa/claims.json";
    let file = scene.workspace("qa").read_file(path).expect("claims");
    let claims: Value = serde_json::from_slice(&file).expect("JSON");
    claims["claims"]["queries.daily"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_nobody_saw_made_is_gone_when_its_list_has_it_no_more_and_can_be_read() {
    let scene = Scene::start(Options::short().file(FILE, QUERY)).await;
    let qa = scene.workspace("qa");
    let asked = AtomicBool::new(false);
    qa.faults().direct(Some(Director::new(move |request| {
        match (request.method.as_str(), request.uri.path()) {
            ("POST", QUERIES) => {
                asked.store(true, Ordering::SeqCst);
                Direction::Fault(FaultRule::drop_connection(1))
            }
            ("GET", QUERIES) if asked.load(Ordering::SeqCst) => {
                Direction::Fault(FaultRule::status(403, 1))
            }
            _ => Direction::Pass,
        }
    })));
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a promotion");
    short.merge(&pull).expect("merged");
    let failed = async || {
        let state = short.state().await.ok()?;
        let run = environment(&state, "qa")?.run.clone()?;
        let over = |phase: &RunPhase| {
            matches!(
                phase,
                RunPhase::Failed {
                    not_before: None,
                    ..
                }
            )
        };
        over(&run.phase).then_some(())
    };
    short
        .wait("an end that nobody saw", failed)
        .await
        .expect("cut off");
    // Long after that, with one of somebody else's that we may not see.
    qa.faults().direct(None);
    let theirs = json!({"query": {"display_name": "theirs", "parent_path": "/Workspace/Shared"}});
    let theirs = ask(&scene, "POST", QUERIES, theirs).await;
    let theirs = format!("{QUERIES}/{}", theirs["id"].as_str().expect("an id"));
    qa.faults().direct(Some(Director::new(move |request| {
        match request.uri.path() == theirs {
            true => Direction::Fault(FaultRule::status(403, 1)),
            false => Direction::Pass,
        }
    })));
    scene.clock.advance(chrono::Duration::minutes(16));
    commit(&scene, NOTHING);
    short.promote("qa").await.expect("qa without it");
    assert!(
        claim_of_the_query(&scene)["natural"].is_string(),
        "that one may be it"
    );
    qa.faults().direct(None);
    commit(&scene, LAKE);
    short.promote("qa").await.expect("qa with something else");
    assert_eq!(claim_of_the_query(&scene), Value::Null);
    daemon.stop().await;
}

const QA: &str = "environments/qa/environment.yaml";
const MODULE: &str = "\
engine: native
description: What lets Databricks in.
inputs: {}
resources:
  account_credentials:
    main:
      credentials_name: shop-qa
      aws_credentials: {sts_role: {role_arn: \"arn:aws:iam::123456789012:role/shop-qa\"}}
";
const CALL: &str = "account: main\nmodules:\n  ground: {module: ground}\nworkspaces:\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_of_an_account_that_nobody_names_any_more_is_ours_still() {
    let options = Options::short().file("modules/ground/module.yaml", MODULE);
    let scene = Scene::start(options.edit(QA, "workspaces:\n", CALL)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has it");
    let file = scene.forge.read_file(REPOSITORY, "main", QA).expect("qa");
    let file = String::from_utf8(file).expect("text");
    let says = |call: &str, words: &str| {
        let text = file.replace(CALL, call);
        let files = [
            (QA, Some(text.as_bytes())),
            ("resources/more.yml", Some(words.as_bytes())),
        ];
        let committed = scene
            .forge
            .commit(REPOSITORY, "main", &files, "accounts", "rita");
        committed.expect("committed");
    };
    says("workspaces:\n", LAKE);
    short.promote("qa").await.expect("qa without an account");
    says("account: main\nworkspaces:\n", NOTHING);
    let pull = short.proposed("qa").await.expect("a plan");
    let words = "delete** `account_credentials.ground-main`";
    assert!(pull.body.contains(words), "{}", pull.body);
    daemon.stop().await;
}
