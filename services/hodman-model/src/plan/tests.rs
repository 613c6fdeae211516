//! Stories: what the package says, what the workspace has, what is to be done.

mod access;
mod beside;
mod every_kind;
mod folders;
mod guards;
mod held;
mod inside;
mod left;
pub(crate) mod properties;
mod renaming;
mod rendering;
mod replacing;
mod rest;
mod samples;
mod stacks;
mod taken_once;
mod who_deploys;
mod workspaces;
pub(crate) mod world;

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::kinds::files;
pub(crate) use world::World;

/// `(word, key)` of each row.
pub(crate) fn rows(plan: &Plan) -> Vec<String> {
    plan.rows()
        .map(|(_, row)| format!("{} {}", row.action.word(), row.key))
        .collect()
}

fn paths(plan: &Plan) -> Vec<String> {
    plan.rows()
        .flat_map(|(_, row)| row.changes.iter())
        .map(|change| change.path.to_string())
        .collect()
}

fn two_jobs() -> World {
    World::new()
        .file("src/load.py", "print(1)")
        .resource("clusters.etl", json!({"cluster_name": "etl", "spark_version": "15", "num_workers": 1}))
        .resource(
            "jobs.load",
            json!({"name": "load", "tasks": [{"task_key": "a", "existing_cluster_id": "${resources.clusters.etl.id}",
                   "notebook_task": {"notebook_path": "${files}/src/load"}}]}),
        )
        .resource(
            "jobs.all",
            json!({"name": "all", "tasks": [{"task_key": "a", "run_job_task": {"job_id": "${resources.jobs.load.id}"}}]}),
        )
}

#[test]
fn an_empty_workspace_gets_everything_in_the_order_of_need() {
    let plan = two_jobs().plan();
    assert_eq!(
        rows(&plan),
        [
            "create files.files",
            "create clusters.etl",
            "create jobs.load",
            "create jobs.all"
        ]
    );
    assert_eq!(
        plan.summary(),
        Summary {
            create: 3,
            ..Summary::default()
        }
    );
    assert!(plan.has_files_step() && plan.irreversible().is_empty());
}

#[test]
fn after_it_was_applied_nothing_is_left_to_do() {
    let mut world = two_jobs();
    world.apply();
    let plan = world.plan();
    assert!(plan.is_empty(), "{}", plan.to_table());
    assert_eq!(plan.summary().none, 3);
    assert_eq!(
        world.object("jobs.all").listed.config["tasks"][0]["run_job_task"]["job_id"],
        json!(102)
    );
}

#[test]
fn a_field_changed_by_hand_is_put_back_and_named() {
    let mut world = two_jobs();
    world.apply();
    world.edit("jobs.load", |config| {
        config["tasks"][0]["max_retries"] = json!(3)
    });
    let plan = world.plan();
    assert_eq!(rows(&plan), ["update jobs.load"]);
    assert_eq!(paths(&plan), ["tasks[task_key=a].max_retries"]);
    let (_, row) = plan.rows().next().unwrap();
    let change = &row.changes.read()[0];
    assert_eq!((&change.before, &change.after), (&Some(json!(3)), &None));
    assert_eq!(row.live_id.as_deref(), Some("102"));
}

#[test]
fn new_files_move_every_job_that_uses_them_and_say_which_files_differ() {
    let mut world = two_jobs();
    world.apply();
    let old = world.desired().files.unwrap();
    world = world
        .file("src/load.py", "print(2)")
        .file("src/new.py", "1");
    world.observed.known_sets.insert(old.digest.clone(), old);
    let plan = world.plan();
    assert_eq!(rows(&plan), ["create files.files", "update jobs.load"]);
    assert!(plan.parts[0].rows[1].is_files_folder_only());
    let files: Vec<_> = plan.parts[0].rows[0]
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.what))
        .collect();
    assert_eq!(
        files,
        [
            ("src/load.py", FileChangeKind::Changed),
            ("src/new.py", FileChangeKind::Added)
        ]
    );
}

#[test]
fn a_half_uploaded_file_set_is_the_same_action_as_none() {
    let mut world = two_jobs();
    let before = world.plan();
    let digest = world.desired().files.unwrap().digest;
    world.observed.files.insert(
        digest.clone(),
        FileSetState::Partial {
            missing: vec!["src/load.py".into()],
            changed: vec![],
        },
    );
    assert_eq!(world.plan().digest(), before.digest());
    world.observed.files.insert(digest, FileSetState::Complete);
    assert_eq!(rows(&world.plan())[0], "create clusters.etl");
}

#[test]
fn what_left_the_package_goes_dependants_first() {
    let mut world = two_jobs();
    world.apply();
    world.bundle.resources.clear();
    assert_eq!(
        rows(&world.plan()),
        ["delete jobs.all", "delete jobs.load", "delete clusters.etl"]
    );
}

#[test]
fn what_is_not_ours_is_never_touched_even_with_our_names() {
    let mut world = two_jobs();
    world.add_foreign("jobs", "7", json!({"name": "load"}), None);
    world.add_foreign(
        "jobs",
        "8",
        json!({"name": "x"}),
        Some(("other", "qa", "load")),
    );
    world.add_foreign(
        "jobs",
        "9",
        json!({"name": "y"}),
        Some(("shop", "prod", "load")),
    );
    assert_eq!(
        rows(&world.plan())[1..],
        ["create clusters.etl", "create jobs.load", "create jobs.all"]
    );
    world.bundle.resources.clear();
    assert_eq!(rows(&world.plan()), ["create files.files"]);
}

#[test]
fn two_claimants_are_an_error_that_names_both() {
    let mut world = two_jobs();
    world.apply();
    world.add_foreign(
        "jobs",
        "7",
        json!({"name": "copy"}),
        Some(("shop", "qa", "load")),
    );
    let error = world.try_plan().unwrap_err().to_string();
    assert!(
        error.contains("jobs.load") && error.contains("102") && error.contains(" 7"),
        "{error}"
    );
}

#[test]
fn an_object_is_adopted_when_told_and_its_id_is_part_of_the_action() {
    let mut world = two_jobs();
    world.add_foreign("jobs", "7", json!({"name": "load"}), None);
    world.add_foreign("jobs", "8", json!({"name": "load"}), None);
    let mut digests = Vec::new();
    for id in ["7", "8"] {
        world
            .context
            .adopt
            .insert("jobs.load".parse().unwrap(), id.into());
        let plan = world.plan();
        let row = plan.parts[0]
            .rows
            .iter()
            .find(|row| row.key.key == "load")
            .unwrap();
        assert_eq!(
            (row.action, row.live_id.as_deref()),
            (Action::Adopt, Some(id))
        );
        digests.push(row.digest.clone());
    }
    assert_ne!(digests[0], digests[1]);
    world
        .context
        .adopt
        .insert("jobs.load".parse().unwrap(), "404".into());
    assert!(matches!(
        world.try_plan(),
        Err(PlanError::NothingToAdopt { .. })
    ));
    world.add_foreign(
        "jobs",
        "9",
        json!({"name": "x"}),
        Some(("shop", "prod", "load")),
    );
    world
        .context
        .adopt
        .insert("jobs.load".parse().unwrap(), "9".into());
    assert!(matches!(
        world.try_plan(),
        Err(PlanError::AlreadyManaged { .. })
    ));
}

#[test]
fn after_a_crash_half_way_what_is_left_is_among_the_approved() {
    let mut world = two_jobs();
    let approved = world.plan().action_digests();
    world.apply_first(2);
    let left = world.plan();
    assert_eq!(rows(&left), ["create jobs.load", "create jobs.all"]);
    assert_eq!(left.subset_of(&approved), Ok(()));
    world.edit("clusters.etl", |config| config["num_workers"] = json!(9));
    assert_eq!(
        world.plan().subset_of(&approved),
        Err(vec!["clusters.etl".parse().unwrap()])
    );
}

#[test]
fn circles_and_unknown_names_are_errors_with_a_place() {
    let refers = |to: &str| json!({"tasks": [{"task_key": "a", "run_job_task": {"job_id": format!("${{resources.{to}.id}}")}}]});
    let circle = World::new()
        .resource("jobs.a", refers("jobs.b"))
        .resource("jobs.b", refers("jobs.a"));
    assert_eq!(
        circle.try_plan().unwrap_err().to_string(),
        "resources refer to each other in a circle: jobs.a, jobs.b"
    );
    let cases = [
        (
            World::new().resource("job.a", json!({})),
            "resources/x.yml:3:1: resource `job.a`: the kind `job` is not supported yet (hint: did you mean `jobs`?)",
        ),
        (
            World::new().resource("jobs.a", refers("jobs.aa")),
            "resources/x.yml:3:1: resource `jobs.a` refers to `jobs.aa`, which is not in the bundle (hint: did you mean `jobs.a`?)",
        ),
        (
            World::new().resource("jobs.a", json!({"x": "${files}/a"})),
            "resources/x.yml:3:1: resource `jobs.a` points to files, but the bundle has none",
        ),
    ];
    for (world, expected) in cases {
        assert_eq!(world.try_plan().unwrap_err().to_string(), expected);
    }
}

#[test]
fn ids_in_parameters_are_no_difference_either() {
    let mut world = two_jobs().resource(
        "jobs.p",
        json!({"name": "p", "parameters": [{"name": "target", "default": "job ${resources.jobs.load.id}"}]}),
    );
    world.apply();
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
}

#[test]
fn placeholders_become_ids_with_their_types() {
    let outputs = BTreeMap::from([
        ("jobs.a".parse().unwrap(), "7".to_owned()),
        ("clusters.c".parse().unwrap(), "12".to_owned()),
    ]);
    let config = json!({"j": "${resources.jobs.a.id}", "t": "x-${resources.jobs.a.id}", "c": "${resources.clusters.c.id}",
                        "p": "${files}/src", "other": "${x} {{job.id}} ${"});
    let done = substitute(&config, "/F", &outputs).unwrap();
    assert_eq!(
        done,
        json!({"j": 7, "t": "x-7", "c": "12", "p": "/F/src", "other": "${x} {{job.id}} ${"})
    );
    let missing = substitute(&json!(["${resources.jobs.z.id}"]), "/F", &outputs).unwrap_err();
    assert_eq!(missing.0, ["${resources.jobs.z.id}"]);
}

#[test]
fn ids_of_others_that_capture_must_turn_into_references() {
    let config = json!({"tasks": [{"existing_cluster_id": "c-1"}, {"run_job_task": {"job_id": 5}}, {"existing_cluster_id": "${x}"}]});
    let found = refers_to(&crate::kinds::Jobs, &config);
    assert_eq!(
        found,
        BTreeSet::from([
            ("clusters".into(), "c-1".into()),
            ("jobs".into(), "5".into())
        ])
    );
}

#[test]
fn plans_of_several_workspaces_keep_their_order_and_their_names() {
    let mut eu = two_jobs();
    let mut us = two_jobs();
    eu.context.workspace = "eu".into();
    us.context.workspace = "us".into();
    let joined = Plan::join([us.plan(), eu.plan()]);
    assert_eq!(
        joined
            .parts
            .iter()
            .map(|part| part.workspace.as_str())
            .collect::<Vec<_>>(),
        ["us", "eu"]
    );
    assert_eq!(joined.action_digests().len(), 8);
    assert_ne!(joined.digest(), Plan::join([eu.plan(), us.plan()]).digest());
}

#[test]
fn an_unmanaged_folder_stays_a_plain_path() {
    let mut world = two_jobs();
    world.apply();
    world.edit("jobs.load", |config| {
        config["tasks"][0]["notebook_task"]["notebook_path"] = json!("/Workspace/Users/eve/load");
    });
    let plan = world.plan();
    let (_, row) = plan.rows().next().unwrap();
    assert!(!row.is_files_folder_only());
    let change = &row.changes.read()[0];
    assert_eq!(change.before, Some(json!("/Workspace/Users/eve/load")));
    assert_eq!(
        change.after,
        Some(json!(format!("{}/src/load", files::PLACEHOLDER)))
    );
}

#[test]
fn the_folder_with_the_fixed_path_is_its_own_name() {
    let root = files::root("shop", "qa");
    let path = format!("{root}/files/src/load");
    assert_eq!(
        files::folder(&root, &files::in_place()),
        format!("{root}/files")
    );
    assert_eq!(
        files::folders_in(&root, &path),
        [(0..root.len() + "/files".len(), files::in_place())]
    );
}
