//! Stacks whose engine alone says whether anything is to be done.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::World;
use crate::bundle::ResourceKey;
use crate::digest::sha256;
use crate::drift::{Class, HandEdits, ThreeWay, drift};
use crate::field_path::FieldPath;
use crate::kinds::Reversibility;
use crate::plan::*;
use crate::stacks::{Shown, StackAction, StackField, StackPlan, StackRow};

fn key() -> ResourceKey {
    ResourceKey::new("terraform_stacks", "net")
}

fn world(source: &str) -> World {
    let config = json!({"name": "s", "source": source, "sources": "{}", "variables": {"size": 1}});
    World::new().resource("terraform_stacks.net", config)
}

fn field(path: &str, before: Option<Shown>, after: Option<Shown>) -> StackField {
    let named = json!([path, before, after]).to_string();
    StackField {
        path: path.parse::<FieldPath>().unwrap(),
        before,
        after,
        replaces: false,
        digest: sha256(named.as_bytes()),
    }
}

fn row(address: &str, action: StackAction, fields: Vec<StackField>) -> StackRow {
    let named: Vec<&str> = fields.iter().map(|field| field.digest.as_str()).collect();
    let digest = sha256(json!([address, action, named]).to_string().as_bytes());
    StackRow {
        address: address.to_owned(),
        kind: "terraform_data".to_owned(),
        action,
        fields,
        reason: String::new(),
        moved_from: None,
        reversible: Reversibility::Reversible,
        digest,
    }
}

fn told(rows: Vec<StackRow>) -> StackPlan {
    StackPlan {
        rows,
        decides: true,
        ..StackPlan::default()
    }
}

fn value(value: Value) -> Option<Shown> {
    Some(Shown::Value(value))
}

fn two() -> StackPlan {
    let second = vec![
        field("input", None, Some(Shown::Unknown)),
        field("size", None, value(json!(1))),
    ];
    told(vec![
        row("a", StackAction::Create, vec![]),
        row("b", StackAction::Create, second),
    ])
}

fn only(plan: &Plan) -> &Row {
    let rows: Vec<&Row> = plan.rows().map(|(_, row)| row).collect();
    let [only] = rows.as_slice() else {
        panic!("{}", plan.to_table());
    };
    only
}

#[test]
fn a_new_stack_shows_its_resources_and_nothing_when_its_engine_says_so() {
    let mut world = world("1");
    world.observed.previews.insert(key(), two());
    let plan = world.plan();
    let table = plan.to_table();
    for words in [
        "\"action\":\"create\"",
        "resources.a",
        "resources.b.size: 1",
    ] {
        assert!(table.contains(words), "{words}: {table}");
    }
    assert!(
        !table.contains("known after"),
        "what comes and is not known says nothing"
    );

    world.observed.previews.clear();
    world.apply();
    // It was told otherwise since, and its engine says that nothing is to be done.
    let mut later = self::world("2");
    later.observed = world.observed;
    assert!(!later.plan().is_empty(), "nobody asked the engine");
    later.observed.previews.insert(key(), told(vec![]));
    assert!(later.plan().is_empty(), "{}", later.plan().to_table());
}

#[test]
fn what_is_left_of_an_apply_has_the_name_of_the_whole() {
    let mut world = world("1");
    world.observed.previews.insert(key(), two());
    let approved = world.plan().action_digests();
    let known = vec![
        field("input", None, value(json!("id-of-a"))),
        field("size", None, value(json!(1))),
    ];
    let mut rest = told(vec![row("b", StackAction::Create, known)]);
    assert!(two().covers(&rest));
    rest.begun = Some(Box::new(two()));
    world.observed.previews.insert(key(), rest.clone());
    let plan = world.plan();
    assert_eq!(plan.subset_of(&approved), Ok(()));
    assert!(!plan.to_table().contains("resources.a"), "it is done");
    // Also when nothing is left but to write it down.
    rest.rows.clear();
    world.observed.previews.insert(key(), rest);
    assert_eq!(world.plan().subset_of(&approved), Ok(()));
}

#[test]
fn what_was_not_in_a_plan_is_not_the_rest_of_it() {
    let other = |rows| !two().covers(&told(rows));
    assert!(other(vec![row("c", StackAction::Create, vec![])]));
    assert!(other(vec![row("a", StackAction::Replace, vec![])]));
    let size = vec![field("size", None, value(json!(2)))];
    assert!(other(vec![row("b", StackAction::Create, size)]));
    let changed = vec![field("input", value(json!(1)), value(json!(2)))];
    assert!(two().covers(&told(vec![])));
    let mut before = two();
    before.rows[1].fields[0].before = value(json!(3));
    assert!(!before.covers(&told(vec![row("b", StackAction::Create, changed)])));
}

#[test]
fn a_stack_that_waits_is_a_row_of_its_own_and_says_for_what() {
    let mut world = world("1");
    let other = ResourceKey::new("terraform_stacks", "ground");
    world
        .observed
        .waiting
        .insert(key(), BTreeSet::from([other]));
    let plan = world.plan();
    let waits = only(&plan).clone();
    assert!(
        waits.waits && waits.reason.contains("terraform_stacks.ground"),
        "{waits:?}"
    );
    let approved = plan.action_digests();
    world.observed.waiting.clear();
    world.observed.previews.insert(key(), two());
    assert!(
        world.plan().subset_of(&approved).is_err(),
        "what it does was not shown"
    );
}

#[test]
fn a_removal_shows_what_goes_and_what_was_made_with_it_goes_after_it() {
    let mut world = world("1");
    world = world.resource(
        "terraform_stacks.ground",
        json!({"name": "g", "source": "1"}),
    );
    world.apply();
    for object in &mut world.observed.objects {
        if object.listed.name == "s" {
            object.listed.outputs = json!({"uses": ["terraform_stacks.ground"]});
        }
    }
    world.bundle.resources.clear();
    let gone = told(vec![row("a", StackAction::Delete, vec![])]);
    world.observed.previews.insert(key(), gone);
    let plan = world.plan();
    let rows: Vec<&Row> = plan.rows().map(|(_, row)| row).collect();
    assert_eq!(rows[0].key, key(), "{}", plan.to_table());
    assert_eq!(rows[1].after, [key()]);
    assert!(
        plan.to_table().contains("resources.a"),
        "{}",
        plan.to_table()
    );
    assert!(plan.irreversible().contains(&key()));
}

#[test]
fn secrets_have_names_that_nobody_can_guess() {
    let secret = field("token", None, Some(Shown::Sensitive));
    let mut plan = told(vec![
        row("a", StackAction::Create, vec![secret]),
        row("b", StackAction::Create, vec![]),
    ]);
    let before = plan.clone();
    plan.rename_secrets(&|digest| sha256(format!("key {digest}").as_bytes()));
    assert_ne!(plan.rows[0].digest, before.rows[0].digest);
    assert_ne!(
        plan.rows[0].fields[0].digest,
        before.rows[0].fields[0].digest
    );
    assert_eq!(plan.rows[1], before.rows[1]);
}

#[test]
fn what_was_changed_by_hand_in_a_stack_is_drift() {
    let mut world = world("1");
    world.apply();
    let changed = vec![field("size", value(json!(9)), value(json!(1)))];
    let minded = vec![field("etag", value(json!("x")), value(json!("y")))];
    let mut preview = told(vec![row("a", StackAction::Update, changed)]);
    preview.drift = vec![row("b", StackAction::Update, minded)];
    world.observed.previews.insert(key(), preview);
    let desired = world.desired();
    let three = ThreeWay {
        last_applied: Some(&desired),
        declared: &desired,
        observed: &world.observed,
        context: &world.context,
        hand_edits: HandEdits::PutBack,
    };
    let found = drift(&three).unwrap();
    let classes: Vec<(String, Class)> = found
        .rows
        .iter()
        .map(|row| (row.path.to_string(), row.class))
        .collect();
    assert_eq!(
        classes,
        [
            ("resources.a".to_owned(), Class::HandEditToPutBack),
            ("resources.b".to_owned(), Class::ServerDefault)
        ]
    );
    assert_eq!(found.rows[0].live, Some(json!({"size": 9})));
    let three = ThreeWay {
        last_applied: None,
        ..three
    };
    let found = drift(&three).unwrap();
    assert_eq!(
        found.rows[0].class,
        Class::PlannedChange,
        "nobody applied it yet"
    );
}
