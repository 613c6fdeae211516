//! Lists that somebody changed by hand in a promoted environment, where the target can only add to them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::project::Project;
use crate::bundle::{Options, ResourceKey, resolve};
use crate::capture::*;
use crate::files::SourceBytes;
use crate::plan::FieldChange;

const JOB: &str = "resources/load.yml";

/// A bundle whose job says `own` as its parameters, and whose target `prod` adds `over`.
fn bundle(own: &Value, over: Option<&Value>) -> Tree {
    bundle_with(own, ("prod", over))
}

/// The same with what any of the targets adds.
fn bundle_with(own: &Value, (target, over): (&str, Option<&Value>)) -> Tree {
    let said = over.map(|over| json!({"resources": {"jobs": {"load": job(over)}}}));
    let mut root = json!({
        "bundle": {"name": "shop"},
        "include": ["resources/*.yml"],
        "variables": {"v": {"default": "1"}},
        "targets": {"dev": null, "prod": null},
    });
    root["targets"][target] = json!(said);
    let mut named = job(own);
    named["name"] = json!("load");
    let resources = json!({"resources": {"jobs": {"load": named}}});
    let files = [("databricks.yml", root), (JOB, resources)];
    let files = files.map(|(path, value)| {
        let text = crate::yaml_edit::render(&value, &[]);
        (path.to_owned(), SourceBytes::plain(text.into_bytes()))
    });
    Tree::from(files)
}

fn job(parameters: &Value) -> Value {
    let task = json!({"python_file": "dbfs:/load.py", "parameters": parameters});
    json!({"tasks": [{"task_key": "t", "spark_python_task": task}]})
}

/// The parameters in a target.
fn parameters(tree: &Tree, target: &str) -> Option<Value> {
    let bundle = resolve(tree, target, &BTreeMap::new()).unwrap();
    let config = &bundle.resources[&key()].config;
    let found = config.pointer("/tasks/0/spark_python_task/parameters");
    found.filter(|found| **found != json!([])).cloned()
}

fn key() -> ResourceKey {
    ResourceKey::new("jobs", "load")
}

/// What is proposed where the workspace of `prod` has `live`, and the tree with it.
fn adopted(tree: &Tree, live: Option<&Value>) -> (Adopted, Tree) {
    let change = FieldChange {
        path: "tasks[task_key=t].spark_python_task.parameters"
            .parse()
            .unwrap(),
        before: live.cloned(),
        after: parameters(tree, "prod"),
        redacted: false,
    };
    let adopted = adopt(tree, &key(), &[change], "prod", &Options::default()).unwrap();
    let mut after = tree.clone();
    for (path, bytes) in &adopted.changes {
        let bytes = SourceBytes::plain(bytes.clone().unwrap());
        after.insert(path.clone(), bytes);
    }
    (adopted, after)
}

#[test]
fn what_was_added_by_hand_stands_alone_in_the_target() {
    let tree = bundle(&json!(["--env", "${bundle.target}"]), None);
    let live = json!(["--env", "prod", "--x"]);
    let (adopted, after) = adopted(&tree, Some(&live));
    assert_eq!(parameters(&after, "prod"), Some(live), "{adopted:?}");
    assert_eq!(parameters(&after, "dev"), Some(json!(["--env", "dev"])));
    assert!(!adopted.changes.contains_key(JOB), "{adopted:?}");
    assert!(adopted.notes[0].contains("by reference"), "{adopted:?}");
}

#[test]
fn what_the_target_says_already_grows_by_what_is_new() {
    let tree = bundle(&json!(["a"]), Some(&json!(["v${var.v}"])));
    let live = json!(["a", "v1", "b"]);
    let (adopted, after) = adopted(&tree, Some(&live));
    assert_eq!(parameters(&after, "prod"), Some(live));
    assert_eq!(parameters(&after, "dev"), Some(json!(["a"])));
    let root = String::from_utf8_lossy(&after["databricks.yml"].bytes).into_owned();
    assert!(root.contains("v${var.v}"), "the reference stays: {root}");
    assert_eq!(adopted.notes, [""; 0]);
}

#[test]
fn what_is_new_among_the_others_is_said_for_all_and_their_references_stay() {
    let tree = bundle(&json!(["--env", "${bundle.target}"]), None);
    let live = json!(["-v", "--env", "prod"]);
    let (_, after) = adopted(&tree, Some(&live));
    assert_eq!(parameters(&after, "prod"), Some(live));
    assert_eq!(
        parameters(&after, "dev"),
        Some(json!(["-v", "--env", "dev"]))
    );
}

#[test]
fn a_reference_that_was_replaced_in_a_list_is_left_out_and_said() {
    let tree = bundle(&json!(["--env", "${bundle.target}"]), None);
    let (adopted, _) = adopted(&tree, Some(&json!(["--env", "other"])));
    assert_eq!(adopted.changes, BTreeMap::new());
    assert!(
        adopted.notes[0].contains("${bundle.target} in it would be a fixed value"),
        "{adopted:?}"
    );
}

#[test]
fn a_list_that_does_not_begin_as_the_resource_says_is_left_out_and_said() {
    let tree = bundle(&json!(["a", "b"]), Some(&json!(["c"])));
    let (adopted, _) = adopted(&tree, Some(&json!(["b", "d"])));
    assert_eq!(adopted.changes, BTreeMap::new());
    assert!(adopted.notes[0].contains("it was left out"), "{adopted:?}");
}

#[test]
fn what_a_preset_puts_in_front_of_a_name_is_not_proposed_twice() {
    let mut tree = bundle(&json!(["a"]), None);
    let root = "bundle: {name: shop}\ninclude: [resources/*.yml]\ntargets:\n  prod:\n    presets: {name_prefix: \"p_\"}\n";
    tree.insert(
        "databricks.yml".to_owned(),
        SourceBytes::plain(root.as_bytes().to_vec()),
    );
    let changes = [
        ("name", json!("p_mine"), json!("p_load")),
        ("timeout_seconds", json!(60), Value::Null),
    ];
    let changes = changes.map(|(path, before, after)| FieldChange {
        path: path.parse().unwrap(),
        before: Some(before),
        after: Some(after).filter(|after| !after.is_null()),
        redacted: false,
    });
    let adopted = adopt(&tree, &key(), &changes, "prod", &Options::default()).unwrap();
    let text = String::from_utf8(adopted.changes[JOB].clone().unwrap()).unwrap();
    assert!(
        text.contains("timeout_seconds: 60") && text.contains("name: load"),
        "{text}"
    );
    assert!(
        adopted.notes[0].contains("`name` cannot be said"),
        "{adopted:?}"
    );
}

fn items(most: usize, of: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::collection::vec(prop::sample::select(of), 0..most)
        .prop_map(|items| items.into_iter().map(|item| json!(item)).collect())
}

const WRITTEN: &[&str] = &["a", "b", "${bundle.target}", "v${var.v}"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_proposed_resolves_to_what_the_workspace_has(
        own in items(4, WRITTEN),
        over in prop::option::of(items(3, WRITTEN)),
        live in items(6, &["a", "b", "prod", "v1", "c"]),
    ) {
        let tree = bundle(&own, over.as_ref());
        let live = Some(live).filter(|live| *live != json!([]));
        prop_assume!(live != parameters(&tree, "prod"));
        let (adopted, after) = adopted(&tree, live.as_ref());
        if adopted.changes.is_empty() {
            prop_assert!(!adopted.notes.is_empty());
        } else {
            prop_assert_eq!(parameters(&after, "prod"), live, "{:?}", adopted);
        }
    }

    #[test]
    fn what_is_captured_resolves_to_what_dev_has(
        own in items(4, WRITTEN),
        over in prop::option::of(items(3, WRITTEN)),
        live in items(6, &["a", "b", "dev", "v1", "c"]),
    ) {
        let mut project = Project::new();
        project.tree = bundle_with(&own, ("dev", over.as_ref()));
        let before = parameters(&project.tree, "dev");
        project.job(1, "load", job(&before.clone().unwrap_or(json!([]))));
        let first = project.capture();
        prop_assert_eq!(&first.changes, &BTreeMap::new(), "{:?}", first.rows);
        project.lock = first.lock;
        let live = Some(live).filter(|live| *live != json!([]));
        project.job(1, "load", job(&live.clone().unwrap_or(json!([]))));
        let captured = project.merge_capture();
        let told = |words: &str| captured.rows.iter().any(|row| row.detail.contains(words));
        let now = parameters(&project.tree, "dev");
        prop_assert!(now == live || told("it stays"), "{:?} {:?}", now, captured.rows);
        let again = project.capture();
        prop_assert_eq!(again.changes, BTreeMap::new(), "{:?}", again.rows);
    }
}
