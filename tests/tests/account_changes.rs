//! Objects of the account change under a workspace that runs on them: by requests where the account takes them, else by others in
//! their place. The official client reads back what is there.

use hodman_core::explain::explain;
use hodman_core::ids::EnvName;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use serde_json::{Value, json};

const FILE: &str = "modules/objects/module.yaml";
const FIRST: &str = include_str!("../fixtures/account_objects/first.yaml");
const SECOND: &str = include_str!("../fixtures/account_objects/second.yaml");

const CALL: &str = "\
account: main
modules:
  objects: {module: objects}
workspaces:
";

async fn start() -> Scene {
    let options = Options::short().file(FILE, FIRST);
    Scene::start(options.edit("environments/qa/environment.yaml", "workspaces:\n", CALL)).await
}

fn commit(scene: &Scene, module: &str) {
    let files = [(FILE, Some(module.as_bytes()))];
    let committed = scene
        .forge
        .commit(REPOSITORY, "main", &files, "objects", "rita");
    committed.expect("committed");
}

/// Nothing is left to do.
async fn at_rest(short: &Short<'_>) {
    let drift = short.compared("qa").await.expect("compared");
    assert_eq!((drift.error, drift.found), (None, None));
}

async fn says(scene: &Scene, short: &Short<'_>, wanted: &str) {
    let said = async || {
        let state = short.state().await.ok()?;
        let told = explain(&state, &EnvName::from("qa"), scene.clock.now())?;
        let words: Vec<String> = told.waits.iter().map(ToString::to_string).collect();
        words.join("; ").contains(wanted).then_some(())
    };
    short.wait(wanted, said).await.expect("said");
}

/// The objects of a log delivery, in the order in which they were made.
fn logs<'v>(found: &'v Value, name: &str) -> Vec<&'v Value> {
    let all = found["logs"].as_array().expect("a list").iter();
    let mut all: Vec<&Value> = all.filter(|one| one["config_name"] == name).collect();
    all.sort_by_key(|one| one["creation_time"].as_i64());
    all
}

/// Where in the requests to the account since `from` the first is that begins with `method`, on a path with `words`.
fn place(scene: &Scene, from: usize, method: &str, words: &str) -> usize {
    let all = scene.databricks.account_faults().requests();
    let found = all[from..]
        .iter()
        .position(|one| one.method == method && one.path.contains(words));
    found.unwrap_or_else(|| panic!("no {method} {words}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_changes_under_a_workspace_that_runs() {
    let scene = start().await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    at_rest(&short).await;
    let before = scene.read_back().await;
    first(&before);

    let requests = scene.databricks.account_faults().requests().len();
    commit(&scene, SECOND);
    let pull = short.proposed("qa").await.expect("a plan");
    for words in [
        "replace** `account_credentials.objects-machines`",
        "replace** `account_networks.objects-own`",
        "replace** `account_metastore_assignments.objects-main`",
        "replace** `account_log_deliveries.objects-audit`",
        "delete** `account_log_deliveries.objects-usage`",
        "update** `account_private_access_settings.objects-access`",
        "update** `account_metastores.objects-one`",
        "update** `account_ip_access_lists.objects-office`",
        "update** `account_workspaces.objects-main`",
    ] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    short.promote("qa").await.expect("changed");
    let after = scene.read_back().await;
    second(&before, &after);
    // What it stands on is made first, then it is moved, then what it stood on goes.
    let workspace = &before["workspaces"]["shop"]["fields"]["workspace_id"];
    let moved = place(
        &scene,
        requests,
        "PATCH",
        &format!("/workspaces/{workspace}"),
    );
    for (path, list, id) in [
        (
            "/credentials",
            &before["credentials"]["shop"],
            "credentials_id",
        ),
        ("/networks", &before["networks"]["shop"], "network_id"),
        (
            "/customer-managed-keys",
            &before["keys"][0],
            "customer_managed_key_id",
        ),
    ] {
        let old = list[id].as_str().expect("an id");
        let made = place(&scene, requests, "POST", path);
        let gone = place(&scene, requests, "DELETE", &format!("{path}/{old}"));
        assert!(
            made < moved && moved < gone,
            "{path}: {made}, {moved}, {gone}"
        );
    }
    at_rest(&short).await;

    short.destroy("qa").await.expect("destroyed");
    nothing(&scene.read_back().await);
    daemon.stop().await;
}

fn first(found: &Value) {
    let workspace = &found["workspaces"]["shop"];
    let fields = &workspace["fields"];
    assert_eq!(fields["workspace_status"], "RUNNING", "{found}");
    let ids = [
        (
            "credentials_id",
            &found["credentials"]["shop"]["credentials_id"],
        ),
        ("network_id", &found["networks"]["shop"]["network_id"]),
        (
            "private_access_settings_id",
            &found["access"]["shop"]["private_access_settings_id"],
        ),
        (
            "managed_services_customer_managed_key_id",
            &found["keys"][0]["customer_managed_key_id"],
        ),
    ];
    for (field, id) in ids {
        assert!(id.is_string() && fields[field] == *id, "{field}: {found}");
    }
    let one = &found["metastores"]["shop-one"];
    assert_eq!(workspace["metastore"], one["metastore_id"]);
    assert_eq!(one["owner"], "data-platform");
    let root = one["storage_root"].as_str().expect("a place");
    assert!(root.starts_with("s3://shop-catalogs/one/"), "{root}");
    let office = &found["ip_lists"]["office"];
    assert_eq!(office["enabled"], false, "{office}");
    assert_eq!(found["ip_lists_heeded"], false, "{found}");
    let access = &found["access"]["shop"];
    assert_eq!(
        access["allowed_vpc_endpoint_ids"],
        json!([found["endpoints"]["shop-workspace"]["vpc_endpoint_id"]])
    );
    assert_eq!(access["public_access_enabled"], true);
    let audit = logs(found, "audit");
    assert_eq!(audit.len(), 1, "{audit:?}");
    assert_eq!(
        audit[0]["workspace_ids_filter"],
        json!([fields["workspace_id"]])
    );
    let usage = logs(found, "usage");
    assert_eq!(usage[0]["status"], "ENABLED");
    assert!(usage[0]["delivery_start_time"].is_string(), "{usage:?}");
}

fn second(before: &Value, found: &Value) {
    let workspace = &found["workspaces"]["shop"];
    let fields = &workspace["fields"];
    assert_eq!(
        fields["workspace_id"],
        before["workspaces"]["shop"]["fields"]["workspace_id"]
    );
    for (what, name, id) in [
        ("credentials", "shop", "credentials_id"),
        ("networks", "shop", "network_id"),
    ] {
        let (old, new) = (&before[what][name][id], &found[what][name][id]);
        assert!(old != new && fields[id] == *new, "{what}: {found}");
    }
    let keys = found["keys"].as_array().expect("a list");
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert_eq!(keys[0]["aws_key_info"]["key_alias"], "alias/two");
    assert_eq!(
        fields["managed_services_customer_managed_key_id"],
        keys[0]["customer_managed_key_id"]
    );
    assert_eq!(fields["custom_tags"]["team"], "lake");
    assert_eq!(fields["custom_tags"]["stage"], "qa");
    assert_eq!(
        fields["storage_configuration_id"],
        before["storage"]["shop"]["storage_configuration_id"]
    );

    // Put in its place: the same settings.
    let (was, access) = (&before["access"]["shop"], &found["access"]["shop"]);
    let id = "private_access_settings_id";
    assert_eq!(access[id], was[id]);
    assert_eq!(access["public_access_enabled"], false);
    let endpoint = |name: &str| found["endpoints"][name]["vpc_endpoint_id"].clone();
    let allowed = access["allowed_vpc_endpoint_ids"].as_array().expect("ids");
    assert_eq!(allowed.len(), 2, "{access}");
    for one in [endpoint("shop-workspace"), endpoint("shop-relay")] {
        assert!(allowed.contains(&one), "{access}");
    }
    assert_eq!(
        found["endpoints"]["shop-relay"]["aws_vpc_endpoint_id"],
        "vpce-3"
    );

    assert_eq!(found["egress"].get("shop-one"), None, "{found}");
    let rules = found["egress"]["shop-two"].as_array().expect("rules");
    assert_eq!(rules.len(), 1, "{rules:?}");
    assert_eq!(
        (
            &rules[0]["enabled"],
            rules[0]["domain_names"].as_array().map(Vec::len)
        ),
        (&json!(false), Some(2)),
        "{rules:?}"
    );

    let one = &found["metastores"]["shop-one"];
    assert_eq!(
        one["metastore_id"],
        before["metastores"]["shop-one"]["metastore_id"]
    );
    assert_eq!(
        (&one["owner"], &one["delta_sharing_scope"]),
        (&json!("lake-platform"), &json!("INTERNAL_AND_EXTERNAL"))
    );
    let two = &found["metastores"]["shop-two"]["metastore_id"];
    assert_eq!(workspace["metastore"], *two);

    let (was, office) = (&before["ip_lists"]["office"], &found["ip_lists"]["office"]);
    assert_eq!(office["list_id"], was["list_id"]);
    assert_eq!(office["enabled"], true);
    assert_eq!(found["ip_lists_heeded"], true);
    assert_eq!(office["ip_addresses"].as_array().map(Vec::len), Some(2));

    let audit = logs(found, "audit");
    let of = |one: &Value| (one["status"].clone(), one["delivery_path_prefix"].clone());
    assert_eq!(
        audit.iter().map(|one| of(one)).collect::<Vec<_>>(),
        [
            (json!("DISABLED"), json!("audit")),
            (json!("ENABLED"), json!("audit-two")),
        ]
    );
    assert_eq!(
        audit[1]["storage_configuration_id"],
        found["storage"]["shop-logs"]["storage_configuration_id"]
    );
    assert_eq!(logs(found, "usage")[0]["status"], "DISABLED");
}

/// Everything of it is gone; log deliveries, which never go, are off.
fn nothing(found: &Value) {
    assert_eq!(found["workspaces"].get("shop"), None);
    for what in [
        "credentials",
        "storage",
        "endpoints",
        "networks",
        "access",
        "ip_lists",
        "egress",
    ] {
        assert_eq!(found[what], json!({}), "{what}");
    }
    assert_eq!(found["keys"], json!([]));
    for name in ["shop-one", "shop-two"] {
        assert_eq!(found["metastores"].get(name), None);
    }
    let logs = found["logs"].as_array().expect("a list");
    assert!(
        logs.iter().all(|one| one["status"] == "DISABLED"),
        "{logs:?}"
    );
}

const OTHER_ROOT: (&str, &str) = ("bucket_name: shop-root", "bucket_name: shop-other-root");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_root_bucket_repairs_a_workspace_that_failed_and_is_refused_to_one_that_runs() {
    let scene = start().await;
    let account = scene.databricks.account();
    account.fail_next_workspace("INVALID_STATE: no such bucket");
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    says(&scene, &short, "no such bucket").await;
    let failed = scene.read_back().await;

    commit(&scene, &FIRST.replace(OTHER_ROOT.0, OTHER_ROOT.1));
    short.promote("qa").await.expect("repaired");
    let found = scene.read_back().await;
    let workspace = |found: &Value| found["workspaces"]["shop"]["fields"].clone();
    let repaired = workspace(&found);
    assert_eq!(repaired["workspace_id"], workspace(&failed)["workspace_id"]);
    assert_eq!(repaired["workspace_status"], "RUNNING");
    let root = &found["storage"]["shop"];
    assert_eq!(root["root_bucket_info"]["bucket_name"], "shop-other-root");
    assert_eq!(
        repaired["storage_configuration_id"],
        root["storage_configuration_id"]
    );
    assert_ne!(
        root["storage_configuration_id"],
        failed["storage"]["shop"]["storage_configuration_id"]
    );
    at_rest(&short).await;

    commit(&scene, FIRST);
    says(&scene, &short, "keeps the storage configuration").await;
    let after = scene.read_back().await;
    assert_eq!(after["storage"], found["storage"], "nothing was touched");
    daemon.stop().await;
}
