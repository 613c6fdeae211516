use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{ResourceKey, resolve};
use super::{bundle, errors, job, tree};

const VARIABLES: &str = r#"bundle: {name: demo}
variables:
  catalog: {default: dev}
  workers: {default: 2}
  full: {default: "${bundle.name}-${var.catalog}"}
  cluster:
    type: complex
    default: {num_workers: "${var.workers}", zones: [a, b]}
targets:
  qa: {variables: {catalog: qa, cluster: {num_workers: 8, zones: [c]}}}
  prod: {variables: {catalog: {default: prod}}}
resources:
  jobs:
    j:
      name: ${bundle.target} ${var.full} ${variables.catalog.value}
      max_concurrent_runs: ${var.workers}
      tags: {w: "n${var.workers}", zone: "${var.cluster.zones[0]}"}
      job_clusters: [{job_cluster_key: c, new_cluster: "${var.cluster}"}]
"#;

fn resolved(target: &str, overrides: &[(&str, Value)]) -> super::ResolvedBundle {
    let overrides: BTreeMap<String, Value> = overrides
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    resolve(&tree(&[("databricks.yml", VARIABLES)]), target, &overrides)
        .unwrap_or_else(|found| panic!("{found}"))
}

#[test]
fn the_target_beats_the_default_and_the_binding_beats_both() {
    assert_eq!(job(&resolved("qa", &[]), "j")["name"], "qa demo-qa qa");
    assert_eq!(
        job(&resolved("prod", &[]), "j")["name"],
        "prod demo-prod prod"
    );
    let bound = resolved(
        "qa",
        &[
            ("catalog", json!("bound-${bundle.target}")),
            ("workers", json!(9)),
        ],
    );
    assert_eq!(job(&bound, "j")["name"], "qa demo-bound-qa bound-qa");
    assert_eq!(bound.variables["full"], "demo-bound-qa");
    assert_eq!(bound.variables["workers"], 9);
}

#[test]
fn whole_references_keep_their_type_and_others_become_text() {
    let qa = resolved("qa", &[]);
    let job = job(&qa, "j");
    assert_eq!(job["max_concurrent_runs"], json!(2));
    assert_eq!(job["tags"], json!({"w": "n2", "zone": "c"}));
    assert_eq!(
        job["job_clusters"][0]["new_cluster"],
        json!({"num_workers": 8, "zones": ["c"]})
    );
    let prod = resolved("prod", &[]);
    assert_eq!(
        super::job(&prod, "j")["job_clusters"][0]["new_cluster"],
        json!({"num_workers": 2, "zones": ["a", "b"]})
    );
}

#[test]
fn what_only_the_world_knows_stays_symbolic() {
    let bundle = bundle(
        "bundle: {name: d}\ntargets: {qa: }\nvariables: {c: {default: \"${resources.clusters.c.id}\"}}\nresources:\n  clusters: {c: {cluster_name: c}}\n  jobs:\n    a: {tasks: [{task_key: t, existing_cluster_id: \"${var.c}\", run_job_task: {job_id: \"${resources.jobs.b.id}\"}}]}\n    b: {name: \"x ${workspace.file_path}/y ${PATH} {{job.id}}\"}\n",
    );
    let task = &job(&bundle, "a")["tasks"][0];
    assert_eq!(task["existing_cluster_id"], "${resources.clusters.c.id}");
    assert_eq!(task["run_job_task"]["job_id"], "${resources.jobs.b.id}");
    assert_eq!(job(&bundle, "b")["name"], "x ${files}/y ${PATH} {{job.id}}");
}

#[test]
fn references_that_lead_nowhere_are_shown_where_they_stand() {
    let with = |name: &str| {
        errors(&format!(
            "bundle: {{name: d}}\ntargets: {{qa: }}\nvariables: {{catalog: {{default: x}}, c: {{type: complex, default: {{a: 1}}}}}}\nresources:\n  jobs:\n    j:\n      name: {name}\n"
        ))
    };
    let cases = [
        (
            "a ${var.catalgo}",
            ":7:15: there is no variable `catalgo` (hint: did you mean `catalog`?)",
        ),
        ("\"ü ${var.x}\"", ":7:16: there is no variable `x`"),
        (
            ">\n        first\n        then ${var.x}",
            ":9:14: there is no variable `x`",
        ),
        (
            "${vars.catalog}",
            ":7:13: unknown reference `${vars.catalog}` (hint: did you mean `var`?)",
        ),
        (
            "${files}/x",
            ":7:13: `${files}` is reserved (hint: write `${workspace.file_path}`)",
        ),
        (
            "x ${var.c}",
            ":7:15: `${var.c}` is not a single value and cannot stand inside a text",
        ),
        (
            "${var.c.b}",
            ":7:13: the variable `c` has nothing at `${var.c.b}`",
        ),
        (
            "${resources.jobs.k.id}",
            ":7:13: there is no resource `jobs.k` (hint: did you mean `jobs.j`?)",
        ),
        (
            "${workspace.current_user.name}",
            ":7:13: `${workspace.current_user.name}` is not known of a user (hint: fields: userName, short_name, domain_friendly_name, displayName, id)",
        ),
        (
            "${workspace.host}",
            ":7:13: `${workspace.host}` differs from deployment to deployment (hint: set it under `workspace` of the target, or declare a variable and set it in environment.yaml)",
        ),
        (
            "${resources.jobs.j}",
            ":7:13: `${resources.jobs.j}` names no field of a resource (hint: such as `${resources.jobs.nightly.id}`)",
        ),
        ("${artifacts.x.path}", ":7:13: there is no artifact `x`"),
    ];
    for (name, expected) in cases {
        assert_eq!(with(name), format!("databricks.yml{expected}"), "{name}");
    }
    assert!(
        with("${bundle.git.commit}")
            .starts_with("databricks.yml:7:13: `${bundle.git.commit}` is not known here")
    );
}

#[test]
fn values_may_make_up_references() {
    let bundle = bundle(
        r#"bundle: {name: d}
targets: {qa: }
variables:
  tail: {default: "${bundle.target}"}
  foo_qa: {default: "of qa"}
  key_qa: {default: qa}
  größe: {default: groß}
  sizes: {type: complex, default: {qa: {num_workers: 3}}}
  final: {default: "${var.foo_${var.tail}}"}
resources:
  jobs:
    qa: {name: j}
    j:
      name: "${var.foo_${bundle.target}} ${var.final} ${var.größe} $${PATH} ${workspace.file_path}/${var.tail}"
      tags: {deep: "${var.foo_${var.key_${var.tail}}}"}
      max_concurrent_runs: ${var.sizes.${var.tail}.num_workers}
      tasks: [{task_key: t, run_job_task: {job_id: "${resources.jobs.${bundle.target}.id}"}}]
"#,
    );
    let job = job(&bundle, "j");
    assert_eq!(job["name"], "of qa of qa groß $${PATH} ${files}/qa");
    assert_eq!(job["tags"]["deep"], "of qa");
    assert_eq!(job["max_concurrent_runs"], 3);
    assert_eq!(
        job["tasks"][0]["run_job_task"]["job_id"],
        "${resources.jobs.qa.id}"
    );
}

#[test]
fn no_reference_of_ours_is_left() {
    let with = |name: &str| {
        errors(&format!(
            "bundle: {{name: d}}\ntargets: {{qa: }}\nvariables: {{a: {{default: \"a b\"}}, b: {{default: \"${{var.\"}}}}\nresources: {{jobs: {{j: {{name: '{name}'}}}}}}\n"
        ))
    };
    let b = "databricks.yml:3:48: `${var.` is no reference (hint: names are letters, digits, `_` and `-`, between dots, and `}` follows them)";
    for (name, expected) in [
        ("x ${var.a-}", "4:33: `${var.a-}` is no reference"),
        ("${var.a", "4:31: `${var.a` is no reference"),
        ("${bundle.name }", "4:31: `${bundle.name }` is no reference"),
        ("${var.${var.a}}", "4:30: `${var.a b}` is no reference"),
        ("${workspace.}", "4:31: `${workspace.}` is no reference"),
    ] {
        let found = with(name);
        assert!(
            found.contains(&format!("databricks.yml:{expected}")),
            "{name}: {found}"
        );
        assert!(found.contains(b), "{found}");
    }
}

#[test]
fn circles_are_errors() {
    let variables = errors(
        "bundle: {name: d}\ntargets: {qa: }\nvariables:\n  a: {default: \"${var.b}\"}\n  b: {default: \"x ${var.c}\"}\n  c: {default: \"${var.a}\"}\n",
    );
    assert_eq!(
        variables,
        "databricks.yml:6:17: variables refer to each other in a circle: a -> b -> c -> a"
    );
    let itself =
        errors("bundle: {name: d}\ntargets: {qa: }\nvariables:\n  a: {default: \"${var.a}\"}\n");
    assert_eq!(
        itself,
        "databricks.yml:4:17: variables refer to each other in a circle: a -> a"
    );
    let name = errors(
        "bundle: {name: \"${var.a}\"}\ntargets: {qa: }\nvariables:\n  a: {default: \"${bundle.name}\"}\n",
    );
    assert!(
        name.contains("circle: a -> bundle.name -> a")
            || name.contains("circle: bundle.name -> a -> bundle.name"),
        "{name}"
    );
    let resources = errors(
        "bundle: {name: d}\ntargets: {qa: }\nresources:\n  jobs:\n    a: {name: \"${resources.jobs.b.id}\"}\n    b: {name: \"${resources.jobs.a.id}\"}\n    c: {name: \"${resources.jobs.b.id}\"}\n",
    );
    assert_eq!(
        resources,
        "databricks.yml:5:5: resources need each other in a circle: jobs.a, jobs.b (hint: none of them could be made first)"
    );
    let own = errors(
        "bundle: {name: d}\ntargets: {qa: }\nresources:\n  jobs:\n    a: {name: \"${resources.jobs.a.id}\"}\n",
    );
    assert!(own.contains("circle: jobs.a (hint"), "{own}");
}

#[test]
fn variables_must_have_a_value_of_their_type() {
    let with = |variable: &str| {
        errors(&format!(
            "bundle: {{name: d}}\ntargets: {{qa: }}\nvariables:\n  a: {variable}\n"
        ))
    };
    assert_eq!(
        with("{description: x}"),
        "databricks.yml:4:3: the variable `a` has no value (hint: give it a `default`, or set it in the target or in environment.yaml)"
    );
    assert_eq!(with(""), with("{description: x}"));
    assert_eq!(
        with("{lookup: {clutser: x}}"),
        "databricks.yml:4:16: `clutser` cannot be looked up (hint: did you mean `cluster`?)"
    );
    assert!(
        with("{lookup: {cluster: x, job: y}}")
            .starts_with("databricks.yml:4:15: `lookup` of the variable `a` must name one object")
    );
    assert_eq!(
        with("{type: complex, default: 1}"),
        "databricks.yml:4:31: the variable `a` is of type complex, but its value is a number (hint: remove `type: complex`)"
    );
    assert_eq!(
        with("{type: map, default: 1}"),
        "databricks.yml:4:13: expected the type `complex` (hint: texts, numbers and booleans need none)"
    );
    let bound = BTreeMap::from([("workers".to_owned(), json!([1]))]);
    let untyped = resolve(&tree(&[("databricks.yml", VARIABLES)]), "qa", &bound).unwrap_err();
    assert!(
        untyped.to_string().contains("the variable `workers` is a list, but not of type complex (hint: add `type: complex` to its declaration)"),
        "{untyped}"
    );
    assert_eq!(
        with("{default: 1, defualt: 2}"),
        "databricks.yml:4:19: unknown key `variables.a.defualt` (hint: did you mean `default`?)"
    );
    let overrides = BTreeMap::from([("workres".to_owned(), json!(1))]);
    let unknown = resolve(&tree(&[("databricks.yml", VARIABLES)]), "qa", &overrides)
        .unwrap_err()
        .to_string();
    assert_eq!(
        unknown,
        "databricks.yml:3:3: the environment sets the variable `workres`, which `variables` does not declare (hint: did you mean `workers`?)"
    );
    let bound = BTreeMap::from([("a".to_owned(), json!("found"))]);
    let text = "bundle: {name: d}\ntargets: {qa: }\nvariables:\n  a: {lookup: {cluster: x}}\n";
    assert_eq!(
        resolve(&tree(&[("databricks.yml", text)]), "qa", &bound)
            .unwrap()
            .variables["a"],
        "found"
    );
}

/// Bundle texts of many shapes, right and wrong.
fn any_bundle() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        "[a-c]{1,2}",
        Just("${var.a}".to_owned()),
        Just("x${var.b}".to_owned()),
        Just("${var.${var.a}}".to_owned()),
        Just("x ${var.${var.c}} ${var.${var.${var.b}}}".to_owned()),
        Just("${resources.jobs.a.id}".to_owned()),
        Just("1".to_owned())
    ];
    let fields = prop::collection::vec(("[a-c]", scalar.clone()), 0..4);
    (
        prop::collection::vec(("[a-c]", scalar), 0..3),
        prop::collection::vec(("[a-c]", fields), 0..3),
    )
        .prop_map(|(variables, jobs)| {
            let mut text = String::from("bundle: {name: d}\ntargets: {qa: }\nvariables:\n");
            for (name, value) in variables {
                text.push_str(&format!("  {name}: {{default: \"{value}\"}}\n"));
            }
            text.push_str("resources:\n  jobs:\n");
            for (key, fields) in jobs {
                text.push_str(&format!("    {key}:\n      name: n\n"));
                for (field, value) in fields {
                    text.push_str(&format!("      {field}: \"{value}\"\n"));
                }
            }
            text
        })
}

proptest! {
    #[test]
    fn resolving_is_deterministic_and_leaves_only_symbols(text in any_bundle()) {
        let files = tree(&[("databricks.yml", &text)]);
        let (first, second) = (resolve(&files, "qa", &BTreeMap::new()), resolve(&files, "qa", &BTreeMap::new()));
        prop_assert_eq!(&first, &second);
        if let Ok(bundle) = first {
            for resource in bundle.resources.values() {
                prop_assert!(!resource.config.to_string().contains("${var."), "{}", resource.config);
            }
        }
    }

    /// Nothing that a person can commit may stop the daemon.
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), yaml in "[a-z:{}\\[\\]\\$. \n\"'&*!|>-]{0,80}") {
        for text in [text, yaml] {
            drop(resolve(&tree(&[("databricks.yml", &text)]), "qa", &BTreeMap::new()));
        }
    }
}

#[test]
fn resources_say_where_they_are_defined() {
    let bundle = bundle(
        "bundle: {name: d}\ntargets: {qa: {resources: {jobs: {a: {x: 1}}}}}\nresources:\n  jobs:\n    a: {name: n}\n  schemas: {s: {name: s}}\n",
    );
    let a = &bundle.resources[&ResourceKey::new("jobs", "a")];
    assert_eq!((a.file.as_str(), a.line), ("databricks.yml", 5));
    assert_eq!(*a.config, json!({"name": "n", "x": 1}));
    assert!(
        bundle
            .resources
            .contains_key(&ResourceKey::new("schemas", "s"))
    );
}

#[test]
fn bundles_that_unfold_without_end_are_stopped() {
    let mut doubling = String::from(
        "bundle: {name: d}\ntargets: {qa: }\nvariables:\n  a0: {default: xxxxxxxxxxxxxxxx}\n",
    );
    for level in 1..40 {
        let below = level - 1;
        doubling.push_str(&format!("  a{level}: {{type: complex, default: [\"${{var.a{below}}}\", \"${{var.a{below}}}\"]}}\n"));
    }
    assert!(errors(&doubling).contains("the references unfold to more than 16 MiB"));
    let mut chain = String::from("bundle: {name: d}\ntargets: {qa: }\nvariables:\n");
    for level in 0..20_000 {
        chain.push_str(&format!(
            "  a{level:05}: {{default: \"${{var.a{:05}}}\"}}\n",
            level + 1
        ));
    }
    assert!(errors(&chain).contains("variables refer to each other more than 64 deep"));
}
