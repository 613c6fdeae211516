//! A network that somebody made becomes a stack's.

use serde_json::json;

use super::*;
use crate::stacks::{StackRules, from_change_set};

const WANTED: &str = "\
Parameters: {Cidr: {Type: String}, Name: {Type: String, Default: x}}
Conditions: {Named: !Not [!Equals [!Ref Name, '']]}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', DeletionPolicy: Retain, DependsOn: Logs, Properties: {CidrBlock: !Ref Cidr}}
  Subnet:
    Type: AWS::EC2::Subnet
    DeletionPolicy: Retain
    DependsOn: [Logs, Vpc]
    Properties: {VpcId: !Ref Vpc, CidrBlock: !Sub '${Cidr}'}
  Logs: {Type: 'AWS::Logs::LogGroup', Condition: Named, Properties: {LogGroupName: !Sub '${Vpc}-logs'}}
  Bare: {Type: 'AWS::S3::Bucket'}
Outputs:
  VpcId: {Value: !Ref Vpc}
";

fn wanted() -> TemplateText {
    TemplateText::read(WANTED).unwrap()
}

fn imports(names: &[&str]) -> Imports {
    let each = names.iter().map(|name| {
        let identifier = [(format!("{name}Id"), format!("{name}-1"))];
        ((*name).to_owned(), identifier.into())
    });
    each.collect()
}

fn importing(before: Option<&TemplateText>, names: &[&str]) -> Result<Value, String> {
    let text = wanted().importing(before, imports(names).keys())?;
    Ok(serde_json::from_str(&text).unwrap())
}

#[test]
fn a_new_stack_begins_with_nothing_but_what_is_taken_over() {
    let text = importing(None, &["Vpc", "Subnet"]).unwrap();
    let resources: Vec<&String> = text["Resources"].as_object().unwrap().keys().collect();
    assert_eq!(resources, ["Subnet", "Vpc"]);
    assert_eq!(
        text["Outputs"],
        Value::Null,
        "AWS takes none with an import"
    );
    assert_eq!(text["Resources"]["Vpc"]["DependsOn"], Value::Null);
    assert_eq!(text["Resources"]["Subnet"]["DependsOn"], json!(["Vpc"]));
    assert_eq!(
        text["Resources"]["Subnet"]["Properties"]["VpcId"],
        json!({"Ref": "Vpc"})
    );
    assert!(text["Parameters"]["Cidr"].is_object() && text["Conditions"]["Named"].is_object());
}

#[test]
fn one_that_is_there_keeps_what_it_has() {
    let before = "\
Parameters: {Name: {Type: String, Default: kept}}
Resources: {Old: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref Name}}}
Outputs: {Old: {Value: !Ref Old}}
";
    let before = TemplateText::read(before).unwrap();
    let text = importing(Some(&before), &["Vpc"]).unwrap();
    let resources: Vec<&String> = text["Resources"].as_object().unwrap().keys().collect();
    assert_eq!(resources, ["Old", "Vpc"]);
    assert_eq!(text["Outputs"], json!({"Old": {"Value": {"Ref": "Old"}}}));
    assert_eq!(text["Parameters"]["Name"]["Default"], "kept");
    assert!(text["Parameters"]["Cidr"].is_object());
}

#[test]
fn what_refers_to_something_that_is_not_there_is_refused() {
    let refused = importing(None, &["Subnet"]).unwrap_err();
    assert!(refused.contains("`Subnet` refers to `Vpc`"), "{refused}");
    let wanted = wanted();
    assert_eq!(wanted.refuses_import("Vpc"), None);
    let bare = wanted.refuses_import("Bare").unwrap();
    assert!(bare.contains("DeletionPolicy"), "{bare}");
    let none = wanted.refuses_import("Vcp").unwrap();
    assert!(none.contains("no resource `Vcp`"), "{none}");
}

#[test]
fn the_plan_shows_each_and_leads_to_tags_and_additions_only() {
    let wanted = wanted();
    let plan = StackPlan::of_import(&wanted, None, &imports(&["Vpc", "Subnet"]), &[].into());
    let rows: Vec<(&str, StackAction)> = plan
        .rows
        .iter()
        .map(|row| (row.address.as_str(), row.action))
        .collect();
    let expected = [
        ("Bare", StackAction::Create),
        ("Logs", StackAction::Create),
        ("Subnet", StackAction::Import),
        ("Vpc", StackAction::Import),
    ];
    assert_eq!(rows, expected);
    assert_eq!(plan.outputs[0].path.to_string(), "VpcId");
    assert!(plan.looks_again && plan.decides && plan.irreversible().is_empty());
    let other = StackPlan::of_import(&wanted, None, &imports(&["Vpc"]), &[].into());
    assert_ne!(plan.digest(), other.digest());

    let modify = |attribute: &str, name: Option<&str>| {
        json!({"ResourceChange": {"Action": "Modify", "LogicalResourceId": "Vpc", "ResourceType": "AWS::EC2::VPC",
            "Replacement": "False", "Details": [{"Target": {"Attribute": attribute, "Name": name}}]}})
    };
    let add = |id: &str| json!({"ResourceChange": {"Action": "Add", "LogicalResourceId": id, "ResourceType": "AWS::S3::Bucket"}});
    let leads = |changes: Value| {
        let rest = from_change_set(&changes, &StackRules::default()).unwrap();
        plan.leads_to(&rest)
    };
    assert!(leads(json!([modify("Tags", None), add("Bare")])));
    assert!(leads(json!([modify("Properties", Some("Tags"))])));
    assert!(leads(json!([])));
    assert!(!leads(json!([modify("Properties", Some("CidrBlock"))])));
    assert!(!leads(json!([add("Unseen")])));
    let nothing_said = json!([{"ResourceChange": {"Action": "Modify", "LogicalResourceId": "Vpc",
        "ResourceType": "AWS::EC2::VPC", "Replacement": "False"}}]);
    assert!(!leads(nothing_said));
}

#[test]
fn what_the_stack_has_already_is_no_addition() {
    let wanted = wanted();
    let before = TemplateText::read("Resources: {Bare: {Type: 'AWS::S3::Bucket'}}\n").unwrap();
    let plan = StackPlan::of_import(&wanted, Some(&before), &imports(&["Vpc"]), &[].into());
    let rows: Vec<&str> = plan.rows.iter().map(|row| row.address.as_str()).collect();
    assert_eq!(rows, ["Logs", "Subnet", "Vpc"]);
}
