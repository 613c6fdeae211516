//! What the rules choose.

use serde_json::json;

use super::project::Project;
use crate::capture::*;
use crate::files::{TagSelection, parse_environment};
use crate::kinds::Captured as How;

fn keys(project: &Project) -> Vec<String> {
    let captured = project.capture();
    let added = captured
        .rows
        .into_iter()
        .filter(|row| row.what == CapturedAs::Added);
    added.map(|row| row.key).collect()
}

fn several() -> Project {
    let mut project = Project::new();
    project.job(1, "a", json!({"tags": {"team": "shop"}}));
    project.job(
        2,
        "b",
        json!({"tags": {"team": "shop-web", "scratch": "1"}}),
    );
    project.job(3, "c", json!({}));
    project.cluster("c-1", "d", json!({"custom_tags": {"team": "shop"}}));
    project.live("3").creator = Some("bob@example.com".into());
    project.live("c-1").creator = None;
    project
}

#[test]
fn kinds_tags_creators_and_times() {
    let mut project = several();
    project.rules.kinds = vec!["job*".into()];
    assert_eq!(keys(&project), ["jobs.a", "jobs.b", "jobs.c"]);
    project.rules = Default::default();
    project.rules.exclude_kinds = vec!["jobs".into()];
    assert_eq!(keys(&project), ["clusters.d"]);
    project.rules = Default::default();
    project.rules.tags = TagSelection {
        include: [("team".into(), "shop*".into())].into(),
        exclude: [("scratch".into(), "*".into())].into(),
    };
    assert_eq!(keys(&project), ["clusters.d", "jobs.a"]);
    project.rules = Default::default();
    project.rules.creators.include = vec!["ada@*".into(), UNKNOWN.into()];
    assert_eq!(keys(&project), ["clusters.d", "jobs.a", "jobs.b"]);
    project.rules = Default::default();
    project.live("1").modified_at = Some("2026-01-01T00:00:00Z".parse().unwrap());
    project.live("2").modified_at = Some("2026-03-01T00:00:00Z".parse().unwrap());
    project.rules.changed_since = Some("2026-02-01T00:00:00Z".parse().unwrap());
    assert_eq!(
        keys(&project),
        ["clusters.d", "jobs.b", "jobs.c"],
        "what nobody knows the time of is taken"
    );
}

#[test]
fn tags_in_lists_and_deeper_are_tags_too() {
    let mut project = Project::new();
    let list = |team: &str| json!([{"key": "team", "value": team}, {"key": "beta"}]);
    for (id, team) in [("1", "shop"), ("2", "till")] {
        project.object("experiments", id, json!({"experiment_id": id, "name": format!("/Shared/{team}"), "lifecycle_stage": "active", "tags": list(team)}));
        project.object(
            "model_serving_endpoints",
            team,
            json!({"name": team, "id": format!("e-{id}"), "tags": list(team), "config": {}}),
        );
        let warehouse = format!("w-{id}");
        project.object(
            "sql_warehouses",
            &warehouse,
            json!({"id": warehouse, "name": team, "tags": {"custom_tags": list(team)}}),
        );
    }
    project.rules.tags = TagSelection {
        include: [("team".into(), "shop".into())].into(),
        ..Default::default()
    };
    assert_eq!(
        keys(&project),
        [
            "experiments.shared_shop",
            "model_serving_endpoints.shop",
            "sql_warehouses.shop"
        ]
    );
    project.rules.tags = TagSelection {
        exclude: [("team".into(), "sh*".into())].into(),
        ..Default::default()
    };
    assert_eq!(keys(&project).len(), 3);
    project.rules.tags = TagSelection {
        exclude: [("beta".into(), "*".into())].into(),
        ..Default::default()
    };
    // A tag without a value is one; MLflow has none.
    assert_eq!(
        keys(&project),
        ["experiments.shared_shop", "experiments.shared_till"]
    );
}

#[test]
fn what_a_person_keeps_for_themselves_is_left_out() {
    let mut project = Project::new();
    project.job(1, "a", json!({}));
    project.job(2, "b", json!({}));
    project.live("1").natural = Some("/Users/ada@example.com/scratch/a".into());
    project.live("2").natural = Some("/Workspace/Users/ada@example.com/shop/b".into());
    assert!(keys(&project).is_empty());
    project.rules.paths = vec!["/Users/ada@example.com/shop".into()];
    assert_eq!(keys(&project), ["jobs.b"]);
}

#[test]
fn a_kind_that_could_not_be_listed_is_not_gone() {
    let mut project = several();
    project.merge_capture();
    project
        .snapshot
        .resources
        .retain(|live| live.kind != "clusters");
    let unread = |lacking| Unread {
        why: "403: not for you".into(),
        lacking,
    };
    for lacking in [false, true] {
        project
            .snapshot
            .unread
            .insert("clusters".into(), unread(lacking));
        let captured = project.capture();
        assert_eq!(captured.changes, BTreeMap::new());
        let [row] = captured.rows.as_slice() else {
            panic!("one note: {:?}", captured.rows)
        };
        assert_eq!((row.key.as_str(), row.what), ("clusters", CapturedAs::Note));
        assert!(row.detail.contains("403: not for you"), "{row:?}");
    }
    project.snapshot.unread.clear();
    assert_eq!(project.capture().rows[0].what, CapturedAs::Removed);
}

#[test]
fn permissions_that_nobody_lets_us_see_are_told_in_one_line() {
    let mut project = several();
    let access = AccessUnread {
        names: (1..=7).map(|number| format!("job {number}")).collect(),
        why: "403: not for you".into(),
    };
    project.snapshot.access_unread.insert("jobs".into(), access);
    let rows = project.capture().rows;
    let told: Vec<&CaptureRow> = rows.iter().filter(|row| row.key == "jobs").collect();
    let [row] = told.as_slice() else {
        panic!("one line: {told:?}")
    };
    assert_eq!(row.what, CapturedAs::Note);
    assert_eq!(
        row.detail,
        "who may do what with `job 1`, `job 2`, `job 3`, `job 4`, `job 5` and 2 more could not be read, \
         so what Git says of it stays: 403: not for you"
    );
}

#[test]
fn an_api_that_was_never_there_is_not_told() {
    let mut project = several();
    project.merge_capture();
    let unread = |lacking| Unread {
        why: "no".into(),
        lacking,
    };
    project.snapshot.unread.insert("apps".into(), unread(true));
    assert_eq!(project.capture().rows, []);
    project.snapshot.unread.insert("apps".into(), unread(false));
    assert_eq!(project.capture().rows.len(), 1, "refused is worth telling");
}

#[test]
fn a_reference_into_a_kind_that_could_not_be_read_stays_as_it_is() {
    let mut project = Project::new();
    project.cluster("c-1", "Shared", json!({"num_workers": 1}));
    project.rules.exclude_kinds = vec!["clusters".into()];
    let task = json!([{"task_key": "a", "existing_cluster_id": "c-1", "notebook_task": {"notebook_path": "/Shared/x"}}]);
    project.job(1, "a", json!({ "tasks": task }));
    project.merge_capture();
    let looked_up = project.text("resources/a.job.yml");
    assert!(looked_up.contains("${var."), "{looked_up}");
    project
        .snapshot
        .resources
        .retain(|live| live.kind != "clusters");
    let unread = Unread {
        why: "403".into(),
        lacking: false,
    };
    project.snapshot.unread.insert("clusters".into(), unread);
    assert_eq!(project.capture().changes, BTreeMap::new());
    project.edit_job(1, |settings| settings["timeout_seconds"] = json!(5));
    let captured = project.capture();
    assert_eq!(captured.changes, BTreeMap::new(), "held back");
    assert!(
        captured
            .rows
            .iter()
            .any(|row| row.key == "jobs.a" && row.detail.contains("clusters")),
        "{:?}",
        captured.rows
    );
}

#[test]
fn names_of_secrets_are_told_once_and_never_their_content() {
    let Some(kind) = crate::kinds::KINDS
        .iter()
        .find(|kind| kind.captured() == How::NameOnly)
    else {
        return;
    };
    let listed = crate::kinds::Listed {
        id: "s/k".into(),
        name: "k".into(),
        marker: None,
        natural: Some("s/k".into()),
        config: json!({"scope": "s", "key": "k"}),
        outputs: serde_json::Value::Null,
        creator: None,
        created_at: None,
        modified_at: None,
    };
    let mut project = several();
    project
        .snapshot
        .resources
        .push(LiveResource::new(kind.name(), listed));
    let captured = project.merge_capture();
    let key = format!("{}.s/k", kind.name());
    assert!(
        captured
            .rows
            .iter()
            .any(|row| row.key == key && row.detail.contains("named only"))
    );
    assert_eq!(
        (project.capture().rows, project.capture().changes),
        (vec![], BTreeMap::new())
    );
}

#[test]
fn what_a_bundle_deployed_is_included_and_said() {
    let mut project = several();
    project.live("1").outputs = json!({"deployed_by": "deployed by a bundle"});
    let captured = project.capture();
    assert!(
        captured
            .rows
            .iter()
            .any(|row| row.key == "jobs.a" && row.detail.contains("deployed by a bundle"))
    );
}

#[test]
fn rules_are_read_with_places() {
    let read = |rules: &str| {
        let text = format!(
            "mode: free-form\nworkspaces: [{{name: dev, host: \"https://dev.example.com\"}}]\ncapture:\n{rules}"
        );
        parse_environment("environments/dev/environment.yaml", &text)
    };
    let rules = read(
        "  kinds: [jobs, clusters]\n  jobs: {exclude: [tmp*]}\n  creators: {include: [ada@example.com]}\n  tags: {include: {team: shop}}\n  changed_since: 2026-01-01T00:00:00Z\n  branch: per-run\n  on: [push]\n  format: terraform\n  literals: [node_types]\n",
    )
    .unwrap()
    .capture
    .unwrap();
    assert_eq!(rules.of("jobs").exclude, ["tmp*"]);
    assert_eq!(rules.branch, crate::files::CaptureBranch::PerRun);
    let written = serde_json::to_value(&rules).unwrap();
    assert_eq!(
        serde_json::from_value::<crate::files::CaptureRules>(written).unwrap(),
        rules
    );
    for (text, wanted) in [
        (
            "  jobz: {}\n",
            ":4:3: unknown key `jobz` (hint: did you mean `jobs`?)",
        ),
        (
            "  jobs: {includ: []}\n",
            ":4:10: unknown key `includ` (hint: did you mean `include`?)",
        ),
        (
            "  branch: daily\n",
            ":4:11: unknown value `daily` (hint: one of: rolling, per-run)",
        ),
        (
            "  kinds: [jobbs]\n",
            ":4:11: `jobbs` is no kind (hint: did you mean `jobs`?)",
        ),
        (
            "  literals: [node_type]\n",
            ":4:14: `node_type` is no sort of values (hint: did you mean `node_types`?)",
        ),
        ("  jobs: {include: [\"[\"]}\n", ":4:20: `[` is not a glob"),
    ] {
        let found = read(text).unwrap_err().0[0].to_string();
        assert!(found.contains(wanted), "{found}");
    }
}
