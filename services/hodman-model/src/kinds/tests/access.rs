//! Secrets, Git, directories, IP access lists, switches, groups and service principals.

use serde_json::{Value, json};

use super::harness::{changes, comes_back, kind, marker, said, with};
use crate::field_path::FieldPath;
use crate::kinds::{Captured, Method};
use crate::plan::FieldChange;

#[test]
fn a_scope_speaks_the_lists_words_and_is_made_with_the_requests() {
    let kind = kind("secret_scopes");
    let config = json!({"name": "team", "backend_type": "DATABRICKS"});
    let (_, path, body) = said(&kind.create(&config, &marker()));
    assert_eq!(path, "/api/2.0/secrets/scopes/create");
    assert_eq!(
        body,
        json!({"scope": "team", "scope_backend_type": "DATABRICKS"})
    );
    let listed = comes_back(
        kind,
        &config,
        &json!({"name": "team", "backend_type": "DATABRICKS"}),
    );
    assert_eq!(
        kind.created_id(&json!({}), &config),
        Some(listed.id.clone())
    );
}

#[test]
fn a_secret_is_put_and_only_its_time_comes_back() {
    let kind = kind("secrets");
    let config = json!({"scope": "team", "key": "token", "value": "text"});
    let put = kind.create(&config, &marker());
    assert_eq!(
        said(&put),
        (
            Method::Post,
            "/api/2.0/secrets/put".to_owned(),
            json!({"scope": "team", "key": "token", "string_value": "text"})
        )
    );
    assert!(put.idempotent, "an upsert");
    assert_eq!(
        kind.update("team/token", &Value::Null, &config, &marker()),
        [put]
    );
    let listed = comes_back(
        kind,
        &config,
        &json!({"scope": "team", "key": "token", "last_updated_timestamp": 1_700_000_000_123_i64}),
    );
    assert_eq!(listed.id, "team/token");
    for asked in [
        json!({}),
        json!({"secrets": [{"key": "token", "last_updated_timestamp": 1}]}),
    ] {
        assert_eq!(kind.read(&asked).unwrap(), None, "a list is no secret");
        let scope = super::harness::kind("secret_scopes");
        assert_eq!(scope.read(&asked).unwrap(), None, "nor is it a scope");
    }
    assert_eq!(
        listed.outputs["last_updated_timestamp"],
        1_700_000_000_123_i64
    );
    assert_eq!(kind.needs(&config), [("secret_scopes", "team".to_owned())]);
    assert_eq!(kind.captured(), Captured::NameOnly);
    assert_eq!(
        kind.rules().write_only_field(&config).as_deref(),
        Some("value")
    );
}

#[test]
fn a_git_folder_is_found_by_its_path_and_put_on_its_branch() {
    let kind = kind("git_folders");
    let config = json!({"path": "/Shared/tools", "url": "https://example.com/a/tools", "provider": "gitHub", "branch": "release",
                        "git_credential_id": 4});
    let create = kind.create(&config, &marker());
    assert_eq!(
        create.body,
        Some(
            json!({"path": "/Shared/tools", "url": "https://example.com/a/tools", "provider": "gitHub", "git_credential_id": 4})
        )
    );
    let checkout: Vec<_> = kind
        .after_create("9", &config, &marker())
        .iter()
        .map(said)
        .collect();
    assert_eq!(
        checkout,
        [(
            Method::Patch,
            "/api/2.0/repos/9".to_owned(),
            json!({"branch": "release", "git_credential_id": 4})
        )]
    );
    let repo = json!({"id": 9, "path": "/Workspace/Shared/tools", "url": "https://example.com/a/tools", "provider": "gitHub",
                      "branch": "release", "head_commit_id": "abc"});
    // What lies at its path is asked for by its id, and is no other whose path only begins like it.
    let there = json!({"object_type": "REPO", "object_id": 9, "path": "/Workspace/Shared/tools"});
    let picked = kind.pick("/Workspace/Shared/tools", there.clone()).unwrap();
    assert_eq!(kind.look_up(&picked), Some(kind.get("9")));
    let folder =
        json!({"object_type": "DIRECTORY", "object_id": 9, "path": "/Workspace/Shared/tools"});
    assert_eq!(kind.pick("/Workspace/Shared/tools", folder), None);
    assert_eq!(kind.look_up(&repo), None);
    let listed = comes_back(kind, &config, &repo);
    assert_eq!(listed.id, "9");
    assert_eq!(listed.outputs["head_commit_id"], "abc");
    let default = json!({"path": "/Shared/tools", "url": "https://example.com/a/tools", "provider": "gitHub"});
    assert!(kind.after_create("9", &default, &marker()).is_empty());
    comes_back(kind, &default, &repo);
}

#[test]
fn nothing_ever_throws_changes_in_a_git_folder_away() {
    let kind = kind("git_folders");
    let config = json!({"path": "/a", "url": "u", "provider": "gitHub", "tag": "v1"});
    for call in kind.update("9", &Value::Null, &config, &marker()) {
        assert_eq!(call.body, Some(json!({"tag": "v1"})));
    }
}

#[test]
fn a_git_credentials_token_goes_in_only() {
    let kind = kind("git_credentials");
    let config = json!({"git_provider": "gitHub", "git_username": "bot", "name": "ci", "personal_access_token": "text"});
    let create = kind.create(&config, &marker());
    assert_eq!(create.body, Some(config.clone()));
    let listed = comes_back(
        kind,
        &config,
        &json!({"credential_id": 4, "git_provider": "gitHub", "git_username": "bot", "name": "ci", "is_default_for_provider": true}),
    );
    assert_eq!(
        (listed.id.as_str(), listed.natural.as_deref()),
        ("4", Some("github/ci"))
    );
    assert!(matches!(kind.captured(), Captured::Never(_)));
}

#[test]
fn a_directory_is_a_directory_and_nothing_else_at_its_path() {
    let kind = kind("directories");
    let config = json!({"path": "/Shared/team/"});
    assert_eq!(
        kind.create(&config, &marker()).body,
        Some(json!({"path": "/Workspace/Shared/team"}))
    );
    let listed = comes_back(
        kind,
        &config,
        &json!({"object_type": "DIRECTORY", "path": "/Shared/team", "object_id": 77}),
    );
    assert_eq!(
        (listed.id.as_str(), &listed.outputs["object_id"]),
        ("/Workspace/Shared/team", &json!("77"))
    );
    assert_eq!(
        kind.permissions().unwrap().id_output,
        Some("object_id"),
        "the permissions API wants a number"
    );
    assert_eq!(
        kind.read(&json!({"object_type": "NOTEBOOK", "path": "/Shared/team"}))
            .unwrap(),
        None
    );
}

#[test]
fn an_access_list_is_a_set_of_addresses() {
    let kind = kind("ip_access_lists");
    let config = json!({"label": "office", "list_type": "ALLOW", "enabled": false, "ip_addresses": ["10.0.0.0/8", "1.2.3.4"]});
    let create = kind.create(&config, &marker());
    assert_eq!(
        create.body.as_ref().unwrap().get("enabled"),
        None,
        "the request does not know it"
    );
    assert_eq!(
        said(&kind.after_create("l", &config, &marker())[0]),
        (
            Method::Patch,
            "/api/2.0/ip-access-lists/l".to_owned(),
            json!({"enabled": false})
        )
    );
    let row = json!({"list_id": "l", "label": "office", "list_type": "ALLOW", "enabled": false, "address_count": 2,
                     "ip_addresses": ["1.2.3.4", "10.0.0.0/8"], "created_at": 1, "updated_at": 2, "created_by": 9});
    comes_back(kind, &config, &row);
    let envelope = json!({ "ip_access_list": row });
    comes_back(kind, &config, &envelope);
    assert_eq!(kind.created_id(&envelope, &config).as_deref(), Some("l"));
    let on = json!({"label": "office", "list_type": "ALLOW", "ip_addresses": ["1.2.3.4"]});
    assert!(kind.after_create("l", &on, &marker()).is_empty());
    assert_eq!(changes(kind, &on, &row), ["enabled", "ip_addresses"]);
    assert_eq!(
        said(&kind.update("l", &Value::Null, &on, &marker())[0]),
        (
            Method::Put,
            "/api/2.0/ip-access-lists/l".to_owned(),
            with(Some(&on), json!({"enabled": true}))
        )
    );
}

#[test]
fn only_the_switches_that_are_named_are_looked_at() {
    let kind = kind("workspace_conf");
    let config = json!({"enableIpAccessLists": true, "maxTokenLifetimeDays": 90});
    let keys = "enableIpAccessLists,maxTokenLifetimeDays";
    assert_eq!(kind.natural(&config).as_deref(), Some(keys));
    let (method, path, body) = said(&kind.create(&config, &marker()));
    assert_eq!(
        (method, path.as_str(), body),
        (
            Method::Patch,
            "/api/2.0/workspace-conf",
            json!({"enableIpAccessLists": "true", "maxTokenLifetimeDays": "90"})
        )
    );
    comes_back(
        kind,
        &config,
        &json!({"enableIpAccessLists": "true", "maxTokenLifetimeDays": "90"}),
    );
    let change = |before: Option<Value>| FieldChange {
        path: FieldPath::default().key("enableIpAccessLists".to_owned()),
        before,
        after: Some(json!("true")),
        redacted: false,
    };
    assert!(
        kind.rules().replaces(&change(None)),
        "with another key it is known by another name"
    );
    assert!(!kind.rules().replaces(&change(Some(json!("false")))));
    let never_set = json!({"enableIpAccessLists": "true", "maxTokenLifetimeDays": null});
    assert_eq!(changes(kind, &config, &never_set), ["maxTokenLifetimeDays"]);
    assert_eq!(
        kind.read(&never_set).unwrap().unwrap().natural.as_deref(),
        Some(keys),
        "known by what was asked for"
    );
}

#[test]
fn a_groups_members_are_a_set_of_ids() {
    let kind = kind("groups");
    let config = json!({"displayName": "team", "members": [{"value": "2"}, {"value": "1"}]});
    let create = kind.create(&config, &marker());
    assert_eq!(
        create.body.as_ref().unwrap()["schemas"],
        json!(["urn:ietf:params:scim:schemas:core:2.0:Group"])
    );
    let answer = json!({"id": "10", "displayName": "team", "schemas": ["x"], "meta": {"resourceType": "WorkspaceGroup"},
        "groups": [{"value": "99"}], "entitlements": [{"value": "workspace-access"}],
        "members": [{"value": "1", "display": "Ada", "$ref": "Users/1"}, {"value": "2", "display": "Bo", "type": "direct"}]});
    let listed = comes_back(kind, &config, &answer);
    // A group that says nothing of its members leaves them to others, and an update does not empty it.
    let silent = json!({"displayName": "team"});
    comes_back(kind, &silent, &answer);
    let (method, path, body) = said(&kind.update("10", &listed.config, &silent, &marker())[0]);
    assert_eq!(
        (method, path.as_str()),
        (Method::Put, "/api/2.0/preview/scim/v2/Groups/10")
    );
    assert_eq!(body["members"], json!([{"value": "1"}, {"value": "2"}]));
    for own in ["users", "admins"] {
        assert_eq!(
            kind.read(&json!({"id": "1", "displayName": own})).unwrap(),
            None
        );
    }
}

#[test]
fn a_service_principals_application_id_is_the_servers() {
    let kind = kind("service_principals");
    let config = json!({"displayName": "bot", "entitlements": [{"value": "workspace-access"}]});
    let create = kind.create(&config, &marker());
    let answer = with(
        create.body.as_ref(),
        json!({"id": "5", "applicationId": "0a1b2c3d-0000-1111-2222-333344445555", "active": true, "groups": []}),
    );
    let listed = comes_back(kind, &config, &answer);
    assert_eq!(
        listed.outputs["application_id"],
        "0a1b2c3d-0000-1111-2222-333344445555"
    );
    let body = kind.update("5", &listed.config, &config, &marker())[0]
        .body
        .clone()
        .unwrap();
    assert_eq!(
        (&body["active"], &body["applicationId"]),
        (&json!(true), &json!("0a1b2c3d-0000-1111-2222-333344445555"))
    );
    let mut off = answer;
    off["active"] = json!(false);
    assert_eq!(changes(kind, &config, &off), ["active"]);
}
