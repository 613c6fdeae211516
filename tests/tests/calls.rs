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
    beginning(&all_rows(measurement), begin)
}

/// Of rows those that begin so, without that.
fn beginning(rows: &[(String, u64)], begin: &str) -> Vec<(String, u64)> {
    let rows = rows.iter();
    rows.filter_map(|(what, value)| Some((what.strip_prefix(begin)?.to_owned(), *value)))
        .collect()
}

/// What a measurement found.
fn all_rows(measurement: &[&str]) -> Vec<(String, u64)> {
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
    let rows = report["rows"].as_array().expect("rows").iter();
    rows.filter_map(|row| {
        let what = row["what"].as_str()?.to_owned();
        Some((what, row["value"].as_f64()? as u64))
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
    const ENVIRONMENTS: u64 = 3;
    let number = ENVIRONMENTS.to_string();
    let begin = format!("{number} environments, nothing changed: ");
    let measured = all_rows(&["foundation", "--environments", &number, "--calls"]);
    let summed = beginning(&measured, &begin);
    for whose in ["Databricks", "AWS"] {
        let fewest = of(&summed, &format!("{whose} fewest calls possible"));
        assert!(fewest > ENVIRONMENTS, "{summed:#?}");
        assert_eq!(
            of(&summed, &format!("{whose} calls")),
            fewest,
            "{measured:#?}"
        );
    }
    let asked = beginning(&measured, "nothing changed: ");
    // What AWS tells by itself only, each once: what is asked twice or not at all is no reconciliation of what is there.
    for operation in [
        "sts AssumeRole",
        "iam GetRole",
        "iam GetRolePolicy",
        "s3 GetBucketPolicy",
        "s3 GetBucketTagging",
        "cloudformation DescribeStacks",
        "cloudformation GetTemplate",
        "cloudformation DetectStackDrift",
    ] {
        assert_eq!(
            of(&asked, operation),
            ENVIRONMENTS,
            "{operation}: {asked:#?}"
        );
    }
    let made = beginning(&measured, "from nothing: ");
    for operation in [
        "iam CreateRole",
        "s3 CreateBucket",
        "cloudformation ExecuteChangeSet",
    ] {
        assert_eq!(of(&made, operation), 1, "{operation}: {made:#?}");
        assert_eq!(of(&asked, operation), 0, "{operation}: {asked:#?}");
    }
}
