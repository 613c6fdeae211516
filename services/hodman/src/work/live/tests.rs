//! Reading a workspace that answers as each test says.
//!
//! Long because one workspace's answers serve all of them.

use super::symbols::Symbols;
use super::{Question, Unlisted, as_far_as_served, everything, observe};
use crate::work::WorkError;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use hodman_clients::databricks::{Auth, Connections, Workspace, WorkspaceConfig};
use hodman_model::bundle::{Lookup, Position};
use hodman_model::kinds::kind;
use hodman_model::plan::{Desired, DesiredResource, Observed, ObservedObject};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What answers: a path with its query.
pub(in crate::work) type Script = fn(&str) -> Option<Value>;

/// A workspace that answers as a test says.
pub(in crate::work) struct World {
    pub workspace: Workspace,
    asked: Arc<Mutex<Vec<String>>>,
}

impl World {
    /// `script` answers a path with its query; what it does not know has no endpoint.
    pub async fn new(script: Script) -> Self {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&asked);
        let app = axum::Router::new().fallback(move |uri: Uri| {
            let log = Arc::clone(&log);
            async move {
                let path = uri.to_string();
                log.lock().unwrap().push(path.clone());
                respond(&path, script(&path))
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let config = WorkspaceConfig {
            name: "qa".to_owned(),
            host,
            auth: Auth::Token("token".to_owned().into()),
            timeout: Duration::from_secs(5),
            user_agent: "test/1".to_owned(),
        };
        let workspace = Workspace::new(config, &Connections::new().unwrap()).unwrap();
        Self { workspace, asked }
    }

    pub async fn observe(&self, desired: &Desired) -> Observed {
        self.try_observe(desired).await.unwrap()
    }

    async fn try_observe(&self, desired: &Desired) -> Result<Observed, WorkError> {
        let question = Question {
            desired,
            pipeline: "shop",
            env: "qa",
            root: "/Workspace/Shared/.hodman/shop/qa",
            readers: BTreeSet::new(),
            given: None,
            applied: None,
            adopt: &BTreeMap::new(),
            told: None,
        };
        let found = observe(&self.workspace, &question).await?;
        Ok(found.observed)
    }

    pub fn asked(&self, start: &str) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let mut found: Vec<String> = asked
            .iter()
            .filter(|path| path.starts_with(start))
            .cloned()
            .collect();
        found.sort();
        found
    }
}

/// What a script says of a request that is refused.
const REFUSED: &str = "refused";

fn respond(path: &str, answer: Option<Value>) -> Response {
    let code = match answer {
        Some(value) if value == REFUSED => {
            let words = json!({ "error_code": "PERMISSION_DENIED", "message": "not permitted" });
            return (StatusCode::FORBIDDEN, axum::Json(words)).into_response();
        }
        Some(value) => return axum::Json(value).into_response(),
        None if path.starts_with("/api/2.0/workspace/") => "RESOURCE_DOES_NOT_EXIST",
        None => "ENDPOINT_NOT_FOUND",
    };
    let words = json!({ "error_code": code, "message": "not here" });
    (StatusCode::NOT_FOUND, axum::Json(words)).into_response()
}

fn job(id: u32, key: &str, env: &str) -> Value {
    json!({ "job_id": id, "settings": {
        "name": format!("job {id}"),
        "tags": { "hodman_pipeline": "shop", "hodman_env": env, "hodman_key": key },
    }})
}

fn wanted(permissions: Option<Value>) -> Desired {
    let mut desired = wanting("jobs.nightly", json!({ "name": "job 1" }));
    for resource in desired.resources.values_mut() {
        resource.permissions.clone_from(&permissions);
    }
    desired
}

/// One resource, and nothing else.
pub(super) fn wanting(key: &str, config: Value) -> Desired {
    let resource = DesiredResource {
        config: Arc::new(config),
        ..DesiredResource::default()
    };
    Desired {
        resources: BTreeMap::from([(key.parse().unwrap(), resource)]),
        ..Desired::default()
    }
}

fn jobs_only(path: &str) -> Option<Value> {
    match path {
        "/api/2.2/jobs/list?limit=100&expand_tasks=true"
        | "/api/2.2/jobs/list?expand_tasks=true&limit=100" => Some(json!({ "jobs": [
            job(1, "nightly", "qa"),
            job(2, "nightly", "prod"),
            { "job_id": 3, "settings": { "name": "somebody's", "description": "long" } },
        ]})),
        "/api/2.0/permissions/jobs/1" => Some(json!({ "access_control_list": [
            { "group_name": "data", "all_permissions": [{ "permission_level": "CAN_VIEW", "inherited": false }] },
            { "group_name": "admins", "all_permissions": [{ "permission_level": "CAN_MANAGE", "inherited": true }] },
        ]})),
        _ => None,
    }
}

#[tokio::test]
async fn an_api_that_the_workspace_lacks_holds_nothing_of_what_nobody_wants() {
    let world = World::new(jobs_only).await;
    let found = world.observe(&wanted(None)).await;
    let ids: Vec<&str> = found
        .objects
        .iter()
        .map(|object| object.listed.id.as_str())
        .collect();
    assert_eq!(ids, ["1", "2", "3"]);
    let all = everything(&world.workspace, &|_| true).await.unwrap();
    assert_eq!(all.len(), 3);
}

/// Who hodman is in this workspace, when somebody asks for jobs, too.
fn jobs_and_me(path: &str) -> Option<Value> {
    match path {
        "/api/2.0/preview/scim/v2/Me" => {
            Some(json!({ "id": "7", "userName": ME, "displayName": "Hodman QA" }))
        }
        path => jobs_only(path),
    }
}

const ME: &str = "9f2d5c1e-0d3b-4f8a-8a53-1c0f5b7e2a11";

#[tokio::test]
async fn who_we_are_is_asked_once_and_only_for_a_package_that_wants_it() {
    let world = World::new(jobs_and_me).await;
    let mut desired = wanted(None);
    world.observe(&desired).await;
    assert_eq!(world.asked("/api/2.0/preview/scim"), Vec::<String>::new());
    let asked = |field: &str| Lookup {
        kind: Lookup::CURRENT_USER.to_owned(),
        name: field.to_owned(),
        variable: format!("workspace.current_user.{field}"),
        position: Position {
            file: "databricks.yml".to_owned(),
            line: 1,
            column: 1,
        },
    };
    desired.lookups = vec![asked("short_name"), asked("userName")];
    let found = world.observe(&desired).await;
    let told = |field: &str| found.called(Lookup::CURRENT_USER, field);
    assert_eq!(told("userName"), [ME]);
    assert_eq!(told("short_name"), ["hodman_qa"]);
    assert_eq!(world.asked("/api/2.0/preview/scim").len(), 1);
}

#[test]
fn a_name_with_who_we_are_in_it_is_asked_for_as_it_is() {
    let mut symbols = Symbols::new("shop", "qa", BTreeMap::new());
    let experiments = kind("experiments").unwrap();
    let config = json!({ "name": "/Users/${lookup.current_user.userName}/e" });
    symbols.wait(experiments, &config);
    assert_eq!(symbols.names(experiments, &[]).count(), 0);
    symbols.know(&BTreeMap::from([("userName".to_owned(), ME.to_owned())]));
    let names: Vec<String> = symbols.names(experiments, &[]).collect();
    assert_eq!(names, [format!("/Workspace/Users/{ME}/e")]);
}

#[tokio::test]
async fn an_api_that_a_wanted_kind_needs_and_the_workspace_lacks_is_an_error() {
    let world = World::new(|_| None).await;
    let question = Question {
        desired: &wanted(None),
        pipeline: "shop",
        env: "qa",
        root: "/Workspace/Shared/.hodman/shop/qa",
        readers: BTreeSet::new(),
        given: None,
        applied: None,
        adopt: &BTreeMap::new(),
        told: None,
    };
    let error = observe(&world.workspace, &question).await.err().unwrap();
    assert!(error.to_string().contains("reading jobs"), "{error}");
}

#[tokio::test]
async fn what_is_others_is_named_and_not_kept_in_full() {
    let world = World::new(jobs_only).await;
    let found = world.observe(&wanted(None)).await;
    let configs: Vec<bool> = found
        .objects
        .iter()
        .map(|object| object.listed.config.is_null())
        .collect();
    assert_eq!(configs, [false, true, true]);
    assert_eq!(found.objects[2].listed.name, "somebody's");
    // One list for all jobs, and nobody asks for permissions that the package is silent about.
    assert_eq!(world.asked("/api/2.2/jobs").len(), 1);
    assert!(world.asked("/api/2.0/permissions").is_empty());
}

#[tokio::test]
async fn permissions_are_asked_for_where_the_package_says_something() {
    let world = World::new(jobs_only).await;
    let found = world
        .observe(&wanted(Some(json!({ "group:data": "CAN_MANAGE" }))))
        .await;
    assert_eq!(
        found.objects[0].listed.config["permissions"],
        json!({ "group:data": "CAN_VIEW" })
    );
    assert_eq!(
        world.asked("/api/2.0/permissions"),
        ["/api/2.0/permissions/jobs/1"]
    );
}

#[tokio::test]
async fn only_jobs_that_the_list_cuts_are_read_alone() {
    let world = World::new(|path| {
        if path.starts_with("/api/2.2/jobs/list") {
            let mut large = job(1, "nightly", "qa");
            large["has_more"] = json!(true);
            large["settings"]["tasks"] = json!([{ "task_key": "a" }]);
            return Some(json!({ "jobs": [large, job(2, "small", "qa")] }));
        }
        let mut part = job(1, "nightly", "qa");
        match path {
            "/api/2.2/jobs/get?job_id=1" => {
                part["settings"]["tasks"] = json!([{ "task_key": "a" }]);
                part["next_page_token"] = json!("b");
            }
            "/api/2.2/jobs/get?job_id=1&page_token=b" => {
                part["settings"]["tasks"] = json!([{ "task_key": "b" }]);
            }
            _ => return None,
        }
        Some(part)
    })
    .await;
    let found = world.observe(&wanted(None)).await;
    let tasks = found.objects[0].listed.config["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 2);
    assert_eq!(world.asked("/api/2.2/jobs/get").len(), 2);
}

/// An endpoint, or a model, as lists show it; `env` says whose.
fn tagged(name: &str, env: Option<&str>) -> Value {
    let tag = |key: &str, value: &str| json!({ "key": key, "value": value });
    let tags = env.map(|env| {
        let ours = [("hodman_pipeline", "shop"), ("hodman_env", env)];
        let mut tags: Vec<Value> = ours.map(|(key, value)| tag(key, value)).into();
        tags.push(tag("hodman_key", name));
        tags
    });
    json!({ "name": name, "tags": tags.unwrap_or_default() })
}

#[tokio::test]
async fn nobody_asks_for_what_the_list_says_is_others() {
    let world = World::new(|path| {
        let all = || {
            let whose = [
                ("a", Some("qa")),
                ("b", Some("prod")),
                ("c", None),
                ("d", None),
            ];
            whose.map(|(name, env)| tagged(name, env))
        };
        let name = path.rsplit(['/', '=']).next()?;
        if path == "/api/2.0/serving-endpoints" {
            return Some(json!({ "endpoints": all() }));
        }
        if path.starts_with("/api/2.0/mlflow/registered-models/list") {
            return Some(json!({ "registered_models": all() }));
        }
        if path.starts_with("/api/2.0/serving-endpoints/") {
            return all().into_iter().find(|one| one["name"] == name);
        }
        if path.starts_with("/api/2.2/jobs/list") {
            let mut large = job(7, "large", "prod");
            large["has_more"] = json!(true);
            return Some(json!({ "jobs": [large] }));
        }
        let model = all().into_iter().find(|one| one["name"] == name)?;
        Some(json!({ "registered_model_databricks": model }))
    })
    .await;
    let wanted = |name: &str| DesiredResource {
        config: json!({ "name": name }).into(),
        ..DesiredResource::default()
    };
    let desired = Desired {
        resources: [
            ("model_serving_endpoints.a", "a"),
            ("model_serving_endpoints.new", "d"),
            ("models.a", "a"),
            ("jobs.x", "x"),
        ]
        .map(|(key, name)| (key.parse().unwrap(), wanted(name)))
        .into(),
        ..Desired::default()
    };
    let found = world.observe(&desired).await;
    assert_eq!(
        world.asked("/api/2.0/serving-endpoints/"),
        [
            "/api/2.0/serving-endpoints/a",
            "/api/2.0/serving-endpoints/d"
        ],
        "ours, and whoever has a name that we want"
    );
    let models = "/api/2.0/mlflow/databricks/registered-models/get?name=";
    assert_eq!(world.asked(models), [format!("{models}a")]);
    assert!(world.asked("/api/2.2/jobs/get").is_empty());
    let names = found
        .objects
        .iter()
        .map(|object| object.listed.name.as_str());
    assert_eq!(
        names.filter(|name| *name == "b").count(),
        2,
        "all are named"
    );
}

#[tokio::test]
async fn a_capture_goes_on_without_what_is_not_served_and_says_so() {
    let world = World::new(jobs_only).await;
    let first = |object: &ObservedObject| object.listed.id == "1";
    let served = as_far_as_served(&world.workspace, &|_| true, &first, Unlisted::default())
        .await
        .unwrap();
    let (objects, unread) = (served.objects, served.unread);
    assert_eq!(objects.len(), 3);
    assert_eq!(
        objects[0].listed.config["permissions"],
        json!({ "group:data": "CAN_VIEW" })
    );
    assert_eq!(
        world.asked("/api/2.0/permissions").len(),
        1,
        "one was chosen"
    );
    assert!(!unread.contains_key("jobs"), "{unread:?}");
    assert!(unread["clusters"].lacking);
    assert!(
        unread.contains_key("schemas"),
        "what lies below what was not read: {unread:?}"
    );
}

#[tokio::test]
async fn a_workspace_that_serves_nothing_was_not_read() {
    let world = World::new(|_| None).await;
    let error = as_far_as_served(&world.workspace, &|_| true, &|_| true, Unlisted::default())
        .await
        .err()
        .unwrap();
    assert!(error.is_transient(), "{error}");
    assert!(
        error.to_string().contains("nothing of the workspace"),
        "{error}"
    );
}

/// The second look at the list does not show the job any more.
fn one_that_goes(path: &str) -> Option<Value> {
    static LISTS: AtomicUsize = AtomicUsize::new(0);
    if path.starts_with("/api/2.0/permissions/jobs/1") {
        return Some(json!(REFUSED));
    }
    path.starts_with("/api/2.2/jobs/list")
        .then(|| match LISTS.fetch_add(1, Ordering::SeqCst) {
            0 => json!({ "jobs": [job(1, "nightly", "qa"), job(4, "other", "qa")] }),
            _ => json!({ "jobs": [job(4, "other", "qa")] }),
        })
}

#[tokio::test]
async fn a_job_that_went_after_the_list_was_read_is_gone_though_it_is_called_forbidden() {
    let world = World::new(one_that_goes).await;
    let desired = wanted(Some(json!({ "group:data": "CAN_VIEW" })));
    let found = world.observe(&desired).await;
    let ids: Vec<&str> = found
        .objects
        .iter()
        .map(|object| object.listed.id.as_str())
        .collect();
    assert_eq!(ids, ["4"]);
}

fn one_that_is_forbidden(path: &str) -> Option<Value> {
    match path.starts_with("/api/2.0/permissions/jobs/1") {
        true => Some(json!(REFUSED)),
        false => jobs_only(path),
    }
}

#[tokio::test]
async fn permissions_that_are_refused_stop_a_plan_while_the_job_is_there() {
    let world = World::new(one_that_is_forbidden).await;
    let desired = wanted(Some(json!({ "group:data": "CAN_VIEW" })));
    let refused = world.try_observe(&desired).await;
    let Err(refused) = refused else {
        panic!("a refusal");
    };
    let words = refused.to_string();
    assert!(words.contains("not permitted"), "{words}");
}
