//! What others have or do in a workspace: names that are theirs, what they add to a cluster under a policy, and what they are to
//! be allowed no longer. By hodman's own planner and executor.

use hodman_model::kinds::{Kind, kind};
use hodman_tests::harness::REPOSITORY;
use hodman_tests::kinds::Bench;
use reqwest::Method;
use serde_json::{Value, json};

fn known(name: &str) -> &'static dyn Kind {
    kind(name).expect("a kind")
}

async fn by_hand(bench: &Bench, method: Method, path: &str, body: Value) -> Value {
    let workspace = bench.workspace();
    workspace
        .call("eve@example.com", method, path, body)
        .await
        .unwrap_or_else(|error| panic!("{path}: {}", error.message))
}

async fn converges(bench: &Bench) {
    bench
        .converge()
        .await
        .unwrap_or_else(|error| panic!("{error:#}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_to_have_somebody_elses_name_stays_and_so_does_theirs() {
    let bench = Bench::start().await;
    let declare = |schema: &str, secret_scope: &str| {
        bench.declare_all(&json!({
            "catalogs": {"c": {"name": "proof_catalog"}},
            "schemas": {"s": {"name": schema, "catalog_name": "${resources.catalogs.c.name}"}},
            "secret_scopes": {"x": {"name": secret_scope}},
        }));
    };
    declare("sales", "ours");
    converges(&bench).await;
    let schema = json!({"name": "orders", "catalog_name": "proof_catalog", "comment": "eve's"});
    by_hand(
        &bench,
        Method::POST,
        "/api/2.1/unity-catalog/schemas",
        schema,
    )
    .await;
    let scope = json!({"scope": "theirs"});
    by_hand(
        &bench,
        Method::POST,
        "/api/2.0/secrets/scopes/create",
        scope,
    )
    .await;
    declare("orders", "theirs");
    let refused = bench.plan().await.expect_err("a name that is taken");
    let refused = format!("{refused:#}");
    for words in ["`proof_catalog.orders`", "`theirs`"] {
        assert!(refused.contains(words), "{words}: {refused}");
    }
    for full_name in ["proof_catalog.sales", "proof_catalog.orders"] {
        let shown = bench.show(known("schemas"), full_name).await;
        shown.unwrap_or_else(|error| panic!("{full_name}: {error:#}"));
    }
    // A name that nobody has is taken as ever.
    declare("orders_2", "ours");
    let plan = bench.plan().await.expect("a plan");
    assert_eq!(plan.summary().replace, 1, "{}", plan.to_table());
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_list_takes_the_last_permission_grant_and_member_away() {
    let bench = Bench::start().await;
    let viewer = |level: &str| json!([{"level": level, "group_name": "users"}]);
    let job = |permissions: Value| {
        json!({"name": "j", "tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "../src/load.py"}}],
            "permissions": permissions})
    };
    let declare = |lists: Option<(Value, Value, Value)>| {
        let (jobs, scopes, grants) = lists.unwrap_or((json!([]), json!([]), json!([])));
        bench.declare_all(&json!({
            "jobs": {"j": job(jobs)},
            "secret_scopes": {"x": {"name": "x", "permissions": scopes}},
            "catalogs": {"c": {"name": "proof_catalog", "grants": grants}},
        }));
    };
    let grants = json!([{"principal": "users", "privileges": ["USE_CATALOG"]}]);
    declare(Some((viewer("CAN_VIEW"), viewer("READ"), grants)));
    converges(&bench).await;
    declare(None);
    let plan = bench.plan().await.expect("a plan");
    assert_eq!(plan.summary().update, 3, "{}", plan.to_table());
    converges(&bench).await;
    let jobs = bench.all(known("jobs")).await;
    let made = jobs.iter().find(|job| job.name == "j").expect("the job");
    for path in [
        format!("/api/2.0/permissions/jobs/{}", made.id),
        "/api/2.0/secrets/acls/list?scope=x".to_owned(),
        "/api/2.1/unity-catalog/permissions/catalog/proof_catalog".to_owned(),
    ] {
        let answer = by_hand(&bench, Method::GET, &path, Value::Null).await;
        assert!(
            !answer.to_string().contains("\"users\""),
            "{path}: {answer}"
        );
    }
    // A new object has nobody to begin with.
    bench.declare_all(&json!({
        "jobs": {"j": job(json!([])), "k": job(json!([]))},
        "secret_scopes": {"x": {"name": "x", "permissions": []}, "y": {"name": "y", "permissions": []}},
        "catalogs": {"c": {"name": "proof_catalog", "grants": []}},
    }));
    converges(&bench).await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_added_to_a_cluster_under_a_policy_is_seen_and_what_the_policy_fills_is_not() {
    let bench = Bench::start().await;
    let definition = json!({
        "spark_conf.spark.policy": {"type": "fixed", "value": "says"},
        "autotermination_minutes": {"type": "fixed", "value": 25},
    });
    let policy = bench
        .workspace()
        .add_built_in_policy("Personal Compute", &definition);
    let cluster = json!({"cluster_name": "etl", "spark_version": "15.4.x-scala2.12", "node_type_id": "i3.xlarge", "num_workers": 1,
        "autotermination_minutes": 25, "policy_id": "${var.policy}", "spark_conf": {"spark.own": "1"}});
    let text = json!({
        "variables": {"policy": {"lookup": {"cluster_policy": "Personal Compute"}}},
        "resources": {"clusters": {"etl": cluster}},
    });
    let text = text.to_string();
    bench
        .scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[("resources/proof.yml", Some(text.as_bytes()))],
            "a cluster under a policy",
            "rita",
        )
        .unwrap_or_else(|error| panic!("{}", error.message));
    converges(&bench).await;
    let all = bench.all(known("clusters")).await;
    let made = all.iter().find(|cluster| cluster.name == "etl");
    let made = made.expect("the cluster");
    let mut spec = bench
        .show(known("clusters"), &made.id)
        .await
        .expect("shown");
    assert_eq!(
        (&spec["policy_id"], &spec["spark_conf"]),
        (
            &json!(policy),
            &json!({"spark.own": "1", "spark.policy": "says"})
        )
    );
    spec["spark_conf"]["spark.other"] = json!("by hand");
    by_hand(&bench, Method::POST, "/api/2.1/clusters/edit", spec).await;
    let plan = bench.plan().await.expect("a plan");
    let rows: Vec<String> = plan
        .rows()
        .flat_map(|(_, row)| row.changes.iter().map(|change| change.path.to_string()))
        .collect();
    assert_eq!(rows, ["spark_conf[\"spark.other\"]"], "{}", plan.to_table());
    converges(&bench).await;
    bench.stop().await;
}
