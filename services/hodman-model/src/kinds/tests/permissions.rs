//! Access lists: what is given, what is taken away, and what stays by right.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::harness::{kind, said};
use crate::kinds::Method;

#[test]
fn a_scopes_access_list_is_its_permissions() {
    let permissions = kind("secret_scopes").permissions().unwrap();
    assert_eq!(
        said(&permissions.get("team")).1,
        "/api/2.0/secrets/acls/list?scope=team"
    );
    let service = "0a1b2c3d-0000-1111-2222-333344445555";
    let live = permissions.read(&json!({"items": [
        {"principal": "ada@example.com", "permission": "MANAGE"},
        {"principal": service, "permission": "READ"},
        {"principal": "old", "permission": "WRITE"}
    ]}));
    assert_eq!(
        live,
        json!({"user:ada@example.com": "MANAGE", format!("service_principal:{service}"): "READ", "group:old": "WRITE"})
    );
    // Nobody is to manage it: the one who does stays.
    let wanted = json!({"group:new": "READ", format!("service_principal:{service}"): "READ"});
    let calls: Vec<_> = permissions
        .calls("team", &wanted, &live, "user:ada@example.com")
        .iter()
        .map(said)
        .collect();
    assert_eq!(
        calls,
        [
            (
                Method::Post,
                "/api/2.0/secrets/acls/put".to_owned(),
                json!({"scope": "team", "principal": "new", "permission": "READ"})
            ),
            (
                Method::Post,
                "/api/2.0/secrets/acls/delete".to_owned(),
                json!({"scope": "team", "principal": "old"})
            ),
        ]
    );
    assert_eq!(
        permissions
            .comparable(&live, &wanted, None)
            .get("user:ada@example.com"),
        None
    );
    // Somebody else is: it is taken from others, and not from us.
    let wanted = json!({"group:owners": "MANAGE"});
    let taken = |me: &str| {
        let calls = permissions.calls("team", &wanted, &live, me);
        let taken = calls.iter().filter(|call| call.path.ends_with("/delete"));
        let names = taken.map(|call| call.body.as_ref().unwrap()["principal"].to_string());
        names.collect::<BTreeSet<_>>()
    };
    let mut others: BTreeSet<_> = ["old", service].map(|name| format!("\"{name}\"")).into();
    assert_eq!(taken("user:ada@example.com"), others);
    others.insert("\"ada@example.com\"".to_owned());
    assert_eq!(taken("user:bo@example.com"), others);
    let me = Some("user:ada@example.com");
    assert_eq!(
        permissions.comparable(&live, &wanted, me),
        json!({"group:old": "WRITE", format!("service_principal:{service}"): "READ"})
    );
}

#[test]
fn nobody_takes_their_own_right_to_manage_away() {
    let me = "service_principal:0a1b2c3d-0000-1111-2222-333344445555";
    let levels = |permissions: &crate::kinds::Permissions, wanted: &Value, live: &Value| {
        let list = permissions.list(wanted, live, me);
        let ours = |entry: &&Value| entry.get("service_principal_name").is_some();
        let ours = list.iter().find(ours);
        ours.map(|entry| entry["permission_level"].clone())
    };
    let wanted = json!({"group:all": "CAN_RESTART"});
    let clusters = kind("clusters").permissions().unwrap();
    let managed = json!({me: "CAN_MANAGE", "group:all": "CAN_RESTART"});
    assert_eq!(
        levels(clusters, &wanted, &Value::Null),
        Some(json!("CAN_MANAGE"))
    );
    assert_eq!(
        levels(clusters, &wanted, &managed),
        Some(json!("CAN_MANAGE"))
    );
    assert_eq!(clusters.comparable(&managed, &wanted, Some(me)), wanted);
    assert_eq!(clusters.comparable(&managed, &wanted, None), managed);
    // What we have by a group or as an administrator is not in the list, and need not be.
    let without = json!({"group:all": "CAN_RESTART"});
    assert_eq!(levels(clusters, &wanted, &without), None);
    // The package has the last word about whom it names.
    let named = json!({me: "CAN_RESTART"});
    assert_eq!(
        levels(clusters, &named, &managed),
        Some(json!("CAN_RESTART"))
    );
    assert_eq!(clusters.comparable(&managed, &named, Some(me)), managed);
    // An owner that the package names takes our place, and we go on managing.
    let jobs = kind("jobs").permissions().unwrap();
    let theirs = json!({"user:ada@x": "IS_OWNER"});
    let ours = json!({me: "IS_OWNER"});
    assert_eq!(levels(jobs, &theirs, &ours), Some(json!("CAN_MANAGE")));
    assert_eq!(levels(jobs, &wanted, &ours), Some(json!("IS_OWNER")));
    let policies = kind("cluster_policies").permissions().unwrap();
    assert_eq!(
        levels(policies, &json!({}), &Value::Null),
        None,
        "nobody manages a policy"
    );
}
