//! What holds for every job config.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::two_jobs;
use crate::plan::Plan;

/// A job config as people write them, with and without values that are the server's defaults.
pub(crate) fn job_config() -> impl Strategy<Value = Value> {
    let task = (0u8..3, any::<bool>(), 0u32..3, any::<bool>(), any::<bool>());
    (prop::collection::vec(task, 0..4), "[a-z]{1,6}", prop::option::of(0u32..4), any::<bool>()).prop_map(
        |(tasks, name, runs, paused)| {
            let mut config = json!({"name": name, "email_notifications": {}});
            if let Some(runs) = runs {
                config["max_concurrent_runs"] = json!(runs);
            }
            config["schedule"] = json!({"quartz_cron_expression": "0 0 1 * * ?", "timezone_id": "UTC",
                                        "pause_status": if paused { "PAUSED" } else { "UNPAUSED" }});
            config["tasks"] = tasks
                .into_iter()
                .enumerate()
                .rev()
                .map(|(index, (what, run_if, retries, flag, cluster))| {
                    let mut task = json!({"task_key": format!("t{index}"), "max_retries": retries});
                    if run_if {
                        task["run_if"] = json!("ALL_SUCCESS");
                    }
                    match what {
                        0 => task["notebook_task"] = json!({"notebook_path": "${files}/src/load", "base_parameters": {"flag": flag}}),
                        1 => task["spark_python_task"] = json!({"python_file": "${files}/src/load.py", "parameters": []}),
                        _ => task["new_cluster"] = json!({"num_workers": retries, "spark_conf": {"spark.x": flag}}),
                    }
                    if cluster {
                        task["existing_cluster_id"] = json!("${resources.clusters.etl.id}");
                    }
                    task
                })
                .collect();
            config
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_plan_after_apply_is_empty(configs in prop::collection::vec(job_config(), 1..4)) {
        let mut world = two_jobs();
        for (index, config) in configs.into_iter().enumerate() {
            world = world.resource(&format!("jobs.j{index}"), config);
        }
        world.apply();
        prop_assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    }

    #[test]
    fn digests_depend_neither_on_ids_nor_on_the_order_of_the_listing(
        config in job_config(), changed in job_config(), first_id in 1u64..1_000_000, seed in any::<u64>(),
    ) {
        let world = |first_id: u64, turn: u64| {
            let mut world = two_jobs().resource("jobs.x", config.clone());
            world.next_id = first_id;
            world.apply();
            world = world.resource("jobs.x", changed.clone()).file("src/load.py", "print(3)");
            let length = world.observed.objects.len();
            world.observed.objects.rotate_left(usize::try_from(turn).unwrap_or(0) % length);
            world.plan()
        };
        let (a, b) = (world(100, 0), world(first_id, seed));
        prop_assert_eq!(a.digest(), b.digest());
        let back: Plan = serde_json::from_value(a.to_json()).unwrap();
        prop_assert_eq!(&back, &a);
        prop_assert_eq!(back.digest(), a.digest());
    }
}
