//! Which outputs of a stack a change of it may change. A change set does not say; its template does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::change_set::NESTED;
use super::row::Shown;
use super::{StackAction, StackField, StackPlan, StackRow, template};
use crate::digest::{canonical_json, sha256};
use crate::field_path::FieldPath;

/// A template of CloudFormation, as far as it matters what refers to what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TemplateText {
    parameters: BTreeSet<String>,
    /// Conditions and the names in them.
    conditions: BTreeMap<String, BTreeSet<String>>,
    outputs: BTreeMap<String, Value>,
    /// With all resources; none of them is no mapping.
    resources: Map<String, Value>,
    pub(super) whole: Map<String, Value>,
}

impl TemplateText {
    /// Reads a template, YAML or JSON; none when it is neither.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let Value::Object(whole) = template::read(text)? else {
            return None;
        };
        let section = |name: &str| whole.get(name).and_then(Value::as_object);
        let entries = |name: &str| section(name).into_iter().flatten();
        Some(Self {
            resources: entries("Resources")
                .filter(|(_, resource)| resource.is_object())
                .map(|(name, resource)| (name.clone(), resource.clone()))
                .collect(),
            parameters: entries("Parameters")
                .map(|(name, _)| name.clone())
                .collect(),
            conditions: entries("Conditions")
                .map(|(name, condition)| (name.clone(), names(condition)))
                .collect(),
            outputs: entries("Outputs")
                .map(|(name, output)| (name.clone(), output.clone()))
                .collect(),
            whole,
        })
    }

    /// Its resources, by name.
    #[must_use]
    pub fn resources(&self) -> &Map<String, Value> {
        &self.resources
    }

    pub(super) fn resources_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.resources.values_mut()
    }

    /// The type of a resource.
    #[must_use]
    pub fn kind_of(&self, resource: &str) -> Option<&str> {
        self.resources.get(resource)?.get("Type")?.as_str()
    }

    pub(super) fn section(&self, name: &str) -> impl Iterator<Item = (&String, &Value)> {
        let section = self.whole.get(name).and_then(Value::as_object);
        section.into_iter().flatten()
    }

    /// What a parameter is when nobody says it; none where it must be said.
    #[must_use]
    pub fn default_of(&self, parameter: &str) -> Option<String> {
        let mut parameters = self.section("Parameters");
        let (_, declared) = parameters.find(|(name, _)| *name == parameter)?;
        Some(match declared.get("Default")? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }

    /// Whether it takes a parameter of that name.
    #[must_use]
    pub fn takes(&self, parameter: &str) -> bool {
        self.parameters.contains(parameter)
    }
}

/// The outputs that may be others once `plan` is done, with their values as they are. `before` and `after` are the templates;
/// where one cannot be read, any output may change. `parameters` are those that change.
#[must_use]
pub fn changed_outputs(
    now: &BTreeMap<String, String>,
    (before, after): (Option<&TemplateText>, Option<&TemplateText>),
    plan: &StackPlan,
    parameters: &BTreeSet<String>,
) -> Vec<StackField> {
    // Of a nested stack its own outputs are taken, and any change inside may be one of those.
    let anew = |row: &&StackRow| {
        row.action.removes() || row.action == StackAction::Create || row.kind == NESTED
    };
    let rows = plan.rows.iter().filter(anew);
    let outer = |row: &StackRow| row.address.split('/').next().map(str::to_owned);
    let mut touched: BTreeSet<String> = rows.filter_map(outer).collect();
    touched.extend(parameters.iter().cloned());
    let (Some(before), Some(after)) = (before, after) else {
        return match plan.rows.is_empty() {
            true => Vec::new(),
            false => now
                .iter()
                .map(|(name, value)| open(name, Some(value)))
                .collect(),
        };
    };
    // Conditions lead from parameters to whatever depends on them, also over each other.
    loop {
        let further: Vec<String> = after
            .conditions
            .iter()
            .filter(|(name, names)| !touched.contains(*name) && !names.is_disjoint(&touched))
            .map(|(name, _)| name.clone())
            .collect();
        if further.is_empty() {
            break;
        }
        touched.extend(further);
    }
    let all: BTreeSet<&String> = now.keys().chain(after.outputs.keys()).collect();
    let may_change = |name: &&String| {
        let (old, new) = (before.outputs.get(*name), after.outputs.get(*name));
        old != new || new.is_some_and(|output| !names(output).is_disjoint(&touched))
    };
    let fields = all.into_iter().filter(may_change);
    fields.map(|name| open(name, now.get(name))).collect()
}

fn open(name: &str, now: Option<&String>) -> StackField {
    StackField {
        path: FieldPath::default().key(name),
        before: now.map(|value| Shown::Value(json!(value))),
        after: Some(Shown::Unknown),
        replaces: false,
        digest: sha256(canonical_json(&json!(["output", name])).as_bytes()),
    }
}

/// Every word in the texts of `value` that may be a name: more than are meant, and none too few.
fn names(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric());
            found.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(map) => map.values().for_each(|item| collect(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::templates::Carried;
    use crate::kinds::Reversibility;
    use crate::stacks::StackRow;

    fn row(address: &str, action: StackAction) -> StackRow {
        StackRow {
            address: address.to_owned(),
            kind: "AWS::EC2::Subnet".to_owned(),
            action,
            fields: Vec::new(),
            reason: String::new(),
            moved_from: None,
            reversible: Reversibility::Reversible,
            digest: sha256(address.as_bytes()),
        }
    }

    fn changed(plan: &StackPlan, parameters: &[&str], after: &str) -> Vec<String> {
        let before = TemplateText::read(Carried::Network.body()).unwrap();
        let now = before
            .outputs
            .keys()
            .map(|name| (name.clone(), "x".to_owned()))
            .collect();
        let parameters = parameters.iter().map(|name| (*name).to_owned()).collect();
        let after = TemplateText::read(after);
        changed_outputs(&now, (Some(&before), after.as_ref()), plan, &parameters)
            .iter()
            .map(|field| field.path.to_string())
            .collect()
    }

    #[test]
    fn outputs_follow_what_is_made_anew_and_nothing_else() {
        let template = Carried::Network.body();
        let updated = StackPlan {
            rows: vec![row("PrivateSubnet1", StackAction::Update)],
            ..StackPlan::default()
        };
        assert_eq!(changed(&updated, &[], template), Vec::<String>::new());
        let replaced = StackPlan {
            rows: vec![row("PrivateSubnet1", StackAction::ReplaceCreateFirst)],
            ..StackPlan::default()
        };
        let found = changed(&replaced, &[], template);
        assert!(found.contains(&"SubnetId1".to_owned()), "{found:?}");
        assert!(found.contains(&"SubnetIds".to_owned()), "{found:?}");
        assert!(!found.contains(&"VpcId".to_owned()), "{found:?}");
        // Over a condition.
        let found = changed(&StackPlan::default(), &["NatGateways"], template);
        assert!(found.contains(&"NatAddresses".to_owned()), "{found:?}");
        assert!(!found.contains(&"VpcId".to_owned()), "{found:?}");
    }

    #[test]
    fn an_output_that_is_said_otherwise_and_templates_nobody_can_read_are_open() {
        let plan = StackPlan {
            rows: vec![row("Vpc", StackAction::Update)],
            ..StackPlan::default()
        };
        let other = Carried::Network
            .body()
            .replace("Value: !Ref Vpc\n", "Value: !GetAtt Vpc.CidrBlock\n");
        assert_eq!(changed(&plan, &[], &other), ["VpcId"]);
        let all = changed(&plan, &[], "}{");
        assert!(all.len() > 5, "{all:?}");
    }

    #[test]
    fn json_templates_are_read_and_say_what_they_take() {
        let text = r#"{"Parameters": {"A": {"Type": "String"}}, "Outputs": {"X": {"Value": {"Fn::GetAtt": ["B", "Arn"]}}}}"#;
        let read = TemplateText::read(text).unwrap();
        assert!(read.takes("A") && !read.takes("B"));
        assert!(names(&read.outputs["X"]).contains("B"));
    }
}
