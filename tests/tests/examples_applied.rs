//! The worked environments of `examples/foundation`: each is planned in a pull request, applied by its merge to an account that is
//! empty and a server that imitates AWS, and compared again without a difference. (`from-nothing` is told in `from_nothing.rs`, with
//! the way back.)

use hodman_model::files::parse_environment;
use hodman_model::foundation::policies::{Partition, log_delivery_bucket, log_delivery_trust};
use hodman_tests::checkout::{files, read};
use hodman_tests::harness::{Options, Scene, Short};
use hodman_tests::servers::{aws_account, aws_endpoint};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const FOLDER: &str = "examples/foundation/";

/// Texts that live as long as the test: the harness takes such.
fn kept(text: String) -> &'static str {
    text.leak()
}

/// The lines from `account:` to the workspaces; qa has its own workspace beside those that the modules make.
fn calls(name: &str) -> String {
    let environment = read(&format!("{FOLDER}environments/{name}/environment.yaml"));
    let from = environment.find("account:").expect("an account");
    let to = environment.find("workspaces:").expect("workspaces");
    environment[from..to].to_owned()
}

fn options(name: &str, number: &str) -> Options {
    let own = format!("environments/{name}/environment.yaml");
    let text = read(&format!("{FOLDER}{own}"));
    let environment = parse_environment(&own, &text).expect("an environment");
    let called: Vec<String> = environment
        .modules
        .values()
        .map(|call| format!("modules/{}/", call.module))
        .collect();
    let mut options = Options::short();
    for path in files() {
        let Some(inside) = path.strip_prefix(FOLDER) else {
            continue;
        };
        if called.iter().any(|folder| inside.starts_with(folder)) {
            options = options.file(kept(inside.to_owned()), kept(read(&path)));
        }
    }
    let calls = kept(format!("{}workspaces:\n", calls(name)));
    let mut options = options.edit("environments/qa/environment.yaml", "workspaces:\n", calls);
    options.settings = format!(
        "aws:\n  main: {{region: eu-west-1, endpoint: \"{}\", access_key_id: {{value: \"{number}\"}}, secret_access_key: {{value: test}}, environments: [qa]}}",
        aws_endpoint()
    );
    options
}

/// What there is afterwards that was not there before.
struct Made {
    scene: Scene,
    /// In the Databricks account, by kind.
    account: BTreeMap<&'static str, Vec<Value>>,
    /// In the AWS account.
    aws: Value,
}

async fn account(scene: &Scene) -> BTreeMap<&'static str, Vec<Value>> {
    let somebody = scene.somebody();
    let mut found = BTreeMap::new();
    for what in [
        "workspaces",
        "networks",
        "credentials",
        "storage-configurations",
        "vpc-endpoints",
        "private-access-settings",
        "customer-managed-keys",
        "metastores",
        "ip-access-lists",
        "log-delivery",
    ] {
        found.insert(what, somebody.all(what).await);
    }
    found
}

/// Applies it; what it made.
async fn applied(name: &str) -> Made {
    // A key of twelve digits is an account of its own there: the environments name their stacks alike.
    let number = rand::random_range(100_000_000_000_u64..1_000_000_000_000).to_string();
    let scene = Scene::start(options(name, &number)).await;
    let before = account(&scene).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("applied");
    let drift = short.compared("qa").await.expect("compared");
    assert_eq!(drift.error, None, "{name}");
    let url = format!(
        "http://{}/api/pipelines/shop/environments/qa/drift",
        daemon.address
    );
    let view = reqwest::get(url).await.expect("sent");
    let view = view.text().await.expect("a text");
    assert!(drift.found.is_none(), "{name}: {view}");
    let mut after = account(&scene).await;
    for (what, all) in &mut after {
        all.retain(|one| !before[what].contains(one));
    }
    daemon.stop().await;
    Made {
        scene,
        account: after,
        aws: aws_account(&number).await,
    }
}

fn running(made: &BTreeMap<&'static str, Vec<Value>>) -> usize {
    let workspaces = made["workspaces"].iter();
    workspaces
        .filter(|one| one["workspace_status"] == "RUNNING")
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_in_a_network_that_databricks_makes_with_a_metastore_and_a_catalog() {
    let Made {
        scene,
        account: made,
        aws,
    } = applied("managed").await;
    assert_eq!(running(&made), 1, "{made:?}");
    assert!(made["networks"].is_empty());
    let metastore = &made["metastores"][0];
    assert_eq!(metastore["owner"], "data-platform", "{metastore}");
    let found = scene.read_back().await;
    assert_eq!(
        found["workspaces"]["shop-managed"]["metastore"],
        metastore["metastore_id"]
    );
    let qa = scene.workspace("qa");
    let ask = async |path: &str| {
        let path = format!("/api/2.1/unity-catalog/{path}");
        let answer = qa.call("ana", Method::GET, &path, Value::Null).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error:?}"))
    };
    let catalog = ask("catalogs/shop_managed").await;
    let root = catalog["storage_root"].as_str().expect("a place");
    assert!(root.starts_with("s3://shop-managed-data/catalog"), "{root}");
    let credential = ask("storage-credentials/shop_managed").await;
    let role = &aws["roles"]["shop_managed-unity-catalog"];
    let trusted = role["trust"].to_string();
    assert!(trusted.contains("sts:ExternalId"), "{role}");
    let arn = credential["aws_iam_role"]["role_arn"].as_str();
    assert!(
        arn.is_some_and(|arn| arn.ends_with(":role/shop_managed-unity-catalog")),
        "{credential}"
    );
    assert!(aws["buckets"]["shop-managed-data"]["ours"] == true, "{aws}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_whose_logs_are_delivered_to_a_bucket_of_their_own() {
    let Made {
        account: made, aws, ..
    } = applied("audited").await;
    assert_eq!(running(&made), 1, "{made:?}");
    let named = |what: &str, field: &str, name: &str| {
        let found = made[what].iter().find(|one| one[field] == name);
        found
            .unwrap_or_else(|| panic!("no {name}: {made:?}"))
            .clone()
    };
    let logs = "shop-audited-logs";
    let credentials = named("credentials", "credentials_name", logs);
    let storage = named("storage-configurations", "storage_configuration_name", logs);
    let workspace = named("workspaces", "workspace_name", "shop-audited");
    for (name, kind, filter) in [
        (
            "shop-audited-logs-audit",
            "AUDIT_LOGS",
            json!([workspace["workspace_id"]]),
        ),
        ("shop-audited-logs-usage", "BILLABLE_USAGE", Value::Null),
    ] {
        let delivery = named("log-delivery", "config_name", name);
        assert_eq!(delivery["log_type"], kind);
        assert_eq!(delivery["status"], "ENABLED");
        assert_eq!(delivery["credentials_id"], credentials["credentials_id"]);
        let id = "storage_configuration_id";
        assert_eq!(delivery[id], storage[id]);
        assert_eq!(delivery["workspace_ids_filter"], filter, "{delivery}");
    }
    let arn = credentials["aws_credentials"]["sts_role"]["role_arn"].clone();
    let account = "0f0f0f0f-0000-0000-0000-000000000001".parse();
    let trust = log_delivery_trust(Partition::Aws, &account.expect("an account"));
    assert_eq!(aws["roles"][logs]["trust"], json!(trust));
    let bucket = &aws["buckets"][logs];
    let role = arn.as_str().expect("an ARN").parse().expect("a role");
    let policy = log_delivery_bucket(Partition::Aws, &logs.parse().expect("a name"), &role);
    assert_eq!(bucket["policy"], json!(policy));
    assert_eq!(bucket["ownership"], "BucketOwnerPreferred");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_in_a_vpc_of_its_own() {
    let made = applied("own-vpc").await.account;
    assert_eq!(running(&made), 1, "{made:?}");
    assert_eq!(
        made["networks"][0]["subnet_ids"].as_array().map(Vec::len),
        Some(2)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workspaces_over_private_link_with_a_key_of_our_own() {
    let made = applied("private").await.account;
    assert_eq!(running(&made), 2, "{made:?}");
    assert_eq!(made["networks"].len(), 2);
    assert_eq!(made["vpc-endpoints"].len(), 2, "shared by both");
    assert_eq!(made["customer-managed-keys"].len(), 1);
    assert_eq!(made["private-access-settings"].len(), 1);
    let lists: Vec<&Value> = made["ip-access-lists"].iter().collect();
    assert_eq!(lists.len(), 1, "{lists:?}");
    assert_eq!(lists[0]["ip_addresses"], json!(["203.0.113.0/24"]));
    for workspace in &made["workspaces"] {
        for (field, what) in [
            ("private_access_settings_id", "private-access-settings"),
            ("storage_customer_managed_key_id", "customer-managed-keys"),
            (
                "managed_services_customer_managed_key_id",
                "customer-managed-keys",
            ),
        ] {
            let id = field
                .replace("storage_", "")
                .replace("managed_services_", "");
            assert_eq!(workspace[field], made[what][0][id], "{workspace}");
        }
    }
    let network = &made["networks"][0]["vpc_endpoints"];
    assert_eq!(
        network["rest_api"].as_array().map(Vec::len),
        Some(1),
        "{network}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_spokes_and_one_hub() {
    let made = applied("spokes").await.account;
    assert_eq!(running(&made), 2, "{made:?}");
    let mut vpcs: Vec<&Value> = made["networks"].iter().map(|one| &one["vpc_id"]).collect();
    vpcs.dedup();
    assert_eq!(vpcs.len(), 2, "each in a VPC of its own");
}
