//! Objects with a place in the tree: dashboards, experiments, git folders.

use reqwest::Method;
use serde_json::json;

use crate::bench::{ANA, Bench};
use crate::calls::{done, read, refused};

const DASHBOARDS: &str = "/api/2.0/lakeview/dashboards";
const STATUS: &str = "/api/2.0/workspace/get-status?path=";

#[tokio::test]
async fn the_service_writes_a_dashboard_in_its_own_way() {
    let bench = Bench::start().await;
    let content = r#"{ "pages": [{"name": "p"}], "datasets": [{"name": "d"}] }"#;
    let body = json!({"display_name": "d", "serialized_dashboard": content});
    let path = format!("{DASHBOARDS}?dataset_catalog=main");
    let made = done(&bench, Method::POST, &path, body).await;
    assert_eq!(made["parent_path"], format!("/Users/{ANA}"));
    assert_eq!(
        made["serialized_dashboard"],
        r#"{"datasets":[{"catalog":"main","name":"d"}],"pages":[{"name":"p","pageType":"PAGE_TYPE_CANVAS"}]}"#
    );
    let file = bench
        .dev
        .read_file(&format!("/Users/{ANA}/d.lvdash.json"))
        .unwrap();
    assert_eq!(
        json!(String::from_utf8(file).unwrap()),
        made["serialized_dashboard"]
    );
    let wrong = json!({"display_name": "e", "serialized_dashboard": "{"});
    assert_eq!(
        refused(&bench, Method::POST, DASHBOARDS, wrong).await.0,
        400
    );
    let listed = read(&bench, DASHBOARDS).await;
    assert!(
        listed["dashboards"][0]
            .get("serialized_dashboard")
            .is_none()
    );
}

#[tokio::test]
async fn a_dashboard_changes_only_from_the_version_it_was_read_in() {
    let bench = Bench::start().await;
    let made = done(
        &bench,
        Method::POST,
        DASHBOARDS,
        json!({"display_name": "d"}),
    )
    .await;
    let one = format!("{DASHBOARDS}/{}", made["dashboard_id"].as_str().unwrap());
    let change = json!({"display_name": "e", "etag": made["etag"]});
    done(&bench, Method::PATCH, &one, change.clone()).await;
    let (status, code, _) = refused(&bench, Method::PATCH, &one, change).await;
    assert_eq!((status, code.as_str()), (409, "ABORTED"));
    done(&bench, Method::POST, &format!("{one}/published"), json!({})).await;
    done(
        &bench,
        Method::PATCH,
        &one,
        json!({"serialized_dashboard": "{\"a\":1}"}),
    )
    .await;
    let reverted = done(&bench, Method::POST, &format!("{one}/revert"), json!({})).await;
    assert_eq!(reverted["dashboard"]["serialized_dashboard"], "{}");
    let moved = json!({"parent_path": "/Shared"});
    assert_eq!(refused(&bench, Method::PATCH, &one, moved).await.0, 400);
}

#[tokio::test]
async fn what_stands_in_a_deleted_folder_goes_with_it() {
    let bench = Bench::start().await;
    bench
        .post("/api/2.0/workspace/mkdirs", json!({"path": "/Shared/f"}))
        .await;
    let dashboard = done(
        &bench,
        Method::POST,
        DASHBOARDS,
        json!({"display_name": "d", "parent_path": "/Workspace/Shared/f"}),
    )
    .await;
    let experiments = "/api/2.0/mlflow/experiments";
    let experiment = done(
        &bench,
        Method::POST,
        &format!("{experiments}/create"),
        json!({"name": "/Shared/f/e"}),
    )
    .await;
    let repo =
        json!({"url": "https://github.com/a/b", "provider": "github", "path": "/Shared/f/r"});
    let repo = done(&bench, Method::POST, "/api/2.0/repos", repo).await;
    let kinds: Vec<String> =
        read(&bench, "/api/2.0/workspace/list?path=/Shared/f").await["objects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|object| object["object_type"].as_str().unwrap().to_owned())
            .collect();
    assert_eq!(kinds, ["DASHBOARD", "MLFLOW_EXPERIMENT", "REPO"]);

    bench.dev.delete_path("/Shared/f", ANA).unwrap();
    let id = dashboard["dashboard_id"].as_str().unwrap();
    assert_eq!(
        read(&bench, &format!("{DASHBOARDS}/{id}")).await["lifecycle_state"],
        "TRASHED"
    );
    let id = experiment["experiment_id"].as_str().unwrap();
    let shown = read(&bench, &format!("{experiments}/get?experiment_id={id}")).await;
    assert_eq!(shown["experiment"]["lifecycle_stage"], "deleted");
    assert_eq!(
        refused(
            &bench,
            Method::GET,
            &format!("/api/2.0/repos/{}", repo["id"]),
            json!({})
        )
        .await
        .0,
        404
    );
    // Its folder is gone, so it has nowhere to go back to.
    let restore = json!({"experiment_id": id});
    let (status, _, _) = refused(
        &bench,
        Method::POST,
        &format!("{experiments}/restore"),
        restore,
    )
    .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn an_experiment_is_found_by_its_path_and_its_tags() {
    let bench = Bench::start().await;
    let root = "/api/2.0/mlflow/experiments";
    for name in ["a", "b"] {
        let body = json!({"name": format!("/Workspace/Shared/{name}"), "tags": [{"key": "k", "value": name}]});
        done(&bench, Method::POST, &format!("{root}/create"), body).await;
    }
    let search = |filter: &str| json!({"filter": filter, "max_results": 10});
    for (filter, found) in [
        ("tags.k = 'a'", 1),
        ("name LIKE '/Shared/%'", 2),
        ("name = '/Shared/b'", 1),
    ] {
        let answer = done(
            &bench,
            Method::POST,
            &format!("{root}/search"),
            search(filter),
        )
        .await;
        assert_eq!(
            answer["experiments"].as_array().map_or(0, Vec::len),
            found,
            "{filter}"
        );
    }
    assert_eq!(
        refused(
            &bench,
            Method::POST,
            &format!("{root}/search"),
            search("size > 1")
        )
        .await
        .0,
        400
    );
    let shown = read(&bench, &format!("{STATUS}/Shared/a")).await;
    let by_name = read(
        &bench,
        &format!("{root}/get-by-name?experiment_name=/Shared/a"),
    )
    .await;
    assert_eq!(
        json!(shown["object_id"].to_string()),
        by_name["experiment"]["experiment_id"]
    );
    let (status, code, _) = refused(
        &bench,
        Method::GET,
        &format!("{root}/get?experiment_id=1"),
        json!({}),
    )
    .await;
    assert_eq!((status, code.as_str()), (404, "RESOURCE_DOES_NOT_EXIST"));
}

#[tokio::test]
async fn git_folders_come_in_pages_of_twenty_and_are_found_by_their_path() {
    let bench = Bench::start().await;
    for number in 0..25 {
        let path = format!("/Shared/tools-{number}");
        let body = json!({"url": "https://github.com/a/b", "provider": "gitHub", "path": path});
        done(&bench, Method::POST, "/api/2.0/repos", body).await;
    }
    let list = "/api/2.0/repos?path_prefix=/Shared/tools";
    let first = read(&bench, list).await;
    assert_eq!(first["repos"].as_array().unwrap().len(), 20);
    let token = first["next_page_token"].as_str().unwrap();
    let rest = read(&bench, &format!("{list}&next_page_token={token}")).await;
    assert_eq!(rest["repos"].as_array().unwrap().len(), 5);
    assert_eq!(rest.get("next_page_token"), None);
    let status = "/api/2.0/workspace/get-status?path=/Shared/tools-24";
    let there = read(&bench, status).await;
    assert_eq!(there["object_type"], "REPO");
    let id = &there["object_id"];
    let one = read(&bench, &format!("/api/2.0/repos/{id}")).await;
    assert_eq!(&one["id"], id);
}
