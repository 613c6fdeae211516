use super::super::{Options, RULES, lint, note_commit};
use super::{NOTEBOOK, tree};

fn said(text: &str) -> Vec<(String, &'static str)> {
    let mut files = tree(&[("databricks.yml", text), ("a.py", NOTEBOOK)]);
    note_commit(&mut files, "abc123");
    lint(&files, None, &Options::default())
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
      nmae: ${bundle.git.commit}
      continuous: {pause_status: MAYBE}
      tasks: [{task_key: a, depends_on: [{task_key: b}], existing_cluster_id: 0101-x}, {spark_python_task: {}}]
  secrets:
    s: {scope: c, key: k, value: pa55}
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
        "databricks.yml:10:53: this job has no task `b`"
    );
    assert_eq!(
        text("unused-variable"),
        "databricks.yml:2:33: nothing uses the variable `unused` (hint: remove it, or refer to it as `${var.unused}`)"
    );
    assert!(
        text("hard-coded-id")
            .starts_with("databricks.yml:10:79: `existing_cluster_id` holds an id")
    );
    assert_eq!(
        text("written-out-secret"),
        "databricks.yml:12:34: `secrets.s` has a secret written out (hint: say where it is instead, such as `{env: NAME}`)"
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

/// As bundle/config/validate/enum.go and required.go of the CLI; two tasks with one key it lays together without a word.
#[test]
fn keys_and_words_are_looked_at() {
    let found = said(
        r#"bundle: {name: d}
variables: {status: {default: PAUSE}, key: {default: k}}
targets:
  qa: {resources: {jobs: {j: {tasks: [{task_key: a, max_retries: 1}]}}}}
resources:
  jobs:
    j:
      name: j
      schedule: {quartz_cron_expression: x, timezone_id: UTC, pause_status: "${var.status}"}
      tasks:
        - {task_key: a, notebook_task: {notebook_path: /n}}
        - {task_key: b, notebook_task: {notebook_path: /n}, run_if: ALL_DONE}
        - {task_key: a, condition_task: {left: x, right: y, op: SAME}}
        - {notebook_task: {notebook_path: /n}}
  pipelines: {p: {name: p, clusters: [{num_workers: 1}]}}
"#,
    );
    let of = |wanted: &[&str]| -> Vec<String> {
        let found = found.iter().filter(|(_, rule)| wanted.contains(rule));
        found.map(|(text, _)| text.clone()).collect()
    };
    assert_eq!(
        of(&["list-key"]),
        [
            "databricks.yml:13:22: `jobs.j` has two of `tasks` with the `task_key` `a` (hint: they are taken for one, the later over the earlier)",
            "databricks.yml:14:11: `jobs.j` has one of `tasks` without `task_key`",
        ]
    );
    assert_eq!(
        of(&["unknown-word"]),
        [
            "databricks.yml:9:77: `jobs.j`: `PAUSE` is no `pause_status` that is known (hint: did you mean `PAUSED`?)",
            "databricks.yml:13:65: `jobs.j`: `SAME` is no `op` that is known (hint: one of: EQUAL_TO, GREATER_THAN, GREATER_THAN_OR_EQUAL, LESS_THAN, LESS_THAN_OR_EQUAL, NOT_EQUAL)",
        ]
    );
}

#[test]
fn secrets_are_found_wherever_they_are_written_out_and_their_names_are_none() {
    let found = said(
        r#"bundle: {name: d}
variables: {pw: {default: pa55}}
targets: {qa: }
resources:
  secrets:
    named: {scope: c, key: a, value: {env: QA_DB}}
    number: {scope: c, key: b, value: 1234}
    said: {scope: c, key: c, value: "${var.pw}"}
  connections:
    pg:
      name: pg
      connection_type: POSTGRESQL
      options: {host: h, user: u, password: pa55}
    named:
      name: named
      connection_type: POSTGRESQL
      options: {host: h, user: u, password: {aws_ssm: /pg}}
  jobs: {j: {name: j, tags: {secret: x}}}
"#,
    );
    let found = found
        .iter()
        .filter(|(_, rule)| *rule == "written-out-secret");
    let places: Vec<&str> = found
        .map(|(text, _)| text.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "databricks.yml:7:39",
            "databricks.yml:8:37",
            "databricks.yml:13:45"
        ]
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
