//! States of former owners as they are found in the wild, and what becomes of them.

mod imports;
mod network;
mod tfstate;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::kinds::{Listed, Marker};
use crate::plan::{Desired, DesiredResource, Observed, ObservedObject};

const BUNDLE: &str = r#"{
  "state_version": 2, "cli_version": "1.13.0", "lineage": "0d1f", "serial": 7,
  "state": {
    "resources.jobs.nightly": {"__id__": "123", "state": {"name": "Nightly"}, "depends_on": []},
    "resources.jobs.nightly.permissions": {"__id__": "/jobs/123", "state": {}},
    "resources.clusters.shared": {"__id__": "0101-abc", "state": {"cluster_name": "Shared"}},
    "resources.quality_monitors.m": {"__id__": "x", "state": {}}
  }
}"#;

fn addresses(state: &FormerState) -> Vec<(String, String, &str)> {
    let objects = state.objects.iter();
    objects
        .map(|found| {
            (
                found.address.clone(),
                found.key.to_string(),
                found.id.as_str(),
            )
        })
        .collect()
}

fn owned(expected: &[(&str, &str, &'static str)]) -> Vec<(String, String, &'static str)> {
    let expected = expected.iter();
    expected
        .map(|(address, key, id)| ((*address).to_owned(), (*key).to_owned(), *id))
        .collect()
}

#[test]
fn a_bundles_state() {
    let state = read(From::BundleState, "resources.json", BUNDLE.as_bytes()).unwrap();
    assert_eq!(
        addresses(&state),
        owned(&[
            ("resources.clusters.shared", "clusters.shared", "0101-abc"),
            ("resources.jobs.nightly", "jobs.nightly", "123"),
        ])
    );
    assert_eq!(state.objects[1].name.as_deref(), Some("Nightly"));
    assert_eq!(state.others, ["resources.quality_monitors.m"]);
}

#[test]
fn a_list_by_hand() {
    let text = "jobs.nightly: \"123\"\nclusters.shared: 0101-abc\n";
    let state = read(From::Ids, "ids.yaml", text.as_bytes()).unwrap();
    assert_eq!(
        addresses(&state),
        owned(&[
            (
                "clusters.shared (ids.yaml:2)",
                "clusters.shared",
                "0101-abc"
            ),
            ("jobs.nightly (ids.yaml:1)", "jobs.nightly", "123"),
        ])
    );
}

#[test]
fn every_problem_of_a_list_has_its_place() {
    let text = "jobs.nightly: \"123\"\njob.weekly: \"4\"\nnightly: \"5\"\njobs.other: [6]\n";
    let problems = read(From::Ids, "ids.yaml", text.as_bytes()).unwrap_err();
    let lines: Vec<_> = problems.0.iter().map(|found| found.line).collect();
    assert_eq!(lines, [Some(2), Some(3), Some(4)], "{problems}");
    assert!(problems.to_string().contains("jobs"), "{problems}");
}

#[test]
fn files_of_another_form_are_refused_with_a_hint() {
    for (from, text, words) in [
        (From::BundleState, tfstate::TERRAFORM, "state_version"),
        (From::Tfstate, BUNDLE, "not a Terraform state"),
        (
            From::BundleState,
            r#"{"state_version": 3, "state": {}}"#,
            "version 3",
        ),
        (
            From::Tfstate,
            r#"{"version": 3, "modules": []}"#,
            "version 3",
        ),
        (From::Tfstate, "{", "JSON"),
    ] {
        let problems = read(from, "f", text.as_bytes()).unwrap_err().to_string();
        assert!(problems.contains(words), "{problems}");
    }
}

fn wanted(resources: &[(&str, Value)]) -> Desired {
    let mut desired = Desired::nothing();
    for (key, config) in resources {
        let resource = DesiredResource {
            config: Arc::new(config.clone()),
            file: "resources/r.yml".to_owned(),
            line: 1,
            ..DesiredResource::default()
        };
        desired.resources.insert(key.parse().unwrap(), resource);
    }
    desired
}

fn live(objects: &[(&str, &str, &str, Option<&str>)]) -> Observed {
    let objects = objects
        .iter()
        .map(|(kind, id, name, key)| ObservedObject {
            kind: (*kind).to_owned(),
            listed: Listed {
                id: (*id).to_owned(),
                name: (*name).to_owned(),
                marker: key.map(|key| Marker {
                    pipeline: "shop".to_owned(),
                    env: "qa".to_owned(),
                    key: key.to_owned(),
                }),
                natural: None,
                config: json!({"name": name}),
                outputs: Value::Null,
                creator: None,
                created_at: None,
                modified_at: None,
            },
        })
        .collect();
    Observed {
        objects,
        ..Observed::default()
    }
}

fn former(list: &[(&str, &str, Option<&str>)]) -> FormerState {
    FormerState {
        objects: list
            .iter()
            .map(|(key, id, name)| Former {
                key: key.parse().unwrap(),
                address: format!("old.{key}.{id}"),
                id: (*id).to_owned(),
                name: name.map(str::to_owned),
                facts: BTreeMap::new(),
            })
            .collect(),
        resources: vec![],
        others: vec![],
    }
}

#[test]
fn keys_first_then_names_that_only_one_has() {
    let desired = wanted(&[
        ("jobs.nightly", json!({"name": "Nightly"})),
        ("jobs.orders", json!({"name": "Orders"})),
        ("jobs.fresh", json!({"name": "Fresh"})),
    ]);
    let observed = live(&[
        ("jobs", "1", "Nightly", None),
        ("jobs", "2", "Orders", None),
    ]);
    let state = former(&[
        ("jobs.nightly", "1", Some("Nightly")),
        ("jobs.etl_orders", "2", Some("Orders")),
    ]);
    let found = match_up(&state, &desired, &observed, "shop", "qa");
    let adopt: BTreeMap<String, String> = found
        .adopt()
        .into_iter()
        .map(|(key, id)| (key.to_string(), id))
        .collect();
    let expected = [("jobs.nightly", "1"), ("jobs.orders", "2")];
    let expected: BTreeMap<String, String> = expected
        .iter()
        .map(|(key, id)| ((*key).to_owned(), (*id).to_owned()))
        .collect();
    assert_eq!(adopt, expected);
    assert_eq!(found.made_anew, [ResourceKey::new("jobs", "fresh")]);
    assert!(!found.is_blocked(), "{found:?}");
}

#[test]
fn what_is_not_beyond_doubt_is_refused() {
    let desired = wanted(&[
        ("jobs.a", json!({"name": "Same"})),
        ("jobs.b", json!({"name": "Same"})),
        ("jobs.c", json!({"name": "C"})),
    ]);
    let observed = live(&[
        ("jobs", "1", "Same", None),
        ("jobs", "2", "C", None),
        ("jobs", "3", "C", None),
    ]);
    let state = former(&[
        ("jobs.x", "1", Some("Same")),
        ("jobs.c", "2", None),
        ("jobs.c", "3", None),
    ]);
    let found = match_up(&state, &desired, &observed, "shop", "qa");
    assert!(found.matches.is_empty(), "{found:?}");
    assert_eq!(found.left.iter().filter(|left| left.blocks).count(), 3);
}

#[test]
fn objects_of_somebody_else_gone_or_ours_are_not_taken() {
    let desired = wanted(&[
        ("jobs.a", json!({"name": "A"})),
        ("jobs.b", json!({"name": "B"})),
        ("jobs.c", json!({"name": "C"})),
        ("jobs.d", json!({"name": "D"})),
    ]);
    let mut observed = live(&[
        ("jobs", "1", "A", Some("a")),
        ("jobs", "2", "B", Some("other")),
        ("jobs", "4", "D", None),
    ]);
    if let Some(marker) = &mut observed.objects[1].listed.marker {
        marker.pipeline = "elsewhere".to_owned();
    }
    let state = former(&[
        ("jobs.a", "1", None),
        ("jobs.b", "2", None),
        ("jobs.c", "3", None),
        ("jobs.gone", "9", None),
    ]);
    let found = match_up(&state, &desired, &observed, "shop", "qa");
    assert!(found.matches.is_empty());
    assert_eq!(found.ours, [ResourceKey::new("jobs", "a")]);
    let why: Vec<_> = found
        .left
        .iter()
        .map(|left| (left.id.as_str(), left.blocks))
        .collect();
    assert_eq!(why, [("2", true), ("3", false), ("9", false)]);
    assert!(found.is_blocked());
    assert!(found.left[0].because.contains("elsewhere/qa/other"));
}

#[test]
fn the_former_owner_is_told_how_to_let_go() {
    let found = |key: &str, address: &str| Match {
        key: key.parse().unwrap(),
        id: "1".to_owned(),
        name: "n".to_owned(),
        address: address.to_owned(),
        because: String::new(),
        marked: None,
    };
    let of = |matches: Vec<Match>| Matched {
        matches,
        ..Matched::default()
    };
    let etl = |index: &str| format!("module.m[\"x\"].databricks_job.etl[{index}]");
    let both = of(vec![found("jobs.a", &etl("0")), found("jobs.b", &etl("1"))]);
    let terraform = letting_go(From::Tfstate, &both);
    assert_eq!(
        terraform
            .matches("from = module.m[\"x\"].databricks_job.etl\n")
            .count(),
        1
    );
    assert!(terraform.contains("destroy = false"));
    // A third instance stays: a block would make Terraform forget it, too.
    let mut some = both.clone();
    some.left.push(Left {
        address: etl("2"),
        id: "3".to_owned(),
        because: String::new(),
        blocks: false,
    });
    let terraform = letting_go(From::Tfstate, &some);
    assert!(!terraform.contains("from ="), "{terraform}");
    assert!(terraform.contains(&format!("terraform state rm '{}'", etl("1"))));
    // The bundle calls it otherwise than the package does now.
    let nightly = found("jobs.ours", "resources.jobs.nightly");
    let bundle = letting_go(From::BundleState, &of(vec![nightly]));
    assert!(bundle.contains("databricks bundle deployment unbind nightly\n"));
    let mut deployed = found("jobs.ours", "databricks_job.nightly");
    deployed.marked = Some("deployed by a bundle".to_owned());
    let engine = letting_go(From::Tfstate, &of(vec![deployed]));
    assert!(engine.contains("databricks bundle deployment unbind nightly\n"));
    assert!(!engine.contains("removed"), "{engine}");
}

#[test]
fn a_slip_in_a_list_is_an_error_with_its_line_and_says_what_may_be_meant() {
    let desired = wanted(&[
        ("jobs.git", json!({"name": "git"})),
        ("jobs.nightly", json!({"name": "Nightly"})),
    ]);
    let observed = live(&[("jobs", "1", "git", None), ("jobs", "2", "Nightly", None)]);
    let list = b"# ours\njobs.git: 99\njobs.nightli: 2\n";
    let state = read(From::Ids, "somewhere/ids.yaml", list).unwrap();
    let mut found = match_up(&state, &desired, &observed, "shop", "qa");
    found.all_must_fit();
    assert!(found.is_blocked() && found.matches.is_empty());
    let told: Vec<String> = found
        .left
        .iter()
        .map(|left| format!("{}: {}", left.address, left.because))
        .collect();
    assert_eq!(
        told,
        [
            "jobs.git (ids.yaml:2): there is no such object; 1 is called `git`",
            "jobs.nightli (ids.yaml:3): nothing here is called `jobs.nightli`; did you mean `nightly`?",
        ]
    );
}
