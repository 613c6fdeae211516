use serde_json::json;

use super::{bundle, errors, job};

#[test]
fn a_target_is_laid_over_key_by_key() {
    let bundle = bundle(
        r#"bundle: {name: d}
targets:
  qa:
    mode: production
    resources:
      jobs:
        j:
          max_concurrent_runs: 3
          tags: {b: qa, c: new}
          tasks:
            - {task_key: two, timeout_seconds: 9}
            - {task_key: three}
          job_clusters: [{job_cluster_key: main, new_cluster: {num_workers: 9}}]
          parameters: [{name: p, default: qa}, {name: q, default: "1"}]
          queue: {enabled: true}
          schedule:
resources:
  jobs:
    j:
      name: n
      max_concurrent_runs: 1
      tags: {a: base, b: base}
      tasks:
        - {task_key: one}
        - {task_key: two, timeout_seconds: 1, libraries: [{pypi: {package: x}}]}
      job_clusters: [{job_cluster_key: main, new_cluster: {num_workers: 1, spark_version: s}}]
      parameters: [{name: p, default: base}]
      schedule: {quartz_cron_expression: x, timezone_id: UTC}
"#,
    );
    assert_eq!(bundle.mode.as_deref(), Some("production"));
    assert_eq!(
        *job(&bundle, "j"),
        json!({
            "name": "n",
            "max_concurrent_runs": 3,
            "tags": {"a": "base", "b": "qa", "c": "new"},
            "tasks": [
                {"task_key": "one"},
                {"task_key": "two", "timeout_seconds": 9, "libraries": [{"pypi": {"package": "x"}}]},
                {"task_key": "three"},
            ],
            "job_clusters": [{"job_cluster_key": "main", "new_cluster": {"num_workers": 9, "spark_version": "s"}}],
            "parameters": [{"name": "p", "default": "qa"}, {"name": "q", "default": "1"}],
            "queue": {"enabled": true},
            "schedule": {"quartz_cron_expression": "x", "timezone_id": "UTC"},
        })
    );
}

#[test]
fn items_of_one_name_are_joined_once_references_are_values() {
    let bundle = bundle(
        r#"bundle: {name: d}
variables: {cluster: {type: complex, default: {num_workers: 1, spark_version: s}}, key: {default: main}}
targets:
  qa:
    resources:
      jobs: {j: {job_clusters: [{job_cluster_key: main, new_cluster: {num_workers: 9}}]}}
      pipelines: {p: {clusters: [{num_workers: 9}, {label: Maintenance, policy_id: p}]}}
resources:
  jobs: {j: {job_clusters: [{job_cluster_key: "${var.key}", new_cluster: "${var.cluster}"}]}}
  pipelines: {p: {clusters: [{label: default, num_workers: 1, custom_tags: {a: b}}, {label: maintenance, num_workers: 1}]}}
"#,
    );
    assert_eq!(
        job(&bundle, "j")["job_clusters"],
        json!([{"job_cluster_key": "main", "new_cluster": {"num_workers": 9, "spark_version": "s"}}])
    );
    assert_eq!(
        bundle.resources[&"pipelines.p".parse().unwrap()].config["clusters"],
        json!([
            {"label": "default", "num_workers": 9, "custom_tags": {"a": "b"}},
            {"label": "Maintenance", "num_workers": 1, "policy_id": "p"},
        ])
    );
}

#[test]
fn a_targets_settings_are_laid_over_those_of_the_bundle() {
    let bundle = bundle(
        r#"bundle: {name: d, git: {branch: main, origin_url: u}}
workspace: {host: "https://h", root_path: /Shared/d}
run_as: {user_name: a@b}
permissions: [{level: CAN_VIEW, group_name: all}]
artifacts: {lib: {type: whl, files: [{source: ./x/*.whl}]}}
targets:
  qa:
    git: {branch: qa}
    workspace: {root_path: /Shared/qa}
    run_as: {service_principal_name: sp}
    permissions: [{level: CAN_RUN, group_name: ops}]
    artifacts: {lib: {files: [{source: ./y/*.whl}]}}
"#,
    );
    let section = |name: &str| &bundle.sections[name];
    assert_eq!(
        section("bundle")["git"],
        json!({"branch": "qa", "origin_url": "u"})
    );
    assert_eq!(
        (
            &section("workspace")["host"],
            &section("workspace")["root_path"]
        ),
        (&json!("https://h"), &json!("/Workspace/Shared/qa"))
    );
    assert_eq!(*section("run_as"), json!({"service_principal_name": "sp"}));
    assert_eq!(
        *section("permissions"),
        json!([{"level": "CAN_VIEW", "group_name": "all"}, {"level": "CAN_RUN", "group_name": "ops"}])
    );
    assert_eq!(
        section("artifacts")["lib"]["files"],
        json!([{"source": "./x/*.whl"}, {"source": "./y/*.whl"}])
    );
}

#[test]
fn anchors_and_merge_keys_are_yaml_s_own() {
    let bundle = bundle(
        r"bundle: {name: d}
x-common: &common {num_workers: 1, spark_version: s}
targets: {qa: }
resources:
  jobs:
    j:
      tags: &tags {team: data}
      job_clusters:
        - {job_cluster_key: a, new_cluster: {<<: *common, num_workers: 2}}
        - {job_cluster_key: b, new_cluster: *common}
    k:
      tags: *tags
",
    );
    assert_eq!(
        job(&bundle, "j")["job_clusters"],
        json!([
            {"job_cluster_key": "a", "new_cluster": {"num_workers": 2, "spark_version": "s"}},
            {"job_cluster_key": "b", "new_cluster": {"num_workers": 1, "spark_version": "s"}},
        ])
    );
    assert_eq!(job(&bundle, "k")["tags"], json!({"team": "data"}));
}

#[test]
fn lists_without_a_key_are_put_one_after_the_other() {
    let bundle = bundle(
        "bundle: {name: d}\ntargets: {qa: {resources: {jobs: {j: {x: [3]}}}}}\nresources: {jobs: {j: {x: [1, 2]}}}\n",
    );
    assert_eq!(job(&bundle, "j")["x"], json!([1, 2, 3]));
}

#[test]
fn kinds_of_values_that_do_not_mix_are_an_error() {
    let shown = errors(
        "bundle: {name: d}\ntargets: {qa: {resources: {jobs: {j: {x: text}}}}}\nresources: {jobs: {j: {x: {a: 1}}}}\n",
    );
    assert_eq!(
        shown,
        "databricks.yml:2:42: a text cannot be laid over a mapping from databricks.yml:3"
    );
}

#[test]
fn targets_must_be_known() {
    assert_eq!(
        errors("bundle: {name: d}\ntargets: {qaa: , prod: }\n"),
        "databricks.yml:2:10: there is no target `qa` (hint: did you mean `qaa`?)"
    );
    assert_eq!(
        errors("bundle: {name: d}\n"),
        "databricks.yml: there is no target `qa`: the bundle has no `targets` (hint: add `targets: {qa: {}}`)"
    );
    assert_eq!(
        errors(
            "bundle: {name: d}\nvariables: {cat: {default: x}}\ntargets: {qa: {variables: {cta: y}}}\n"
        ),
        "databricks.yml:3:28: the variable `cta` is not declared under `variables` (hint: did you mean `cat`?)"
    );
    assert_eq!(
        errors("bundle: {name: d}\ntargets: {qa: {mode: prod}}\n"),
        "databricks.yml:2:22: expected `development` or `production`"
    );
}

const PRESETS: &str = r#"bundle: {name: d}
run_as: {service_principal_name: sp}
permissions: [{level: CAN_RUN, group_name: ops}, {level: CAN_VIEW, user_name: a@b}]
presets: {name_prefix: "[${bundle.target}] ", trigger_pause_status: PAUSED, jobs_max_concurrent_runs: 7, tags: {team: data, own: no}}
targets: {qa: {presets: {tags: {env: qa}}}}
resources:
  clusters: {c: {cluster_name: c}}
  jobs:
    j:
      name: n
      schedule: {quartz_cron_expression: x}
      trigger: {pause_status: UNPAUSED}
      tags: {own: mine}
      permissions: [{level: IS_OWNER, user_name: a@b}]
    k: {run_as: {user_name: u}, max_concurrent_runs: 1}
"#;

#[test]
fn what_the_bundle_says_of_all_is_applied_where_a_resource_says_nothing() {
    let bundle = bundle(PRESETS);
    assert_eq!(
        *job(&bundle, "j"),
        json!({
            "name": "[qa] n",
            "schedule": {"quartz_cron_expression": "x", "pause_status": "PAUSED"},
            "trigger": {"pause_status": "UNPAUSED"},
            "max_concurrent_runs": 7,
            "tags": {"team": "data", "env": "qa", "own": "mine"},
            "run_as": {"service_principal_name": "sp"},
        })
    );
    let of = |key: &str| json!(bundle.resources[&key.parse().unwrap()].permissions);
    assert_eq!(
        of("jobs.j"),
        json!([{"level": "IS_OWNER", "user_name": "a@b"}, {"level": "CAN_MANAGE_RUN", "group_name": "ops"}])
    );
    assert_eq!(
        of("clusters.c"),
        json!([{"level": "CAN_RESTART", "group_name": "ops"}, {"level": "CAN_ATTACH_TO", "user_name": "a@b"}])
    );
    let k = job(&bundle, "k");
    assert_eq!(
        (&k["run_as"], &k["max_concurrent_runs"]),
        (&json!({"user_name": "u"}), &json!(1))
    );
    assert_eq!(
        *bundle.resources[&"clusters.c".parse().unwrap()].config,
        json!({
            "cluster_name": "[qa] c",
            "autotermination_minutes": 60,
            "custom_tags": {"team": "data", "env": "qa", "own": "no"},
        })
    );
}

#[test]
fn presets_of_another_shape_are_errors() {
    let with = |more: &str| errors(&format!("bundle: {{name: d}}\ntargets: {{qa: }}\n{more}\n"));
    assert_eq!(
        with("presets: {trigger_pause_status: paused}"),
        "databricks.yml:3:33: expected `PAUSED` or `UNPAUSED`"
    );
    assert_eq!(
        with("presets: {tags: [a]}"),
        "databricks.yml:3:17: `presets.tags` must be a mapping, found a list"
    );
    assert_eq!(
        with("permissions: [{level: CAN_EDIT, user_name: u}]"),
        "databricks.yml:3:23: expected a `level` of `CAN_MANAGE`, `CAN_VIEW` or `CAN_RUN`"
    );
    assert_eq!(
        with("presets: {source_linked_deployment: true}"),
        "databricks.yml:3:11: `presets.source_linked_deployment` is not supported in this version"
    );
}
