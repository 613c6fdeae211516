//! How many calls a plan needs: as many as the API demands, and none for each object that a list shows.

use std::process::Command;

use hodman_tests::harness::binary;
use serde_json::Value;

/// Jobs on a page of `jobs/list`: the API's most.
const PAGE: u64 = 100;
const JOBS: u64 = 250;
/// The claims file, which says that there is nothing of ours but jobs, the folder of the file set, and the one folder in it.
const BESIDE: u64 = 3;

/// The calls that the sandbox answered, by what was done and to which endpoint.
fn calls(options: &[&str]) -> Vec<(String, u64)> {
    let jobs = JOBS.to_string();
    let workspace = ["workspace", "--calls", "--jobs", &jobs];
    rows(&[&workspace, options].concat(), &format!("{JOBS} jobs, "))
}

/// What a measurement found, of the rows that begin so.
fn rows(measurement: &[&str], begin: &str) -> Vec<(String, u64)> {
    let output = Command::new(binary())
        .args(["--json", "bench"])
        .args(measurement)
        .output()
        .expect("hodman runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    report["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| {
            let what = row["what"].as_str()?.strip_prefix(begin)?;
            Some((what.to_owned(), row["value"].as_f64()? as u64))
        })
        .collect()
}

fn of(calls: &[(String, u64)], what: &str) -> u64 {
    calls
        .iter()
        .find(|(name, _)| name == what)
        .map_or(0, |(_, times)| *times)
}

#[test]
fn a_plan_without_a_change_costs_pages_of_the_list_and_nothing_else_for_each_job() {
    let found = calls(&["--without-permissions"]);
    let pages = JOBS.div_ceil(PAGE);
    let list = "plan, no change: GET /api/2.2/jobs/list";
    assert_eq!(of(&found, list), pages, "{found:#?}");
    assert_eq!(
        of(&found, "plan, no change: calls"),
        pages + BESIDE,
        "{found:#?}"
    );
}

#[test]
fn permissions_cost_one_call_for_each_job_that_declares_them() {
    let found = calls(&[]);
    let pages = JOBS.div_ceil(PAGE);
    assert_eq!(
        of(
            &found,
            "plan, no change: GET /api/2.0/permissions/jobs/{id}"
        ),
        JOBS,
        "{found:#?}"
    );
    assert_eq!(
        of(&found, "plan, no change: calls"),
        pages + JOBS + BESIDE,
        "{found:#?}"
    );
    let listed = of(&found, "capture: GET /api/2.2/jobs/list");
    let asked = of(&found, "capture: GET /api/2.0/permissions/jobs/{id}");
    assert_eq!((listed, asked), (pages, JOBS), "{found:#?}");
}

#[test]
fn a_first_apply_makes_each_job_with_its_permissions_and_a_plan_after_it_finds_nothing_to_do() {
    let found = calls(&[]);
    let asked = |what: &str| of(&found, &format!("first apply: {what}"));
    assert_eq!(asked("POST /api/2.2/jobs/create"), JOBS, "{found:#?}");
    let beside = found.iter().filter(|(what, _)| {
        what.starts_with("first apply: ") && what.contains("/api/2.0/permissions/")
    });
    let beside: Vec<_> = beside.collect();
    let looked = "first apply: GET /api/2.0/permissions/jobs/{id}".to_owned();
    assert_eq!(
        beside,
        [&(looked, 1)],
        "whether they came along is seen at the first: {found:#?}"
    );
}

#[test]
fn an_environment_in_which_nothing_changed_costs_as_few_calls_as_can_be_foundation_included() {
    let found = rows(
        &["foundation", "--environments", "3", "--calls"],
        "3 environments, nothing changed: ",
    );
    let fewest = of(&found, "fewest calls possible");
    assert!(fewest > 3, "{found:#?}");
    assert_eq!(of(&found, "calls"), fewest, "{found:#?}");
}
