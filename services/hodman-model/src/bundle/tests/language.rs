use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::super::{
    CurrentUser, Options, ResolvedBundle, Surroundings, default_target, resolve, resolve_with,
    validated,
};
use super::{bundle, errors, job, tree};

const LOOKUPS: &str = r#"bundle: {name: d}
variables:
  team: {default: data}
  w: {lookup: {warehouse: "Shared ${var.team} v2.1"}}
targets: {qa: , prod: {variables: {w: {default: fixed}}}}
resources:
  jobs:
    j:
      tasks: [{task_key: t, sql_task: {warehouse_id: "${var.w}"}}, {task_key: u, description: "on ${var.w}"}]
"#;

#[test]
fn what_a_variable_looks_up_stays_open_and_is_listed() {
    let qa = bundle(LOOKUPS);
    let tasks = &job(&qa, "j")["tasks"];
    assert_eq!(
        tasks[0]["sql_task"]["warehouse_id"],
        "${lookup.warehouse.Shared data v2.1}"
    );
    assert_eq!(
        tasks[1]["description"],
        "on ${lookup.warehouse.Shared data v2.1}"
    );
    let [lookup] = qa.lookups.as_slice() else {
        panic!("{:?}", qa.lookups)
    };
    assert_eq!(
        (lookup.kind.as_str(), lookup.variable.as_str()),
        ("warehouse", "w")
    );
    assert_eq!((lookup.position.line, lookup.position.column), (4, 27));
    let prod = resolve(
        &tree(&[("databricks.yml", LOOKUPS)]),
        "prod",
        &BTreeMap::new(),
    )
    .unwrap();
    assert_eq!(
        job(&prod, "j")["tasks"][0]["sql_task"]["warehouse_id"],
        "fixed"
    );
    assert_eq!(prod.lookups, []);
}

const FIELDS: &str = r#"bundle: {name: d}
targets: {qa: {presets: {name_prefix: "[qa] "}}}
resources:
  schemas: {s: {name: sales, catalog_name: "${resources.catalogs.c.name}"}}
  catalogs: {c: {name: main}}
  pipelines: {p: {name: load, catalog: "${resources.catalogs.c.name}", tags: {a: b}}}
  jobs:
    j:
      name: j
      max_concurrent_runs: 3
      description: "${resources.pipelines.p.name} ${resources.schemas.s.name} ${resources.schemas.s.catalog_name} ${resources.jobs.k.url}"
      tasks: [{task_key: t, pipeline_task: {pipeline_id: "${resources.pipelines.p.id}"}}]
    k: {max_concurrent_runs: "${resources.jobs.j.max_concurrent_runs}", tags: "${resources.pipelines.p.tags}"}
"#;

#[test]
fn fields_that_the_bundle_knows_are_put_in_place_as_they_will_be() {
    // `j` asks for the address of `k`, so `k` may not ask for anything of `j`.
    let text = FIELDS.replace(" ${resources.jobs.k.url}", "");
    let qa = bundle(&text);
    assert_eq!(job(&qa, "j")["description"], "[qa] load qa_sales main");
    assert_eq!(
        job(&qa, "j")["tasks"][0]["pipeline_task"]["pipeline_id"],
        "${resources.pipelines.p.id}"
    );
    assert_eq!(
        *job(&qa, "k"),
        json!({"max_concurrent_runs": 3, "tags": {"a": "b"}})
    );
    let needs = |key: &str| -> Vec<String> {
        let needs = &qa.resources[&key.parse().unwrap()].needs;
        needs.iter().map(ToString::to_string).collect()
    };
    assert_eq!(needs("schemas.s"), ["catalogs.c"]);
    assert_eq!(needs("jobs.j"), ["catalogs.c", "pipelines.p", "schemas.s"]);
    assert_eq!(needs("jobs.k"), ["jobs.j", "pipelines.p"]);
    assert_eq!(
        errors(FIELDS),
        "databricks.yml:8:5: resources need each other in a circle: jobs.j, jobs.k (hint: none of them could be made first)"
    );
    let circle = errors(
        "bundle: {name: d}\ntargets: {qa: }\nresources:\n  jobs:\n    a: {name: \"${resources.jobs.b.name}\"}\n    b: {name: \"${resources.jobs.a.name}\"}\n",
    );
    assert!(
        circle.contains("fields refer to each other in a circle"),
        "{circle}"
    );
}

#[test]
fn a_field_that_nobody_has_is_said() {
    let qa = bundle(
        "bundle: {name: d}\ntargets: {qa: }\nresources:\n  jobs:\n    a: {name: \"${resources.jobs.b.url} ${foo.bar}\", tasks: [{task_kye: x}]}\n    b: {name: b}\n    c: {name: \"${resources.jobs.a.job_id}\"}\n",
    );
    let said: Vec<String> = qa.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "databricks.yml:5:62: unknown field `jobs.a.tasks[0].task_kye` (hint: did you mean `task_key`?)"
        ]
    );
    // What begins with no section of a bundle is somebody else's, and the CLI leaves it.
    assert_eq!(job(&qa, "a")["name"], "${resources.jobs.b.url} ${foo.bar}");
    let wrong = |reference: &str| {
        errors(&format!(
            "bundle: {{name: d}}\ntargets: {{qa: }}\nresources:\n  jobs:\n    a: {{name: \"{reference}\"}}\n    b: {{name: b}}\n"
        ))
    };
    assert_eq!(
        wrong("${resources.jobs.b.ulr}"),
        "databricks.yml:5:15: `${resources.jobs.b.ulr}`: `jobs` have no field `ulr` (hint: did you mean `url`?)"
    );
    assert!(wrong("${resources.jobs.b.schedul.pause_status}").contains("did you mean `schedule`?"));
}

const WORKSPACE: &str = r#"bundle: {name: d, git: {branch: main}}
workspace: {root_path: "~/x/${bundle.target}", host: "https://h"}
targets: {qa: }
resources:
  jobs:
    j: {name: "${workspace.host} ${workspace.root_path} ${workspace.resource_path} ${workspace.current_user.short_name} ${bundle.git.branch}"}
"#;

fn with(options: &Options) -> ResolvedBundle {
    resolve_with(&tree(&[("databricks.yml", WORKSPACE)]), "qa", options)
        .unwrap_or_else(|found| panic!("{found}"))
}

#[test]
fn short_names_are_the_clis() {
    for (user_name, short) in [
        ("test.user.1234@example.com", "test_user_1234"),
        ("tést.üser@example.com", "tést_üser"),
        ("test$.user@example.com", "test_user"),
        ("\"_quoted\"@example.com", "quoted"),
        ("Ada.L+Tag@example.com", "ada_l_tag"),
        (
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "3f2504e0_4f89_11d3_9a0c_0305e82c3301",
        ),
    ] {
        let user = CurrentUser::named(user_name);
        assert_eq!(user.field("short_name").as_deref(), Some(short));
        // Accents are taken off their letters there.
        let friendly = short.replace('é', "e").replace('ü', "u");
        let friendly = Some(friendly.replace('_', "-"));
        assert_eq!(user.field("domain_friendly_name"), friendly);
        assert_eq!(user.field("userName").as_deref(), Some(user_name));
    }
}

#[test]
fn the_deploying_user_stays_open_until_the_caller_says_who_it_is() {
    let open = with(&Options::default());
    assert_eq!(
        job(&open, "j")["name"],
        "https://h /Workspace/Users/${lookup.current_user.userName}/x/qa /Workspace/Users/${lookup.current_user.userName}/x/qa/resources ${lookup.current_user.short_name} main"
    );
    let asked: Vec<(&str, &str)> = open
        .lookups
        .iter()
        .map(|asked| (asked.kind.as_str(), asked.name.as_str()))
        .collect();
    assert_eq!(
        asked,
        [("current_user", "short_name"), ("current_user", "userName")]
    );
    let user = CurrentUser::named("ada.l@example.com");
    let known = with(&Options {
        current_user: Some(user),
        ..Options::default()
    });
    assert_eq!(
        job(&known, "j")["name"],
        "https://h /Workspace/Users/ada.l@example.com/x/qa /Workspace/Users/ada.l@example.com/x/qa/resources ada_l main"
    );
    assert_eq!(known.lookups, []);
    let elsewhere = Options {
        branch: Some("feature".into()),
        ..Options::default()
    };
    assert_eq!(
        resolve_with(&tree(&[("databricks.yml", WORKSPACE)]), "qa", &elsewhere)
            .unwrap_err()
            .to_string(),
        "databricks.yml:1:33: this target is for the branch `main`, and these files are from `feature`"
    );
}

#[test]
fn settings_cannot_refer_to_resources() {
    let shown = errors(
        "bundle: {name: d}\nworkspace: {root_path: \"/x/${resources.jobs.j.id}\"}\ntargets: {qa: }\nresources: {jobs: {j: {name: n}}}\n",
    );
    assert!(
        shown.starts_with("databricks.yml:2:28: `workspace` cannot refer to resources"),
        "{shown}"
    );
}

#[test]
fn one_target_is_the_default_one() {
    let of = |targets: &str| {
        default_target(&tree(&[(
            "databricks.yml",
            &format!("bundle: {{name: d}}\n{targets}\n"),
        )]))
        .map_err(|found| found.to_string())
    };
    assert_eq!(of("targets: {a: , b: {default: true}}").as_deref(), Ok("b"));
    assert_eq!(of("targets: {a: }").as_deref(), Ok("a"));
    assert_eq!(of("").as_deref(), Ok("default"));
    assert_eq!(
        of("targets: {a: , b: }"),
        Err("databricks.yml:2:10: no target is the default one (hint: name one: a, b)".into())
    );
    assert!(of("targets: {a: {default: true}, b: {default: true}}").is_err());
}

proptest! {
    /// The order of keys, of files and of the patterns that take them in says nothing.
    #[test]
    fn the_order_of_what_has_no_order_changes_nothing(order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(), turned in any::<bool>()) {
        let jobs: Vec<String> = (0..6)
            .map(|n| format!("    j{n}: {{name: \"${{var.v}} {n}\", description: \"${{resources.jobs.j{}.name}}\"}}\n", (n + 1).min(5)))
            .collect();
        let include = if turned { "[b/*.yml, a/*.yml]" } else { "[a/*.yml, b/*.yml]" };
        let root = format!("include: {include}\nbundle: {{name: d}}\ntargets: {{qa: }}\nvariables: {{v: {{default: x}}}}\n");
        let half = |half: &[usize]| -> String {
            std::iter::once("resources:\n  jobs:\n").chain(half.iter().map(|n| jobs[*n].as_str())).collect()
        };
        // j5 names itself: the last one says its own name.
        let (first, second) = (half(&order[..3]), half(&order[3..]));
        let shuffled = resolve(&tree(&[("databricks.yml", &root), ("a/x.yml", &first), ("b/y.yml", &second)]), "qa", &BTreeMap::new()).unwrap();
        let (first, second) = (half(&[0, 1, 2]), half(&[3, 4, 5]));
        let sorted = resolve(&tree(&[("databricks.yml", &root), ("a/x.yml", &first), ("b/y.yml", &second)]), "qa", &BTreeMap::new()).unwrap();
        let resources = |bundle: &ResolvedBundle| validated(bundle, &Surroundings::default())["resources"].clone();
        prop_assert_eq!(resources(&shuffled), resources(&sorted));
        prop_assert_eq!(&shuffled.variables, &sorted.variables);
        // What came out is a bundle that resolves to itself.
        let again = json!({"bundle": {"name": "d"}, "targets": {"qa": {}}, "resources": resources(&sorted)});
        let again = resolve(&tree(&[("databricks.yml", &again.to_string())]), "qa", &BTreeMap::new()).unwrap();
        prop_assert_eq!(resources(&again), resources(&sorted));
    }
}
