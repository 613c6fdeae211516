//! What is completed as the Databricks CLI completes it.

use serde_json::{Value, json};

use super::super::ResolvedBundle;
use super::{bundle, errors};

fn of<'b>(bundle: &'b ResolvedBundle, key: &str) -> &'b Value {
    &bundle.resources[&key.parse().unwrap()].config
}

fn warnings(bundle: &ResolvedBundle) -> Vec<String> {
    bundle.warnings.iter().map(ToString::to_string).collect()
}

/// As libs/dyn/convert/normalize.go and libs/dyn/dynvar/resolve.go of the CLI have it.
#[test]
fn numbers_in_texts_are_written_as_the_cli_writes_them() {
    let qa = bundle(
        r#"bundle: {name: d}
variables: {f: {default: 1.0}, big: {default: 1e6}}
targets: {qa: }
resources:
  jobs:
    j:
      name: "${var.f}"
      description: "x-${var.f} ${var.big}"
      tags: {v: 1.0, w: 2e3, z: -0.0}
      tasks:
        - task_key: a
          notebook_task:
            notebook_path: /n
            base_parameters: {th: 0.000001, big: 1e20, huge: 100000000000000000000, whole: 18446744073709551615, n: "${var.big}"}
"#,
    );
    let j = of(&qa, "jobs.j");
    assert_eq!(
        (&j["name"], &j["description"]),
        (&json!("1"), &json!("x-1 1e+06"))
    );
    assert_eq!(j["tags"], json!({"v": "1", "w": "2000", "z": "-0"}));
    assert_eq!(
        j["tasks"][0]["notebook_task"]["base_parameters"],
        json!({
            "th": "0.000001", "big": "100000000000000000000", "huge": "100000000000000000000",
            "whole": "18446744073709551615", "n": "1000000",
        })
    );
}

#[test]
fn a_cluster_that_says_nothing_ends_after_an_hour() {
    let qa = bundle(
        "bundle: {name: d}\ntargets: {qa: }\nresources: {clusters: {a: {num_workers: 1}, b: {autotermination_minutes: 0}, c: {autotermination_minutes: 10}}}\n",
    );
    assert_eq!(of(&qa, "clusters.a")["autotermination_minutes"], 60);
    assert_eq!(of(&qa, "clusters.b")["autotermination_minutes"], 0);
    assert_eq!(of(&qa, "clusters.c")["autotermination_minutes"], 10);
}

#[test]
fn a_pool_decides_what_a_target_would_have_left_of_the_nodes() {
    let qa = bundle(
        r#"bundle: {name: d}
targets:
  qa:
    resources:
      clusters: {c: {instance_pool_id: p}}
      jobs: {j: {job_clusters: [{job_cluster_key: k, new_cluster: {instance_pool_id: p}}]}}
resources:
  clusters: {c: {node_type_id: m5, driver_node_type_id: m5, enable_elastic_disk: false, aws_attributes: {instance_profile_arn: a, zone_id: z}}}
  jobs: {j: {job_clusters: [{job_cluster_key: k, new_cluster: {node_type_id: m5, num_workers: 1}}], tasks: [{task_key: t, new_cluster: {node_type_id: m5, instance_pool_id: ""}}]}}
"#,
    );
    assert_eq!(
        *of(&qa, "clusters.c"),
        json!({"instance_pool_id": "p", "aws_attributes": {"instance_profile_arn": "a"}, "autotermination_minutes": 60})
    );
    let job = of(&qa, "jobs.j");
    assert_eq!(
        job["job_clusters"][0]["new_cluster"],
        json!({"instance_pool_id": "p", "num_workers": 1})
    );
    assert_eq!(
        job["tasks"][0]["new_cluster"],
        json!({"node_type_id": "m5"})
    );
    assert_eq!(
        warnings(&qa),
        [
            "databricks.yml:8:18: `node_type_id` is not sent: `instance_pool_id` decides it (hint: leave out one of them)",
            "databricks.yml:8:36: `driver_node_type_id` is not sent: `instance_pool_id` decides it (hint: leave out one of them)",
            "databricks.yml:8:131: `aws_attributes.zone_id` is not sent: `instance_pool_id` decides it (hint: leave out one of them)",
            "databricks.yml:9:64: `node_type_id` is not sent: `instance_pool_id` decides it (hint: leave out one of them)",
        ]
    );
}

#[test]
fn a_job_cluster_without_a_size_has_no_workers() {
    let qa = bundle(
        r#"bundle: {name: d}
variables: {policy: {default: P}}
targets: {qa: }
resources:
  cluster_policies: {own: {name: own, definition: '{"num_workers": {"type": "fixed", "value": 2}}'}}
  jobs:
    j:
      job_clusters:
        - {job_cluster_key: a, new_cluster: {spark_version: s, node_type_id: m5, spark_conf: {spark.databricks.cluster.profile: singleNode}}}
        - {job_cluster_key: b, new_cluster: {num_workers: null, autoscale: null, instance_pool_id: p}}
        - {job_cluster_key: c, new_cluster: {policy_id: "${var.policy}"}}
        - {job_cluster_key: d, new_cluster: {policy_id: "${resources.cluster_policies.own.id}"}}
        - {job_cluster_key: e, new_cluster: {autoscale: {min_workers: 1, max_workers: 2}}}
        - {job_cluster_key: f, new_cluster: {num_workers: 3}}
      tasks: [{task_key: t, new_cluster: {spark_version: s}}]
"#,
    );
    let job = of(&qa, "jobs.j");
    let sizes: Vec<&Value> = (0..6)
        .map(|index| &job["job_clusters"][index]["new_cluster"]["num_workers"])
        .collect();
    assert_eq!(
        json!(sizes),
        json!([0, 0, 0, null, null, 3]),
        "{:#}",
        job["job_clusters"]
    );
    assert_eq!(
        job["tasks"][0]["new_cluster"],
        json!({"spark_version": "s"})
    );
}

#[test]
fn served_models_become_what_the_api_gives_back() {
    let text = "bundle: {name: d}\ntargets: {qa: }\nresources: {model_serving_endpoints: {e: {name: e, config: {served_models: [{name: a, model_name: m, model_version: \"1\", workload_size: Small}]}}}}\n";
    let qa = bundle(text);
    assert_eq!(
        of(&qa, "model_serving_endpoints.e")["config"],
        json!({"served_entities": [{"name": "a", "entity_name": "m", "entity_version": "1", "workload_size": "Small"}]})
    );
    assert!(warnings(&qa)[0].starts_with("databricks.yml:3:61: `served_models` is the old form"));
    let both = text.replace("}]}}}}", "}], served_entities: [{entity_name: m}]}}}}");
    assert_eq!(
        errors(&both),
        "databricks.yml:3:61: `served_models` and `served_entities` both say what is served (hint: keep `served_entities`)"
    );
}

#[test]
fn empty_texts_that_say_nothing_are_not_sent() {
    let qa = bundle(
        r#"bundle: {name: d}
variables: {policy: {default: ""}}
targets: {qa: }
resources:
  clusters: {c: {policy_id: "${var.policy}", spark_conf: {a: ""}, custom_tags: {t: ""}}}
  jobs:
    j:
      description: ""
      parameters: [{name: p, default: ""}]
      tasks: [{task_key: t, condition_task: {op: EQUAL_TO, left: "{{x}}", right: ""}, notebook_task: {notebook_path: /x, warehouse_id: "", base_parameters: {a: ""}}}]
"#,
    );
    assert_eq!(
        *of(&qa, "clusters.c"),
        json!({"spark_conf": {"a": ""}, "custom_tags": {"t": ""}, "autotermination_minutes": 60})
    );
    assert_eq!(
        *of(&qa, "jobs.j"),
        json!({
            "description": "",
            "parameters": [{"name": "p", "default": ""}],
            "tasks": [{"task_key": "t", "condition_task": {"op": "EQUAL_TO", "left": "{{x}}", "right": ""},
                       "notebook_task": {"notebook_path": "/x", "base_parameters": {"a": ""}}}],
        })
    );
}

#[test]
fn people_are_written_in_the_words_of_bundles_or_of_their_api() {
    let qa = bundle(
        r#"bundle: {name: d}
targets: {qa: }
resources:
  groups: {a: {display_name: a, external_id: x}, b: {displayName: b, externalId: y}}
  service_principals: {s: {display_name: s, application_id: i}}
  jobs: {j: {name: "${resources.groups.a.display_name} ${resources.groups.b.display_name} ${resources.service_principals.s.application_id}"}}
"#,
    );
    assert_eq!(
        *of(&qa, "groups.a"),
        json!({"displayName": "a", "externalId": "x"})
    );
    assert_eq!(
        *of(&qa, "groups.b"),
        json!({"displayName": "b", "externalId": "y"})
    );
    assert_eq!(
        *of(&qa, "service_principals.s"),
        json!({"displayName": "s", "applicationId": "i"})
    );
    assert_eq!(of(&qa, "jobs.j")["name"], "a b i");
    assert_eq!(warnings(&qa), Vec::<String>::new());
}
