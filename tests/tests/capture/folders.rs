//! Who may do what in a folder comes along; what it inherits does not, and nobody is asked about single files.

use super::identity::restore;
use super::stage::Stage;
use hodman_sandbox::faults::FaultRule;
use hodman_tests::harness::Options;
use serde_json::{Value, json};

const FOLDER: &str = "/Shared/shop/team";
const FILE: &str = "resources/shared_shop_team.directory.yml";

/// The address of a folder's permissions.
async fn permissions_of(stage: &Stage, workspace: &str, folder: &str) -> String {
    let path = format!("/api/2.0/workspace/get-status?path={folder}");
    let id = stage.get(workspace, &path).await["object_id"].to_string();
    format!("/api/2.0/permissions/directories/{id}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_allowed_with_a_single_file_is_told_where_the_rules_ask() {
    let options = Options::short().edit(
        "environments/dev/environment.yaml",
        "capture:\n  jobs:",
        "capture:\n  file_permissions: true\n  jobs:",
    );
    let stage = Stage::start(options).await;
    let dev = stage.scene.workspace("dev");
    for path in ["a.sql", "b.sql"] {
        let path = format!("/Shared/shop/{path}");
        dev.put_file(&path, b"select 1\n", "ana@acme.example")
            .expect("a file");
    }
    let path = "/api/2.0/workspace/get-status?path=/Shared/shop/a.sql";
    let id = stage.get("dev", path).await["object_id"].to_string();
    let everybody = access(
        &json!([{"group_name": "users", "permission_level": "CAN_EDIT"},
        {"user_name": "ana@acme.example", "permission_level": "CAN_MANAGE"}]),
    );
    let path = format!("/api/2.0/permissions/files/{id}");
    stage.call("dev", "PUT", &path, everybody).await;
    let pull = stage.captured().await;
    let told = "permissions of its own (`group:users` CAN_EDIT)";
    assert_eq!(pull.body.matches(told).count(), 1, "{}", pull.body);
    let row = pull.body.lines().find(|line| line.contains(told));
    assert!(row.is_some_and(|row| row.contains("src/a.sql")), "{row:?}");
    stage.stop().await;
}

fn access(entries: &Value) -> Value {
    json!({ "access_control_list": entries })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_allowed_in_a_folder_is_captured_and_restored() {
    let stage = Stage::start(Options::short()).await;
    let dev = stage.scene.workspace("dev");
    let deep = format!("{FOLDER}/deep");
    stage
        .post("/api/2.0/workspace/mkdirs", json!({ "path": deep }))
        .await;
    for path in ["a.sql", "deep/b.sql"] {
        dev.put_file(
            &format!("{FOLDER}/{path}"),
            b"select 1\n",
            "ana@acme.example",
        )
        .expect("a file");
    }
    stage.captured().await;
    assert_eq!(stage.main(FILE), None, "everybody's");

    let here = permissions_of(&stage, "dev", FOLDER).await;
    let everybody = access(
        &json!([{"group_name": "users", "permission_level": "CAN_RUN"},
        {"user_name": "ana@acme.example", "permission_level": "CAN_MANAGE"}]),
    );
    stage.call("dev", "PUT", &here, everybody).await;
    let below = permissions_of(&stage, "dev", &deep).await;
    let seen = stage.get("dev", &below).await.to_string();
    assert!(
        seen.contains("\"inherited\":true") && seen.contains("users"),
        "{seen}"
    );
    dev.faults().clear_requests();
    stage.captured().await;
    let text = stage.main(FILE).expect("the folder");
    assert!(
        text.contains("path: /Workspace/Shared/shop/team\n")
            && text.contains("group_name: users\n          level: CAN_RUN\n"),
        "{text}"
    );
    assert!(
        !text.contains("ana"),
        "whoever made it may manage it: {text}"
    );
    assert_eq!(
        stage.main("resources/shared_shop_team_deep.directory.yml"),
        None
    );
    let requests = dev.requests();
    let asked = |of: &str| {
        let start = format!("/api/2.0/permissions/{of}/");
        let all = requests.iter().map(|request| request.path.as_str());
        all.filter(|path| path.starts_with(&start)).count()
    };
    assert_eq!(
        (asked("directories"), asked("files"), asked("notebooks")),
        (3, 0, 0)
    );

    restore(&stage, "prod").await;
    let there = permissions_of(&stage, "prod", FOLDER).await;
    let shown = stage.get("prod", &there).await.to_string();
    assert!(shown.contains("CAN_RUN"), "{shown}");

    // What nobody may look into is not gone.
    let refused = FaultRule::status(403, 100)
        .on("GET")
        .path_contains("/workspace/list?path=%2FShared%2Fshop")
        .body(r#"{"error_code": "PERMISSION_DENIED", "message": "not for you"}"#);
    dev.faults().add(refused);
    stage.capture().await;
    assert!(stage.open().is_empty(), "{:#?}", stage.open());
    dev.faults().clear();

    let nobody = access(&json!([]));
    stage.call("dev", "PUT", &here, nobody).await;
    stage.captured().await;
    let text = stage.main(FILE).expect("the folder");
    assert!(text.contains("permissions: []"), "{text}");
    restore(&stage, "prod").await;
    let shown = stage.get("prod", &there).await.to_string();
    assert!(!shown.contains("CAN_RUN"), "nobody any more: {shown}");
    stage.stop().await;
}
