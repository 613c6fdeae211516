//! `cluster_id` of a target, and other things that only development has.

use serde_json::json;

use super::super::Form;
use super::super::{Options, Surroundings, resolve_with, validated};
use super::{bundle, job, tree};

const ROOT: &str = r#"bundle: {name: d}
targets:
  qa:
    cluster_id: ${resources.clusters.shared.id}
    resources: {clusters: {shared: {cluster_name: shared, spark_version: "15.4"}}}
resources:
  jobs:
    j:
      environments: [{environment_key: e, spec: {client: "1"}}]
      tasks:
        - {task_key: a, new_cluster: {spark_version: "15.4"}, libraries: [{pypi: {package: x}}]}
        - {task_key: b, existing_cluster_id: other}
        - {task_key: c, for_each_task: {inputs: "[1]", task: {task_key: d, environment_key: e}}}
        - {task_key: e, sql_task: {warehouse_id: w, query: {query_id: q}}}
"#;

#[test]
fn the_old_word_for_the_cluster_is_a_warning() {
    let old = bundle(&ROOT.replace("    cluster_id: ", "    compute_id: "));
    let new = bundle(ROOT);
    assert_eq!(job(&old, "j"), job(&new, "j"));
    assert!(new.warnings.is_empty());
    assert_eq!(
        old.warnings[0].to_string(),
        "databricks.yml:4:5: `compute_id` is the old word for `cluster_id` (hint: write `cluster_id`)"
    );
    let of_bundle = ROOT
        .replace("    cluster_id: ${resources.clusters.shared.id}\n", "")
        .replace(
            "{name: d}",
            "{name: d, compute_id: \"${resources.clusters.shared.id}\"}",
        );
    assert_eq!(job(&bundle(&of_bundle), "j"), job(&new, "j"));
}

/// databricks/cli at 7bbe285, bundle/config/mutator/resourcemutator/override_compute.go.
#[test]
fn tasks_run_on_the_cluster_of_the_target() {
    let qa = bundle(ROOT);
    let shared = "${resources.clusters.shared.id}";
    assert_eq!(
        job(&qa, "j")["tasks"],
        json!([
            {"task_key": "a", "existing_cluster_id": shared, "libraries": [{"pypi": {"package": "x"}}]},
            {"task_key": "b", "existing_cluster_id": shared},
            {"task_key": "c", "for_each_task": {"inputs": "[1]", "task": {"task_key": "d", "existing_cluster_id": shared}}},
            {"task_key": "e", "sql_task": {"warehouse_id": "w", "query": {"query_id": "q"}}},
        ])
    );
    let needs = &qa.resources[&"jobs.j".parse().unwrap()].needs;
    assert!(needs.contains(&"clusters.shared".parse().unwrap()));
    assert_eq!(qa.warnings, []);
    let options = Options {
        form: Form::Validated,
        ..Options::default()
    };
    let shown = resolve_with(&tree(&[("databricks.yml", ROOT)]), "qa", &options).unwrap();
    let shown = validated(&shown, &Surroundings::default());
    assert_eq!(shown["bundle"]["cluster_id"], shared);
}

#[test]
fn one_cluster_for_production_is_regretted() {
    let root = "bundle: {name: d}\ntargets: {qa: {mode: production, cluster_id: c}}\nresources: {jobs: {j: {tasks: [{task_key: a, job_cluster_key: k}]}}}\n";
    let qa = bundle(root);
    assert_eq!(job(&qa, "j")["tasks"][0]["existing_cluster_id"], "c");
    assert_eq!(
        qa.warnings[0].to_string(),
        "databricks.yml:2:46: `cluster_id` puts every task on one cluster, with `mode: production` (hint: leave it to targets in which people develop)"
    );
}

#[test]
fn what_people_run_themselves_is_no_error() {
    let root = "bundle: {name: d}\ntargets: {qa: }\nvariables: {a: {default: [1]}}\nscripts: {x: {content: y}}\nresources: {jobs: {j: {description: \"${var.a[0]}\"}}}\n";
    let warnings: Vec<String> = bundle(root)
        .warnings
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        warnings,
        [
            "databricks.yml:3:26: the variable `a` is a list, but not of type complex (hint: add `type: complex` to its declaration)",
            "databricks.yml:4:1: `scripts` are not run by hodman (hint: `databricks bundle run` does that, where people have it)",
        ]
    );
}
