//! `state: absent` leaves nothing but keys, which their template keeps: the examples with a network of their own, made and
//! destroyed. Each is in a region of its own, so that what other tests leave behind is not taken for theirs.

use hodman_tests::checkout::root;
use hodman_tests::harness::{Options, Scene, Short};
use hodman_tests::servers::{aws_endpoint, python};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::000000000000:role/hodman";

/// Everything of an account that the examples make.
const KINDS: [&str; 6] = [
    "credentials",
    "storage-configurations",
    "networks",
    "vpc-endpoints",
    "private-access-settings",
    "customer-managed-keys",
];

/// The example's file, in a region of its own.
fn file(path: &str, region: &str) -> &'static str {
    let path = root().join("examples/foundation").join(path);
    let text = std::fs::read_to_string(&path).expect("a file of the example");
    let text = text.replace("eu-west-1", region);
    // What protects a workspace would refuse to let it go, as it should.
    text.replace("      lifecycle: {prevent_destroy: true}\n", "")
        .leak()
}

/// The example `name` as qa stands on it, in `region`.
fn options(name: &str, modules: &[&str], region: &str) -> Options {
    let environment = file(&format!("environments/{name}/environment.yaml"), region);
    let (from, to) = (
        environment.find("account:"),
        environment.find("workspaces:"),
    );
    let calls = &environment[from.expect("an account")..to.expect("workspaces")];
    let calls: &'static str = format!("{calls}workspaces:\n").leak();
    let mut options =
        Options::short().edit("environments/qa/environment.yaml", "workspaces:\n", calls);
    for module in modules {
        let path = format!("modules/{module}/module.yaml");
        let text = file(&path, region);
        options = options.file(path.leak(), text);
    }
    options.settings = format!(
        "aws:\n  main: {{region: {region}, endpoint: \"{}\", role_arn: \"{ROLE}\", external_id: ours, access_key_id: {{value: test}}, \
         secret_access_key: {{value: test}}, environments: [qa]}}",
        aws_endpoint()
    );
    options.made = vec!["qa"];
    options
}

async fn left(region: &str) -> Value {
    let script = root().join("tests/probes/aws_left.py");
    let url = aws_endpoint();
    let outcome = python(&script, &[&url, region, ROLE, "hodman-shop-qa-"], &[]).await;
    assert!(outcome.ok, "{}", outcome.said);
    let line = outcome.said.lines().next().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {}", outcome.said))
}

async fn made_and_destroyed(options: Options, region: &str, stacks: usize, goes: &[&str]) {
    let scene = Scene::start(options).await;
    let account = scene.somebody();
    let before = account.all("workspaces").await.len();
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    let there = left(region).await;
    assert_eq!(
        there["stacks"].as_array().map(Vec::len),
        Some(stacks),
        "{there}"
    );
    assert_eq!(there["vpcs"].as_array().map(Vec::len), Some(1), "{there}");
    assert!(account.all("workspaces").await.len() > before);

    // What used them is gone, and the account does not know it yet.
    scene.databricks.account().linger(2);
    let pull = short.destroy("qa").await.expect("destroyed");
    for key in goes {
        assert!(pull.body.contains(key), "{key}: {}", pull.body);
    }
    assert_eq!(account.all("workspaces").await.len(), before);
    for what in KINDS {
        let left = account.all(what).await;
        assert!(left.is_empty(), "{what}: {left:?}");
    }
    let lists = account
        .send(reqwest::Method::GET, "ip-access-lists", None)
        .await;
    let lists = lists.expect("a list");
    let none = lists["ip_access_lists"]
        .as_array()
        .is_none_or(Vec::is_empty);
    assert!(none, "{lists}");
    let after = left(region).await;
    assert_eq!(
        (&after["stacks"], &after["vpcs"]),
        (&json!([]), &json!([])),
        "{after}"
    );
    // The template keeps keys on purpose: what they encrypted would be lost with them.
    assert_eq!(after["keys"], there["keys"]);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_in_a_vpc_of_its_own_leaves_nothing() {
    let region = "eu-central-1";
    let modules = ["network", "databricks-network", "workspace-own-network"];
    let options = options("own-vpc", &modules, region);
    let goes = [
        "cloudformation_stacks.vpc",
        "account_networks.network-network",
    ];
    made_and_destroyed(options, region, 1, &goes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workspaces_over_private_link_with_a_key_leave_nothing() {
    let region = "eu-west-2";
    let modules = [
        "network",
        "kms-key",
        "customer-keys",
        "private-link",
        "workspace-private",
        "network-in-vpc",
        "network-over-link",
        "ip-access",
        "ip-access-enforced",
    ];
    let options = options("private", &modules, region);
    let goes = [
        "cloudformation_stacks.vpc",
        "cloudformation_stacks.key",
        "cloudformation_stacks.more-subnets",
        "account_workspaces.more-workspace-workspace",
    ];
    made_and_destroyed(options, region, 3, &goes).await;
}
