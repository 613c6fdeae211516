//! `examples/foundation/environments/named-by-terraform`: planned and applied, with the state in a bucket and a role for whoever applies.

use hodman_core::explain::{Standing, standing};
use hodman_tests::harness::{Scene, Secrets, Short};
use hodman_tests::servers::aws_endpoint;
use serde_json::Value;

use super::bench::Bench;
use super::buckets::Bucket;
use super::looks::{asked, change, drift, healthy, qa, record};

const ENVIRONMENT: &str =
    include_str!("../../../examples/foundation/environments/named-by-terraform/environment.yaml");

/// The lines from `terraform:` to the workspaces.
fn calls() -> String {
    let from = ENVIRONMENT.find("terraform:").expect("a name");
    let to = ENVIRONMENT.find("workspaces:").expect("workspaces");
    // A server that others use, too: names must be of the test's own.
    let team = format!("team: t{:x}", rand::random::<u32>());
    ENVIRONMENT[from..to].replace("team: shop", &team)
}

/// A module of the examples.
macro_rules! module {
    ($name:literal) => {
        (
            concat!("modules/", $name, "/module.yaml"),
            include_str!(concat!(
                "../../../examples/foundation/modules/",
                $name,
                "/module.yaml"
            )),
        )
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_names_what_hodman_makes_from_an_empty_account_to_a_job_in_one_merge() {
    let bench = Bench::new();
    let bucket = Bucket::new().await;
    let calls = calls();
    let team = calls
        .split("team: ")
        .nth(1)
        .and_then(|rest| rest.split(',').next());
    let named = format!("{}-named", team.expect("a team"));
    let root = format!("{named}-root");
    let mut options = bench.options(format!("{calls}workspaces:\n").leak());
    let (path, protected) = module!("workspace");
    let unprotected = protected.replace("      lifecycle: {prevent_destroy: true}\n", "");
    options.files = vec![
        module!("names"),
        (
            "modules/names/main.tf",
            include_str!("../../../examples/foundation/modules/names/main.tf"),
        ),
        module!("cross-account-role"),
        module!("root-bucket"),
        (path, unprotected.leak()),
    ];
    options.made = vec!["qa"];
    let keys = ", AWS_ACCESS_KEY_ID: {value: test}, AWS_SECRET_ACCESS_KEY: {value: test}";
    let fixed = format!(
        "region: us-east-1, endpoint: \"{}\", access_key_id: {{value: test}}, secret_access_key: {{value: test}}",
        aws_endpoint()
    );
    let role =
        format!(", aws: {{role_arn: \"arn:aws:iam::000000000000:role/hodman-writer\", {fixed}}}");
    options.settings = format!(
        "{}aws:\n  main: {{{fixed}, environments: [qa]}}\n",
        bench.settings_with(Secrets::Inline, &bucket.backend(), [keys, ""], &role)
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    for words in [
        "terraform_data.names",
        "aws_buckets.bucket-bucket",
        "account_workspaces.workspace-workspace",
        "jobs.nightly",
        &root,
    ] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    let head = bucket.client.head_bucket().bucket(&root).send().await;
    assert!(head.is_ok(), "{head:?}");
    assert_eq!(bucket.keys().await, ["hodman-shop-qa-names.tfstate"]);
    let names = std::fs::read_to_string(bench.path("runs.names")).expect("names");
    assert!(
        names.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        "a role was taken"
    );
    short.compared("qa").await.expect("compared");
    assert_eq!(drift(daemon.address).await["plan"], Value::Null);

    // And back: what took the names before what gave them.
    change(&scene, "mode: promoted", "mode: promoted\nstate: absent");
    let pull = asked(&short, &scene, &["state: absent", "terraform_stacks.names"]).await;
    short.merge(&pull).expect("merged");
    short
        .wait("nothing left", async || {
            let gone = record(&scene, "names").await.is_null();
            let root = bucket.client.head_bucket().bucket(&root).send().await;
            let state = short.state().await.ok()?;
            (gone && root.is_err() && standing(qa(&state)?) == Standing::Gone).then_some(())
        })
        .await
        .expect("removed");
    assert_eq!(bucket.resources("hodman-shop-qa-names").await, [""; 0]);
    daemon.stop().await;
}
