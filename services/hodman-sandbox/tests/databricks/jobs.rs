//! Jobs as they are saved and listed.

use serde_json::{Value, json};

use crate::bench::{ANA, Bench};

fn notebook_task(key: &str) -> Value {
    json!({"task_key": key, "notebook_task": {"notebook_path": "/Shared/nb"}})
}

#[tokio::test]
async fn the_service_fills_in_what_a_job_does_not_say() {
    let bench = Bench::start().await;
    let schedule = json!({"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC"});
    let body = json!({"name": "n", "tasks": [notebook_task("a")], "schedule": schedule, "unknown_field": 1});
    let (status, made) = bench.post("/api/2.2/jobs/create", body).await;
    assert_eq!(status, 200);
    let (_, job) = bench
        .get(&format!("/api/2.2/jobs/get?job_id={}", made["job_id"]))
        .await;
    assert_eq!(job["creator_user_name"], ANA);
    assert_eq!(job["run_as_user_name"], ANA);
    assert_eq!(job["created_time"], 1_790_000_000_000_i64);
    let settings = &job["settings"];
    assert_eq!(settings["format"], "MULTI_TASK");
    assert_eq!(
        (
            &settings["max_concurrent_runs"],
            &settings["timeout_seconds"]
        ),
        (&json!(1), &json!(0))
    );
    assert_eq!(
        (
            &settings["email_notifications"],
            &settings["webhook_notifications"]
        ),
        (&json!({}), &json!({}))
    );
    assert_eq!(settings["schedule"]["pause_status"], "UNPAUSED");
    assert_eq!(settings["tasks"][0]["run_if"], "ALL_SUCCESS");
    assert_eq!(settings["tasks"][0]["notebook_task"]["source"], "WORKSPACE");
    assert_eq!(settings.get("unknown_field"), None);
}

#[tokio::test]
async fn a_missing_job_is_a_bad_request() {
    let bench = Bench::start().await;
    let (status, refused) = bench.get("/api/2.2/jobs/get?job_id=123").await;
    assert_eq!(status, 400);
    assert_eq!(
        refused,
        json!({"error_code": "INVALID_PARAMETER_VALUE", "message": "Job 123 does not exist."})
    );
}

#[tokio::test]
async fn illegal_jobs_are_refused() {
    let bench = Bench::start().await;
    let depends = |key: &str, on: &str| {
        let mut task = notebook_task(key);
        task["depends_on"] = json!([{"task_key": on}]);
        task
    };
    let mut no_cluster = notebook_task("a");
    no_cluster["job_cluster_key"] = json!("nope");
    let mut no_size = notebook_task("a");
    no_size["new_cluster"] =
        json!({"spark_version": "15.4.x-scala2.12", "node_type_id": "m5.large"});
    for tasks in [
        json!([depends("a", "nope")]),
        json!([depends("a", "b"), depends("b", "a")]),
        json!([notebook_task("a"), notebook_task("a")]),
        json!([{"task_key": "a"}]),
        json!([no_cluster]),
        json!([no_size]),
    ] {
        let (status, refused) = bench
            .post("/api/2.2/jobs/create", json!({"name": "n", "tasks": tasks}))
            .await;
        assert_eq!(
            (status, &refused["error_code"]),
            (400, &json!("INVALID_PARAMETER_VALUE")),
            "{tasks}"
        );
    }
    // Without a word the code is in Git, where paths are seen from the repository.
    let mut absolute = notebook_task("a");
    absolute["notebook_task"]["notebook_path"] = json!("/Workspace/Shared/load");
    let mut body = json!({"name": "n", "git_source": {"git_url": "u", "git_provider": "gitHub"}, "tasks": [absolute]});
    let (status, refused) = bench.post("/api/2.2/jobs/create", body.clone()).await;
    assert_eq!(status, 400);
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("Only relative paths"), "{message}");
    assert_eq!(bench.dev.list_jobs(), []);
    body["tasks"][0]["notebook_task"]["source"] = json!("WORKSPACE");
    let (status, _) = bench.post("/api/2.2/jobs/create", body).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn the_size_of_a_job_cluster_may_be_its_policys() {
    let bench = Bench::start().await;
    let policy =
        json!({"name": "p", "definition": r#"{"num_workers": {"type": "fixed", "value": 2}}"#});
    let (_, made) = bench
        .post("/api/2.0/policies/clusters/create", policy)
        .await;
    let mut cluster = json!({"spark_version": "15.4.x-scala2.12", "node_type_id": "m5.large"});
    let mut tried = Vec::new();
    for policy in [Value::Null, made["policy_id"].clone()] {
        cluster["policy_id"] = policy;
        let job = json!({"name": "n", "job_clusters": [{"job_cluster_key": "k", "new_cluster": cluster}], "tasks": []});
        tried.push(bench.post("/api/2.2/jobs/create", job).await.0);
    }
    assert_eq!(tried, [400, 200]);
}

#[tokio::test]
async fn listing_pages_and_leaves_tasks_out() {
    let bench = Bench::start().await;
    for number in 0..25 {
        bench
            .dev
            .create_job(
                json!({"name": format!("n{}", number % 2), "tasks": [notebook_task("a")]}),
                ANA,
            )
            .unwrap();
    }
    let mut ids = Vec::new();
    let mut path = "/api/2.2/jobs/list?limit=10".to_owned();
    loop {
        let (_, page) = bench.get(&path).await;
        let jobs = page["jobs"].as_array().unwrap();
        assert!(
            jobs.iter()
                .all(|job| job["settings"].get("tasks").is_none())
        );
        ids.extend(jobs.iter().map(|job| job["job_id"].as_u64().unwrap()));
        assert_eq!(page["has_more"], page.get("next_page_token").is_some());
        match page["next_page_token"].as_str() {
            Some(token) => path = format!("/api/2.2/jobs/list?limit=10&page_token={token}"),
            None => break,
        }
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 25);
    let (_, named) = bench
        .get("/api/2.1/jobs/list?name=N1&expand_tasks=true&limit=100")
        .await;
    assert_eq!(named["jobs"].as_array().unwrap().len(), 12);
    assert_eq!(named["jobs"][0]["settings"]["tasks"][0]["task_key"], "a");
    assert_eq!(bench.get("/api/2.2/jobs/list?limit=101").await.0, 400);
}

#[tokio::test]
async fn a_lagging_listing_hides_a_new_job_for_a_while() {
    let bench = Bench::start().await;
    bench.dev.lag_listing(2);
    bench
        .post("/api/2.2/jobs/create", json!({"name": "n"}))
        .await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(
            bench
                .get("/api/2.2/jobs/list")
                .await
                .1
                .get("jobs")
                .is_some(),
        );
    }
    assert_eq!(seen, [false, false, true]);
}

#[tokio::test]
async fn version_2_2_pages_the_tasks_of_a_large_job() {
    let bench = Bench::start().await;
    let tasks: Vec<Value> = (0..150)
        .map(|number| notebook_task(&format!("t{number}")))
        .collect();
    let id = bench
        .dev
        .create_job(json!({"name": "n", "tasks": tasks}), ANA)
        .unwrap();
    let (_, first) = bench.get(&format!("/api/2.2/jobs/get?job_id={id}")).await;
    let token = first["next_page_token"].as_str().unwrap();
    let (_, second) = bench
        .get(&format!("/api/2.2/jobs/get?job_id={id}&page_token={token}"))
        .await;
    let count = |page: &Value| page["settings"]["tasks"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&second)), (100, 50));
    assert_eq!(second.get("next_page_token"), None);
    let (_, old) = bench.get(&format!("/api/2.1/jobs/get?job_id={id}")).await;
    assert_eq!(count(&old), 150);
}

#[tokio::test]
async fn a_reset_replaces_everything_and_an_update_only_what_it_names() {
    let bench = Bench::start().await;
    let settings =
        json!({"name": "n", "tags": {"a": "1"}, "tasks": [notebook_task("a"), notebook_task("b")]});
    let id = bench.dev.create_job(settings, ANA).unwrap();
    let change = json!({"job_id": id, "new_settings": {"max_concurrent_runs": 3, "tasks": [notebook_task("c")]}, "fields_to_remove": ["tags", "tasks/b"]});
    assert_eq!(bench.post("/api/2.2/jobs/update", change).await.0, 200);
    let job = bench.dev.job_by_name("n").unwrap();
    let keys: Vec<&str> = job.settings["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["task_key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["a", "c"]);
    assert_eq!(
        (
            job.settings.get("tags"),
            &job.settings["max_concurrent_runs"]
        ),
        (None, &json!(3))
    );
    bench
        .post(
            "/api/2.2/jobs/reset",
            json!({"job_id": id, "new_settings": {"name": "m"}}),
        )
        .await;
    let job = bench.dev.job_by_name("m").unwrap();
    assert_eq!(
        (
            job.settings.get("tasks"),
            &job.settings["max_concurrent_runs"]
        ),
        (None, &json!(1))
    );
}
