//! Who changed what, and what becomes of it.

mod policies;

use serde_json::json;

use super::*;
use crate::kinds::secrets::REDACTED;
use crate::plan::tests::World;
use crate::plan::{Action, FileSetState};
use crate::stacks::{ByHand, ByHandProperty, ByHandResource};

const CANARY: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

fn world() -> World {
    World::new()
        .file("src/load.py", "print(1)")
        .resource("clusters.etl", json!({"cluster_name": "etl", "spark_version": "15", "num_workers": 1}))
        .resource(
            "jobs.load",
            json!({"name": "load", "max_concurrent_runs": 2, "tasks": [{"task_key": "a", "existing_cluster_id": "${resources.clusters.etl.id}",
                   "notebook_task": {"notebook_path": "${files}/src/load"}}]}),
        )
}

fn of(last: Option<&Desired>, now: &World, hand_edits: HandEdits) -> Drift {
    drift(&ThreeWay {
        last_applied: last,
        declared: &now.desired(),
        observed: &now.observed,
        context: &now.context,
        hand_edits,
    })
    .unwrap()
}

/// `(class, key and path)` of every row but what the server filled.
fn told(drift: &Drift) -> Vec<(Class, String)> {
    drift
        .rows
        .iter()
        .filter(|row| row.class != Class::ServerDefault)
        .map(|row| {
            (
                row.class,
                format!("{} {}", row.key, row.path).trim().to_owned(),
            )
        })
        .collect()
}

fn applied() -> (World, Desired) {
    let mut world = world();
    world.apply();
    let last = world.desired();
    (world, last)
}

#[test]
fn what_was_left_alone_has_no_drift_and_server_defaults_are_named_as_such() {
    let (world, last) = applied();
    let drift = of(Some(&last), &world, HandEdits::PutBack);
    assert_eq!(told(&drift), []);
    assert_eq!(drift.drifted().count(), 0);
    let fills: Vec<String> = drift
        .of(Class::ServerDefault)
        .map(|row| row.path.to_string())
        .collect();
    assert!(fills.contains(&"run_as".to_owned()), "{fills:?}");
    assert!(
        drift.to_table().contains("no drift ("),
        "{}",
        drift.to_table()
    );
}

#[test]
fn a_hand_edit_goes_where_the_policy_sends_it_and_planned_changes_are_no_drift() {
    let (mut world, last) = applied();
    world.edit("jobs.load", |config| {
        config["max_concurrent_runs"] = json!(7);
        config["timeout_seconds"] = json!(60);
    });
    let edited = ["jobs.load max_concurrent_runs", "jobs.load timeout_seconds"];
    for (policy, class) in [
        (HandEdits::PutBack, Class::HandEditToPutBack),
        (HandEdits::ProposeBack, Class::HandEditToProposeBack),
    ] {
        let drift = of(Some(&last), &world, policy);
        assert_eq!(told(&drift), edited.map(|path| (class, path.to_owned())));
    }
    // Meanwhile the package has taken one of them over, and changes something else.
    let config = json!({"name": "load", "max_concurrent_runs": 7, "description": "d", "tasks": [{"task_key": "a",
        "existing_cluster_id": "${resources.clusters.etl.id}", "notebook_task": {"notebook_path": "${files}/src/load"}}]});
    let world = world.resource("jobs.load", config);
    let drift = of(Some(&last), &world, HandEdits::PutBack);
    assert_eq!(
        told(&drift),
        [
            (Class::PlannedChange, "jobs.load description".to_owned()),
            (
                Class::HandEditToPutBack,
                "jobs.load timeout_seconds".to_owned()
            ),
        ]
    );
    let row = drift.of(Class::HandEditToPutBack).next().unwrap();
    assert_eq!(
        (&row.last_applied, &row.declared, &row.live),
        (&None, &None, &Some(json!(60)))
    );
}

#[test]
fn a_field_that_both_changed_says_so() {
    let (mut world, last) = applied();
    world.edit("clusters.etl", |config| config["num_workers"] = json!(9));
    let world = world.resource(
        "clusters.etl",
        json!({"cluster_name": "etl", "spark_version": "15", "num_workers": 4}),
    );
    let drift = of(Some(&last), &world, HandEdits::PutBack);
    let [row] = &drift.drifted().collect::<Vec<_>>()[..] else {
        panic!("{}", drift.to_table())
    };
    assert_eq!(
        row.reason,
        "changed in the workspace, and in the package, too"
    );
    assert_eq!(
        [&row.last_applied, &row.declared, &row.live],
        [&Some(json!(1)), &Some(json!(4)), &Some(json!(9))]
    );
    assert!(
        drift.to_table().contains("last applied: 1"),
        "{}",
        drift.to_table()
    );
}

#[test]
fn deleted_objects_and_files_are_seen_and_cleared_tags_are_guessed() {
    let (mut world, last) = applied();
    let set = last.files.clone().unwrap();
    let missing = vec!["src/load.py".to_owned()];
    world.observed.files.insert(
        set.digest.clone(),
        FileSetState::Partial {
            missing,
            changed: vec![],
        },
    );
    world.object("jobs.load").listed.marker = None;
    world
        .observed
        .objects
        .retain(|object| object.kind != "clusters");
    let drift = of(Some(&last), &world, HandEdits::PutBack);
    assert_eq!(
        told(&drift),
        [
            (Class::Deleted, "clusters.etl".to_owned()),
            (Class::Deleted, "files.files [\"src/load.py\"]".to_owned()),
            (Class::Deleted, "jobs.load".to_owned()),
        ]
    );
    assert!(drift.rows.iter().any(|row| {
        row.reason
            .contains("is called `load` and has no marker of ours")
    }));
    world
        .observed
        .files
        .insert(set.digest, FileSetState::Absent);
    let drift = of(Some(&last), &world, HandEdits::PutBack);
    assert!(drift.to_table().contains("the folder of the files is gone"));
    assert_eq!(drift.to_heal().count(), 3);
}

#[test]
fn what_is_to_come_and_to_go_is_planned() {
    let (mut world, last) = applied();
    world.bundle.resources.remove(&"jobs.load".parse().unwrap());
    let world = world.resource("jobs.new", json!({"name": "new"}));
    assert_eq!(
        told(&of(Some(&last), &world, HandEdits::PutBack)),
        [
            (Class::PlannedChange, "jobs.load".to_owned()),
            (Class::PlannedChange, "jobs.new".to_owned()),
        ]
    );
    // Nobody remembers what was applied: what the package says is taken for it.
    assert_eq!(
        told(&of(None, &world, HandEdits::PutBack)),
        [
            (Class::PlannedChange, "jobs.load".to_owned()),
            (Class::PlannedChange, "jobs.new".to_owned()),
        ]
    );
}

#[test]
fn foreign_objects_are_told_where_ours_should_be_and_inside_our_folder() {
    let mut world =
        World::new().resource("schemas.s", json!({"name": "s", "catalog_name": "main"}));
    world.add_foreign(
        "schemas",
        "main.s",
        json!({"name": "s", "catalog_name": "main"}),
        None,
    );
    let path = format!("{}/notes", world.context.files_root);
    world.add_foreign("directories", "9", json!({"path": path}), None);
    world.add_foreign(
        "jobs",
        "8",
        json!({"name": "copy"}),
        Some(("shop", "qa", "copied")),
    );
    let folder = format!("{}/{}", world.context.files_root, "0".repeat(64));
    for path in ["src/notes", "src/__pycache__/load.pyc"] {
        world.observed.strangers.insert(format!("{folder}/{path}"));
    }
    let last = world.desired();
    let drift = of(Some(&last), &world, HandEdits::PutBack);
    let foreign: Vec<String> = drift
        .of(Class::ForeignObject)
        .map(|row| row.key.to_string())
        .collect();
    let directory = format!("directories.{path}");
    assert_eq!(
        foreign,
        [directory.as_str(), "files.files", "schemas.s"],
        "{}",
        drift.to_table()
    );
    // What carries our marker is ours: the plan deletes what no package names, and so it is told.
    let to_go: Vec<&DriftRow> = drift.to_heal().collect();
    assert_eq!(to_go.len(), 1, "{}", drift.to_table());
    assert_eq!(to_go[0].key.to_string(), "jobs.copied");
    assert!(to_go[0].reason.contains("to be deleted"));
    world
        .observed
        .objects
        .retain(|object| object.kind != "schemas");
    assert!(
        world
            .plan()
            .rows()
            .any(|(_, row)| row.key == to_go[0].key && row.action == Action::Delete)
    );
}

#[test]
fn the_same_difference_has_the_same_name_whatever_the_ids_and_another_has_another() {
    let named = |first_id: u64, workers: u32| {
        let mut world = world();
        world.next_id = first_id;
        world.apply();
        let last = world.desired();
        world.edit("clusters.etl", |config| {
            config["num_workers"] = json!(workers)
        });
        world.edit("jobs.load", |config| {
            config["tasks"][0]["existing_cluster_id"] = json!(format!("other-{first_id}"));
        });
        let drift = of(Some(&last), &world, HandEdits::PutBack);
        let names = drift.to_heal().map(|row| row.digest.clone());
        names.collect::<BTreeSet<Digest>>()
    };
    assert_eq!(named(100, 5), named(900, 5));
    assert_ne!(named(100, 5), named(100, 6));
    assert_eq!(named(100, 5).len(), 2);
}

#[test]
fn another_folder_of_files_is_an_edit_unless_it_is_the_packages() {
    let (world, last) = applied();
    let world = world.file("src/load.py", "print(2)");
    assert_eq!(
        told(&of(Some(&last), &world, HandEdits::PutBack)),
        [(Class::PlannedChange, "jobs.load ${files}".to_owned())]
    );
    let mut world = world;
    world.apply();
    assert_eq!(told(&of(Some(&last), &world, HandEdits::PutBack)), []);
    let elsewhere = world.context.files_root.clone() + "/" + &"0".repeat(64) + "/src/load";
    world.edit("jobs.load", |config| {
        config["tasks"][0]["notebook_task"]["notebook_path"] = json!(elsewhere);
    });
    let last = world.desired();
    assert_eq!(
        told(&of(Some(&last), &world, HandEdits::PutBack)),
        [(Class::HandEditToPutBack, "jobs.load ${files}".to_owned())]
    );
}

#[test]
fn no_rendering_shows_a_secret_and_none_works_as_markup() {
    let (mut world, last) = applied();
    world.edit("jobs.load", |config| {
        config["tags"] = json!({"api_token": CANARY, "x": "@eve <img src=x> `` | **b**\n# h"});
    });
    let drift = of(Some(&last), &world, HandEdits::ProposeBack);
    let (markdown, cut) = drift.to_markdown(60_000);
    assert!(!cut);
    for text in [
        drift.to_table(),
        drift.to_json().to_string(),
        markdown.clone(),
        format!("{drift:?}"),
    ] {
        assert!(text.contains(REDACTED) && !text.contains(CANARY), "{text}");
    }
    assert!(!markdown.contains("\n# h"), "{markdown}");
    let (short, cut) = drift.to_markdown(300);
    assert!(
        cut && short.chars().count() <= 300 && short.contains("left out"),
        "{short}"
    );
    let back: Drift = serde_json::from_value(drift.to_json()).unwrap();
    assert_eq!(back, drift);
}

#[test]
fn what_people_changed_inside_of_a_stack_is_theirs_to_put_right() {
    let config =
        json!({"stack_name": "s", "template": "sha256:1", "template_body": "", "parameters": {}});
    let mut world = World::new().resource("cloudformation_stacks.net", config);
    world.apply();
    let last = world.desired();
    let property = |path: &str, expected: Option<&str>, actual: Option<&str>| ByHandProperty {
        path: path.to_owned(),
        expected: expected.map(str::to_owned),
        actual: actual.map(str::to_owned),
    };
    let resource = |id: &str, deleted, properties| ByHandResource {
        logical_id: id.to_owned(),
        kind: "AWS::Lambda::Function".to_owned(),
        deleted,
        properties,
    };
    let found = ByHand {
        resources: vec![
            resource("Gone", true, vec![]),
            resource(
                "Edited",
                false,
                vec![
                    property("/Tags/0/Value", Some("a"), Some("b")),
                    property("/Environment/Variables/API_TOKEN", None, Some(CANARY)),
                    property("/A~1b", Some("1"), None),
                    property(
                        "/Env",
                        None,
                        Some(&format!(r#"{{"Variables":{{"DB_PASSWORD":"{CANARY}"}}}}"#)),
                    ),
                ],
            ),
        ],
        unseen: None,
    };
    let key = ResourceKey::new("cloudformation_stacks", "net");
    world.observed.by_hand.insert(key.clone(), found);
    assert!(world.plan().is_empty(), "no plan of ours puts it right");
    for hand_edits in [HandEdits::PutBack, HandEdits::ProposeBack] {
        let drift = of(Some(&last), &world, hand_edits);
        let places: Vec<String> = drift.for_people().map(|row| row.path.to_string()).collect();
        assert_eq!(
            places,
            [
                r#"resources.Edited["A/b"]"#,
                "resources.Edited.Env",
                "resources.Edited.Environment.Variables.API_TOKEN",
                "resources.Edited.Tags.0.Value",
                "resources.Gone",
            ],
        );
        assert_eq!(drift.drifted().count(), 5);
        assert!(drift.to_heal().next().is_none());
        let table = drift.to_table();
        assert!(
            !table.contains(CANARY) && table.contains("for a person"),
            "{table}"
        );
    }

    let unseen = ByHand {
        unseen: Some("AccessDenied: cloudformation:DetectStackDrift".to_owned()),
        ..ByHand::default()
    };
    world.observed.by_hand.insert(key, unseen);
    let drift = of(Some(&last), &world, HandEdits::PutBack);
    let told: Vec<&str> = drift.for_people().map(|row| row.reason.as_str()).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("DetectStackDrift"), "{told:?}");
}
