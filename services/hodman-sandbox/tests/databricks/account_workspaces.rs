//! From an assignment and a new workspace to a host that answers, and its end.

use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{ACCOUNT, Answer, Bench, SECRET, answer};

/// A call of the account in Ana's name, which succeeds.
async fn account(bench: &Bench, method: Method, path: &str, body: Value) -> Value {
    let root = format!(
        "{}/api/2.0/accounts/{ACCOUNT}",
        bench.databricks.account_url()
    );
    let url = format!("{root}/{path}");
    let (status, said) = bench.send(method.clone(), &url, body).await;
    assert_eq!(status, 200, "{method} {path}: {said}");
    said
}

/// A workspace that runs: its row.
async fn workspace(bench: &Bench, name: &str) -> Value {
    let wanted = json!({"workspace_name": name, "aws_region": "eu-central-1"});
    let made = account(bench, Method::POST, "workspaces", wanted).await;
    assert_eq!(made.get("workspace_url"), None, "it has no host yet");
    running(bench, &made["workspace_id"]).await
}

/// Reads until the workspace runs: its row.
async fn running(bench: &Bench, id: &Value) -> Value {
    let one = format!("workspaces/{id}");
    for _ in 0..5 {
        let row = account(bench, Method::GET, &one, json!({})).await;
        if row["workspace_status"] == "RUNNING" {
            return row;
        }
    }
    panic!("{id} does not run");
}

/// `app-1` calls with a token that it got at `token_url`.
async fn as_principal(bench: &Bench, token_url: &str, url: &str) -> Answer {
    let token = bench.token(token_url, SECRET).await.1;
    let token = token["access_token"].as_str().unwrap();
    answer(
        bench
            .client
            .get(url)
            .bearer_auth(token)
            .send()
            .await
            .unwrap(),
    )
    .await
}

async fn principal(bench: &Bench) -> String {
    let path = "scim/v2/ServicePrincipals?filter=applicationId%20eq%20%22app-1%22";
    let found = account(bench, Method::GET, path, json!({})).await;
    found["Resources"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_new_workspace_has_an_empty_host_until_it_is_deleted() {
    let bench = Bench::start().await;
    let row = workspace(&bench, "team").await;
    let host = row["workspace_url"].as_str().unwrap();
    let me = bench
        .send(
            Method::GET,
            &format!("{host}/api/2.0/preview/scim/v2/Me"),
            json!({}),
        )
        .await;
    assert_eq!((me.0, &me.1["userName"]), (200, &json!("ana@example.com")));
    assert_eq!(
        me.1["groups"][0]["display"], "admins",
        "who made it manages it"
    );

    let jobs = format!("{host}/api/2.2/jobs");
    let job = json!({"name": "first", "tasks": []});
    let (status, made) = bench
        .send(Method::POST, &format!("{jobs}/create"), job)
        .await;
    assert_eq!(status, 200, "{made}");
    let (_, listed) = bench
        .send(Method::GET, &format!("{jobs}/list"), json!({}))
        .await;
    assert_eq!(listed["jobs"][0]["job_id"], made["job_id"]);
    let elsewhere = bench.get("/api/2.2/jobs/list").await.1;
    assert_eq!(elsewhere.get("jobs"), None, "it is a workspace of its own");
    let handle = bench.databricks.workspace("team").unwrap();
    assert_eq!(handle.url(), host);
    assert_eq!(json!(handle.workspace_id()), row["workspace_id"]);

    let one = format!("workspaces/{}", row["workspace_id"]);
    account(&bench, Method::DELETE, &one, json!({})).await;
    assert!(bench.databricks.workspace("team").is_none());
    for _ in 0..100 {
        let fresh = reqwest::Client::new();
        if fresh.get(host).send().await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the host still answers");
}

#[tokio::test]
async fn only_members_of_a_new_workspace_come_in() {
    let bench = Bench::start().await;
    let row = workspace(&bench, "team").await;
    let host = row["workspace_url"].as_str().unwrap();
    let (list, token) = (
        format!("{host}/api/2.2/jobs/list"),
        format!("{host}/oidc/v1/token"),
    );
    let of_account = format!(
        "{}/oidc/accounts/{ACCOUNT}/v1/token",
        bench.databricks.account_url()
    );
    assert_eq!(as_principal(&bench, &token, &list).await.0, 403);
    let id = principal(&bench).await;
    let all = format!("workspaces/{}/permissionassignments", row["workspace_id"]);
    let one = format!("{all}/principals/{id}");
    let given = account(&bench, Method::PUT, &one, json!({"permissions": ["ADMIN"]})).await;
    assert_eq!(given["principal"]["service_principal_name"], "app-1");
    for endpoint in [&token, &of_account] {
        assert_eq!(as_principal(&bench, endpoint, &list).await.0, 200);
    }
    let me = format!("{host}/api/2.0/preview/scim/v2/Me");
    let me = as_principal(&bench, &token, &me).await.1;
    assert_eq!(
        me["id"],
        json!(id),
        "one id in the account and in the workspace"
    );
    account(&bench, Method::DELETE, &one, json!({})).await;
    assert_eq!(as_principal(&bench, &token, &list).await.0, 403);

    let group = json!({"displayName": "robots", "members": [{"value": id}]});
    let group = account(&bench, Method::POST, "scim/v2/Groups", group).await;
    let one = format!("{all}/principals/{}", group["id"].as_str().unwrap());
    account(&bench, Method::PUT, &one, json!({"permissions": ["USER"]})).await;
    assert_eq!(as_principal(&bench, &token, &list).await.0, 200);
    let listed = account(&bench, Method::GET, &all, json!({})).await;
    let names: Vec<&Value> = listed["permission_assignments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["principal"]["display_name"])
        .collect();
    assert_eq!(names, [&json!("ana@example.com"), &json!("robots")]);
    account(&bench, Method::DELETE, &one, json!({})).await;
    assert_eq!(as_principal(&bench, &token, &list).await.0, 403);
}

#[tokio::test]
async fn a_new_workspace_uses_the_metastore_it_is_assigned() {
    let bench = Bench::start().await;
    let row = workspace(&bench, "team").await;
    let host = row["workspace_url"].as_str().unwrap();
    let catalogs = format!("{host}/api/2.1/unity-catalog/catalogs");
    let without = bench.send(Method::GET, &catalogs, json!({})).await;
    assert_eq!(without.1["error_code"], "METASTORE_DOES_NOT_EXIST");
    let made = json!({"metastore_info": {"name": "central", "region": "eu-central-1"}});
    let made = account(&bench, Method::POST, "metastores", made).await;
    let metastore = made["metastore_info"]["metastore_id"].as_str().unwrap();
    let assign = format!("workspaces/{}/metastores/{metastore}", row["workspace_id"]);
    let body = json!({"metastore_assignment": {"metastore_id": metastore, "default_catalog_name": "main"}});
    account(&bench, Method::POST, &assign, body).await;
    assert_eq!(bench.send(Method::GET, &catalogs, json!({})).await.0, 200);
}

#[tokio::test]
async fn a_workspace_changes_only_when_its_compute_is_drained() {
    let bench = Bench::start().await;
    let row = workspace(&bench, "team").await;
    let host = row["workspace_url"].as_str().unwrap();
    let role = json!({"credentials_name": "role", "aws_credentials": {"sts_role": {"role_arn": "arn:aws:iam::1:role/x"}}});
    let role = account(&bench, Method::POST, "credentials", role).await;
    let body = json!({"credentials_id": role["credentials_id"], "custom_tags": {"team": "a"}});
    let change = async |mask: &str| {
        let url = format!(
            "{}/api/2.0/accounts/{ACCOUNT}/workspaces/{}?update_mask={mask}",
            bench.databricks.account_url(),
            row["workspace_id"]
        );
        bench.send(Method::PATCH, &url, body.clone()).await
    };
    let at_host = async |path: &str, body: Value| {
        let (status, said) = bench
            .send(Method::POST, &format!("{host}{path}"), body)
            .await;
        assert_eq!(status, 200, "{path}: {said}");
        said
    };
    let spec = json!({"cluster_name": "c", "spark_version": "15.4.x-scala2.12", "node_type_id": "m5.large", "num_workers": 1});
    let cluster = at_host("/api/2.1/clusters/create", spec).await["cluster_id"].clone();
    let warehouse =
        json!({"name": "w", "cluster_size": "Small", "enable_serverless_compute": false});
    let warehouse = at_host("/api/2.0/sql/warehouses", warehouse).await["id"].clone();
    let pool =
        json!({"instance_pool_name": "p", "node_type_id": "m5.large", "min_idle_instances": 1});
    let pool = at_host("/api/2.0/instance-pools/create", pool).await["instance_pool_id"].clone();
    let refused = async |what: &Value| {
        for _ in 0..3 {
            let (status, said) = change("credentials_id").await;
            assert_eq!(
                (status, &said["error_code"]),
                (400, &json!("INVALID_STATE"))
            );
            if said["message"]
                .as_str()
                .unwrap()
                .contains(what.as_str().unwrap())
            {
                return;
            }
        }
        panic!("{what} is not named");
    };
    refused(&cluster).await;
    assert_eq!(change("custom_tags").await.0, 400, "not even tags");
    at_host("/api/2.1/clusters/delete", json!({"cluster_id": cluster})).await;
    refused(&warehouse).await;
    let stop = format!(
        "/api/2.0/sql/warehouses/{}/stop",
        warehouse.as_str().unwrap()
    );
    at_host(&stop, json!({})).await;
    refused(&pool).await;
    let pool = json!({"instance_pool_id": pool});
    at_host("/api/2.0/instance-pools/delete", pool).await;
    let (status, changed) = change("credentials_id").await;
    assert_eq!(
        (status, &changed["credentials_id"]),
        (200, &role["credentials_id"])
    );
}
