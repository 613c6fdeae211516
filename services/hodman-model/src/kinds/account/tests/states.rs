//! How the account says that something works, does not yet, or never will, and in what case.

use serde_json::{Value, json};

use crate::kinds::{Readiness, Said, kind};

#[test]
fn an_endpoint_works_only_when_it_is_said_to_be_available() {
    let kind = kind("account_vpc_endpoints").unwrap();
    let says = |state: Value| kind.readiness(&json!({"vpc_endpoint_id": "1", "state": state}));
    for ready in ["available", "Available"] {
        assert_eq!(says(json!(ready)), Readiness::Ready, "{ready}");
    }
    for pending in ["pending", "PENDING", "pendingAcceptance"] {
        assert!(
            matches!(says(json!(pending)), Readiness::Pending(_)),
            "{pending}"
        );
    }
    for failed in ["rejected", "Failed", "bad thing"] {
        assert!(
            matches!(says(json!(failed)), Readiness::Failed(_)),
            "{failed}"
        );
    }
    // The answer to a registration says nothing of it, and what was found after a lost answer is asked for, too.
    for nothing in [json!({"vpc_endpoint_id": "1"}), Value::Null] {
        assert!(matches!(kind.readiness(&nothing), Readiness::Pending(_)));
        assert_eq!(kind.says(&nothing), None);
    }
}

#[test]
fn a_workspace_that_does_not_say_how_it_is_is_not_known_to_run() {
    let kind = kind("account_workspaces").unwrap();
    assert!(matches!(
        kind.readiness(&Value::Null),
        Readiness::Pending(_)
    ));
    let bare = json!({"workspace_id": 7, "workspace_name": "w", "workspace_url": "w.example"});
    let listed = kind.read(&bare).unwrap().unwrap();
    assert_ne!(listed.outputs["state"], "RUNNING");
    assert_eq!(listed.outputs.get("host"), None);
}

#[test]
fn a_connection_that_will_not_become_one_is_told() {
    let kind = kind("account_private_endpoint_rules").unwrap();
    let mut answer =
        json!({"rule_id": "r", "network_connectivity_config_id": "n", "endpoint_service": "s"});
    for state in ["CREATE_FAILED", "REJECTED", "DISCONNECTED", "EXPIRED"] {
        answer["connection_state"] = json!(state);
        answer["error_message"] = json!("quota exceeded");
        assert!(
            matches!(kind.readiness(&answer), Readiness::Failed(_)),
            "{state}"
        );
        let outputs = kind.read(&answer).unwrap().unwrap().outputs;
        let Some(Said::Broken(words)) = kind.says(&outputs) else {
            panic!("{state}")
        };
        assert!(
            words.contains(state) && words.ends_with(": quota exceeded"),
            "{words}"
        );
    }
    answer["connection_state"] = json!("CREATING");
    assert!(matches!(kind.readiness(&answer), Readiness::Pending(_)));
    for state in ["PENDING", "ESTABLISHED", "SOMETHING_NEW"] {
        answer["connection_state"] = json!(state);
        assert_eq!(kind.readiness(&answer), Readiness::Ready, "{state}");
        assert_eq!(kind.says(&answer), None, "{state}");
    }
}

#[test]
fn words_that_the_account_answers_in_capitals_make_no_difference() {
    for (name, field, written, answered) in [
        ("account_workspaces", "pricing_tier", "premium", "PREMIUM"),
        (
            "account_private_access_settings",
            "private_access_level",
            "endpoint",
            "ENDPOINT",
        ),
        // What goes without saying does so in either case.
        (
            "account_private_access_settings",
            "private_access_level",
            "account",
            "ACCOUNT",
        ),
        ("account_metastores", "name", "Primary", "primary"),
    ] {
        let rules = kind(name).unwrap().rules();
        let wanted = rules.normalise(&json!({ (field): written }));
        assert_eq!(
            wanted,
            rules.normalise(&json!({ (field): answered })),
            "{name}"
        );
    }
}
