//! New resources come into files that the bundle includes.

use serde_json::json;

use super::project::Project;
use crate::capture::*;

/// A bundle with that `include`, and a job that is new.
fn new_job(include: &str) -> Project {
    let mut project = Project::new();
    project.rewrite("databricks.yml", |_| {
        format!(
            "# The shop.\nbundle:\n  name: shop\n{include}targets: {{dev: {{default: true}}}}\n"
        )
    });
    project.job(11, "Nightly", json!({}));
    project
}

/// Where the job comes, and that it is part of the bundle then.
fn comes_to(project: &mut Project) -> String {
    let captured = project.merge_capture();
    let written = captured
        .changes
        .keys()
        .find(|path| path.ends_with(".yml") && path.as_str() != "databricks.yml");
    let resolved = crate::bundle::resolve(&project.tree, "dev", &BTreeMap::new()).unwrap();
    assert_eq!(resolved.resources.len(), 1);
    assert_eq!(
        (project.capture().changes, project.capture().rows),
        (BTreeMap::new(), vec![])
    );
    written.unwrap().clone()
}

#[test]
fn a_pattern_that_fits_is_used() {
    for (include, place) in [
        (
            "include: [./resources/*.yml]\n",
            "resources/nightly.job.yml",
        ),
        (
            "include: [jobs/a.yml, resources/clusters/*.yml, resources/jobs/*.yml]\n",
            "resources/jobs/nightly.job.yml",
        ),
        (
            "include: ['resources/**/*.yml']\n",
            "resources/jobs/nightly.job.yml",
        ),
        ("include: ['conf/job_*.yml']\n", "conf/job_nightly.yml"),
        ("include: ['*.job.yml']\n", "nightly.job.yml"),
    ] {
        let mut project = new_job(include);
        if include.contains("jobs/a.yml") {
            project.rewrite("jobs/a.yml", |_| "resources: {}\n".into());
        }
        assert_eq!(comes_to(&mut project), place, "{include}");
        assert!(project.text("databricks.yml").contains(include));
    }
}

#[test]
fn else_include_grows_and_keeps_its_comments() {
    let mut project = new_job("include:\n  - resources/clusters/*.yml # ours\n");
    assert_eq!(comes_to(&mut project), "resources/nightly.job.yml");
    let root = project.text("databricks.yml");
    assert!(
        root.contains("include:\n  - resources/clusters/*.yml # ours\n  - \"resources/*.yml\"\n"),
        "{root}"
    );
    let mut project = new_job("");
    let captured = project.capture();
    assert!(
        captured
            .rows
            .iter()
            .any(|row| row.key == "databricks.yml" && row.detail.contains("`resources/*.yml`, too")),
        "{:?}",
        captured.rows
    );
    assert_eq!(comes_to(&mut project), "resources/nightly.job.yml");
    assert!(project.text("databricks.yml").starts_with("# The shop.\n"));
}

#[test]
fn files_that_are_no_part_of_the_bundle_stay_none() {
    let mut project = new_job("");
    project.rewrite("resources/old.yml", |_| {
        "resources: {jobs: {old: {name: Old}}}\n".into()
    });
    assert_eq!(comes_to(&mut project), "resources/nightly.job.yml");
    let root = project.text("databricks.yml");
    assert!(
        root.contains("resources/nightly.job.yml") && !root.contains('*'),
        "{root}"
    );
}

#[test]
fn a_file_that_goes_is_not_included_any_more() {
    let include = "include:\n  - resources/*.cluster.yml # first\n  - ./jobs/nightly.yml\n  - jobs/other.yml\n";
    let mut project = new_job(include);
    project.job(12, "Other", json!({}));
    project.rewrite("jobs/nightly.yml", |_| {
        "resources:\n  jobs:\n    nightly:\n      name: Nightly\n".into()
    });
    project.rewrite("jobs/other.yml", |_| {
        "resources:\n  jobs:\n    other:\n      name: Other\n".into()
    });
    project.lock = project.capture().lock;
    let gone = |project: &mut Project, id: &str| {
        project
            .snapshot
            .resources
            .retain(|live| live.listed.id != id);
        project.merge_capture();
        crate::bundle::resolve(&project.tree, "dev", &BTreeMap::new()).unwrap();
    };
    gone(&mut project, "11");
    assert!(!project.tree.contains_key("jobs/nightly.yml"));
    let root = project.text("databricks.yml");
    assert!(
        root.contains("include:\n  - resources/*.cluster.yml # first\n  - jobs/other.yml\n"),
        "{root}"
    );
    gone(&mut project, "12");
    assert!(!project.text("databricks.yml").contains("jobs/"));
}
