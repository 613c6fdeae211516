//! `${workspace.current_user.…}`.

use std::collections::BTreeMap;

use super::super::{CurrentUser, Options, ResolvedBundle, resolve, resolve_with};
use super::{errors, job, tree};

/// A root folder as most bundles write it.
const HOME: &str = r#"bundle: {name: d}
workspace: {root_path: "/Workspace/Users/${workspace.current_user.userName}/.bundle/${bundle.name}/${bundle.target}"}
presets: {name_prefix: "[${workspace.current_user.short_name}] "}
targets: {qa: }
resources:
  jobs:
    j:
      name: n
      tasks:
        - task_key: t
          spark_python_task:
            python_file: src/a.py
            parameters:
              - "${workspace.root_path}/files/src"
              - "/Workspace/Users/${workspace.current_user.userName}/.bundle/d/qa/files/src"
              - "/Workspace/Users/ada@example.com/.bundle/d/qa/files/src"
  schemas:
    s: {name: sales, catalog_name: main}
"#;

fn qa(user: Option<CurrentUser>) -> ResolvedBundle {
    let options = Options {
        current_user: user,
        ..Options::default()
    };
    let files = tree(&[("databricks.yml", HOME), ("src/a.py", "")]);
    resolve_with(&files, "qa", &options).unwrap_or_else(|found| panic!("{found}"))
}

#[test]
fn a_home_folder_and_a_prefix_with_who_deploys_are_read() {
    let open = qa(None);
    let name = |bundle: &ResolvedBundle, key: &str| {
        bundle.resources[&key.parse().unwrap()].config["name"].clone()
    };
    assert_eq!(
        name(&open, "jobs.j"),
        "[${lookup.current_user.short_name}] n"
    );
    assert_eq!(
        name(&open, "schemas.s"),
        "${lookup.current_user.short_name}_sales"
    );
    let parameters = &job(&open, "j")["tasks"][0]["spark_python_task"]["parameters"];
    assert_eq!(parameters[0], "${files}/src");
    assert_eq!(parameters[1], "${files}/src");
    assert_eq!(
        parameters[2],
        "/Workspace/Users/ada@example.com/.bundle/d/qa/files/src"
    );
    let known = qa(Some(CurrentUser::named("ada@example.com")));
    assert_eq!(name(&known, "jobs.j"), "[ada] n");
    assert_eq!(name(&known, "schemas.s"), "ada_sales");
    let parameters = &job(&known, "j")["tasks"][0]["spark_python_task"]["parameters"];
    assert_eq!(parameters[2], "${files}/src");
    assert_eq!(known.lookups, []);
}

#[test]
fn a_root_folder_alone_asks_nobody() {
    let text = "bundle: {name: d}\ntargets: {qa: }\nresources: {jobs: {j: {name: n}}}\n";
    let files = tree(&[("databricks.yml", text)]);
    assert_eq!(resolve(&files, "qa", &BTreeMap::new()).unwrap().lookups, []);
}

#[test]
fn short_names_are_those_of_the_databricks_cli() {
    let of = |user: &CurrentUser, field: &str| user.field(field).unwrap_or_default();
    let ada = CurrentUser::named("Ada.von-L..x@example.com");
    assert_eq!(of(&ada, "short_name"), "ada_von_l_x");
    assert_eq!(of(&ada, "domain_friendly_name"), "ada-von-l-x");
    let robot = CurrentUser {
        user_name: "9f2d5c1e-0d3b-4f8a-8a53-1c0f5b7e2a11".into(),
        display_name: Some("Hodman QA (eu)".into()),
        id: Some("7".into()),
    };
    assert_eq!(of(&robot, "short_name"), "hodman_qa_eu");
    assert_eq!(of(&robot, "id"), "7");
    let named = CurrentUser {
        display_name: Some("Ada".into()),
        ..ada
    };
    assert_eq!(of(&named, "short_name"), "ada_von_l_x");
    assert!(
        errors("bundle: {name: d}\ntargets: {qa: }\nresources: {jobs: {j: {name: \"${workspace.current_user.shortName}\"}}}\n")
            .ends_with("`${workspace.current_user.shortName}` is not known of a user (hint: did you mean `short_name`?)")
    );
}
