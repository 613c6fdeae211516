//! What a plan does beside the changes of fields: marks, what is taken over, actions; and what must not go.

use serde_json::{Value, json};

use super::*;

fn of(plan: Value) -> StackPlan {
    let rules = StackRules::default();
    planned(&plan.to_string(), &rules).unwrap()
}

#[test]
fn an_output_that_only_becomes_sensitive_is_a_change_and_shows_nothing() {
    // As Terraform 1.11 writes it.
    let plan = |value: &str| {
        of(json!({"format_version": "1.2", "output_changes": {"s": {
            "actions": ["update"], "before": value, "after": value, "after_unknown": false,
            "before_sensitive": true, "after_sensitive": true,
        }}}))
    };
    let one = plan("s3cret");
    assert!(!one.is_empty());
    assert_eq!(one.outputs.len(), 1);
    assert!(one.outputs[0].is_secret());
    assert!(!serde_json::to_string(&one).unwrap().contains("s3cret"));
    assert_ne!(one.digest(), plan("other").digest());
    assert_eq!(one.digest(), plan("s3cret").digest());
}

fn imported(actions: &[&str], importing: &Value) -> StackPlan {
    let after = if actions == ["update"] { "new" } else { "old" };
    of(json!({"format_version": "1.2", "resource_changes": [{
        "address": "aws_x.a", "type": "aws_x", "change": {
            "actions": actions, "before": {"name": "old"}, "after": {"name": after}, "importing": importing,
        },
    }]}))
}

#[test]
fn what_is_taken_over_stands_in_the_row_and_in_its_name() {
    for actions in [["no-op"], ["update"]] {
        let plan = imported(&actions, &json!({"id": "obj-A"}));
        let row = &plan.rows[0];
        assert!(row.takes_over());
        assert_eq!(row.fields[0].path.to_string(), "[\"takes over\"]");
        assert_eq!(row.fields[0].after, Some(Shown::Value(json!("obj-A"))));
        let other = imported(&actions, &json!({"id": "obj-B"}));
        assert_ne!(plan.digest(), other.digest());
        let by_identity = imported(&actions, &json!({"identity": {"arn": "a"}}));
        assert_eq!(
            by_identity.rows[0].fields[0].after,
            Some(Shown::Value(json!({"arn": "a"})))
        );
    }
    let updated = imported(&["update"], &json!({"id": "obj-A"}));
    assert!(updated.rows[0].reason.contains("takes over what exists"));
    assert_eq!(updated.rows[0].action, StackAction::Update);
}

#[test]
fn a_plan_that_would_do_more_than_it_shows_is_refused() {
    for (field, words) in [
        (
            "action_invocations",
            "the action action.aws_lambda_invoke.migrate",
        ),
        (
            "deferred_action_invocations",
            "the action action.aws_lambda_invoke.migrate",
        ),
        ("deferred_changes", "a change of aws_x.late that is put off"),
    ] {
        let one = json!({"address": "action.aws_lambda_invoke.migrate", "resource_change": {"address": "aws_x.late"}});
        let plan = json!({"format_version": "1.2", field: [one]}).to_string();
        let refused = planned(&plan, &StackRules::default()).unwrap_err();
        assert!(refused.to_string().contains(words), "{refused}");
        let empty = json!({"format_version": "1.2", field: []});
        assert!(of(empty).is_empty());
    }
}

#[test]
fn what_is_protected_is_found_whatever_its_keys_and_wherever_it_moved() {
    let rules = |entry: &str| StackRules {
        protected: [entry.to_owned()].into(),
        ..StackRules::default()
    };
    let removed = |address: &str, before: Option<&str>| {
        of(json!({"format_version": "1.2", "resource_changes": [{
            "address": address, "previous_address": before, "type": "aws_vpc",
            "change": {"actions": ["delete", "create"], "before": {"name": "a"}, "after": {"name": "b"}},
        }]}))
    };
    for (entry, address, before) in [
        ("aws_vpc.main", r#"aws_vpc.main["a[0]"]"#, None),
        ("aws_vpc.main", r#"aws_vpc.main["a\"]b"]"#, None),
        (
            "module.net.aws_vpc.main",
            r#"module.net["eu.west"].aws_vpc.main[1]"#,
            None,
        ),
        (
            r#"module.net["eu"].aws_vpc.main"#,
            r#"module.net["eu"].aws_vpc.main[1]"#,
            None,
        ),
        (r#"aws_vpc.main["a"]"#, r#"aws_vpc.main["a"]"#, None),
        ("aws_vpc.main", "aws_vpc.other", Some("aws_vpc.main[0]")),
    ] {
        let plan = removed(address, before);
        assert_eq!(
            plan.forbidden(&rules(entry)).count(),
            1,
            "{entry}: {address}"
        );
    }
    for (entry, address) in [
        (r#"aws_vpc.main["a"]"#, r#"aws_vpc.main["b"]"#),
        (
            r#"module.net["eu"].aws_vpc.main"#,
            r#"module.net["us"].aws_vpc.main"#,
        ),
    ] {
        let plan = removed(address, None);
        assert_eq!(
            plan.forbidden(&rules(entry)).count(),
            0,
            "{entry}: {address}"
        );
    }
}

#[test]
fn a_protected_address_that_is_nowhere_is_told() {
    let plan = json!({
        "format_version": "1.2",
        "configuration": {"root_module": {
            "resources": [{"address": "aws_vpc.main"}],
            "module_calls": {"net": {"module": {"resources": [{"address": "aws_subnet.one"}]}}},
        }},
        "resource_changes": [{"address": "aws_vpc.main[\"a\"]", "type": "aws_vpc", "change": {"actions": ["no-op"]}}],
        "prior_state": {"values": {"root_module": {
            "resources": [{"address": "aws_vpc.gone[0]"}],
            "child_modules": [{"resources": [{"address": "module.net[\"eu\"].aws_subnet.old"}]}],
        }}},
    });
    let known = [
        "aws_vpc.main",
        "aws_vpc.main[\"a\"]",
        "module.net.aws_subnet.one",
        "aws_vpc.gone",
        "module.net.aws_subnet.old",
        "aws_vpc.mian",
        "aws_vpc.main[\"b\"]",
        "module.net.aws_subnet.one[0]",
    ];
    let known = known.map(str::to_owned).into();
    let shown = TerraformShown::read(plan.to_string().as_bytes()).unwrap();
    let unknown = shown.unknown_protected(&known);
    let nowhere = [
        "aws_vpc.main[\"b\"]",
        "aws_vpc.mian",
        "module.net.aws_subnet.one[0]",
    ];
    assert_eq!(unknown, nowhere);
}
