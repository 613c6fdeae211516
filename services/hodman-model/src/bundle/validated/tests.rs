//! Held against what the Databricks CLI 1.13 prints. The configurations are ours; which fields it adds and with which
//! values is said at each, with the place in its repository (databricks/cli at 7bbe285) where it was read.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::tests::{NOTEBOOK, tree};
use super::super::{CurrentUser, Form, Git, Options, Surroundings, resolve_with, validated};

/// What is printed for the target `qa`, deployed by `user`.
fn printed(files: &[(&str, &str)], user: Option<&str>, git: Option<Git>) -> Value {
    let user = user.map(CurrentUser::named);
    let options = Options {
        current_user: user.clone(),
        form: Form::Validated,
        ..Options::default()
    };
    let bundle =
        resolve_with(&tree(files), "qa", &options).unwrap_or_else(|found| panic!("{found}"));
    validated(&bundle, &Surroundings { user, git })
}

/// The resources of a bundle that is one file, beside some others.
fn resources(text: &str) -> Value {
    let root = format!("bundle: {{name: shop}}\ntargets: {{qa: }}\nresources:\n{text}");
    let files = [
        ("databricks.yml", root.as_str()),
        ("src/load.py", NOTEBOOK),
        ("src/main.py", ""),
        ("src/app/app.py", ""),
        ("src/sales.lvdash.json", "{\"pages\": []}"),
        ("req.txt", ""),
        ("dist/a-1.whl", ""),
    ];
    printed(&files, Some("ada@example.com"), None)["resources"].clone()
}

/// What every job has in the end.
fn job(own: Value) -> Value {
    let mut job = json!({
        "deployment": {
            "kind": "BUNDLE",
            "metadata_file_path": "/Workspace/Users/ada@example.com/.bundle/shop/qa/state/metadata.json",
        },
        "edit_mode": "UI_LOCKED",
        "format": "MULTI_TASK",
        "max_concurrent_runs": 1,
        "queue": {"enabled": true},
    });
    if let (Some(job), Value::Object(own)) = (job.as_object_mut(), own) {
        job.extend(own);
    }
    job
}

const FILES: &str = "/Workspace/Users/ada@example.com/.bundle/shop/qa/files";

#[test]
fn secrets_are_not_shown() {
    let root = r#"bundle: {name: shop}
variables: {pw: {default: pa55}, part: {default: hunter2}, plain: {default: hello}}
targets: {qa: }
resources:
  secrets: {s: {scope: c, key: k, value: "${var.pw}"}, t: {scope: c, key: l, value: "app:${var.part}"}}
  jobs: {j: {name: j, parameters: [{name: x, default: "${var.pw}"}]}}
  model_serving_endpoints:
    e:
      name: e
      config:
        served_entities:
          - name: m
            external_model: {name: m, provider: custom, task: t, custom_provider_config: {custom_provider_url: "https://h", api_key_auth: {key: X-Api-Key, value_plaintext: sk-live}}}
  connections: {c: {name: c, connection_type: POSTGRESQL, options: {host: h, password: pa55, user: {env: PG_USER}}}}
  clusters: {c: {cluster_name: c, spark_version: "15", spark_conf: {my.password: pa55, plain: hello}}}
"#;
    let shown = printed(&[("databricks.yml", root)], None, None);
    for secret in ["pa55", "hunter2", "sk-live"] {
        assert!(!shown.to_string().contains(secret), "{secret}: {shown}");
    }
    assert_eq!(shown["resources"]["secrets"]["s"]["value"], "(redacted)");
    let options = json!({"host": "h", "password": "(redacted)", "user": {"env": "PG_USER"}});
    assert_eq!(shown["resources"]["connections"]["c"]["options"], options);
    assert_eq!(shown["variables"]["plain"]["value"], "hello");
}

/// `bundle.environment`, `sync.paths`, the paths of `workspace` and `current_user`: acceptance/bundle/validate/job-references.
/// `bundle.git` of a repository: acceptance/bundle/git-metadata. `include` as files: bundle/config/loader/process_root_includes.go.
#[test]
fn the_sections_are_complete() {
    let files = [
        (
            "databricks.yml",
            "bundle: {name: shop}\ninclude: [res/*.yml]\nvariables: {n: {default: 2}}\ntargets: {qa: {variables: {n: 3}}}\n",
        ),
        ("res/b.yml", "sync: {exclude: [tmp/*]}\n"),
        ("res/a.yml", ""),
    ];
    let git = Git {
        branch: Some("main".into()),
        commit: Some("c0ffee".into()),
        origin_url: Some("https://example.com/shop.git".into()),
        folder: "bundles/shop".into(),
    };
    assert_eq!(
        printed(&files, Some("ada.l@example.com"), Some(git)),
        json!({
            "bundle": {
                "name": "shop",
                "target": "qa",
                "environment": "qa",
                "git": {
                    "actual_branch": "main",
                    "branch": "main",
                    "bundle_root_path": "bundles/shop",
                    "commit": "c0ffee",
                    "origin_url": "https://example.com/shop.git",
                },
            },
            "include": ["res/a.yml", "res/b.yml"],
            "sync": {"paths": ["."], "exclude": ["res/tmp/*"]},
            "variables": {"n": {"default": 3, "value": 3}},
            "workspace": {
                "artifact_path": "/Workspace/Users/ada.l@example.com/.bundle/shop/qa/artifacts",
                "current_user": {
                    "domain_friendly_name": "ada-l",
                    "short_name": "ada_l",
                    "userName": "ada.l@example.com",
                },
                "file_path": "/Workspace/Users/ada.l@example.com/.bundle/shop/qa/files",
                "resource_path": "/Workspace/Users/ada.l@example.com/.bundle/shop/qa/resources",
                "root_path": "/Workspace/Users/ada.l@example.com/.bundle/shop/qa",
                "state_path": "/Workspace/Users/ada.l@example.com/.bundle/shop/qa/state",
            },
        })
    );
}

/// Nobody said who deploys: what only they decide stays open, and nothing of ours shows.
#[test]
fn what_is_not_known_stays_a_reference() {
    let root = "bundle: {name: shop}\nvariables: {w: {lookup: {warehouse: Shared}}}\ntargets: {qa: }\nresources: {jobs: {j: {name: \"${workspace.current_user.short_name}\", permissions: [{level: CAN_VIEW, group_name: ops}], tasks: [{task_key: t, notebook_task: {notebook_path: src/load.py}}]}}}\n";
    let files = [("databricks.yml", root), ("src/load.py", NOTEBOOK)];
    let out = printed(&files, None, None);
    let home = "/Workspace/Users/${workspace.current_user.userName}/.bundle/shop/qa";
    assert_eq!(out["workspace"]["file_path"], format!("{home}/files"));
    assert_eq!(out["workspace"].get("current_user"), None);
    assert_eq!(out["bundle"]["git"], json!({"bundle_root_path": "."}));
    let job = &out["resources"]["jobs"]["j"];
    assert_eq!(job["name"], "${workspace.current_user.short_name}");
    assert_eq!(
        job["permissions"],
        json!([{"level": "CAN_VIEW", "group_name": "ops"}])
    );
    let path = &job["tasks"][0]["notebook_task"]["notebook_path"];
    assert_eq!(*path, format!("{home}/files/src/load"));
    assert_eq!(
        out["variables"]["w"],
        json!({"lookup": {"warehouse": "Shared"}, "value": "${lookup.warehouse.Shared}"})
    );
}

/// Defaults of jobs: bundle/config/mutator/resourcemutator/resource_mutator.go; `num_workers: 0` of job clusters:
/// resourcemutator/cluster_fixups.go; `deployment`, `edit_mode`, `format`: bundle/deploy/metadata/annotate_jobs.go. Texts where the API has texts:
/// acceptance/bundle/variables/complex. Paths that are uploaded, and libraries that stay: acceptance/bundle/paths/fallback, environments/dependencies.
#[test]
fn jobs_are_completed() {
    let found = resources(
        r#"  jobs:
    bare: {}
    full:
      name: full
      schedule: {quartz_cron_expression: "0 0 1 * * ?", timezone_id: UTC}
      max_concurrent_runs: "3"
      tags: {team: 7, hot: true}
      job_clusters:
        - {job_cluster_key: none, new_cluster: {spark_version: "15.4", spark_conf: {spark.x: true}, workload_type: {clients: {jobs: false}}}}
        - {job_cluster_key: auto, new_cluster: {spark_version: "15.4", autoscale: {min_workers: 1, max_workers: 2}}}
      environments:
        - environment_key: e
          spec: {client: 1, dependencies: [dist/a-1.whl, "./dist/*.whl", "-r req.txt", "-e ./src/main.py", numpy==1.0, "-i http://x"]}
      tasks:
        - {task_key: a, notebook_task: {notebook_path: ./src/load.py}, libraries: [{whl: "./dist/*.whl"}, {pypi: {package: x}}, {requirements: req.txt}]}
        - {task_key: b, spark_python_task: {python_file: src/main.py}, new_cluster: {spark_version: "15.4"}}
        - {task_key: c, run_job_task: {job_id: "${resources.jobs.bare.id}"}}
"#,
    );
    assert_eq!(found["jobs"]["bare"], job(json!({"name": "Untitled"})));
    assert_eq!(
        found["jobs"]["full"],
        job(json!({
            "name": "full",
            "schedule": {"quartz_cron_expression": "0 0 1 * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"},
            "max_concurrent_runs": 3,
            "tags": {"team": "7", "hot": "true"},
            "job_clusters": [
                {"job_cluster_key": "none", "new_cluster": {"spark_version": "15.4", "spark_conf": {"spark.x": "true"}, "num_workers": 0, "workload_type": {"clients": {"jobs": false, "notebooks": true}}}},
                {"job_cluster_key": "auto", "new_cluster": {"spark_version": "15.4", "autoscale": {"min_workers": 1, "max_workers": 2}}},
            ],
            "environments": [{"environment_key": "e", "spec": {"client": "1", "dependencies": [
                "./dist/a-1.whl",
                "./dist/*.whl",
                format!("-r {FILES}/req.txt"),
                format!("-e {FILES}/src/main.py"),
                "numpy==1.0",
                "-i http://x",
            ]}}],
            "tasks": [
                {"task_key": "a", "notebook_task": {"notebook_path": format!("{FILES}/src/load")}, "libraries": [{"whl": "dist/*.whl"}, {"pypi": {"package": "x"}}, {"requirements": format!("{FILES}/req.txt")}]},
                {"task_key": "b", "spark_python_task": {"python_file": format!("{FILES}/src/main.py")}, "new_cluster": {"spark_version": "15.4"}},
                {"task_key": "c", "run_job_task": {"job_id": "${resources.jobs.bare.id}"}},
            ],
        }))
    );
}

/// The defaults of the other kinds: resource_mutator.go again; `deployment` of pipelines: bundle/deploy/metadata/annotate_pipelines.go; `volume_path`
/// and references that stay: acceptance/bundle/resource_deps/implicit_deps_volume; `file_path` beside the content:
/// acceptance/bundle/resources/alerts/with_file; `parent_path` of dashboards: acceptance/bundle/validate/dashboard_defaults. What is empty goes:
/// acceptance/bundle/empty_string_dropped.
#[test]
fn other_kinds_are_completed() {
    let found = resources(
        r#"  pipelines:
    p: {name: p, budget_policy_id: "", libraries: [{notebook: {path: src/load.py}}, {glob: {include: "src/**"}}]}
  sql_warehouses:
    w: {name: w, cluster_size: 2X-Small, max_num_clusters: 2}
  clusters:
    c: {cluster_name: c, spark_version: "15.4", num_workers: 1, workload_type: {clients: {}}}
  schemas:
    s: {name: sales, catalog_name: main, comment: ""}
  volumes:
    v: {name: raw, catalog_name: main, schema_name: sales}
  dashboards:
    d: {display_name: d, file_path: src/sales.lvdash.json, warehouse_id: x}
    e: {display_name: e, parent_path: /Shared, embed_credentials: true, serialized_dashboard: "{}", warehouse_id: x}
  apps:
    a: {name: a, source_code_path: ./src/app}
  registered_models:
    m: {name: m, catalog_name: main, schema_name: other}
"#,
    );
    let home = "/Workspace/Users/ada@example.com/.bundle/shop/qa";
    assert_eq!(
        found,
        json!({
            "pipelines": {"p": {
                "name": "p",
                "edition": "ADVANCED",
                "channel": "CURRENT",
                "deployment": {"kind": "BUNDLE", "metadata_file_path": format!("{home}/state/metadata.json")},
                "libraries": [{"notebook": {"path": format!("{FILES}/src/load")}}, {"glob": {"include": format!("{FILES}/src/**")}}],
            }},
            "sql_warehouses": {"w": {
                "name": "w",
                "cluster_size": "2X-Small",
                "max_num_clusters": 2,
                "auto_stop_mins": 120,
                "enable_photon": true,
                "spot_instance_policy": "COST_OPTIMIZED",
            }},
            "clusters": {"c": {
                "cluster_name": "c",
                "spark_version": "15.4",
                "num_workers": 1,
                "autotermination_minutes": 60,
                "workload_type": {"clients": {"jobs": true, "notebooks": true}},
            }},
            "schemas": {"s": {"name": "sales", "catalog_name": "main"}},
            "volumes": {"v": {
                "name": "raw",
                "catalog_name": "main",
                "schema_name": "${resources.schemas.s.name}",
                "volume_path": "/Volumes/main/sales/raw",
                "volume_type": "MANAGED",
            }},
            "dashboards": {
                "d": {
                    "display_name": "d",
                    "warehouse_id": "x",
                    "embed_credentials": false,
                    "file_path": "src/sales.lvdash.json",
                    "parent_path": format!("{home}/resources"),
                    "serialized_dashboard": "{\"pages\": []}",
                },
                "e": {
                    "display_name": "e",
                    "warehouse_id": "x",
                    "embed_credentials": true,
                    "parent_path": "/Workspace/Shared",
                    "serialized_dashboard": "{}",
                },
            },
            "apps": {"a": {"name": "a", "description": "", "source_code_path": format!("{FILES}/src/app")}},
            "registered_models": {"m": {"name": "m", "catalog_name": "main", "schema_name": "other"}},
        })
    );
}

/// The prefix, tags and limits of development and its lock: acceptance/bundle/validate/presets_name_prefix_dev.
#[test]
fn development_is_shown_as_it_changes_things() {
    let root = "bundle: {name: shop}\ntargets: {qa: {mode: development}}\nresources: {jobs: {j: {name: n}}, schemas: {s: {name: sales, catalog_name: main}}}\n";
    let out = printed(&[("databricks.yml", root)], Some("ada@example.com"), None);
    assert_eq!(
        out["bundle"],
        json!({
            "name": "shop",
            "target": "qa",
            "environment": "qa",
            "git": {"bundle_root_path": "."},
            "mode": "development",
            "deployment": {"lock": {"enabled": false}},
        })
    );
    assert_eq!(
        out["presets"],
        json!({
            "jobs_max_concurrent_runs": 4,
            "name_prefix": "[dev ada] ",
            "pipelines_development": true,
            "tags": {"dev": "ada"},
            "trigger_pause_status": "PAUSED",
        })
    );
    assert_eq!(
        out["resources"],
        json!({
            "jobs": {"j": job(json!({"name": "[dev ada] n", "max_concurrent_runs": 4, "tags": {"dev": "ada"}}))},
            "schemas": {"s": {"name": "dev_ada_sales", "catalog_name": "main"}},
        })
    );
}

/// bundle/config/mutator/resourcemutator/fix_permissions.go, and acceptance/bundle/resources/permissions/{jobs,dashboards}.
#[test]
fn who_deploys_owns_what_has_permissions() {
    let found = resources(
        r#"  jobs:
    viewers: {permissions: [{level: CAN_VIEW, group_name: ops}]}
    managed: {permissions: [{level: CAN_MANAGE, user_name: ada@example.com}, {level: CAN_VIEW, group_name: ops}]}
    owned: {permissions: [{level: IS_OWNER, user_name: eve@example.com}]}
    none: {}
  dashboards:
    d: {display_name: d, warehouse_id: x, serialized_dashboard: "{}", permissions: [{level: CAN_READ, group_name: ops}]}
  secret_scopes:
    s: {name: s, permissions: [{level: READ, group_name: ops}]}
"#,
    );
    let of = |kind: &str, key: &str| found[kind][key]["permissions"].clone();
    let (ops, owner) = (
        json!({"level": "CAN_VIEW", "group_name": "ops"}),
        json!({"level": "IS_OWNER", "user_name": "ada@example.com"}),
    );
    let mine = json!({"level": "CAN_MANAGE", "user_name": "ada@example.com"});
    assert_eq!(of("jobs", "viewers"), json!([ops, owner]));
    assert_eq!(of("jobs", "managed"), json!([owner, ops]));
    assert_eq!(
        of("jobs", "owned"),
        json!([{"level": "IS_OWNER", "user_name": "eve@example.com"}, mine])
    );
    assert_eq!(of("jobs", "none"), Value::Null);
    let read = json!({"level": "CAN_READ", "group_name": "ops"});
    assert_eq!(of("dashboards", "d"), json!([read, mine]));
    assert_eq!(
        of("secret_scopes", "s"),
        json!([{"level": "READ", "group_name": "ops"}])
    );
}

/// What is planned is untouched by all of this: ids, paths and defaults are the workspace's to say.
#[test]
fn a_plan_is_made_of_the_other_form() {
    let root = "bundle: {name: shop}\ntargets: {qa: }\nresources:\n  schemas: {s: {name: sales, catalog_name: main}}\n  volumes: {v: {name: raw, catalog_name: main, schema_name: sales}}\n  jobs: {j: {parameters: [{name: p, default: \"${resources.volumes.v.volume_path}/x\"}]}}\n";
    let files = tree(&[("databricks.yml", root)]);
    let bundle = super::super::resolve(&files, "qa", &BTreeMap::new()).unwrap();
    let of = |key: &str| Value::clone(&bundle.resources[&key.parse().unwrap()].config);
    assert_eq!(
        of("jobs.j"),
        json!({"parameters": [{"name": "p", "default": "/Volumes/main/sales/raw/x"}]})
    );
    assert_eq!(
        of("volumes.v"),
        json!({"name": "raw", "catalog_name": "main", "schema_name": "sales"})
    );
    let needs = &bundle.resources[&"jobs.j".parse().unwrap()].needs;
    assert!(needs.contains(&"volumes.v".parse().unwrap()));
}
