//! CloudFormation's `DescribeChangeSet`, in the spelling of its JSON.

use serde::Deserialize;
use serde_json::{Value, json};

use super::by_hand::property_value;
use super::row::Shown;
use super::stateful::reversibility;
use super::{StackAction, StackField, StackPlan, StackPlanError, StackRow, StackRules};
use crate::digest::{canonical_json, sha256};
use crate::field_path::FieldPath;

/// The type of a stack in a stack.
pub(super) const NESTED: &str = "AWS::CloudFormation::Stack";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    resource_change: Option<Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    action: String,
    logical_resource_id: String,
    resource_type: String,
    replacement: Option<String>,
    policy_action: Option<String>,
    #[serde(default)]
    scope: Vec<String>,
    #[serde(default)]
    details: Vec<Detail>,
    /// The changes inside of a nested stack; none where they are not known.
    nested: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Detail {
    target: Option<Target>,
    evaluation: Option<String>,
    change_source: Option<String>,
    causing_entity: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    attribute: Option<String>,
    name: Option<String>,
    path: Option<String>,
    requires_recreation: Option<String>,
    before_value: Option<Value>,
    after_value: Option<Value>,
}

/// The rows of a change set: `changes` is the list `Changes` of all pages, in a change of a nested stack with the list of its own
/// as `Nested`, whose rows are called `Outer/Inner`. Without that list a nested stack may lose what it holds. Values of `NoEcho` parameters are masked by
/// CloudFormation itself; values stand in rows only where the set was described with property values.
///
/// # Errors
/// When an entry is not understood.
pub fn from_change_set(changes: &Value, rules: &StackRules) -> Result<StackPlan, StackPlanError> {
    let entries: Vec<Entry> =
        Vec::deserialize(changes).map_err(|error| StackPlanError::Unreadable(error.to_string()))?;
    let mut plan = StackPlan::default();
    rows(&entries, "", rules, &mut plan.rows)?;
    plan.rows.sort_by(|a, b| a.address.cmp(&b.address));
    Ok(plan)
}

/// Adds the rows of one stack, which is called `above`, and of those inside of it.
fn rows(
    entries: &[Entry],
    above: &str,
    rules: &StackRules,
    all: &mut Vec<StackRow>,
) -> Result<(), StackPlanError> {
    for resource in entries
        .iter()
        .filter_map(|entry| entry.resource_change.as_ref())
    {
        let address = format!("{above}{}", resource.logical_resource_id);
        let inside = resource.nested.as_deref();
        if inside.is_some_and(<[Entry]>::is_empty) && resource.is_automatic() {
            // AWS names every nested stack, for its template may have changed. It has not.
            continue;
        }
        all.push(resource.row(&address, rules)?);
        rows(
            inside.unwrap_or_default(),
            &format!("{address}/"),
            rules,
            all,
        )?;
    }
    Ok(())
}

impl Resource {
    /// Whether nothing but a look into a nested stack is meant.
    fn is_automatic(&self) -> bool {
        let automatic = |detail: &Detail| detail.change_source.as_deref() == Some("Automatic");
        self.action == "Modify"
            && !matches!(self.replacement.as_deref(), Some("True" | "Conditional"))
            && self.details.iter().all(automatic)
    }

    fn row(&self, address: &str, rules: &StackRules) -> Result<StackRow, StackPlanError> {
        let action = match (self.action.as_str(), self.replacement.as_deref()) {
            ("Add", _) => StackAction::Create,
            ("Remove", _) if self.policy_action.as_deref() == Some("Retain") => StackAction::Forget,
            ("Remove", _) => StackAction::Delete,
            ("Import", _) => StackAction::Import,
            // What a nested stack or a macro does is known only while it is done.
            ("Dynamic", _) | ("Modify", Some("Conditional")) => StackAction::MayReplace,
            // CloudFormation makes the new one first, unless a name of its own forbids it.
            ("Modify", Some("True")) => StackAction::ReplaceCreateFirst,
            // From outside nobody sees what is replaced in a nested stack.
            ("Modify", _) if self.resource_type == NESTED && self.nested.is_none() => {
                StackAction::MayReplace
            }
            ("Modify", _) => StackAction::Update,
            (other, _) => {
                return Err(StackPlanError::Actions {
                    address: address.to_owned(),
                    actions: other.to_owned(),
                });
            }
        };
        // A snapshot is kept of what is removed, or the old object itself.
        let kept = self
            .policy_action
            .as_deref()
            .is_some_and(|policy| policy.contains("Retain") || policy.contains("Snapshot"));
        let mut fields: Vec<StackField> = Vec::new();
        for detail in &self.details {
            let Some(field) = detail.field() else {
                continue;
            };
            // The same field is named once for each cause: a static and a dynamic one.
            match fields.iter_mut().find(|known| known.path == field.path) {
                Some(known) => {
                    known.replaces |= field.replaces;
                    known.before = known.before.take().or(field.before);
                    if field.after == Some(Shown::Unknown) || known.after.is_none() {
                        known.after = field.after;
                    }
                }
                None => fields.push(field),
            }
        }
        fields.sort_by(|a, b| a.path.cmp(&b.path));
        for field in &mut fields {
            let name = json!([
                field.path.to_string(),
                field.before,
                field.after,
                field.replaces
            ]);
            field.digest = sha256(canonical_json(&name).as_bytes());
        }
        let named: Vec<_> = fields.iter().map(|field| field.digest.as_str()).collect();
        let name = json!([
            address,
            self.resource_type,
            action.word(),
            self.policy_action,
            self.scope,
            named
        ]);
        Ok(StackRow {
            address: address.to_owned(),
            kind: self.resource_type.clone(),
            action,
            reason: self.reason(),
            fields,
            moved_from: None,
            reversible: reversibility(&self.resource_type, action, kept, rules),
            digest: sha256(canonical_json(&name).as_bytes()),
        })
    }

    fn reason(&self) -> String {
        let mut causes: Vec<String> = self
            .details
            .iter()
            .filter_map(|detail| {
                let source = detail.change_source.as_deref()?;
                Some(match &detail.causing_entity {
                    Some(entity) => format!("{source} {entity}"),
                    None => source.to_owned(),
                })
            })
            .collect();
        causes.sort();
        causes.dedup();
        if let Some(policy) = &self.policy_action {
            causes.push(format!("policy {policy}"));
        }
        causes.join(", ")
    }
}

impl Detail {
    fn field(&self) -> Option<StackField> {
        let target = self.target.as_ref()?;
        let attribute = target.attribute.clone().unwrap_or_default();
        let mut path = FieldPath::default().key(attribute);
        if let Some(name) = &target.name {
            path = path.key(name.clone());
        }
        // The path of property values begins with `/Properties/NAME`, which is said already.
        let inner = target.path.as_deref().unwrap_or_default();
        for step in inner.split('/').filter(|step| !step.is_empty()).skip(2) {
            path = path.key(step);
        }
        let dynamic = self.evaluation.as_deref() == Some("Dynamic");
        let shown = |value: &Option<Value>| {
            let value = value.as_ref().map(|value| match value {
                Value::String(text) => property_value(text),
                other => other.clone(),
            });
            value.map(Shown::Value)
        };
        let after = shown(&target.after_value);
        Some(StackField {
            path,
            before: shown(&target.before_value),
            after: after.or(dynamic.then_some(Shown::Unknown)),
            replaces: matches!(
                target.requires_recreation.as_deref(),
                Some("Always" | "Conditionally")
            ),
            digest: sha256(b""),
        })
    }
}
