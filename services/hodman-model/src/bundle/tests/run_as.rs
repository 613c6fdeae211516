//! Nothing that was to run as somebody may run as hodman.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::resolve;
use super::{bundle, errors, job, tree};

fn with(top: &str, job: &str) -> String {
    errors(&format!(
        "bundle: {{name: d}}\ntargets: {{qa: }}\nvariables: {{nobody: {{default: \"\"}}}}\n{top}\nresources: {{jobs: {{j: {job}}}}}\n"
    ))
}

#[test]
fn an_empty_identity_is_an_error() {
    let one = "`run_as` names one identity: `user_name` or `service_principal_name`";
    for run_as in [
        "{}",
        "{user_name: \"\"}",
        "{service_principal_name: \"\"}",
        "{user_name: }",
        "{user_name: \" \", service_principal_name: \"\"}",
        "{user_name: \"${var.nobody}\"}",
        "{user_name: a, service_principal_name: b}",
    ] {
        let top = format!("run_as: {run_as}");
        assert_eq!(
            with(&top, "{name: n}"),
            format!("databricks.yml:4:9: {one}"),
            "{top}"
        );
        let own = format!("{{run_as: {run_as}}}");
        // That an empty line says nothing is told besides.
        let said = with("", &own);
        assert_eq!(
            said.lines().next(),
            Some(&*format!("databricks.yml:5:32: {one}")),
            "{own}"
        );
    }
    let qa = bundle(
        "bundle: {name: d}\ntargets: {qa: }\nrun_as: {user_name: \"\", service_principal_name: sp}\nresources: {jobs: {j: {name: n}, k: {run_as: {group_name: g}}}}\n",
    );
    assert_eq!(
        job(&qa, "j")["run_as"],
        json!({"service_principal_name": "sp"})
    );
    assert_eq!(job(&qa, "k")["run_as"], json!({"group_name": "g"}));
}

#[test]
fn a_target_without_a_word_keeps_who_it_is() {
    let qa = bundle(
        "bundle: {name: d}\ntargets: {qa: {run_as: }}\nrun_as: {user_name: u}\nresources: {jobs: {j: {name: n}}}\n",
    );
    assert_eq!(job(&qa, "j")["run_as"], json!({"user_name": "u"}));
}

#[test]
fn a_dashboard_with_somebodys_rights_inside_is_nobody_elses() {
    let with = |embed: &str, run_as: &str| {
        let text = format!(
            "bundle: {{name: d}}\ntargets: {{qa: }}\nvariables: {{embed: {{default: \"true\"}}}}\nrun_as: {{user_name: \"{run_as}\"}}\nresources:\n  dashboards: {{b: {{display_name: b, warehouse_id: w, serialized_dashboard: \"{{}}\", embed_credentials: \"{embed}\"}}}}\n"
        );
        resolve(&tree(&[("databricks.yml", &text)]), "qa", &BTreeMap::new())
    };
    for embed in ["true", "${var.embed}"] {
        assert_eq!(
            with(embed, "sp").unwrap_err().to_string(),
            "databricks.yml:6:82: with `embed_credentials` everybody reads with the rights of who deploys, and the bundle has `run_as` (hint: give `run_as` to the jobs and pipelines instead, or let people read with their own rights)"
        );
        assert!(with(embed, "${workspace.current_user.userName}").is_ok());
    }
    assert!(with("false", "sp").is_ok());
}
