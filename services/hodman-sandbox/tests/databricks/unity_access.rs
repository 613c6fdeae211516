//! Unity Catalog: grants, bindings, and metastores shared by workspaces.

use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{ACCOUNT, ANA, Answer, Bench};
use crate::unity::{UC, column, refusal};

/// Changes one principal's grants.
async fn grant(bench: &Bench, on: &str, principal: &str, add: Value, remove: Value) -> Answer {
    let changes = json!([{"principal": principal, "add": add, "remove": remove}]);
    let path = format!("/permissions/{on}");
    bench
        .uc(Method::PATCH, &path, json!({ "changes": changes }))
        .await
}

#[tokio::test]
async fn grants_are_added_and_taken_back() {
    let bench = Bench::start().await;
    bench.catalog().await;
    let on = "catalog/main";
    let read = "/permissions/catalog/main";
    assert_eq!(bench.uc_read(read).await, json!({}));
    let (_, after) = grant(
        &bench,
        on,
        "account users",
        json!(["USE_CATALOG", "USE SCHEMA", "USE_CATALOG"]),
        json!([]),
    )
    .await;
    let expected = json!({"privilege_assignments": [
        {"principal": "account users", "privileges": ["USE_CATALOG", "USE_SCHEMA"]},
    ]});
    assert_eq!(after, expected);
    grant(&bench, on, ANA, json!(["SELECT"]), json!([])).await;
    grant(
        &bench,
        on,
        "account users",
        json!([]),
        json!(["USE_SCHEMA", "MODIFY"]),
    )
    .await;
    let of_one = bench
        .uc_read(&format!("{read}?principal=account%20users"))
        .await;
    assert_eq!(
        of_one["privilege_assignments"],
        json!([{"principal": "account users", "privileges": ["USE_CATALOG"]}])
    );
    assert_eq!(bench.dev.grants("catalogs", "main", ANA), ["SELECT"]);
    grant(
        &bench,
        on,
        "account users",
        json!([]),
        json!(["USE_CATALOG"]),
    )
    .await;
    let left = bench.uc_read(read).await;
    assert_eq!(column(&left, "privilege_assignments", "principal"), [ANA]);
}

#[tokio::test]
async fn users_are_answered_in_lower_case_and_groups_as_they_are() {
    let bench = Bench::start().await;
    bench.catalog().await;
    let on = "catalog/main";
    for principal in ["Ben@Acme.example", "Account Users"] {
        grant(&bench, on, principal, json!(["SELECT"]), json!([])).await;
    }
    let all = bench.uc_read("/permissions/catalog/main").await;
    assert_eq!(
        column(&all, "privilege_assignments", "principal"),
        ["Account Users", "ben@acme.example"]
    );
    // Another spelling is the same user.
    let (_, left) = grant(&bench, on, "BEN@acme.example", json!([]), json!(["SELECT"])).await;
    assert_eq!(
        column(&left, "privilege_assignments", "principal"),
        ["Account Users"]
    );
}

#[tokio::test]
async fn a_privilege_that_the_securable_cannot_have_refuses_the_whole_change() {
    let bench = Bench::start().await;
    bench.catalog().await;
    let volume = json!({"name": "v", "catalog_name": "main", "schema_name": "sales", "volume_type": "MANAGED"});
    bench.uc_made("volumes", volume).await;
    for (on, privilege) in [
        ("catalog/main", "READ_FILES"),
        ("schema/main.sales", "USE_CATALOG"),
        ("volume/main.sales.v", "SELECT"),
        ("catalog/main", "FLY"),
    ] {
        let mixed = json!(["MANAGE", privilege]);
        let refused = grant(&bench, on, ANA, mixed, json!([])).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{on}");
        let read = bench.uc_read(&format!("/permissions/{on}")).await;
        assert_eq!(read, json!({}));
    }
    let unknown = bench.get(&format!("{UC}/permissions/planet/main")).await;
    assert_eq!(refusal(&unknown), (400, "INVALID_PARAMETER_VALUE"));
}

#[tokio::test]
async fn grants_from_above_are_effective_below() {
    let bench = Bench::start().await;
    bench.catalog().await;
    let model = json!({"name": "m", "catalog_name": "main", "schema_name": "sales"});
    bench.uc_made("models", model).await;
    let metastore = format!("metastore/{}", bench.dev.metastore_id().unwrap());
    for (on, privilege) in [
        (metastore.as_str(), "CREATE_CATALOG"),
        ("catalog/main", "EXECUTE"),
        ("catalog/main", "CREATE_SCHEMA"),
        ("schema/main.sales", "SELECT"),
        ("function/main.sales.m", "MANAGE"),
    ] {
        let (status, said) = grant(&bench, on, "team", json!([privilege]), json!([])).await;
        assert_eq!(status, 200, "{said}");
    }
    let read = bench
        .uc_read("/effective-permissions/function/main.sales.m")
        .await;
    assert_eq!(
        read["privilege_assignments"],
        json!([{"principal": "team", "privileges": [
            {"privilege": "MANAGE"},
            {"privilege": "EXECUTE", "inherited_from_type": "CATALOG", "inherited_from_name": "main"},
        ]}])
    );
}

#[tokio::test]
async fn grants_go_with_what_they_are_on() {
    let bench = Bench::start().await;
    bench.catalog().await;
    grant(
        &bench,
        "schema/main.sales",
        ANA,
        json!(["SELECT"]),
        json!([]),
    )
    .await;
    let body = json!({"new_name": "trade"});
    bench.uc(Method::PATCH, "/schemas/main.sales", body).await;
    assert_eq!(bench.dev.grants("schemas", "main.trade", ANA), ["SELECT"]);
    let schema = "/schemas/main.trade";
    bench.uc(Method::DELETE, schema, json!({})).await;
    let again = json!({"name": "trade", "catalog_name": "main"});
    bench.uc_made("schemas", again).await;
    assert!(bench.dev.grants("schemas", "main.trade", ANA).is_empty());
}

#[tokio::test]
async fn each_workspace_has_a_metastore_of_its_own_until_it_is_given_another() {
    let bench = Bench::start().await;
    bench.catalog().await;
    let qa = bench.databricks.workspace("qa").unwrap();
    assert_eq!(qa.securable("catalogs", "main"), None);
    let account = format!(
        "{}/api/2.0/accounts/{ACCOUNT}",
        bench.databricks.account_url()
    );
    let metastore = bench.dev.metastore_id().unwrap();
    let assign = format!(
        "{account}/workspaces/{}/metastores/{metastore}",
        qa.workspace_id()
    );
    let body = json!({"metastore_assignment": {"default_catalog_name": "main"}});
    let answer = bench.send(Method::POST, &assign, body).await;
    assert_eq!(answer.0, 200);
    let current = format!("{}{UC}/current-metastore-assignment", qa.url());
    let (_, current) = bench.send(Method::GET, &current, json!({})).await;
    assert_eq!(
        current,
        json!({"workspace_id": qa.workspace_id(), "metastore_id": metastore, "default_catalog_name": "main"})
    );
    let seen = qa.securable("catalogs", "main").unwrap();
    assert_eq!(seen, bench.uc_read("/catalogs/main").await);
    let users = format!("{account}/metastores/{metastore}/workspaces");
    let (_, users) = bench.send(Method::GET, &users, json!({})).await;
    assert_eq!(
        users["workspace_ids"],
        json!([bench.dev.workspace_id(), qa.workspace_id()])
    );
}

#[tokio::test]
async fn an_isolated_catalog_is_for_bound_workspaces_only() {
    let bench = Bench::start().await;
    let qa = bench.databricks.workspace("qa").unwrap();
    qa.share_metastore(&bench.dev).unwrap();
    bench.catalog().await;
    let from_qa = async |path: &str| {
        let url = format!("{}{UC}{path}", qa.url());
        bench.send(Method::GET, &url, json!({})).await
    };
    assert_eq!(from_qa("/catalogs/main").await.0, 200);
    let body = json!({"isolation_mode": "ISOLATED"});
    bench.uc(Method::PATCH, "/catalogs/main", body).await;
    for path in ["/catalogs/main", "/schemas/main.sales"] {
        let hidden = from_qa(path).await;
        assert_eq!(refusal(&hidden), (403, "PERMISSION_DENIED"));
        assert_eq!(
            hidden.1["message"],
            "Catalog 'main' is not accessible in current workspace"
        );
    }
    let listed = from_qa("/catalogs").await.1;
    assert_eq!(column(&listed, "catalogs", "name"), ["system"]);
    let listed = from_qa("/catalogs?include_unbound=true").await.1;
    assert_eq!(column(&listed, "catalogs", "name"), ["main", "system"]);

    let binding =
        json!({"workspace_id": qa.workspace_id(), "binding_type": "BINDING_TYPE_READ_ONLY"});
    let path = "/bindings/catalog/main";
    let own = json!({"workspace_id": bench.dev.workspace_id(), "binding_type": "BINDING_TYPE_READ_WRITE"});
    let (status, _) = bench.uc(Method::GET, "/catalogs/main", json!({})).await;
    assert_eq!(status, 403, "not even for the one that isolated it");
    let body = json!({"add": [own, binding]});
    let (_, bound) = bench.uc(Method::PATCH, path, body).await;
    assert_eq!(bound, json!({"bindings": [own, binding]}));
    assert_eq!(bench.uc_read(path).await, bound);
    assert_eq!(from_qa("/catalogs/main").await.0, 200);
    let older = "/workspace-bindings/catalogs/main";
    let body = json!({"unassign_workspaces": [qa.workspace_id()]});
    let (_, left) = bench.uc(Method::PATCH, older, body).await;
    assert_eq!(left, json!({"workspaces": [bench.dev.workspace_id()]}));
    assert_eq!(from_qa("/catalogs/main").await.0, 403);
}

#[tokio::test]
async fn metastores_are_made_assigned_and_deleted() {
    let bench = Bench::start().await;
    let body = json!({"name": "other", "region": "eu-central-1"});
    let made = bench.uc_made("metastores", body.clone()).await;
    let again = bench.uc(Method::POST, "/metastores", body).await;
    assert_eq!(refusal(&again), (400, "METASTORE_ALREADY_EXISTS"));
    let id = made["metastore_id"].as_str().unwrap();
    assert_eq!(
        made["global_metastore_id"],
        format!("aws:eu-central-1:{id}")
    );
    let assignment = format!("/workspaces/{}/metastore", bench.dev.workspace_id());
    let body = json!({"metastore_id": id, "default_catalog_name": "main"});
    bench.uc(Method::PUT, &assignment, body).await;
    let summary = bench.uc_read("/metastore_summary").await;
    assert_eq!(summary["name"], "other");
    let without_root = bench
        .uc(Method::POST, "/catalogs", json!({"name": "main"}))
        .await;
    assert_eq!(refusal(&without_root), (400, "INVALID_STATE"));
    let body = json!({"new_name": "better"});
    let path = format!("/metastores/{id}");
    let (_, renamed) = bench.uc(Method::PATCH, &path, body).await;
    assert_eq!(renamed["name"], "better");

    let connection = json!({"name": "c", "connection_type": "HTTP", "options": {"host": "h"}});
    bench.uc_made("connections", connection).await;
    let used = bench.uc(Method::DELETE, &path, json!({})).await;
    assert_eq!(refusal(&used), (400, "INVALID_STATE"));
    let forced = format!("{path}?force=true");
    assert_eq!(bench.uc(Method::DELETE, &forced, json!({})).await.0, 200);
    let without = bench.get(&format!("{UC}/catalogs")).await;
    assert_eq!(refusal(&without), (404, "METASTORE_DOES_NOT_EXIST"));
}
