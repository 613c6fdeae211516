//! What people changed inside of a stack, where its engine looks for that by itself and puts nothing back.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a look inside of one stack found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// The resources that are not as the template says, sorted; those that cannot be looked at are not among them.
    pub resources: Vec<ByHandResource>,
    /// Why nobody could look: in AWS's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<String>,
}

/// How a rule says which stack of ours put it into a group of another: the words of the templates that hodman carries.
const FROM: &str = "From the machines of ";

impl ByHand {
    /// Leaves out the rules that `stacks`, others of ours, put into security groups of this one. CloudFormation looks into one stack at
    /// a time, so it takes what another added for somebody's hand.
    pub fn leave_out_rules_of(&mut self, stacks: &BTreeSet<String>) {
        let is_theirs = |property: &ByHandProperty| {
            let of_rules = ["/SecurityGroupIngress/", "/SecurityGroupEgress/"];
            let rule = property.actual.as_deref().map(property_value);
            let said = rule.as_ref().and_then(|rule| rule["Description"].as_str());
            let stack = said.and_then(|said| said.strip_prefix(FROM));
            property.expected.is_none()
                && of_rules.iter().any(|of| property.path.starts_with(of))
                && stack.is_some_and(|stack| stacks.contains(stack))
        };
        for resource in &mut self.resources {
            if resource.kind == "AWS::EC2::SecurityGroup" {
                resource.properties.retain(|property| !is_theirs(property));
            }
        }
        let says = |resource: &ByHandResource| resource.deleted || !resource.properties.is_empty();
        self.resources.retain(says);
    }
}

/// A resource that somebody changed or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHandResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type, such as `AWS::EC2::RouteTable`.
    pub kind: String,
    /// It is gone.
    #[serde(default)]
    pub deleted: bool,
    /// Where it differs.
    #[serde(default)]
    pub properties: Vec<ByHandProperty>,
}

/// A property that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHandProperty {
    /// Such as `/Tags/0/Value`.
    pub path: String,
    /// What the template says; none where somebody added it.
    pub expected: Option<String>,
    /// What is; none where somebody removed it.
    pub actual: Option<String>,
}

/// A property's value as CloudFormation writes it: a text, which is JSON where the property is a list or a mapping. Read as
/// that, a key in it says that what stands under it is a secret.
#[must_use]
pub(crate) fn property_value(text: &str) -> Value {
    let read = serde_json::from_str(text).ok();
    read.filter(|value: &Value| value.is_object() || value.is_array())
        .unwrap_or_else(|| Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_another_stack_of_ours_added_are_nobodys_hand() {
        let text = include_str!("../foundation/templates/network-in-vpc.yaml");
        assert!(text.contains(&format!("{FROM}${{AWS::StackName}}")));
        let added = |path: &str, from: &str| ByHandProperty {
            path: path.to_owned(),
            expected: None,
            actual: Some(format!(r#"{{"Description": "{from}", "FromPort": 443}}"#)),
        };
        let group = |properties: Vec<ByHandProperty>| ByHandResource {
            logical_id: "EndpointSecurityGroup".to_owned(),
            kind: "AWS::EC2::SecurityGroup".to_owned(),
            deleted: false,
            properties,
        };
        let ours = added("/SecurityGroupIngress/1", "From the machines of eu");
        let theirs = added("/SecurityGroupIngress/2", "From the machines of us");
        let other = added("/GroupDescription", "From the machines of eu");
        let stacks = BTreeSet::from(["eu".to_owned()]);
        let mut found = ByHand {
            resources: vec![
                group(vec![ours.clone()]),
                group(vec![ours, theirs.clone(), other.clone()]),
            ],
            unseen: None,
        };
        found.leave_out_rules_of(&stacks);
        assert_eq!(found.resources, [group(vec![theirs, other])]);
    }
}
