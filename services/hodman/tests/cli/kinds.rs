//! `hodman kinds`, which needs nothing at all.

use super::{code, err, out, run};
use serde_json::{Value, json};

fn row(kind: &str) -> Value {
    let printed = run(&["--json", "kinds"]);
    assert_eq!(code(&printed), 0, "{}", err(&printed));
    let rows: Vec<Value> = serde_json::from_str(&out(&printed)).expect("JSON");
    let mut rows = rows.into_iter();
    rows.find(|row| row["kind"] == kind).expect("a row")
}

#[test]
fn the_table_has_a_line_for_each_kind_and_says_all_of_it() {
    let printed = run(&["kinds"]);
    assert_eq!(code(&printed), 0, "{}", err(&printed));
    let text = out(&printed);
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default();
    for column in ["KEY", "CREATE", "PERMISSIONS", "NEEDS"] {
        assert!(head.contains(column), "{head}");
    }
    let json = run(&["--json", "kinds"]);
    let rows: Vec<Value> = serde_json::from_str(&out(&json)).expect("JSON");
    assert_eq!(lines.clone().count(), rows.len());
    let pipelines = lines
        .find(|line| line.starts_with("pipelines "))
        .expect("a line");
    assert!(
        pipelines.contains("compensable or irreversible") && pipelines.contains("CAN_MANAGE"),
        "{pipelines}"
    );
}

#[test]
fn everything_about_one_is_asked_by_its_name() {
    let printed = run(&["kinds", "aws_roles", "jobs"]);
    assert_eq!(code(&printed), 0, "{}", err(&printed));
    let text = out(&printed);
    let (jobs, roles) = text.split_once("\naws_roles\n").expect("two");
    for (about, words) in [
        (jobs, "defaults      "),
        (jobs, "max_concurrent_runs=1"),
        (roles, "replaced on   name path"),
        (roles, "delete        compensable: "),
    ] {
        assert!(about.contains(words), "{words}: {about}");
    }
    assert!(jobs.starts_with("jobs\n"), "{jobs}");
    let unknown = run(&["kinds", "job"]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("`jobs`"), "{}", err(&unknown));
}

#[test]
fn what_the_server_fills_and_what_means_the_same_is_in_it() {
    let jobs = row("jobs");
    assert_eq!(jobs["defaults"]["max_concurrent_runs"], 1, "{jobs}");
    assert!(
        jobs["normalised"].to_string().contains("task_key"),
        "{}",
        jobs["normalised"]
    );
    let fills = row("clusters")["server_fills"].to_string();
    assert!(fills.len() > 4, "{fills}");
    let schemas = row("schemas");
    assert_eq!(schemas["natural_key"], json!(["catalog_name", "name"]));
    assert!(schemas["normalised"]["lower case"].is_array(), "{schemas}");
}

#[test]
fn needs_by_name_are_told_like_those_by_id() {
    for (kind, other) in [
        ("catalogs", "connections"),
        ("external_locations", "storage_credentials"),
        ("model_serving_endpoints", "registered_models"),
        ("vector_search_indexes", "vector_search_endpoints"),
        ("volumes", "schemas"),
        ("secrets", "secret_scopes"),
    ] {
        let needs = row(kind)["needs"].clone();
        let told = needs
            .as_array()
            .is_some_and(|all| all.contains(&json!(other)));
        assert!(told, "{kind}: {needs}");
    }
}

#[test]
fn the_worst_that_an_action_can_do_is_told_and_the_best_beside_it() {
    let pipelines = row("pipelines");
    assert_eq!(
        pipelines["reversibility"]["delete"]["class"],
        "irreversible"
    );
    assert_eq!(pipelines["at_best"]["delete"]["class"], "compensable");
    assert_eq!(row("jobs")["at_best"], json!({}));
}
