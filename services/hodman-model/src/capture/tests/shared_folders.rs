//! Folders that somebody shared.

use serde_json::{Value, json};

use super::project::Project;
use crate::capture::*;

const FOLDER: &str = "/Workspace/Shared/team/bi";
const FILE: &str = "resources/shared_team_bi.directory.yml";

fn folder(project: &mut Project, path: &str, permissions: &Value) {
    let answer = json!({"object_type": "DIRECTORY", "path": path, "object_id": 7});
    project.object("directories", path, answer);
    project.live(path).config["permissions"] = permissions.clone();
}

fn shared() -> Project {
    let mut project = Project::new();
    folder(
        &mut project,
        FOLDER,
        &json!({"user:ada@example.com": "CAN_MANAGE", "group:users": "CAN_READ"}),
    );
    project
}

#[test]
fn what_is_allowed_in_a_folder_is_kept_and_what_it_inherits_is_not_said() {
    let mut project = shared();
    folder(&mut project, "/Workspace/Shared/team", &json!({}));
    // Whoever made it may manage it, which says nothing about it.
    let maker = json!({"user:ada@example.com": "CAN_MANAGE"});
    folder(&mut project, "/Workspace/Shared/team/etl", &maker);
    let both = json!({"user:ada@example.com": "CAN_MANAGE", "user:bob@example.com": "CAN_MANAGE"});
    folder(&mut project, "/Workspace/Shared/team/two", &both);
    project.merge_capture();
    assert_eq!(
        project.text(FILE),
        "resources:
  directories:
    shared_team_bi:
      path: /Workspace/Shared/team/bi
      permissions:
        - group_name: users
          level: CAN_READ
"
    );
    let text = project.text("resources/shared_team_two.directory.yml");
    assert!(text.contains("bob") && text.contains("ada"), "{text}");
    assert_eq!(project.lock.entries.len(), 2);
    assert_eq!(project.capture().changes, BTreeMap::new());
    project.lock = Default::default();
    assert_eq!(project.capture().changes, BTreeMap::new());
    assert_eq!(project.capture().rows, []);
}

#[test]
fn a_folder_that_is_not_shared_any_more_stays_and_is_nobodys_elsewhere_either() {
    let mut project = shared();
    project.merge_capture();
    folder(
        &mut project,
        FOLDER,
        &json!({"user:ada@example.com": "CAN_MANAGE"}),
    );
    let captured = project.merge_capture();
    assert_eq!(captured.rows[0].detail, "permissions");
    let text = project.text(FILE);
    assert!(
        text.contains("path: ") && text.contains("permissions: []"),
        "{text}"
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn only_a_folder_that_was_looked_for_can_be_gone() {
    let mut project = shared();
    let repo = json!({"id": 5, "path": "/Shared/team/checkout", "url": "https://github.com/acme/app", "provider": "gitHub", "branch": "main"});
    project.object("git_folders", "5", repo);
    project.merge_capture();
    project.snapshot.resources.clear();
    // Nobody let us look into the folder around them.
    let refused = Unread {
        why: "403".to_owned(),
        lacking: false,
    };
    let unread = &mut project.snapshot.unread_files;
    unread.insert("/Shared/team".to_owned(), refused);
    assert_eq!(project.capture().changes, BTreeMap::new());
    project.snapshot.unread_files.clear();
    // The rules name another one now.
    let paths = std::mem::replace(&mut project.rules.paths, vec!["/Shared/other".to_owned()]);
    assert_eq!(project.capture().changes, BTreeMap::new());
    project.rules.paths = paths;
    let captured = project.merge_capture();
    let gone: Vec<&str> = captured
        .rows
        .iter()
        .filter(|row| row.what == CapturedAs::Removed)
        .map(|row| row.key.as_str())
        .collect();
    assert_eq!(
        gone,
        [
            "directories.shared_team_bi",
            "git_folders.shared_team_checkout"
        ]
    );
    assert_eq!(project.lock.entries, []);
}

#[test]
fn what_is_said_of_a_single_file_is_told_and_its_maker_is_nobody() {
    let mut project = Project::new();
    for path in ["a", "b", "c"] {
        project.notebook(&format!("/Workspace/Shared/team/{path}"), "print(1)\n");
    }
    let own = |permissions: Value| FileAccess::Own(permissions.as_object().unwrap().clone());
    let maker = json!({"user:ada@example.com": "CAN_MANAGE"});
    let shared = json!({"user:ada@example.com": "CAN_MANAGE", "group:users": "CAN_RUN"});
    project.snapshot.file_access = BTreeMap::from([
        ("/Shared/team/a".to_owned(), own(maker)),
        ("/Shared/team/b".to_owned(), own(shared)),
        (
            "/Shared/team/c".to_owned(),
            FileAccess::Unread("not for you".into()),
        ),
        // One that is not captured.
        (
            "/Shared/else".to_owned(),
            FileAccess::Unread("not for you".into()),
        ),
    ]);
    let captured = project.capture();
    let told: Vec<(&str, &str)> = captured
        .rows
        .iter()
        .filter(|row| row.what == CapturedAs::Note)
        .map(|row| (row.key.as_str(), row.detail.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                "src/b.py",
                "in the workspace this file has permissions of its own (`group:users` CAN_RUN); a bundle says them of folders \
                 only, so they are not captured"
            ),
            (
                "src/c.py",
                "who may do what with it could not be read: not for you"
            ),
        ]
    );
}
