//! Which files of a commit make its package.

use super::super::declared::declared;
use super::super::{Repo, check};
use crate::config::Pipeline;
use chrono::{DateTime, TimeDelta};
use hodman_clients::git::{Base, CommitRequest, FileChange, Mirror, MirrorConfig};
use hodman_model::files::parse_environment;
use std::sync::Arc;

fn repo(folder: &std::path::Path, path: &str, files: &[(&str, &str)]) -> (Repo, String) {
    let config = MirrorConfig::new(
        folder.join("mirror.git"),
        "http://127.0.0.1:1/o/r.git",
        Arc::new(|| Ok(None)),
    );
    let mirror = Mirror::open(config).unwrap();
    let request = CommitRequest {
        parents: vec![],
        base: Base::Empty,
        changes: files
            .iter()
            .map(|(path, content)| {
                let change = FileChange {
                    content: content.as_bytes().to_vec(),
                    executable: path.ends_with(".sh"),
                };
                ((*path).to_owned(), Some(change))
            })
            .collect(),
        message: "files\n".to_owned(),
        author_name: "ann".to_owned(),
        author_email: "ann@example.com".to_owned(),
        time: DateTime::UNIX_EPOCH + TimeDelta::days(1),
    };
    let commit = mirror.commit(&request).unwrap().id().to_owned();
    let pipeline = Pipeline {
        name: "p".to_owned(),
        repository: "o/r".to_owned(),
        path: path.to_owned(),
        branch: None,
        builds: Default::default(),
    };
    let repo = Repo {
        pipeline,
        mirror: Arc::new(mirror),
        branch: "main".to_owned(),
    };
    (repo, commit)
}

#[test]
fn an_included_file_may_say_what_a_target_needs() {
    let folder = tempfile::tempdir().unwrap();
    let (repo, commit) = repo(
        folder.path(),
        "data/etl",
        &[
            (
                "data/etl/databricks.yml",
                "bundle: {name: etl}\ninclude: [targets/*.yml]\nsync: {paths: [src]}\ntargets: {dev: {}}\n",
            ),
            (
                "data/etl/targets/qa.yml",
                "targets: {qa: {sync: {paths: [../extra]}}}\n",
            ),
            ("data/etl/src/run.sh", "true\n"),
            ("data/etl/extra/only_qa.py", "1\n"),
            ("data/etl/docs/about.md", "no\n"),
            (
                "data/etl/environments/qa/environment.yaml",
                "mode: promoted\n",
            ),
            ("elsewhere/src/x.py", "no\n"),
        ],
    );
    let declared = declared(&repo, &commit).unwrap().unwrap();
    let found: Vec<(&str, bool)> = declared
        .entries
        .iter()
        .map(|input| (input.path.as_str(), input.executable))
        .collect();
    assert_eq!(
        found,
        [
            ("databricks.yml", false),
            ("extra/only_qa.py", false),
            ("src/run.sh", true),
            ("targets/qa.yml", false),
        ]
    );
}

/// Two bundles in one repository use what lies between them.
#[test]
fn what_a_bundle_uses_beside_its_folder_belongs_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = "bundle: {name: etl}\ninclude: [../common/*.yml]\nsync: {paths: [., ../shared]}\ntargets: {qa: {}}\n";
    let files = [
        ("teams/etl/databricks.yml", root),
        ("teams/etl/src/a.py", "1\n"),
        (
            "teams/etl/environments/qa/environment.yaml",
            "mode: promoted\n",
        ),
        (
            "teams/common/more.yml",
            "sync: {include: [../../lib/*.py]}\n",
        ),
        ("teams/shared/b.py", "2\n"),
        ("teams/other/databricks.yml", "bundle: {name: other}\n"),
        ("lib/c.py", "3\n"),
        ("lib/d.txt", "no\n"),
    ];
    let (repo, commit) = repo(folder.path(), "teams/etl", &files);
    let found = declared(&repo, &commit).unwrap().unwrap();
    let paths: Vec<&str> = found.entries.iter().map(|input| &*input.path).collect();
    assert_eq!(
        paths,
        [
            "@folder",
            "@up/@up/lib/c.py",
            "@up/common/more.yml",
            "@up/shared/b.py",
            "databricks.yml",
            "src/a.py",
        ]
    );
    assert_eq!(repo.path("@up/@up/lib/c.py"), "lib/c.py");
    let tree = check::tree(&repo, &commit).unwrap();
    assert_eq!(&*tree["@folder"].bytes, b"teams/etl");
    assert!(
        tree.contains_key("@up/@up/lib/c.py") && !tree.contains_key("@up/other/databricks.yml")
    );
    let bundle = hodman_model::bundle::resolve(&tree, "qa", &Default::default()).unwrap();
    // `include` moves no roots, so what lies above them is left out.
    let uploaded: Vec<String> = bundle.files.into_keys().collect();
    assert_eq!(uploaded, ["etl/src/a.py", "shared/b.py"]);
}

/// A commit on another that writes one file.
fn next(repo: &Repo, before: &str, path: &str) -> String {
    let change = FileChange {
        content: b"x\n".to_vec(),
        executable: false,
    };
    let request = CommitRequest {
        parents: vec![before.to_owned()],
        base: Base::Commit(before.to_owned()),
        changes: [(path.to_owned(), Some(change))].into(),
        message: "more\n".to_owned(),
        author_name: "ann".to_owned(),
        author_email: "ann@example.com".to_owned(),
        time: DateTime::UNIX_EPOCH + TimeDelta::days(2),
    };
    repo.mirror.commit(&request).unwrap().id().to_owned()
}

/// As templates for projects write it, so that a job tells which code it runs. A pin is no code: each promotion would make
/// the next package.
#[test]
fn a_bundle_that_refers_to_its_commit_is_another_package_with_each_but_for_pins() {
    let job = "resources: {jobs: {j: {name: \"at ${bundle.git.commit}\"}}}\n";
    let asks = format!("bundle: {{name: etl}}\ninclude: [jobs.yml]\ntargets: {{qa: }}\n{job}");
    let plain = asks.replace("${bundle.git.commit}", "all");
    for (text, asks) in [(&asks, true), (&plain, false)] {
        let folder = tempfile::tempdir().unwrap();
        let files = [("databricks.yml", &**text), ("jobs.yml", "")];
        let (repo, first) = repo(folder.path(), "", &files);
        let rules = next(&repo, &first, "environments/policy.yaml");
        let lock = next(&repo, &rules, "environments/dev/captured.lock");
        let pin = next(&repo, &lock, "environments/qa/release.yaml");
        // Also code in a folder that is called as that of the pins.
        let code = next(&repo, &pin, "src/environments/qa/more.py");
        let seen = [&first, &pin, &code].map(|commit| {
            let found = declared(&repo, commit).unwrap().unwrap();
            let has_note = found.entries.iter().any(|input| input.path == "@commit");
            assert_eq!(has_note, asks);
            let tree = check::tree(&repo, commit).unwrap();
            let bundle = hodman_model::bundle::resolve(&tree, "qa", &Default::default()).unwrap();
            let name = &bundle.resources[&"jobs.j".parse().unwrap()].config["name"];
            (found.id, name.as_str().unwrap().to_owned())
        });
        assert_eq!(seen[0], seen[1]);
        assert_ne!(seen[1].0, seen[2].0);
        let names = seen.map(|(_, name)| name);
        let expected = match asks {
            true => [&first, &first, &code].map(|commit| format!("at {commit}")),
            false => ["at all"; 3].map(str::to_owned),
        };
        assert_eq!(names, expected);
    }
}

#[test]
fn a_broken_file_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (repo, commit) = repo(
        folder.path(),
        "",
        &[
            (
                "databricks.yml",
                "bundle: {name: etl}\ninclude: [resources/*.yml]\n",
            ),
            ("resources/a.yml", "resources:\n  jobs: [\n"),
        ],
    );
    let problems = declared(&repo, &commit).unwrap().err().unwrap();
    assert!(
        problems.to_string().contains("resources/a.yml:"),
        "{problems}"
    );
}

#[test]
fn when_a_free_form_environment_is_captured() {
    let policy = |rest: &str| {
        let text = format!(
            "mode: free-form\nworkspaces:\n  - {{name: dev, host: \"https://dev.example.com\"}}\n  - {{name: dev-us, host: \"https://us.example.com\"}}\n{rest}"
        );
        let path = "environments/dev/environment.yaml";
        super::policy_of(&parse_environment(path, &text).unwrap())
    };
    let told = policy(
        "capture: {on: [push, event]}\nschedules: {capture: {cron: \"0 8-18 * * 1-5\", zone: Europe/Berlin, missed: run-once}}\n",
    );
    let schedule = told.capture.unwrap();
    assert_eq!(
        (schedule.cron.as_str(), schedule.zone.as_str()),
        ("0 8-18 * * 1-5", "Europe/Berlin")
    );
    assert!(told.capture_on_push);
    let news: Vec<&str> = told.capture_on_news_of.iter().map(String::as_str).collect();
    assert_eq!(news, ["dev", "dev-us"]);
    let by_push = policy("capture: {on: [push]}\n");
    assert!(by_push.capture_on_push && by_push.capture_on_news_of.is_empty());
    let asked = policy("");
    assert!(asked.capture.is_none() && !asked.capture_on_push);
    assert!(asked.capture_on_news_of.is_empty());
}
