use serde_json::json;

use super::merged;
use crate::bundle::{Options, ResourceKey};
use crate::capture::*;
use crate::plan::FieldChange;

pub(super) fn change(
    path: &str,
    before: Option<serde_json::Value>,
    after: Option<serde_json::Value>,
) -> FieldChange {
    FieldChange {
        path: path.parse().unwrap(),
        before,
        after,
        redacted: false,
    }
}

pub(super) fn text(adopted: &Adopted, path: &str) -> String {
    String::from_utf8(adopted.changes[path].clone().unwrap()).unwrap()
}

#[test]
fn the_file_takes_what_the_workspace_has() {
    let mut project = merged();
    project.rewrite("resources/nightly_load.job.yml", |text| {
        format!("# ours\n{text}")
    });
    let key = ResourceKey::new("jobs", "nightly_load");
    let changes = [
        change("name", Some(json!("By hand")), Some(json!("Nightly load"))),
        change("tasks[task_key=load].max_retries", Some(json!(3)), None),
        change(
            "tasks[task_key=load].existing_cluster_id",
            None,
            Some(json!("${resources.clusters.shared_etl.id}")),
        ),
        change(
            "tasks[task_key=new]",
            Some(
                json!({"task_key": "new", "notebook_task": {"notebook_path": "${files}/src/etl/load"}}),
            ),
            None,
        ),
        change("${files}", Some(json!("sha256:a")), Some(json!("sha256:b"))),
        FieldChange {
            redacted: true,
            ..change("description", Some(json!("(redacted)")), None)
        },
    ];
    let adopted = adopt(&project.tree, &key, &changes, "prod", &Options::default()).unwrap();
    assert_eq!(
        text(&adopted, "resources/nightly_load.job.yml"),
        "# ours
resources:
  jobs:
    nightly_load:
      name: By hand
      tasks:
        - task_key: load
          notebook_task:
            notebook_path: ../src/etl/load.py
          max_retries: 3
        - task_key: new
          notebook_task:
            notebook_path: ../src/etl/load.py
"
    );
    assert_eq!(adopted.notes.len(), 2);
    assert_eq!(adopted.changes.len(), 1);
}

#[test]
fn what_the_target_overrides_is_changed_there() {
    let mut project = merged();
    project.rewrite("databricks.yml", |_| {
        "bundle: {name: shop}\ninclude: [resources/*.yml]\ntargets:\n  prod:\n    resources:\n      jobs:\n        all:\n          max_concurrent_runs: 5  # prod\n".into()
    });
    let key = ResourceKey::new("jobs", "all");
    let changes = [
        change("max_concurrent_runs", Some(json!(9)), Some(json!(5))),
        change("timeout_seconds", Some(json!(60)), None),
    ];
    let adopted = adopt(&project.tree, &key, &changes, "prod", &Options::default()).unwrap();
    assert!(text(&adopted, "databricks.yml").ends_with("max_concurrent_runs: 9  # prod\n"));
    assert!(text(&adopted, "resources/all.job.yml").ends_with("      timeout_seconds: 60\n"));
}

#[test]
fn a_replaced_variable_is_said_and_an_unknown_resource_is_an_error() {
    let mut project = merged();
    project.rewrite("resources/all.job.yml", |text| {
        text.replace("name: All", "name: ${var.title}")
    });
    let key = ResourceKey::new("jobs", "all");
    let changes = [change("name", Some(json!("By hand")), Some(json!("All")))];
    let adopted = adopt(&project.tree, &key, &changes, "prod", &Options::default()).unwrap();
    assert_eq!(
        adopted.notes,
        ["`name` was ${var.title} and is a fixed value now"]
    );
    let unknown = adopt(
        &project.tree,
        &ResourceKey::new("jobs", "none"),
        &changes,
        "prod",
        &Options::default(),
    )
    .unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "the bundle does not define `jobs.none`"
    );
}

const IN_A_TARGET: &str = "bundle: {name: shop}
include: [resources/*.yml, targets.yml]
variables:
  title: {default: All}
";

#[test]
fn a_reference_stays_for_the_others_and_the_target_says_the_value() {
    let mut project = merged();
    project.rewrite("databricks.yml", |_| IN_A_TARGET.into());
    project.rewrite("targets.yml", |_| {
        "targets:\n  # Where customers look.\n  prod:\n    mode: production\n".into()
    });
    project.rewrite("resources/all.job.yml", |text| {
        text.replace("name: All", "name: ${var.title} # as people call it")
    });
    let key = ResourceKey::new("jobs", "all");
    let changes = [change("name", Some(json!("By hand")), Some(json!("All")))];
    let adopted = adopt(&project.tree, &key, &changes, "prod", &Options::default()).unwrap();
    assert_eq!(
        text(&adopted, "targets.yml"),
        "targets:\n  # Where customers look.\n  prod:\n    mode: production\n    resources:\n      jobs:\n        all:\n          name: By hand\n"
    );
    assert_eq!(adopted.changes.len(), 1, "the reference stays: {adopted:?}");
    assert!(
        adopted.notes[0].contains("stays ${var.title}"),
        "{adopted:?}"
    );
}

#[test]
fn a_task_that_the_target_overrides_in_another_file_is_changed_there() {
    let mut project = merged();
    project.rewrite("databricks.yml", |_| IN_A_TARGET.into());
    project.rewrite("targets.yml", |_| {
        "targets:\n  prod:\n    resources:\n      jobs:\n        nightly_load:\n          tasks:\n            - task_key: load\n              max_retries: 5 # prod is patient\n              timeout_seconds: 60\n"
            .into()
    });
    let key = ResourceKey::new("jobs", "nightly_load");
    let changes = [
        change(
            "tasks[task_key=load].max_retries",
            Some(json!(9)),
            Some(json!(5)),
        ),
        change("timeout_seconds", Some(json!(30)), None),
    ];
    let adopted = adopt(&project.tree, &key, &changes, "prod", &Options::default()).unwrap();
    let there = text(&adopted, "targets.yml");
    assert!(
        there.contains("              max_retries: 9 # prod is patient\n"),
        "{there}"
    );
    assert!(text(&adopted, "resources/nightly_load.job.yml").contains("timeout_seconds: 30"));
}

pub(super) fn only(file: &str, text: &str) -> Tree {
    let source = |text: &str| crate::files::SourceBytes {
        bytes: text.as_bytes().to_vec().into(),
        executable: false,
    };
    Tree::from([
        (
            "databricks.yml".to_owned(),
            source(
                "bundle: {name: shop}\ninclude: [resources/*.yml]\npermissions:\n  - {group_name: ops, level: CAN_MANAGE}\n",
            ),
        ),
        (file.to_owned(), source(text)),
    ])
}

pub(super) const FILE: &str = "resources/x.yml";

#[test]
fn a_secret_is_never_proposed() {
    let tree = only(
        FILE,
        "resources:\n  secrets:\n    db:\n      scope: shop\n      key: db\n      value: ${secrets.DB}\n",
    );
    let key = ResourceKey::new("secrets", "db");
    for before in ["(put by somebody else)", "env:DB@1f2e3d"] {
        let changes = [change(
            "value",
            Some(json!(before)),
            Some(json!("env:DB@9a8b")),
        )];
        let adopted = adopt(&tree, &key, &changes, "prod", &Options::default()).unwrap();
        assert_eq!(adopted.changes, BTreeMap::new(), "{adopted:?}");
        assert!(adopted.notes[0].contains("puts it back"), "{adopted:?}");
    }
}

#[test]
fn permissions_are_entries_of_the_list_and_the_other_edits_stay() {
    let tree = only(
        FILE,
        "resources:
  jobs:
    load:
      name: load
      permissions:
        # Who is called at night.
        - group_name: ${var.night}
          level: CAN_VIEW # for now
        - level: CAN_MANAGE_RUN
          user_name: ada@example.com
",
    );
    let key = ResourceKey::new("jobs", "load");
    let changes = [
        change("name", Some(json!("by hand")), Some(json!("load"))),
        change(
            r#"permissions["group:night"]"#,
            Some(json!("CAN_MANAGE_RUN")),
            Some(json!("CAN_VIEW")),
        ),
        change(
            r#"permissions["user:ada@example.com"]"#,
            None,
            Some(json!("CAN_MANAGE_RUN")),
        ),
        change(r#"permissions["group:new"]"#, Some(json!("CAN_VIEW")), None),
        change(
            r#"permissions["group:ops"]"#,
            Some(json!("CAN_VIEW")),
            Some(json!("CAN_MANAGE")),
        ),
    ];
    let variables = BTreeMap::from([("night".to_owned(), json!("night"))]);
    let options = Options {
        variables,
        ..Options::default()
    };
    let adopted = adopt(&tree, &key, &changes, "prod", &options).unwrap();
    assert_eq!(
        text(&adopted, FILE),
        "resources:
  jobs:
    load:
      name: by hand
      permissions:
        # Who is called at night.
        - group_name: ${var.night}
          level: CAN_MANAGE_RUN # for now
        - group_name: new
          level: CAN_VIEW
"
    );
    assert_eq!(adopted.notes.len(), 1, "{adopted:?}");
    assert!(
        adopted.notes[0].contains("group:ops") && adopted.notes[0].contains("whole bundle"),
        "{adopted:?}"
    );
}

#[test]
fn what_only_the_bundle_says_of_permissions_gets_no_mapping_in_the_resource() {
    let tree = only(FILE, "resources:\n  jobs:\n    load:\n      name: load\n");
    let key = ResourceKey::new("jobs", "load");
    let ops = change(
        r#"permissions["group:ops"]"#,
        None,
        Some(json!("CAN_MANAGE")),
    );
    let adopted = adopt(&tree, &key, &[ops], "prod", &Options::default()).unwrap();
    assert_eq!(adopted.changes, BTreeMap::new(), "{adopted:?}");
    assert_eq!(adopted.notes.len(), 1);
    let new = change(r#"permissions["group:new"]"#, Some(json!("CAN_VIEW")), None);
    let adopted = adopt(&tree, &key, &[new], "prod", &Options::default()).unwrap();
    assert_eq!(
        text(&adopted, FILE),
        "resources:\n  jobs:\n    load:\n      name: load\n      permissions:\n        - group_name: new\n          level: CAN_VIEW\n"
    );
}

#[test]
fn grants_are_entries_of_the_list() {
    let tree = only(
        FILE,
        "resources:
  schemas:
    s:
      name: s
      catalog_name: main
      grants:
        - principal: data engineers
          privileges: [USE_SCHEMA] # and no more
",
    );
    let key = ResourceKey::new("schemas", "s");
    let changes = [
        change(
            r#"grants["data engineers"]"#,
            Some(json!(["SELECT", "USE_SCHEMA"])),
            Some(json!(["USE_SCHEMA"])),
        ),
        change("grants.analysts", Some(json!(["SELECT"])), None),
    ];
    let adopted = adopt(&tree, &key, &changes, "prod", &Options::default()).unwrap();
    let written: serde_json::Value = crate::yaml_edit::read(&text(&adopted, FILE)).unwrap();
    assert_eq!(
        written["resources"]["schemas"]["s"]["grants"],
        json!([
            {"principal": "data engineers", "privileges": ["SELECT", "USE_SCHEMA"]},
            {"principal": "analysts", "privileges": ["SELECT"]},
        ])
    );
    assert_eq!(adopted.notes, [""; 0]);
}

#[test]
fn a_dashboard_is_changed_in_the_file_that_it_names() {
    let board = "{\n  \"pages\": [\n    { \"name\": \"a\", \"displayName\": \"Sales\" }\n  ]\n}\n";
    let mut tree = only(
        FILE,
        "resources:\n  dashboards:\n    sales:\n      display_name: Sales\n      file_path: ../boards/sales.lvdash.json\n",
    );
    let path = "boards/sales.lvdash.json";
    let source = only(path, board).remove(path).unwrap();
    tree.insert(path.to_owned(), source);
    let key = ResourceKey::new("dashboards", "sales");
    let changes = [
        change("display_name", Some(json!("By hand")), Some(json!("Sales"))),
        change(
            "serialized_dashboard.pages[name=a].displayName",
            Some(json!("Turnover")),
            Some(json!("Sales")),
        ),
    ];
    let adopted = adopt(&tree, &key, &changes, "prod", &Options::default()).unwrap();
    assert_eq!(text(&adopted, path), board.replace("Sales", "Turnover"));
    let page = change(
        "serialized_dashboard.pages[name=b]",
        Some(json!({"name": "b"})),
        None,
    );
    let more = adopt(&tree, &key, &[page], "prod", &Options::default()).unwrap();
    let written: serde_json::Value = serde_json::from_str(&text(&more, path)).unwrap();
    assert_eq!(
        written["pages"],
        json!([{"name": "a", "displayName": "Sales"}, {"name": "b"}])
    );
    let resource = text(&adopted, FILE);
    assert!(
        resource.contains("display_name: By hand") && !resource.contains("serialized_dashboard"),
        "{resource}"
    );
    assert_eq!(adopted.notes, [""; 0]);
}
