//! From an empty AWS account to a running job in one merge, and the same way back.

use hodman_core::explain::{Standing, standing};
use hodman_core::ids::EnvName;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use hodman_tests::servers::{aws_account, aws_endpoint, aws_hand};

const FROM_NOTHING: &str =
    include_str!("../../examples/foundation/environments/from-nothing/environment.yaml");

/// The lines from `account:` to the workspaces.
fn calls(environment: &str) -> String {
    let from = environment.find("account:").expect("an account");
    let to = environment.find("workspaces:").expect("workspaces");
    environment[from..to].to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_an_empty_aws_account_to_a_running_job_is_one_merge_and_so_is_the_way_back() {
    let protected = include_str!("../../examples/foundation/modules/workspace/module.yaml");
    let unprotected: &'static str = protected
        .replace("      lifecycle: {prevent_destroy: true}\n", "")
        .leak();
    assert_ne!(protected, unprotected);
    let mut options = Options::short();
    options.files = vec![
        (
            "modules/cross-account-role/module.yaml",
            include_str!("../../examples/foundation/modules/cross-account-role/module.yaml"),
        ),
        (
            "modules/root-bucket/module.yaml",
            include_str!("../../examples/foundation/modules/root-bucket/module.yaml"),
        ),
        ("modules/workspace/module.yaml", unprotected),
    ];
    let calls: &'static str = format!("{}workspaces:\n", calls(FROM_NOTHING))
        .replace(
            "name: shop-root\n",
            "name: shop-root\n      force_destroy: true\n",
        )
        .leak();
    let mut options = options.edit("environments/qa/environment.yaml", "workspaces:\n", calls);
    options.settings = format!(
        "aws:\n  main: {{region: eu-west-1, endpoint: \"{}\", role_arn: \"arn:aws:iam::000000000000:role/hodman\", external_id: ours, access_key_id: {{value: test}}, secret_access_key: {{value: test}}, environments: [qa]}}",
        aws_endpoint()
    );
    options.made = vec!["qa"];
    let scene = Scene::start(options).await;
    let there = scene.workspace("qa").url();
    scene.databricks.account().delay_roles(2);
    scene.databricks.account().slow_provisioning(2);
    let account = scene.somebody();
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    for words in [
        "aws_roles.role-role",
        "aws_buckets.bucket-bucket",
        "jobs.nightly",
    ] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    short.merge(&pull).expect("merged");
    short
        .wait("qa", async || {
            let state = short.state().await.ok()?;
            let env = state.environments.get(&EnvName::from("qa"))?;
            let healthy = env.current.as_ref()?.healthy_since.is_some() && env.run.is_none();
            healthy.then_some(())
        })
        .await
        .expect("applied and verified: its job ran");
    // Databricks writes into the root bucket as soon as there is a workspace.
    aws_hand(&["put", "shop-root", "ephemeral/log"]).await;
    let made = account.all("workspaces").await;
    let made = made.iter().find(|one| one["workspace_name"] == "shop");
    let url = made.expect("the workspace")["workspace_url"]
        .as_str()
        .expect("its address");
    assert_ne!(url, there, "it is another than the one that was there");
    assert_eq!(account.all("credentials").await.len(), 1);

    let file = "environments/qa/environment.yaml";
    let head = scene.forge.head(REPOSITORY, "main").expect("main");
    let text = scene
        .forge
        .read_file(REPOSITORY, &head, file)
        .expect("the file");
    let text = String::from_utf8(text).expect("text");
    let text = text.replace("mode: promoted", "mode: promoted\nstate: absent");
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[(file, Some(text.as_bytes()))],
            "qa goes",
            "olga",
        )
        .expect("committed");
    let pull = short
        .wait("a plan that destroys", async || {
            let state = short.state().await.ok()?;
            let env = &state.environments[&EnvName::from("qa")];
            let open = env.promotion.as_ref()?.number()?;
            let mut pulls = scene.forge.pulls(REPOSITORY).into_iter();
            pulls.find(|pull| pull.open && pull.number == open.0 && pull.body.contains("absent"))
        })
        .await
        .expect("a pull request");
    assert!(
        pull.body.contains("aws_buckets.bucket-bucket"),
        "{}",
        pull.body
    );
    short.merge(&pull).expect("merged");
    short
        .wait("nothing of it", async || {
            let workspaces = account.all("workspaces").await;
            let left = workspaces.iter().any(|one| one["workspace_name"] == "shop");
            let credentials = account.all("credentials").await;
            let storage = account.all("storage-configurations").await;
            let state = short.state().await.ok()?;
            let env = &state.environments[&EnvName::from("qa")];
            let gone = standing(env) == Standing::Gone && env.run.is_none();
            (gone && !left && credentials.is_empty() && storage.is_empty()).then_some(())
        })
        .await
        .expect("destroyed");
    let left = aws_account("test").await;
    assert_eq!(left["roles"].get("shop-databricks"), None, "{left}");
    assert_eq!(left["buckets"].get("shop-root"), None, "{left}");
    daemon.stop().await;
}
