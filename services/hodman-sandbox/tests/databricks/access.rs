//! Who gets in, and how often.

use hodman_sandbox::databricks::RateLimit;
use hodman_sandbox::faults::FaultRule;
use serde_json::json;

use crate::bench::{Bench, SECRET, answer};

const ME: &str = "/api/2.0/preview/scim/v2/Me";

#[tokio::test]
async fn a_wrong_secret_is_refused_and_the_right_one_lasts_an_hour() {
    let bench = Bench::start().await;
    let url = format!("{}/oidc/v1/token", bench.dev.url());
    let (status, refused) = bench.token(&url, "wrong").await;
    assert_eq!((status, &refused["error"]), (401, &json!("invalid_client")));

    let (status, issued) = bench.token(&url, SECRET).await;
    assert_eq!((status, &issued["expires_in"]), (200, &json!(3600)));
    let token = issued["access_token"].as_str().unwrap();
    let me = async |host: String| {
        answer(
            bench
                .client
                .get(format!("{host}{ME}"))
                .bearer_auth(token)
                .send()
                .await
                .unwrap(),
        )
        .await
    };
    assert_eq!(me(bench.dev.url()).await.1["userName"], "app-1");
    let elsewhere = me(bench.databricks.workspace("qa").unwrap().url()).await;
    assert_eq!(
        elsewhere.0, 403,
        "a workspace's token is good for no other workspace"
    );
    bench.pass(3600);
    assert_eq!(me(bench.dev.url()).await.0, 401);
}

#[tokio::test]
async fn a_token_of_the_account_opens_every_workspace() {
    let bench = Bench::start().await;
    let discovery = format!(
        "{}/oidc/accounts/{}/.well-known/oauth-authorization-server",
        bench.databricks.account_url(),
        crate::bench::ACCOUNT
    );
    let (_, endpoints) = answer(bench.client.get(discovery).send().await.unwrap()).await;
    let (_, issued) = bench
        .token(endpoints["token_endpoint"].as_str().unwrap(), SECRET)
        .await;
    for workspace in bench.databricks.workspaces() {
        let call = bench
            .client
            .get(format!("{}{ME}", workspace.url()))
            .bearer_auth(issued["access_token"].as_str().unwrap());
        assert_eq!(call.send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn nothing_is_answered_without_a_token_and_unknown_calls_say_so() {
    let bench = Bench::start().await;
    let bare = answer(
        bench
            .client
            .get(format!("{}/api/2.2/jobs/list", bench.dev.url()))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(bare.0, 401);
    let (status, unknown) = bench.get("/api/2.0/does/not/exist").await;
    assert_eq!(
        (status, &unknown["error_code"]),
        (404, &json!("ENDPOINT_NOT_FOUND"))
    );
    assert_eq!(
        unknown["message"],
        "No API found for 'GET /does/not/exist'."
    );
    let (status, wrong_method) = bench.post("/api/2.2/jobs/list", json!({})).await;
    assert_eq!(
        (status, &wrong_method["error_code"]),
        (404, &json!("ENDPOINT_NOT_FOUND"))
    );
}

#[tokio::test]
async fn too_many_calls_in_a_second_are_refused() {
    let bench = Bench::start().await;
    bench.dev.limit_rate(Some(RateLimit {
        per_second: 2,
        retry_after: Some(1),
    }));
    assert_eq!(bench.get(ME).await.0, 200);
    assert_eq!(bench.get(ME).await.0, 200);
    let call = bench
        .client
        .get(format!("{}{ME}", bench.dev.url()))
        .bearer_auth("dapi-ana");
    let refused = call.send().await.unwrap();
    assert_eq!(
        (
            refused.status().as_u16(),
            refused.headers()["retry-after"].to_str().unwrap()
        ),
        (429, "1")
    );
    bench.pass(1);
    assert_eq!(bench.get(ME).await.0, 200);
}

#[tokio::test]
async fn a_lost_answer_leaves_its_work_done() {
    let bench = Bench::start().await;
    bench.dev.faults().add(
        FaultRule::status(504, 1)
            .path_contains("/jobs/create")
            .after_effect(),
    );
    assert_eq!(
        bench
            .post("/api/2.2/jobs/create", json!({"name": "n"}))
            .await
            .0,
        504
    );
    assert!(bench.dev.job_by_name("n").is_some());
    assert!(
        bench
            .dev
            .requests()
            .iter()
            .any(|request| request.status == 504 && request.faulted)
    );
}

#[tokio::test]
async fn secrets_go_in_and_do_not_come_out() {
    let bench = Bench::start().await;
    bench
        .post("/api/2.0/secrets/scopes/create", json!({"scope": "s"}))
        .await;
    assert_eq!(
        bench
            .post(
                "/api/2.0/secrets/put",
                json!({"scope": "s", "key": "k", "string_value": SECRET})
            )
            .await
            .0,
        200
    );
    let (_, listed) = bench.get("/api/2.0/secrets/list?scope=s").await;
    assert_eq!(listed["secrets"][0]["key"], "k");
    let (status, got) = bench.get("/api/2.0/secrets/get?scope=s&key=k").await;
    assert_eq!(status, 400);
    assert!(!format!("{listed}{got}").contains(SECRET));
    assert!(!format!("{:?}", bench.dev).contains(SECRET));
    assert!(bench.dev.secret("s", "k").is_some());
}

#[tokio::test]
async fn jobs_have_exactly_one_owner() {
    let bench = Bench::start().await;
    let id = bench
        .dev
        .create_job(json!({"name": "n"}), crate::bench::ANA)
        .unwrap();
    let url = format!("{}/api/2.0/permissions/jobs/{id}", bench.dev.url());
    let put = async |entries| {
        bench
            .send(
                reqwest::Method::PUT,
                &url,
                json!({ "access_control_list": entries }),
            )
            .await
    };
    let (status, refused) =
        put(json!([{"group_name": "users", "permission_level": "CAN_VIEW"}])).await;
    assert_eq!(
        (status, &refused["error_code"]),
        (400, &json!("INVALID_PARAMETER_VALUE"))
    );
    let owner = json!({"user_name": "app-1", "permission_level": "IS_OWNER"});
    let (status, kept) =
        put(json!([owner, {"group_name": "users", "permission_level": "CAN_VIEW"}])).await;
    assert_eq!(status, 200);
    let entries = kept["access_control_list"].as_array().unwrap();
    assert!(
        entries
            .iter()
            .any(|entry| entry["service_principal_name"] == "app-1"),
        "a principal is not a user: {kept}"
    );
    assert!(
        entries.iter().any(|entry| entry["group_name"] == "admins"
            && entry["all_permissions"][0]["inherited"] == true)
    );
    let more = json!({"access_control_list": [{"user_name": "bo@example.com", "permission_level": "CAN_MANAGE"}]});
    let (status, merged) = bench.send(reqwest::Method::PATCH, &url, more).await;
    assert_eq!(
        (
            status,
            merged["access_control_list"].as_array().unwrap().len()
        ),
        (200, 4)
    );
}
