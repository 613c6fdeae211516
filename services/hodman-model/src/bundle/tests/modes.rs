use serde_json::json;

use super::{bundle, errors, job};

const ALL: &str = r#"bundle: {name: d}
targets: {qa: {mode: development}}
resources:
  jobs: {j: {name: n, schedule: {quartz_cron_expression: x}}}
  pipelines: {p: {name: p, continuous: true, clusters: [{label: Default, num_workers: 1}, {num_workers: 2}, {label: maintenance}]}}
  schemas: {s: {name: sales, catalog_name: c}}
  experiments: {e: {name: /Shared/e}}
  sql_warehouses: {w: {name: w}}
"#;

#[test]
fn development_makes_names_a_users_own_and_pauses() {
    let qa = bundle(ALL);
    let user = "${lookup.current_user.short_name}";
    assert_eq!(
        *job(&qa, "j"),
        json!({
            "name": format!("[dev {user}] n"),
            "schedule": {"quartz_cron_expression": "x", "pause_status": "PAUSED"},
            "max_concurrent_runs": 4,
            "tags": {"dev": user},
        })
    );
    let of = |key: &str| &qa.resources[&key.parse().unwrap()].config;
    assert_eq!(of("pipelines.p")["development"], true);
    assert_eq!(of("pipelines.p")["continuous"], false);
    assert_eq!(
        of("pipelines.p")["clusters"],
        json!([{"label": "Default", "num_workers": 2}, {"label": "maintenance"}])
    );
    assert_eq!(of("schemas.s")["name"], format!("dev_{user}_sales"));
    assert_eq!(
        of("experiments.e")["name"],
        format!("/Shared/[dev {user}] e")
    );
    assert_eq!(
        of("sql_warehouses.w")["tags"],
        json!({"custom_tags": [{"key": "dev", "value": user}]})
    );
    assert!(!qa.lookups.is_empty());
}

#[test]
fn modes_forbid() {
    let with = |target: &str, more: &str| {
        errors(&format!(
            "bundle: {{name: d}}\ntargets: {{qa: {target}}}\n{more}\n"
        ))
    };
    assert_eq!(
        with(
            "{mode: production}",
            "resources: {pipelines: {p: {development: true}}}"
        ),
        "databricks.yml:3:42: `pipelines.p` is in development, the target in production (hint: set `development: false`)"
    );
    assert!(
        with(
            "{mode: development, presets: {trigger_pause_status: UNPAUSED}}",
            ""
        )
        .contains("what starts by itself is paused")
    );
    assert_eq!(
        with("{scripts: {a: {content: x}}}", ""),
        "databricks.yml:2:16: a target cannot change `scripts` (hint: it is the same for all targets: write it at the top)"
    );
    assert_eq!(
        with(
            "",
            "run_as: {user_name: u}\nresources: {apps: {a: {name: a}}}"
        ),
        "databricks.yml:4:20: `apps` cannot run as somebody else, and the bundle has `run_as` (hint: give `run_as` to the jobs and pipelines instead)"
    );
    assert!(with("", "run_as: {group_name: g}").contains("unknown key `run_as.group_name`"));
}

#[test]
fn the_old_word_for_targets_is_a_warning() {
    let qa = bundle("bundle: {name: d}\nenvironments: {qa: }\n");
    assert_eq!(
        qa.warnings[0].to_string(),
        "databricks.yml:2:1: `environments` is the old word for `targets` (hint: write `targets`)"
    );
}
