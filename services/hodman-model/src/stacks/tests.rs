//! Plans that the real Terraform 1.11 wrote, and change sets as the API's reference shows them.

use serde_json::{Value, json};

use super::*;
use crate::kinds::Reversibility;

mod beside;

const CHANGE: &str = include_str!("tests/change.json");
const CANARY: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

fn planned(shown: &str, rules: &StackRules) -> Result<StackPlan, StackPlanError> {
    TerraformShown::read(shown.as_bytes())?.plan(rules)
}

fn plan(shown: &str) -> StackPlan {
    planned(shown, &StackRules::default()).unwrap()
}

fn row<'a>(plan: &'a StackPlan, address: &str) -> &'a StackRow {
    plan.rows.iter().find(|row| row.address == address).unwrap()
}

fn paths(row: &StackRow) -> Vec<String> {
    row.fields
        .iter()
        .map(|field| field.path.to_string())
        .collect()
}

#[test]
fn every_change_is_a_row_and_what_stays_is_counted() {
    let plan = plan(CHANGE);
    let rows: Vec<_> = plan
        .rows
        .iter()
        .map(|row| (row.address.as_str(), row.action))
        .collect();
    let expected = [
        ("terraform_data.kept", StackAction::Update),
        (r#"terraform_data.many["a"]"#, StackAction::Delete),
        (r#"terraform_data.many["c"]"#, StackAction::Create),
        ("terraform_data.replaced", StackAction::Replace),
    ];
    assert_eq!(rows, expected);
    assert_eq!(plan.unchanged, 2);
    let replaced = row(&plan, "terraform_data.replaced");
    assert_eq!(replaced.reason, "replace because cannot update");
    let forcing: Vec<_> = replaced
        .fields
        .iter()
        .filter(|field| field.replaces)
        .map(|field| field.path.to_string())
        .collect();
    assert_eq!(forcing, ["triggers_replace[0]"]);
    let kept = row(&plan, "terraform_data.kept");
    assert_eq!(paths(kept), ["input.size", "output"]);
    assert_eq!(kept.fields[0].before, Some(Shown::Value(json!(1))));
    assert_eq!(kept.fields[0].after, Some(Shown::Value(json!(2))));
    assert_eq!(kept.fields[1].after, Some(Shown::Unknown));
}

#[test]
fn a_secret_is_masked_also_where_terraform_lost_its_mark() {
    assert!(CHANGE.contains(CANARY));
    let plan = plan(CHANGE);
    let written = serde_json::to_string(&plan).unwrap();
    assert!(!written.contains(CANARY), "{written}");
    // The output of the object that is there carries no mark in Terraform's own JSON.
    let kept = row(&plan, "terraform_data.kept");
    assert_eq!(kept.fields[1].before, Some(Shown::Sensitive));
    assert!(!format!("{plan:?}").contains(CANARY));
}

#[test]
fn a_secret_number_is_masked_as_a_whole_and_no_other_number_is() {
    let change = json!({"actions": ["update"], "before": {"input": 72_451, "output": {"pin": 72_451, "text": "72451"}},
        "after": {"input": 72_452, "output": {"pin": 1, "text": "x"}, "size": 724_510}, "after_unknown": {},
        "before_sensitive": {"input": true}, "after_sensitive": {"input": true}});
    let shown = json!({"format_version": "1.2", "variables": {"port": {"value": 8443}},
        "configuration": {"root_module": {"variables": {"port": {"sensitive": true}}}},
        "resource_changes": [{"address": "x.y", "type": "x", "change": change}],
        "output_changes": {"port": {"actions": ["create"], "before": null, "after": 8443}}});
    let plan = plan(&shown.to_string());
    let written = serde_json::to_string(&(&plan.rows[0].fields, &plan.outputs)).unwrap();
    for secret in ["72451,", "72451}", "\"72451\"", "72452", "8443"] {
        assert!(!written.contains(secret), "{secret}: {written}");
    }
    assert!(written.contains("724510"), "{written}");
}

#[test]
fn variables_that_are_not_declared_are_found() {
    let shown = json!({"format_version": "1.2", "configuration": {"root_module": {"variables": {"size": {}}}}});
    let read = |shown: Value| TerraformShown::read(shown.to_string().as_bytes()).unwrap();
    assert_eq!(read(shown).undeclared(["size", "sise"]), ["sise"]);
    let nothing = json!({"format_version": "1.2", "configuration": {"root_module": {}}});
    assert_eq!(read(nothing).undeclared(["size"]), ["size"]);
}

#[test]
fn a_plan_keeps_its_name_under_other_ids_and_times_and_gets_another_with_another_value() {
    let first = plan(CHANGE);
    let mut other: Value = serde_json::from_str(CHANGE).unwrap();
    other["timestamp"] = json!("2030-01-01T00:00:00Z");
    let mut text = other.to_string();
    for change in other["resource_changes"].as_array().unwrap() {
        if let Some(id) = change["change"]["before"]["id"].as_str() {
            let new: String = id.chars().rev().collect();
            text = text.replace(id, &new);
        }
    }
    assert_ne!(text, other.to_string());
    let again = plan(&text);
    assert_eq!(again.digest(), first.digest());

    let secret = plan(&CHANGE.replace(CANARY, "another secret"));
    assert_eq!(
        row(&secret, "terraform_data.replaced").digest,
        row(&first, "terraform_data.replaced").digest
    );
    let mut bigger: Value = serde_json::from_str(CHANGE).unwrap();
    let changes = bigger["resource_changes"].as_array_mut().unwrap();
    let kept = changes
        .iter_mut()
        .find(|change| change["address"] == "terraform_data.kept")
        .unwrap();
    kept["change"]["after"]["input"]["size"] = json!(3);
    assert_ne!(plan(&bigger.to_string()).digest(), first.digest());
}

#[test]
fn two_secrets_are_two_changes_that_look_alike() {
    let with = |after: &str| {
        let change = json!({"actions": ["update"], "before": {"password": "old one"}, "after": {"password": after},
            "after_unknown": {}, "before_sensitive": {"password": true}, "after_sensitive": {"password": true}});
        let shown = json!({"format_version": "1.2", "resource_changes":
            [{"address": "x.y", "type": "x", "change": change}]});
        plan(&shown.to_string())
    };
    let (one, two) = (with("first"), with("second"));
    assert_eq!(one.rows[0].fields[0].after, Some(Shown::Sensitive));
    assert_ne!(one.digest(), two.digest());
}

fn removal(kind: &str, actions: &Value) -> Value {
    json!({"format_version": "1.2", "resource_changes": [{"address": format!("{kind}.x[0]"), "type": kind,
        "change": {"actions": actions, "before": {"id": "x"}, "after": null}}]})
}

#[test]
fn what_holds_data_is_irreversible_and_what_is_protected_is_forbidden() {
    let bucket = plan(&removal("aws_s3_bucket", &json!(["delete"])).to_string());
    assert_eq!(
        bucket.irreversible().into_iter().collect::<Vec<_>>(),
        ["aws_s3_bucket.x[0]"]
    );
    for kind in [
        "aws_neptune_cluster",
        "aws_redshift_cluster",
        "aws_opensearch_domain",
        "databricks_pipeline",
    ] {
        let gone = plan(&removal(kind, &json!(["create", "delete"])).to_string());
        assert!(gone.rows[0].is_irreversible(), "{kind}");
    }
    let other = removal("x_database", &json!(["create", "delete"])).to_string();
    let plain = plan(&other);
    assert!(matches!(
        plain.rows[0].reversible,
        Reversibility::Compensable { .. }
    ));
    let rules = StackRules {
        stateful_types: ["x_database".to_owned()].into(),
        protected: ["x_database.x".to_owned()].into(),
    };
    let stateful = planned(&other, &rules).unwrap();
    assert!(stateful.rows[0].is_irreversible());
    assert_eq!(stateful.forbidden(&rules).count(), 1);
    assert_eq!(stateful.forbidden(&StackRules::default()).count(), 0);
    let forgotten = plan(&removal("aws_s3_bucket", &json!(["forget"])).to_string());
    assert_eq!(forgotten.rows[0].reversible, Reversibility::Reversible);
}

#[test]
fn drift_stands_beside_the_rows_and_is_no_part_of_the_name() {
    let drifted = json!({"format_version": "1.2", "resource_drift": [{"address": "x.y", "type": "x",
        "change": {"actions": ["update"], "before": {"size": 1}, "after": {"size": 9}}}]});
    let plan = plan(&drifted.to_string());
    assert!(plan.is_empty());
    assert_eq!(paths(&plan.drift[0]), ["size"]);
    assert_eq!(plan.digest(), StackPlan::default().digest());
}

#[test]
fn what_is_not_understood_is_refused_without_quoting_it() {
    let none = StackRules::default();
    let refused = |text: String| planned(&text, &none).unwrap_err();
    assert_eq!(
        refused(json!({"format_version": "2.0"}).to_string()),
        StackPlanError::Format("2.0".into())
    );
    assert_eq!(
        refused(json!({"format_version": "1.2", "errored": true}).to_string()),
        StackPlanError::Errored
    );
    let actions = removal("x", &json!(["delete", "read"])).to_string();
    assert!(matches!(refused(actions), StackPlanError::Actions { .. }));
    let broken = refused(json!({"format_version": "1.2", "resource_changes": CANARY}).to_string());
    assert!(!broken.to_string().contains(CANARY));
    let secret = json!({"format_version": "1.2", "configuration": CANARY}).to_string();
    let shown = TerraformShown::read(secret.as_bytes()).unwrap();
    assert!(!format!("{shown:?}").contains(CANARY));
}

#[test]
fn a_change_set_shows_replacement_for_sure_perhaps_and_not() {
    let modify = |id: &str, kind: &str, replacement: &str, evaluation: &str| {
        json!({"Type": "Resource", "ResourceChange": {"Action": "Modify", "LogicalResourceId": id,
            "PhysicalResourceId": "i-1abc23d4", "ResourceType": kind, "Replacement": replacement, "Scope": ["Properties"],
            "Details": [{"Target": {"Attribute": "Properties", "Name": "ImageId", "RequiresRecreation": "Always"},
                "Evaluation": evaluation, "ChangeSource": "ParameterReference", "CausingEntity": "Image"}]}})
    };
    let changes = json!([
        modify("Server", "AWS::EC2::Instance", "True", "Static"),
        modify("Store", "AWS::RDS::DBInstance", "Conditional", "Dynamic"),
        modify("Plain", "AWS::S3::Bucket", "False", "Static"),
        {"ResourceChange": {"Action": "Remove", "LogicalResourceId": "Old", "ResourceType": "AWS::S3::Bucket"}},
        {"ResourceChange": {"Action": "Remove", "PolicyAction": "Retain", "LogicalResourceId": "Left",
            "ResourceType": "AWS::S3::Bucket"}},
    ]);
    let plan = from_change_set(&changes, &StackRules::default()).unwrap();
    let rows: Vec<_> = plan
        .rows
        .iter()
        .map(|row| (row.address.as_str(), row.action, row.is_irreversible()))
        .collect();
    let expected = [
        ("Left", StackAction::Forget, false),
        ("Old", StackAction::Delete, true),
        ("Plain", StackAction::Update, false),
        ("Server", StackAction::ReplaceCreateFirst, false),
        ("Store", StackAction::MayReplace, true),
    ];
    assert_eq!(rows, expected);
    let store = row(&plan, "Store");
    assert_eq!(store.fields[0].after, Some(Shown::Unknown));
    assert_eq!(store.reason, "ParameterReference Image");
    // Another physical id is the same change.
    let other = changes.to_string().replace("i-1abc23d4", "i-99");
    let other = from_change_set(
        &serde_json::from_str(&other).unwrap(),
        &StackRules::default(),
    );
    assert_eq!(other.unwrap().digest(), plan.digest());
}

#[test]
fn what_is_inside_of_nested_stacks_is_shown_and_judged_by_itself() {
    let modify = |id: &str, kind: &str, replacement: &str, source: &str, nested: Value| {
        let mut change = json!({"Action": "Modify", "LogicalResourceId": id, "ResourceType": kind, "Replacement": replacement,
            "Details": [{"Target": {"Attribute": "Properties", "Name": "X"}, "ChangeSource": source}]});
        if !nested.is_null() {
            change["Nested"] = nested;
        }
        json!({"ResourceChange": change})
    };
    let stack = |id: &str, source: &str, nested: Value| {
        modify(id, "AWS::CloudFormation::Stack", "False", source, nested)
    };
    let plain = |id: &str, kind: &str, replacement: &str| {
        modify(id, kind, replacement, "DirectModification", Value::Null)
    };
    let deeper = json!([plain("Table", "AWS::DynamoDB::Table", "True")]);
    let inner = json!([
        plain("Group", "AWS::EC2::SecurityGroup", "False"),
        stack("Deeper", "Automatic", deeper),
    ]);
    let changes = json!([
        stack("Net", "DirectModification", inner.clone()),
        stack("Same", "Automatic", json!([])),
        stack("Untold", "Automatic", Value::Null),
    ]);
    let read = |changes: &Value| from_change_set(changes, &StackRules::default()).unwrap();
    let plan = read(&changes);
    let rows: Vec<_> = plan
        .rows
        .iter()
        .map(|row| (row.address.as_str(), row.action, row.is_irreversible()))
        .collect();
    let expected = [
        ("Net", StackAction::Update, false),
        ("Net/Deeper", StackAction::Update, false),
        ("Net/Deeper/Table", StackAction::ReplaceCreateFirst, true),
        ("Net/Group", StackAction::Update, false),
        ("Untold", StackAction::MayReplace, true),
    ];
    assert_eq!(rows, expected);
    assert!(plan.irreversible().contains("Net/Deeper/Table"));
    // The name covers what is inside.
    let mut other = changes.clone();
    other[0]["ResourceChange"]["Nested"][0]["ResourceChange"]["Replacement"] = json!("True");
    assert_ne!(read(&other).digest(), plan.digest());
    // What another stack takes from one that changes inside is open.
    let template = "Resources: {Net: {Type: 'AWS::CloudFormation::Stack'}, Own: {Type: T}}\n\
        Outputs: {Vpc: {Value: !GetAtt Net.Outputs.Vpc}, Own: {Value: !Ref Own}}\n";
    let template = TemplateText::read(template).unwrap();
    let now = ["Vpc", "Own"]
        .map(|name| (name.to_owned(), "x".to_owned()))
        .into();
    let templates = (Some(&template), Some(&template));
    let open = changed_outputs(&now, templates, &plan, &BTreeSet::new());
    let open: Vec<String> = open.iter().map(|field| field.path.to_string()).collect();
    assert_eq!(open, ["Vpc"]);
}
