//! Permissions, grants and members that leave Git as a whole: with Terraform and with bundles they go, and so they do here.

use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use reqwest::Method;
use serde_json::{Value, json};

const FILE: &str = "resources/lists.yml";

/// What gives something to `users`, and what gives nothing and takes nothing.
const GIVES: &str = "\
resources:
  jobs:
    lists: {name: lists, tasks: [], run_as: {user_name: ana@acme.example}, permissions: [{level: CAN_VIEW, group_name: users}]}
  secret_scopes:
    lists: {name: lists, permissions: [{level: READ, group_name: users}]}
  catalogs:
    lists: {name: lists, grants: [{principal: users, privileges: [USE_CATALOG]}]}
  service_principals:
    reader: {displayName: reader}
  groups:
    lists: {displayName: lists, members: [{value: '${resources.service_principals.reader.id}'}]}
";
const SAYS_NOTHING: &str = "\
resources:
  jobs:
    lists: {name: lists, tasks: []}
  secret_scopes:
    lists: {name: lists}
  catalogs:
    lists: {name: lists}
  service_principals:
    reader: {displayName: reader}
  groups:
    lists: {displayName: lists}
";

/// Whom the job runs as.
async fn runs_as(scene: &Scene) -> Value {
    let qa = scene.databricks.workspace("qa").expect("qa");
    let ask = async |path: String| {
        let answer = qa.call("ana@acme.example", Method::GET, &path, Value::Null);
        let answer = answer.await;
        answer.unwrap_or_else(|error| panic!("{path}: {}", error.message))
    };
    let jobs = ask("/api/2.2/jobs/list?name=lists".to_owned()).await;
    let job = &jobs["jobs"][0]["job_id"];
    let job = ask(format!("/api/2.2/jobs/get?job_id={job}")).await;
    job["run_as_user_name"].clone()
}

/// Whom the four let do something beside their owner.
async fn given(scene: &Scene) -> Vec<bool> {
    let qa = scene.databricks.workspace("qa").expect("qa");
    let ask = async |path: &str| {
        let answer = qa.call("ana@acme.example", Method::GET, path, Value::Null);
        let answer = answer.await;
        answer.unwrap_or_else(|error| panic!("{path}: {}", error.message))
    };
    let jobs = ask("/api/2.2/jobs/list?name=lists").await;
    let job = &jobs["jobs"][0]["job_id"];
    let groups = ask("/api/2.0/preview/scim/v2/Groups").await;
    let groups = groups["Resources"].as_array().cloned().unwrap_or_default();
    let group = groups.iter().find(|group| group["displayName"] == "lists");
    let members = group.and_then(|group| group["members"].as_array());
    let mut found = vec![members.is_some_and(|members| !members.is_empty())];
    for path in [
        format!("/api/2.0/permissions/jobs/{job}"),
        "/api/2.0/secrets/acls/list?scope=lists".to_owned(),
        "/api/2.1/unity-catalog/permissions/catalog/lists".to_owned(),
    ] {
        found.push(ask(&path).await.to_string().contains("\"users\""));
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_leaves_git_is_taken_away_once_and_what_people_give_later_is_theirs() {
    let scene = Scene::start(Options::short().file(FILE, GIVES)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let told = async |what: &str| short.promote("qa").await.expect(what);
    told("qa has what gives").await;
    assert_eq!(given(&scene).await, [true; 4]);
    assert_eq!(runs_as(&scene).await, "ana@acme.example");

    let files = [(FILE, Some(SAYS_NOTHING.as_bytes()))];
    let committed = scene
        .forge
        .commit(REPOSITORY, "main", &files, "nobody is spoken of", "rita");
    committed.unwrap_or_else(|error| panic!("{}", error.message));
    let pull = short.proposed("qa").await.expect("a promotion");
    for key in [
        "jobs.lists",
        "secret_scopes.lists",
        "catalogs.lists",
        "groups.lists",
    ] {
        assert!(pull.body.contains(key), "{key}: {}", pull.body);
    }
    told("qa has what gives nothing").await;
    assert_eq!(given(&scene).await, [false; 4]);
    assert_ne!(runs_as(&scene).await, "ana@acme.example");

    // From here on nothing speaks of them: what people give now is theirs.
    let qa = scene.databricks.workspace("qa").expect("qa");
    let acl = json!({"scope": "lists", "principal": "users", "permission": "READ"});
    let put = qa.call(
        "ana@acme.example",
        Method::POST,
        "/api/2.0/secrets/acls/put",
        acl,
    );
    put.await
        .unwrap_or_else(|error| panic!("{}", error.message));
    let drift = short.compared("qa").await.expect("compared");
    assert!(drift.found.is_none(), "{:?}", drift.found);
    assert_eq!(given(&scene).await, [false, false, true, false]);
    daemon.stop().await;
}
