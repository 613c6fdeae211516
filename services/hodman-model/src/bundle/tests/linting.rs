use super::super::{Options, RULES, lint};
use super::{NOTEBOOK, tree};

fn said(text: &str) -> Vec<(String, &'static str)> {
    lint(
        &tree(&[("databricks.yml", text), ("a.py", NOTEBOOK)]),
        None,
        &Options::default(),
    )
    .into_iter()
    .map(|finding| (finding.diagnostic.to_string(), finding.rule))
    .collect()
}

#[test]
fn every_rule_finds_what_it_is_for() {
    let found = said(
        r#"bundle: {name: d, engine: direct}
variables: {used: {default: 1}, unused: {default: 2}}
targets: {dev: , prod: {mode: production}}
resources:
  jobs:
    j:
      max_concurrent_runs: ${var.used}
      nmae: j
      tasks: [{task_key: a, depends_on: [{task_key: b}], existing_cluster_id: 0101-x}]
"#,
    );
    let mut rules: Vec<&str> = found.iter().map(|(_, rule)| *rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let mut all = RULES.map(|(rule, _)| rule);
    all.sort_unstable();
    assert_eq!(rules, all, "{found:?}");
    let text = |rule: &str| &found.iter().find(|(_, of)| *of == rule).unwrap().0;
    assert_eq!(
        text("dangling-key"),
        "databricks.yml:9:53: this job has no task `b`"
    );
    assert_eq!(
        text("unused-variable"),
        "databricks.yml:2:33: nothing uses the variable `unused` (hint: remove it, or refer to it as `${var.unused}`)"
    );
    assert!(
        text("hard-coded-id").starts_with("databricks.yml:9:79: `existing_cluster_id` holds an id")
    );
    // Said once, though both targets have it.
    assert_eq!(
        found
            .iter()
            .filter(|(_, rule)| *rule == "dangling-key")
            .count(),
        1
    );
}

#[test]
fn a_bundle_without_problems_has_no_findings() {
    let clean = "bundle: {name: d}\npermissions: [{level: CAN_VIEW, group_name: g}]\ntargets: {prod: {mode: production}}\nresources: {jobs: {j: {name: j, tasks: [{task_key: a, notebook_task: {notebook_path: a.py}}]}}}\n";
    assert_eq!(said(clean), []);
    assert_eq!(said("bundle: ["), said("bundle: ["));
    assert_eq!(said("bundle: [").len(), 1);
}

#[test]
fn no_setting_of_the_cli_is_dropped_without_a_word() {
    let found = said(
        "bundle: {name: d, databricks_cli_version: \">= 0.1.0\"}\nworkspace: {host: \"https://h\", account_id: a, workspace_id: 1, artifact_path: /x/a, resource_path: /x/r, state_path: /x/s}\ntargets: {qa: {workspace: {host: \"https://i\"}}}\n",
    );
    let said: Vec<&str> = found
        .iter()
        .filter(|(_, rule)| *rule == "no-effect")
        .map(|(text, _)| text.split(" (hint").next().unwrap())
        .collect();
    assert_eq!(
        said,
        [
            "databricks.yml:1:19: `bundle.databricks_cli_version` changes nothing here",
            "databricks.yml:2:13: `workspace.host` changes nothing here",
            "databricks.yml:2:32: `workspace.account_id` changes nothing here",
            "databricks.yml:2:47: `workspace.workspace_id` changes nothing here",
            "databricks.yml:2:64: `workspace.artifact_path` changes nothing here",
            "databricks.yml:2:85: `workspace.resource_path` changes nothing here",
            "databricks.yml:2:106: `workspace.state_path` changes nothing here",
            "databricks.yml:3:28: `workspace.host` changes nothing here",
        ]
    );
}
