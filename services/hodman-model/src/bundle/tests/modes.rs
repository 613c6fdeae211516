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
fn a_preset_that_says_nothing_is_as_the_mode_has_it() {
    let with = |presets: &str| {
        bundle(&format!(
            "bundle: {{name: d}}\ntargets: {{qa: {{mode: development, presets: {presets}}}}}\nvariables: {{none: {{default: \"\"}}}}\nresources:\n  jobs: {{j: {{name: n}}}}\n  pipelines: {{p: {{name: p, development: false}}}}\n"
        ))
    };
    let user = "${lookup.current_user.short_name}";
    for presets in [
        "{name_prefix: \"\", jobs_max_concurrent_runs: 0, tags: }",
        "{name_prefix: \"${var.none}\"}",
        "",
    ] {
        let qa = with(presets);
        let job = job(&qa, "j");
        assert_eq!(job["name"], format!("[dev {user}] n"), "{presets}");
        assert_eq!(job["max_concurrent_runs"], 4);
        assert_eq!(job["tags"], json!({"dev": user}));
        let pipeline = &qa.resources[&"pipelines.p".parse().unwrap()].config;
        assert_eq!(pipeline["development"], true);
    }
    let qa = with("{pipelines_development: false, tags: {dev: me}, name_prefix: \"me \"}");
    assert_eq!(job(&qa, "j")["tags"], json!({"dev": "me"}));
    assert_eq!(job(&qa, "j")["name"], "me n");
    let pipeline = &qa.resources[&"pipelines.p".parse().unwrap()].config;
    assert_eq!(pipeline["development"], false);
}

#[test]
fn schemas_may_keep_their_names() {
    for (skip, name) in [("true", "sales"), ("false", "qa_sales")] {
        let qa = bundle(&format!(
            "bundle: {{name: d}}\ntargets: {{qa: {{presets: {{name_prefix: \"[qa] \"}}}}}}\nvariables: {{skip: {{default: {skip}}}}}\nexperimental: {{skip_name_prefix_for_schema: \"${{var.skip}}\"}}\nresources: {{schemas: {{s: {{name: sales, catalog_name: c}}}}, registered_models: {{m: {{name: m, catalog_name: c, schema_name: s}}}}}}\n"
        ));
        let of = |key: &str| qa.resources[&key.parse().unwrap()].config["name"].clone();
        assert_eq!(of("schemas.s"), name);
        assert_eq!(of("registered_models.m"), "qa_m");
    }
}

const DEVELOPED: &str = "`pipelines.p` is in development, the target in production (hint: set `development: false`, and no `presets.pipelines_development`)";

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
        format!("databricks.yml:3:42: {DEVELOPED}")
    );
    assert_eq!(
        with(
            "{mode: production, presets: {pipelines_development: true}}",
            "resources: {pipelines: {p: {name: p}}}"
        ),
        format!("databricks.yml:2:67: {DEVELOPED}")
    );
    for dev in ["true", "\"true\""] {
        let more = format!(
            "variables: {{dev: {{default: {dev}}}}}\nresources: {{pipelines: {{p: {{development: \"${{var.dev}}\"}}}}}}"
        );
        assert_eq!(
            with("{mode: production}", &more),
            format!("databricks.yml:4:42: {DEVELOPED}")
        );
    }
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
