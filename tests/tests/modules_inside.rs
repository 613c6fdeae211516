//! A module that makes a cluster inside of the workspaces: called by qa and prod with other inputs, used by a job of the bundle,
//! changed on main, and promoted environment by environment like everything in a package.

use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use serde_json::{Value, json};

const MODULE: &str = include_str!("../../examples/foundation/modules/cluster/module.yaml");

const QA: &str = "\
modules:
  compute:
    module: cluster
    inputs: {name: shop-qa, workers: 2}
workspaces:
";

const PROD: &str = "\
modules:
  compute:
    module: cluster
    inputs: {name: shop, workers: 8, node_type: r5d.large}
workspaces:
";

const BUNDLE: (&str, &str) = (
    "variables:\n  catalog:",
    "variables:\n  compute:\n    description: The cluster that jobs share.\n    default: none\n  catalog:",
);

fn options() -> Options {
    let given = "variables:\n  compute: ${modules.compute.outputs.cluster_id}\n";
    Options::short()
        .file("modules/cluster/module.yaml", MODULE)
        .edit("databricks.yml", BUNDLE.0, BUNDLE.1)
        .edit(
            "resources/nightly.job.yml",
            "        - task_key: load\n",
            "        - task_key: load\n          existing_cluster_id: ${var.compute}\n",
        )
        .edit("environments/qa/environment.yaml", "workspaces:\n", QA)
        .edit("environments/qa/environment.yaml", "variables:\n", given)
        .edit("environments/prod/environment.yaml", "workspaces:\n", PROD)
        .edit("environments/prod/environment.yaml", "variables:\n", given)
}

/// The only cluster of that name in a workspace, as somebody else sees it.
async fn cluster(scene: &Scene, env: &str, name: &str) -> Value {
    let answer = reqwest::Client::new()
        .get(format!(
            "{}/api/2.1/clusters/list",
            scene.workspace(env).url()
        ))
        .bearer_auth(format!("ana-{}", hodman_tests::harness::CANARY))
        .send()
        .await
        .expect("sent");
    let all: Value = answer.json().await.expect("JSON");
    let found: Vec<&Value> = all["clusters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| one["cluster_name"] == name)
        .collect();
    assert_eq!(found.len(), 1, "{env}: {all}");
    found[0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_module_is_promoted_like_any_package_and_jobs_use_what_it_gives() {
    let scene = Scene::start(options()).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    for (env, name, workers, node) in [
        ("qa", "shop-qa", 2, "m5d.large"),
        ("prod", "shop", 8, "r5d.large"),
    ] {
        let pull = short.proposed(env).await.expect("a plan");
        for words in ["clusters.compute-shared", "cluster_policies.compute-small"] {
            assert!(pull.body.contains(words), "{words}: {}", pull.body);
        }
        short.promote(env).await.expect("promoted");
        let made = cluster(&scene, env, name).await;
        assert_eq!(made["autoscale"]["max_workers"], json!(workers));
        assert_eq!(made["node_type_id"], node);
        let (_, job) = scene.people[env].job("nightly").await.expect("the job");
        assert_eq!(
            job["tasks"][0]["existing_cluster_id"], made["cluster_id"],
            "{job}"
        );
        let drift = short.compared(env).await.expect("compared");
        assert_eq!(drift.found, None, "{env} is as it should be");
    }

    // The module changes on main: qa's pull request shows it, then prod's.
    let changed = MODULE.replace("min_workers: 1", "min_workers: 2");
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[("modules/cluster/module.yaml", Some(changed.as_bytes()))],
            "two workers at least",
            "rita",
        )
        .expect("committed");
    for (env, name) in [("qa", "shop-qa"), ("prod", "shop")] {
        let pull = short
            .wait("the changed module's plan", async || {
                let pulls = scene.forge.pulls(REPOSITORY).into_iter();
                let mut open =
                    pulls.filter(|pull| pull.open && pull.head_ref.contains(&format!("/{env}/")));
                open.find(|pull| pull.body.contains("min_workers"))
            })
            .await
            .expect("a plan");
        assert!(
            pull.body.contains("clusters.compute-shared"),
            "{}",
            pull.body
        );
        assert!(!pull.body.contains("jobs.nightly"), "{}", pull.body);
        short.promote(env).await.expect("promoted");
        let made = cluster(&scene, env, name).await;
        assert_eq!(made["autoscale"]["min_workers"], json!(2));
    }
    daemon.stop().await;
}
