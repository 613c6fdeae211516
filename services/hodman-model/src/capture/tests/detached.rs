//! Git folders that stand on a tag or a commit.

use serde_json::{Value, json};

use super::project::Project;
use crate::capture::*;

const FILE: &str = "resources/shared_team_checkout.git_folder.yml";
const NOTE: &str = "stands on commit 0123456789ab and on no branch";

fn folder(branch: Option<&str>) -> Value {
    let mut folder = json!({"id": 5, "path": "/Shared/team/checkout", "url": "https://github.com/acme/app", "provider": "gitHub",
        "head_commit_id": "0123456789abcdef0123456789abcdef01234567"});
    if let Some(branch) = branch {
        folder["branch"] = json!(branch);
    }
    folder
}

fn notes(captured: &Captured) -> usize {
    let rows = captured.rows.iter();
    rows.filter(|row| row.what == CapturedAs::Note && row.detail.starts_with(NOTE))
        .count()
}

#[test]
fn a_branch_is_captured_and_what_is_on_none_says_so() {
    let mut project = Project::new();
    project.object("git_folders", "5", folder(Some("release")));
    let captured = project.merge_capture();
    assert!(project.text(FILE).contains("branch: release\n"));
    assert_eq!(notes(&captured), 0);
    // Somebody checks a tag out: the API answers no branch, or git's own word for none.
    for none in [None, Some("HEAD")] {
        let mut project = Project::new();
        project.object("git_folders", "5", folder(Some("release")));
        project.merge_capture();
        project.object("git_folders", "5", folder(none));
        let captured = project.merge_capture();
        let text = project.text(FILE);
        assert!(!text.contains("branch:"), "{text}");
        assert_eq!(notes(&captured), 1, "{:#?}", captured.rows);
        // So it does when it is new.
        let mut project = Project::new();
        project.object("git_folders", "5", folder(none));
        let captured = project.merge_capture();
        assert!(!project.text(FILE).contains("branch:"));
        assert_eq!(notes(&captured), 1, "{:#?}", captured.rows);
    }
}

#[test]
fn a_tag_that_git_says_stays_until_a_branch_is_checked_out() {
    let mut project = Project::new();
    project.object("git_folders", "5", folder(None));
    project.merge_capture();
    project.rewrite(FILE, |text| {
        text.replace("provider: gitHub\n", "provider: gitHub\n      tag: v1\n")
    });
    // Nor is it a conflict where no capture came before.
    for lock in [project.lock.clone(), CapturedLock::default()] {
        project.lock = lock;
        let captured = project.capture();
        assert_eq!((captured.changes, captured.rows), (BTreeMap::new(), vec![]));
        project.lock = captured.lock;
    }
    project.object("git_folders", "5", folder(Some("main")));
    project.merge_capture();
    let text = project.text(FILE);
    assert!(
        text.contains("branch: main") && !text.contains("tag:"),
        "{text}"
    );
}

#[test]
fn where_a_job_takes_its_code_from_a_tag_or_a_commit_is_kept() {
    for (field, value) in [("git_tag", "v1"), ("git_commit", "abc0123")] {
        let mut project = Project::new();
        let source = json!({"git_url": "https://github.com/acme/app", "git_provider": "gitHub", field: value});
        let task =
            json!({"task_key": "a", "notebook_task": {"notebook_path": "load", "source": "GIT"}});
        project.job(
            11,
            "Nightly",
            json!({"git_source": source, "tasks": [task]}),
        );
        project.merge_capture();
        let text = project.text("resources/nightly.job.yml");
        assert!(text.contains(&format!("{field}: {value}\n")), "{text}");
    }
}
