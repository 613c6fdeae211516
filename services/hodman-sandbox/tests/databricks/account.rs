//! The account API.

use reqwest::Method;
use serde_json::json;

use crate::bench::{ACCOUNT, Bench, answer};

#[tokio::test]
async fn a_workspace_is_provisioned_and_holds_what_it_uses() {
    let bench = Bench::start().await;
    let root = format!(
        "{}/api/2.0/accounts/{ACCOUNT}",
        bench.databricks.account_url()
    );
    let network = json!({"network_name": "net", "vpc_id": "vpc-1", "subnet_ids": ["a", "b"], "security_group_ids": ["c"]});
    let (_, network) = bench
        .send(Method::POST, &format!("{root}/networks"), network)
        .await;
    assert_eq!(network["vpc_status"], "UNATTACHED");
    let wanted = json!({"workspace_name": "new", "aws_region": "eu-central-1", "network_id": network["network_id"]});
    let (_, made) = bench
        .send(Method::POST, &format!("{root}/workspaces"), wanted)
        .await;
    assert_eq!(made["workspace_status"], "PROVISIONING");
    let one = format!("{root}/workspaces/{}", made["workspace_id"]);
    let first = bench.send(Method::GET, &one, json!({})).await.1;
    let second = bench.send(Method::GET, &one, json!({})).await.1;
    assert_eq!(
        (&first["workspace_status"], &second["workspace_status"]),
        (&json!("PROVISIONING"), &json!("RUNNING"))
    );
    let its_network = format!(
        "{root}/networks/{}",
        network["network_id"].as_str().unwrap()
    );
    let (status, used) = bench.send(Method::DELETE, &its_network, json!({})).await;
    assert_eq!(
        (status, &used["error_code"]),
        (400, &json!("INVALID_STATE"))
    );
    assert_eq!(bench.send(Method::DELETE, &one, json!({})).await.0, 200);
    assert_eq!(
        bench.send(Method::DELETE, &its_network, json!({})).await.0,
        200
    );
}

#[tokio::test]
async fn the_account_lists_the_workspaces_it_serves() {
    let bench = Bench::start().await;
    let url = format!(
        "{}/api/2.0/accounts/{ACCOUNT}/workspaces",
        bench.databricks.account_url()
    );
    let (_, listed) = bench.send(Method::GET, &url, json!({})).await;
    let names: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["workspace_name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["dev", "qa"]);
    let other = url.replace(ACCOUNT, "another");
    assert_eq!(bench.send(Method::GET, &other, json!({})).await.0, 404);
}

#[tokio::test]
async fn a_secret_made_by_the_api_opens_the_door_until_it_is_deleted() {
    let bench = Bench::start().await;
    let root = format!(
        "{}/api/2.0/accounts/{ACCOUNT}",
        bench.databricks.account_url()
    );
    let find = format!("{root}/scim/v2/ServicePrincipals?filter=applicationId%20eq%20%22app-1%22");
    let (_, found) = bench.send(Method::GET, &find, json!({})).await;
    let secrets = format!(
        "{root}/servicePrincipals/{}/credentials/secrets",
        found["Resources"][0]["id"].as_str().unwrap()
    );
    let (_, made) = bench.send(Method::POST, &secrets, json!({})).await;
    let (_, listed) = bench.send(Method::GET, &secrets, json!({})).await;
    assert_eq!(listed["secrets"][0]["id"], made["id"]);
    assert_eq!(listed["secrets"][0].get("secret"), None);
    let token = format!("{}/oidc/v1/token", bench.dev.url());
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(bench.token(&token, secret).await.0, 200);
    bench
        .send(
            Method::DELETE,
            &format!("{secrets}/{}", made["id"].as_str().unwrap()),
            json!({}),
        )
        .await;
    assert_eq!(bench.token(&token, secret).await.0, 401);
}

#[tokio::test]
async fn the_host_says_what_it_is() {
    let bench = Bench::start().await;
    let url = format!("{}/.well-known/databricks-config", bench.dev.url());
    let (_, config) = answer(bench.client.get(url).send().await.unwrap()).await;
    assert_eq!(config["workspace_id"], bench.dev.workspace_id().to_string());
    assert_eq!(config["oidc_endpoint"], format!("{}/oidc", bench.dev.url()));
}

#[tokio::test]
async fn what_a_request_does_not_take_is_not_taken() {
    let bench = Bench::start().await;
    let root = format!(
        "{}/api/2.0/accounts/{ACCOUNT}",
        bench.databricks.account_url()
    );
    let send = async |method: Method, path: &str, body: serde_json::Value| {
        let url = format!("{root}/{path}");
        let (status, said) = bench.send(method, &url, body).await;
        assert_eq!(status, 200, "{path}: {said}");
        said
    };
    let list = json!({"label": "l", "list_type": "ALLOW", "ip_addresses": ["10.0.0.0/8"], "enabled": false});
    let made = send(Method::POST, "ip-access-lists", list).await;
    assert_eq!(made["ip_access_list"]["enabled"], true);

    let metastore = json!({"metastore_info": {"name": "m", "region": "eu-west-1", "owner": "team", "storage_root": "s3://b"}});
    let made = send(Method::POST, "metastores", metastore).await;
    let made = &made["metastore_info"];
    assert_ne!(made["owner"], "team");
    let id = made["metastore_id"].as_str().unwrap();
    assert_eq!(made["storage_root"], format!("s3://b/{id}"));
    let change = json!({"metastore_info": {"name": "other", "new_name": "other", "owner": "team"}});
    let changed = send(Method::PUT, &format!("metastores/{id}"), change).await;
    let changed = &changed["metastore_info"];
    assert_eq!(
        (&changed["name"], &changed["owner"]),
        (&json!("m"), &json!("team"))
    );

    let logs = json!({"log_delivery_configuration": {
        "log_type": "AUDIT_LOGS", "output_format": "JSON", "credentials_id": "c", "storage_configuration_id": "s",
        "workspace_ids_filter": ["8000000000000001"],
    }});
    let (status, refused) = bench
        .send(Method::POST, &format!("{root}/log-delivery"), logs)
        .await;
    assert_eq!(status, 400, "{refused}");
    assert!(
        refused["message"].as_str().unwrap().contains("numbers"),
        "{refused}"
    );
}
