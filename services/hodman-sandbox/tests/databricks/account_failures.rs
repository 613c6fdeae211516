//! What goes wrong in an account, by its switches, and what it refuses.

use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{ACCOUNT, Answer, Bench};

async fn call(bench: &Bench, method: &str, path: &str, body: Value) -> Answer {
    let root = format!(
        "{}/api/2.0/accounts/{ACCOUNT}",
        bench.databricks.account_url()
    );
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    bench.send(method, &format!("{root}/{path}"), body).await
}

async fn network(bench: &Bench, vpc: &str) -> String {
    let body = json!({"network_name": format!("net-{vpc}"), "vpc_id": vpc, "subnet_ids": ["a", "b"], "security_group_ids": ["c"]});
    let (status, made) = call(bench, "POST", "networks", body).await;
    assert_eq!(status, 200, "{made}");
    made["network_id"].as_str().unwrap().to_owned()
}

/// Reads until the workspace is no longer provisioned.
async fn settled(bench: &Bench, path: &str) -> Value {
    for _ in 0..20 {
        let row = call(bench, "GET", path, json!({})).await.1;
        if row["workspace_status"] != "PROVISIONING" {
            return row;
        }
    }
    panic!("it stays PROVISIONING");
}

#[tokio::test]
async fn a_broken_network_fails_a_workspace_and_a_patch_repairs_it() {
    let bench = Bench::start().await;
    let switches = bench.databricks.account();
    switches.break_vpc("vpc-bad", "subnet", "Subnet a has no route.");
    let (bad, good) = (
        network(&bench, "vpc-bad").await,
        network(&bench, "vpc-good").await,
    );
    let body = json!({"workspace_name": "new", "aws_region": "eu-central-1", "network_id": bad});
    let made = call(&bench, "POST", "workspaces", body).await.1;
    let one = format!("workspaces/{}", made["workspace_id"]);
    let failed = settled(&bench, &one).await;
    assert_eq!(failed["workspace_status"], "FAILED");
    let row = call(&bench, "GET", &format!("networks/{bad}"), json!({}))
        .await
        .1;
    assert_eq!(
        (
            &row["vpc_status"],
            &row["error_messages"][0]["error_message"]
        ),
        (&json!("BROKEN"), &json!("Subnet a has no route."))
    );
    let patch = format!("{one}?update_mask=network_id");
    let patched = call(&bench, "PATCH", &patch, json!({"network_id": good})).await;
    assert_eq!(patched.1["workspace_status"], "PROVISIONING");
    assert_eq!(settled(&bench, &one).await["workspace_status"], "RUNNING");
    let freed = call(&bench, "DELETE", &format!("networks/{bad}"), json!({})).await;
    assert_eq!(freed.0, 200, "the network it left is free");

    let switched = network(&bench, "vpc-other").await;
    switches.revert_changes(1);
    let body = json!({"network_id": switched});
    let answered = call(&bench, "PATCH", &patch, body.clone()).await;
    assert_eq!(
        (answered.0, &answered.1["network_id"]),
        (200, &json!(switched))
    );
    assert_eq!(settled(&bench, &one).await["network_id"], json!(good));
    call(&bench, "PATCH", &patch, body).await;
    let row = settled(&bench, &one).await;
    assert_eq!(
        (&row["network_id"], &row["workspace_status"]),
        (&json!(switched), &json!("RUNNING"))
    );
}

#[tokio::test]
async fn the_switches_of_the_account_hold_as_often_as_they_say() {
    let bench = Bench::start().await;
    let switches = bench.databricks.account();
    let credentials = json!({"credentials_name": "role", "aws_credentials": {"sts_role": {"role_arn": "arn:aws:iam::1:role/x"}}});
    switches.delay_roles(2);
    for expected in [400, 400, 200] {
        let (status, said) = call(&bench, "POST", "credentials", credentials.clone()).await;
        assert_eq!(status, expected);
        let refused = said
            .to_string()
            .contains("Failed credentials validation checks");
        assert_eq!(refused, expected == 400);
    }
    switches.fail_next_workspace("out of luck");
    switches.slow_provisioning(2);
    let body = json!({"workspace_name": "new", "aws_region": "eu-central-1"});
    let made = call(&bench, "POST", "workspaces", body.clone()).await.1;
    let one = format!("workspaces/{}", made["workspace_id"]);
    for _ in 0..4 {
        let row = call(&bench, "GET", &one, json!({})).await.1;
        assert_eq!(row["workspace_status"], "PROVISIONING");
    }
    let failed = settled(&bench, &one).await;
    assert_eq!(failed["workspace_status_message"], "out of luck");
    switches.answer_changes_with_html(1);
    let patch = format!("{one}?update_mask=custom_tags");
    let tags = json!({"custom_tags": {"a": "b"}});
    let (status, page) = call(&bench, "PATCH", &patch, tags.clone()).await;
    assert_eq!(status, 200);
    assert!(page.as_str().unwrap().starts_with("<!DOCTYPE html>"));
    assert_eq!(
        call(&bench, "PATCH", &patch, tags).await.1["custom_tags"]["a"],
        "b"
    );
    switches.throttle_tokens(1);
    let token = format!(
        "{}/oidc/accounts/{ACCOUNT}/v1/token",
        bench.databricks.account_url()
    );
    let secret = crate::bench::SECRET;
    assert_eq!(bench.token(&token, secret).await.0, 429);
    assert_eq!(bench.token(&token, secret).await.0, 200);
}

#[tokio::test]
async fn objects_without_update_and_fields_that_are_wrong_are_refused() {
    let bench = Bench::start().await;
    let id = network(&bench, "vpc-1").await;
    for method in ["PATCH", "PUT"] {
        let (status, _) = call(&bench, method, &format!("networks/{id}"), json!({})).await;
        assert_eq!(status, 404);
    }
    for (path, body) in [
        (
            "credentials",
            json!({"credentials_name": "x", "aws_credentials": {"sts_role": {"role_arn": "role"}}}),
        ),
        (
            "networks",
            json!({"network_name": "netz", "vpc_id": "v", "subnet_ids": ["a"], "security_group_ids": ["c"]}),
        ),
        (
            "networks",
            json!({"network_name": "netz", "vpc_id": "v", "subnet_ids": ["a", "b"], "security_group_ids": ["1", "2", "3", "4", "5", "6"]}),
        ),
        (
            "vpc-endpoints",
            json!({"vpc_endpoint_name": "x", "aws_vpc_endpoint_id": "y", "region": "r"}),
        ),
        (
            "private-access-settings",
            json!({"private_access_settings_name": "pas1", "region": "r", "allowed_vpc_endpoint_ids": ["x"]}),
        ),
        (
            "customer-managed-keys",
            json!({"use_cases": ["OTHER"], "aws_key_info": {"key_arn": "arn:aws:kms:x"}}),
        ),
        (
            "network-connectivity-configs",
            json!({"name": "a b", "region": "r"}),
        ),
        (
            "ip-access-lists",
            json!({"label": "x", "list_type": "ALLOW", "ip_addresses": ["nowhere"]}),
        ),
        (
            "log-delivery",
            json!({"log_delivery_configuration": {"log_type": "AUDIT_LOGS", "output_format": "CSV"}}),
        ),
    ] {
        let (status, said) = call(&bench, "POST", path, body).await;
        assert_eq!(
            (status, &said["error_code"]),
            (400, &json!("INVALID_PARAMETER_VALUE")),
            "{path}: {said}"
        );
    }
}

#[tokio::test]
async fn federation_policies_are_the_accounts_or_a_principals() {
    let bench = Bench::start().await;
    let policy = json!({"oidc_policy": {"issuer": "https://issuer.example"}});
    let made = call(
        &bench,
        "POST",
        "federationPolicies?policy_id=ci",
        policy.clone(),
    )
    .await;
    assert_eq!((made.0, &made.1["policy_id"]), (200, &json!("ci")));
    let again = call(
        &bench,
        "POST",
        "federationPolicies?policy_id=ci",
        policy.clone(),
    )
    .await;
    assert_eq!(again.0, 400);
    let nobody = call(
        &bench,
        "POST",
        "servicePrincipals/1/federationPolicies",
        policy,
    )
    .await;
    assert_eq!(nobody.0, 404);
    let listed = call(&bench, "GET", "federationPolicies", json!({})).await.1;
    assert_eq!(listed["policies"][0]["uid"], made.1["uid"]);
    assert_eq!(
        call(&bench, "DELETE", "federationPolicies/ci", json!({}))
            .await
            .0,
        200
    );
    assert_eq!(
        call(&bench, "GET", "federationPolicies/ci", json!({}))
            .await
            .0,
        404
    );
}
