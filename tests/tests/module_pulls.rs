//! A pull request that changes a module shows what that means in every environment that calls it, before anybody merges it; and
//! a call that does not fit fails it at its place.

use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use serde_json::Value;

const MODULE: &str = "\
engine: native
inputs:
  name: {type: string}
  role: {type: string, default: shop}
resources:
  account_credentials:
    keys:
      credentials_name: ${inputs.name}
      aws_credentials: {sts_role: {role_arn: \"arn:aws:iam::123456789012:role/${inputs.role}\"}}
  clusters:
    shared:
      cluster_name: ${inputs.name}
      spark_version: 15.4.x-scala2.12
      node_type_id: i3.xlarge
      num_workers: 1
";

const QA: &str =
    "account: main\nmodules:\n  keys: {module: keys, inputs: {name: shop-qa}}\nworkspaces:\n";
const PROD: &str =
    "account: main\nmodules:\n  keys: {module: keys, inputs: {name: shop-prod}}\nworkspaces:\n";

/// Somebody opens a pull request; its head.
fn propose(scene: &Scene, branch: &str, files: &[(&str, &str)]) -> String {
    let files: Vec<(&str, Option<&[u8]>)> = files
        .iter()
        .map(|(path, text)| (*path, Some(text.as_bytes())))
        .collect();
    let head = scene
        .forge
        .commit(REPOSITORY, branch, &files, "a change", "rita")
        .expect("committed");
    scene
        .forge
        .open_pull(REPOSITORY, branch, "main", "a change", "", "rita")
        .expect("a pull request");
    head
}

/// What the check of a head says, once it is there.
async fn validated(scene: &Scene, short: &Short<'_>, head: &str) -> (Value, String) {
    let path = format!("/repos/{REPOSITORY}/commits/{head}/check-runs?filter=all");
    let run = short
        .wait("the check run hodman/validate", async || {
            let answer = scene.github(&path).await.ok()?;
            let runs = answer["check_runs"].as_array()?.clone();
            runs.into_iter()
                .find(|run| run["name"] == "hodman/validate" && run["status"] == "completed")
        })
        .await;
    let run = match run {
        Ok(run) => run,
        Err(error) => panic!(
            "{error:#}: {:?}",
            short.state().await.map(|state| state.checked)
        ),
    };
    let summary = run["output"]["summary"].as_str().unwrap_or_default();
    (run["conclusion"].clone(), summary.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_module_shows_its_plan_for_every_environment_that_calls_it() {
    let options = Options::short()
        .file("modules/keys/module.yaml", MODULE)
        .edit("environments/qa/environment.yaml", "workspaces:\n", QA)
        .edit("environments/prod/environment.yaml", "workspaces:\n", PROD);
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");
    short.promote("prod").await.expect("prod");

    let path = "modules/keys/module.yaml";
    let changed = MODULE
        .replace("default: shop}", "default: store}")
        .replace("num_workers: 1", "num_workers: 3");
    let head = propose(&scene, "other-role", &[(path, &changed)]);
    let (conclusion, summary) = validated(&scene, &short, &head).await;
    assert_eq!(conclusion, "success", "{summary}");
    for env in ["qa", "prod"] {
        let from = summary
            .find(&format!("### {env}\n"))
            .unwrap_or_else(|| panic!("nothing of {env}: {summary}"));
        let rest = &summary[from + 4..];
        let part = &rest[..rest.find("\n### qa\n").unwrap_or(rest.len())];
        for words in [
            "account_credentials.keys-keys",
            "role/store",
            "clusters.keys-shared",
            "num_workers",
        ] {
            assert!(part.contains(words), "{env}: {words}: {summary}");
        }
    }
    // Nothing was done, and nothing is approved by it.
    let state = short.settled_but_open().await.expect("quiet");
    assert!(state.checked.values().all(|known| known.plans.is_empty()));

    // Another file than a module's, and the same binding: no plans.
    let main = scene.forge.head(REPOSITORY, "main").expect("main");
    let read = |file: &str| {
        let bytes = scene.forge.read_file(REPOSITORY, &main, file);
        String::from_utf8(bytes.expect("the file")).expect("text")
    };
    let file = "environments/qa/environment.yaml";
    let text = read(file);
    let words = format!("# qa of the shop\n{text}");
    let head = propose(&scene, "words", &[(file, &words)]);
    let (conclusion, summary) = validated(&scene, &short, &head).await;
    assert_eq!(conclusion, "success", "{summary}");
    assert!(!summary.contains("###"), "{summary}");

    // An input that no call gives.
    let wants = MODULE.replace(
        "role: {type: string, default: shop}",
        "role: {type: string}",
    );
    let head = propose(&scene, "wants-more", &[(path, &wants)]);
    let (conclusion, summary) = validated(&scene, &short, &head).await;
    assert_eq!(conclusion, "failure", "{summary}");
    assert!(summary.contains("`role`"), "{summary}");
    assert!(
        summary.contains("environments/qa/environment.yaml")
            && summary.contains("environments/prod/environment.yaml"),
        "{summary}"
    );

    // A module and its first call in one: it arrives with the package that has the module.
    let text = text.replace(
        "modules:\n",
        "modules:\n  more: {module: more, inputs: {name: shop-more}}\n",
    );
    let head = propose(
        &scene,
        "one-more",
        &[("modules/more/module.yaml", MODULE), (file, &text)],
    );
    let (conclusion, summary) = validated(&scene, &short, &head).await;
    assert_eq!(conclusion, "success", "{summary}");
    assert!(
        summary.contains("account_credentials.more-keys")
            && summary.contains("does not fit the package in place"),
        "{summary}"
    );
    daemon.stop().await;
}
