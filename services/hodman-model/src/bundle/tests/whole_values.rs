//! Values that are mappings: of whole resources, and of variables that refer to parts of each other.

use serde_json::json;

use super::super::tests::tree;
use super::super::{Form, Options, Surroundings, resolve_with, validated};
use super::{bundle, errors};

#[test]
fn a_resource_may_be_the_value_of_a_variable() {
    let qa = bundle(
        r#"bundle: {name: d}
targets: {qa: }
variables:
  catalog: {default: main}
  conf: {type: complex, default: {catalog: "${var.catalog}"}}
  cluster: {type: complex, default: {cluster_name: c, spark_conf: "${var.conf}"}}
resources: {clusters: {c: "${var.cluster}"}}
"#,
    );
    let cluster = &qa.resources[&"clusters.c".parse().unwrap()].config;
    assert_eq!(cluster["spark_conf"], json!({"catalog": "main"}));
    let with = |cluster: &str| {
        errors(&format!(
            "bundle: {{name: d}}\ntargets: {{qa: }}\nvariables: {{x: {{default: text}}}}\nresources: {{clusters: {{c: \"{cluster}\"}}}}\n"
        ))
    };
    for no in ["${var.x}", "a ${var.x}", "${bundle.name}"] {
        let found = with(no);
        assert!(
            found.starts_with("databricks.yml:4:2")
                && found.ends_with("`clusters.c` must be a mapping, found a text"),
            "{found}"
        );
    }
}

const CROSSED: &str = r#"bundle: {name: d}
targets: {qa: }
variables:
  a: {type: complex, default: {first: 500, second: "${var.b.second}"}}
  b: {type: complex, default: {first: "${var.a.first}", second: 2.5}}
  sum: {default: "${var.a.second}+${var.b.first}"}
"#;

#[test]
fn variables_may_refer_to_parts_of_each_other() {
    let qa = bundle(CROSSED);
    assert_eq!(qa.variables["a"], json!({"first": 500, "second": 2.5}));
    assert_eq!(qa.variables["b"], json!({"first": 500, "second": 2.5}));
    let circle = errors(&CROSSED.replace("first: 500", "first: \"${var.b.first}\""));
    assert!(
        circle.contains("variables refer to each other in a circle"),
        "{circle}"
    );
    let own = errors(&CROSSED.replace("first: 500", "first: \"${var.a}\""));
    assert!(own.contains("in a circle: a -> a"), "{own}");
}

#[test]
fn defaults_are_shown_as_they_come_out() {
    let options = Options {
        form: Form::Validated,
        variables: [("a".to_owned(), json!({"first": 1, "second": 2}))].into(),
        ..Options::default()
    };
    let files = tree(&[("databricks.yml", CROSSED)]);
    let qa = resolve_with(&files, "qa", &options).unwrap();
    let shown = validated(&qa, &Surroundings::default());
    let variables = &shown["variables"];
    assert_eq!(variables["sum"], json!({"default": "2+1", "value": "2+1"}));
    // What an environment sets is no default.
    assert_eq!(variables["a"]["default"]["first"], 500);
    assert_eq!(variables["a"]["value"]["first"], 1);
}

#[test]
fn tasks_and_clusters_are_shown_as_the_cli_lays_them() {
    let options = Options {
        form: Form::Validated,
        ..Options::default()
    };
    let files = tree(&[(
        "databricks.yml",
        "bundle: {name: d, git: {branch: \"\"}}\ntargets: {qa: }\nresources:\n  jobs: {j: {tasks: [{task_key: b}, {task_key: a}]}}\n  pipelines: {p: {clusters: [{num_workers: 1}, {label: Maintenance}]}}\n",
    )]);
    let qa = resolve_with(&files, "qa", &options).unwrap();
    let shown = validated(&qa, &Surroundings::default());
    assert_eq!(
        shown["resources"]["jobs"]["j"]["tasks"],
        json!([{"task_key": "a"}, {"task_key": "b"}])
    );
    assert_eq!(
        shown["resources"]["pipelines"]["p"]["clusters"],
        json!([{"label": "default", "num_workers": 1}, {"label": "maintenance"}])
    );
    assert_eq!(shown["bundle"]["git"].get("branch"), None);
}
