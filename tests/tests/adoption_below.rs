//! What a workspace stands on and somebody made by hand: role, bucket, account objects and the workspace become hodman's,
//! instead of being made a second time.

use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_model::takeover::From;
use hodman_tests::checkout::root;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short, takeover};
use hodman_tests::servers::{aws_endpoint, python};
use reqwest::Method;
use serde_json::{Value, json};

const REGION: &str = "eu-west-1";
const KEY: &str = "arn:aws:kms:eu-west-1:000000000000:key/0f0f0f0f-0000-0000-0000-000000000001";
const TAKEN: &str = "arn:aws:iam::000000000000:role/hodman";

const CALLS: &str = "\
account: main
aws: main
modules:
  role:
    module: cross-account-role
    inputs: {name: legacy-databricks, account_id: 0f0f0f0f-0000-0000-0000-000000000001}
  bucket:
    module: root-bucket
    inputs: {name: legacy-root, account_id: 0f0f0f0f-0000-0000-0000-000000000001}
  workspace:
    module: workspace
    inputs:
      name: legacy
      region: eu-west-1
      role_arn: ${modules.role.outputs.role_arn}
      bucket: ${modules.bucket.outputs.name}
  quick-start: {module: quick-start}
workspaces:
";

/// What a Quick Start left behind, as far as it matters here: a stack under a name of its own.
const TEMPLATE: &str = "\
AWSTemplateFormatVersion: \"2010-09-09\"
Resources:
  Note: {Type: AWS::SSM::Parameter, Properties: {Name: /legacy/note, Type: String, Value: kept}}
";

const QUICK_START: &str = "\
engine: cloudformation
stack_name: Databricks-Quick-Start
template: template.yaml
";

fn options() -> Options {
    let modules = [
        (
            "modules/cross-account-role/module.yaml",
            include_str!("../../examples/foundation/modules/cross-account-role/module.yaml"),
        ),
        (
            "modules/root-bucket/module.yaml",
            include_str!("../../examples/foundation/modules/root-bucket/module.yaml"),
        ),
        (
            "modules/workspace/module.yaml",
            include_str!("../../examples/foundation/modules/workspace/module.yaml"),
        ),
        ("modules/quick-start/module.yaml", QUICK_START),
        ("modules/quick-start/template.yaml", TEMPLATE),
    ];
    let options = modules
        .into_iter()
        .fold(Options::short(), |options, (path, text)| {
            options.file(path, text)
        });
    let mut options = options.edit("environments/qa/environment.yaml", "workspaces:\n", CALLS);
    options.settings = format!(
        "aws:\n  main: {{region: {REGION}, endpoint: \"{}\", role_arn: \"{TAKEN}\", external_id: ours, access_key_id: {{value: test}}, \
         secret_access_key: {{value: test}}, environments: [qa]}}",
        aws_endpoint()
    );
    options
}

/// Makes all of it, and gives the state of the Terraform configuration that somebody did it with.
async fn by_hand(scene: &Scene) -> Value {
    let script = root().join("tests/probes/aws_by_hand.py");
    let url = aws_endpoint();
    let arguments = [
        url.as_str(),
        REGION,
        TAKEN,
        "legacy-databricks",
        "legacy-root",
        "Databricks-Quick-Start",
        TEMPLATE,
    ];
    let outcome = python(&script, &arguments, &[]).await;
    assert!(outcome.ok, "{}", outcome.said);
    let line = outcome.said.lines().next().unwrap_or_default();
    let made: Value = serde_json::from_str(line).expect("JSON");
    let account = scene.somebody();
    let credentials = json!({"credentials_name": "legacy", "aws_credentials": {"sts_role": {"role_arn": made["arn"]}}});
    let credentials = account.does(Method::POST, "credentials", credentials).await;
    let storage = json!({"storage_configuration_name": "legacy", "root_bucket_info": {"bucket_name": "legacy-root"}});
    let storage = account
        .does(Method::POST, "storage-configurations", storage)
        .await;
    let key = json!({"use_cases": ["STORAGE"], "aws_key_info": {"key_arn": KEY}});
    let key = account
        .does(Method::POST, "customer-managed-keys", key)
        .await;
    let workspace = json!({
        "workspace_name": "legacy",
        "aws_region": REGION,
        "credentials_id": credentials["credentials_id"],
        "storage_configuration_id": storage["storage_configuration_id"],
        "storage_customer_managed_key_id": key["customer_managed_key_id"],
        "custom_tags": {"team": "data"},
    });
    let workspace = account.does(Method::POST, "workspaces", workspace).await;
    let path = format!("workspaces/{}", workspace["workspace_id"]);
    for _ in 0..10 {
        let now = account.does(Method::GET, &path, Value::Null).await;
        if now["workspace_status"] == "RUNNING" {
            break;
        }
    }
    let metastore = json!({"metastore_info": {"name": "legacy", "region": REGION}});
    let metastore = account.does(Method::POST, "metastores", metastore).await;
    let metastore = &metastore["metastore_info"]["metastore_id"];
    let metastore = metastore.as_str().expect("an id");
    let assigned = format!("{path}/metastores/{metastore}");
    let fields = json!({"metastore_assignment": {"metastore_id": metastore}});
    account.does(Method::POST, &assigned, fields).await;
    let group = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "legacy-analysts"});
    let group = account.does(Method::POST, "scim/v2/Groups", group).await;
    let group = group["id"].as_str().expect("an id");
    let entered = format!("{path}/permissionassignments/principals/{group}");
    account
        .does(Method::PUT, &entered, json!({"permissions": ["USER"]}))
        .await;
    below(scene, metastore, group);
    let id = &workspace["workspace_id"];
    let one = |kind: &str, attributes: Value| json!({"mode": "managed", "type": kind, "name": "this", "provider": "p", "instances": [{"attributes": attributes}]});
    json!({"version": 4, "resources": [
        one("aws_iam_role", json!({"id": "legacy-databricks", "name": "legacy-databricks", "arn": made["arn"]})),
        one("aws_s3_bucket", json!({"id": "legacy-root", "bucket": "legacy-root"})),
        one("aws_cloudformation_stack", json!({"id": "arn:aws:cloudformation:x:0:stack/x", "name": "Databricks-Quick-Start"})),
        one("databricks_mws_credentials", credentials),
        one("databricks_mws_storage_configurations", storage),
        one("databricks_mws_workspaces", workspace.clone()),
        one("databricks_mws_customer_managed_keys", json!({
            "customer_managed_key_id": key["customer_managed_key_id"],
            "use_cases": ["STORAGE"],
            "aws_key_info": [{"key_arn": KEY, "key_region": REGION}],
        })),
        one("databricks_metastore_assignment", json!({"id": format!("{id}|{metastore}"), "workspace_id": id, "metastore_id": metastore})),
        one("databricks_mws_permission_assignment", json!({"workspace_id": id, "principal_id": group.parse::<u64>().expect("a number"), "permissions": ["USER"]})),
    ]})
}

/// The module of the workspace with what has no names: a key, and what lies below it.
fn below(scene: &Scene, metastore: &str, group: &str) {
    let module = include_str!("../../examples/foundation/modules/workspace/module.yaml");
    let protected = "      lifecycle: {prevent_destroy: true}\n";
    assert!(module.contains(protected));
    let workspace = "${resources.account_workspaces.workspace.workspace_id}";
    let more = format!(
        "      storage_customer_managed_key_id: ${{resources.account_customer_managed_keys.storage.customer_managed_key_id}}\n\
         {protected}  account_customer_managed_keys:\n    storage: {{use_cases: [STORAGE], aws_key_info: {{key_arn: \"{KEY}\"}}}}\n\
         {0}account_metastore_assignments:\n    main: {{workspace_id: \"{workspace}\", metastore_id: \"{metastore}\"}}\n\
         {0}account_permission_assignments:\n    analysts: {{workspace_id: \"{workspace}\", principal_id: \"{group}\", permission_levels: [USER]}}\n",
        "  "
    );
    let module = module.replace(protected, &more);
    let files = [("modules/workspace/module.yaml", Some(module.as_bytes()))];
    let committed = scene
        .forge
        .commit(REPOSITORY, "main", &files, "all of it", "rita");
    committed.expect("committed");
}

async fn ask(short: &Short<'_>, state: &Value) {
    let ask = Ask::Adopt {
        env: "qa".into(),
        takeover: takeover(From::Tfstate, &state.to_string()),
    };
    short.ask("olga", ask).await.expect("asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_made_below_a_workspace_is_taken_over_and_not_made_again() {
    let scene = Scene::start(options()).await;
    let state = by_hand(&scene).await;
    let account = scene.somebody();
    // Another environment has the credentials; nobody else is asked.
    let theirs = json!({"version": 1, "claims": {"account_credentials.theirs": {
        "id": state["resources"][3]["instances"][0]["attributes"]["credentials_id"],
    }}});
    let packages = scene.data().join("packages");
    std::fs::create_dir_all(&packages).expect("a folder");
    let claims = packages.join("shop.prod.foundation-claims.json");
    std::fs::write(&claims, theirs.to_string()).expect("written");

    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    // Role and bucket have names that nobody else can have, and hodman did not make them.
    let refused = async || {
        let state = short.state().await.ok()?;
        let told = hodman_core::explain::explain(&state, &EnvName::from("qa"), scene.clock.now())?;
        let words: Vec<String> = told.waits.iter().map(ToString::to_string).collect();
        words
            .join("; ")
            .contains("wants the name `legacy-databricks`")
            .then_some(())
    };
    short.wait("a refusal", refused).await.expect("refused");
    ask(&short, &state).await;
    let belongs = async || {
        let history = short.store().history("shop", Some("qa"), 50).await.ok()?;
        let said = |words: &str| {
            history
                .iter()
                .any(|entry| format!("{entry:?}").contains(words))
        };
        said("belongs to shop/prod/theirs already").then_some(())
    };
    short
        .wait("a second refusal", belongs)
        .await
        .expect("refused");
    std::fs::remove_file(&claims).expect("given up there");

    ask(&short, &state).await;
    let taken = async || {
        let pulls = scene.forge.pulls(REPOSITORY);
        pulls
            .into_iter()
            .find(|pull| pull.open && pull.head_ref == "hodman/takeover/qa")
    };
    let pull = short.wait("a takeover", taken).await.expect("proposed");
    for words in [
        "aws_roles.role-role",
        "aws_buckets.bucket-bucket",
        "cloudformation_stacks.quick-start",
        "account_credentials.workspace-credentials",
        "account_storage_configurations.workspace-storage",
        "account_workspaces.workspace-workspace",
        "account_customer_managed_keys.workspace-storage",
        "account_metastore_assignments.workspace-main",
        "account_permission_assignments.workspace-analysts",
        "removed {",
        "from = databricks_mws_workspaces.this",
        "+ public_access_block",
    ] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    let file = scene
        .forge
        .read_file(
            REPOSITORY,
            &pull.head_sha,
            "environments/qa/environment.yaml",
        )
        .expect("the file");
    let text = String::from_utf8(file).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    let at = lines
        .iter()
        .position(|line| *line == "adopt:")
        .expect("adopt at the top");
    assert!(
        lines[at + 1..]
            .iter()
            .any(|line| line.contains("aws_roles.role-role: legacy-databricks")),
        "{text}"
    );
    assert!(
        text.contains("# qa: what dev made, tried out."),
        "comments stay: {text}"
    );
    short.merge(&pull).expect("merged");

    let adopts = async || {
        let pull = short.proposed("qa").await.ok()?;
        pull.body.contains("9 adopt").then_some(pull)
    };
    let pull = short
        .wait("a plan that adopts", adopts)
        .await
        .expect("a plan");
    assert!(
        pull.body.contains("2 create"),
        "only the jobs: {}",
        pull.body
    );
    assert!(!pull.body.contains("create** `a"), "{}", pull.body);
    short.merge(&pull).expect("merged");
    let healthy = async || {
        let state = short.state().await.ok()?;
        let env = state.environments.get(&EnvName::from("qa"))?;
        let healthy = env.current.as_ref()?.healthy_since.is_some() && env.run.is_none();
        healthy.then_some(())
    };
    short.wait("qa", healthy).await.expect("applied");
    for (what, field) in [
        ("credentials", "credentials_name"),
        ("storage-configurations", "storage_configuration_name"),
        ("workspaces", "workspace_name"),
    ] {
        let found = account.all(what).await;
        let found: Vec<&Value> = found.iter().filter(|one| one[field] == "legacy").collect();
        assert_eq!(found.len(), 1, "{what}: {found:?}");
    }
    let workspaces = account.all("workspaces").await;
    let legacy = workspaces
        .iter()
        .find(|one| one["workspace_name"] == "legacy");
    let tags = &legacy.expect("legacy")["custom_tags"];
    assert_eq!(tags["hodman_key"], "workspace-workspace", "{tags}");

    short
        .ask("olga", Ask::Reconcile { env: "qa".into() })
        .await
        .expect("asked");
    let empty = async || {
        let state = short.state().await.ok()?;
        let drift = &state.environments.get(&EnvName::from("qa"))?.drift;
        (drift.last.is_some()
            && !drift.wanted
            && drift.comparing.is_none()
            && drift.found.is_none())
        .then_some(())
    };
    short
        .wait("a comparison without a difference", empty)
        .await
        .expect("an empty plan");
    daemon.stop().await;
}
