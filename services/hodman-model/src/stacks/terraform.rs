//! `terraform show -json` of a saved plan (format 1.x, as OpenTofu writes it, too).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::addresses;
use super::fields::{Eyes, Side};
use super::row::TAKES_OVER;
use super::secrets::Secrets;
use super::stateful::reversibility;
use super::{StackAction, StackPlan, StackPlanError, StackRow, StackRules};
use crate::digest::{canonical_json, sha256};
use crate::field_path::{FieldPath, PathSegment};

/// Ids shorter than this are no ids, but names that stand elsewhere by chance.
const SHORTEST_ID: usize = 8;

#[derive(Deserialize)]
struct Shown {
    format_version: String,
    #[serde(default)]
    errored: bool,
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    #[serde(default)]
    resource_changes: Vec<Resource>,
    #[serde(default)]
    resource_drift: Vec<Resource>,
    #[serde(default)]
    output_changes: BTreeMap<String, Change>,
    #[serde(default)]
    configuration: Value,
    #[serde(default)]
    prior_state: Value,
    // Since Terraform 1.14, in the same format: what an apply would do beside the changes of resources.
    #[serde(default)]
    action_invocations: Vec<Value>,
    #[serde(default)]
    deferred_action_invocations: Vec<Value>,
    #[serde(default)]
    deferred_changes: Vec<Value>,
}

#[derive(Deserialize)]
struct Variable {
    #[serde(default)]
    value: Value,
}

#[derive(Deserialize)]
struct Resource {
    address: String,
    previous_address: Option<String>,
    deposed: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    change: Change,
    #[serde(default)]
    action_reason: String,
}

#[derive(Deserialize)]
struct Change {
    actions: Vec<String>,
    #[serde(default)]
    before: Value,
    #[serde(default)]
    after: Value,
    #[serde(default)]
    after_unknown: Value,
    #[serde(default)]
    before_sensitive: Value,
    #[serde(default)]
    after_sensitive: Value,
    #[serde(default)]
    replace_paths: Vec<Vec<Value>>,
    importing: Option<Value>,
}

/// What `terraform show -json PLAN` wrote, read once for all that is asked of it.
pub struct TerraformShown(Shown);

impl TerraformShown {
    /// Reads it.
    ///
    /// # Errors
    /// When it is no plan, of a later major format, one that Terraform made with errors, or one that would do more than it shows.
    pub fn read(shown: &[u8]) -> Result<Self, StackPlanError> {
        // serde_json's message names line and column and may quote a token, which may be a secret: only the place is kept.
        let shown: Shown = serde_json::from_slice(shown).map_err(|error| {
            StackPlanError::Unreadable(format!("line {} column {}", error.line(), error.column()))
        })?;
        if shown.format_version.split('.').next() != Some("1") {
            return Err(StackPlanError::Format(shown.format_version));
        }
        if shown.errored {
            return Err(StackPlanError::Errored);
        }
        shown.says_no_more()?;
        Ok(Self(shown))
    }

    /// Its rows.
    ///
    /// # Errors
    /// When it does what nobody knows how to show.
    pub fn plan(&self, rules: &StackRules) -> Result<StackPlan, StackPlanError> {
        let Self(shown) = self;
        let eyes = shown.eyes();
        let mut plan = StackPlan {
            decides: true,
            ..StackPlan::default()
        };
        for resource in &shown.resource_changes {
            match resource.row(&eyes, rules)? {
                Some(row) => plan.rows.push(row),
                None => plan.unchanged += 1,
            }
        }
        for resource in &shown.resource_drift {
            plan.drift.extend(resource.row(&eyes, rules)?);
        }
        for (name, change) in &shown.output_changes {
            let path = FieldPath::default().key(name.clone());
            let (before, after) = change.sides();
            if change.actions != ["no-op"] {
                let mut fields = Vec::new();
                eyes.differences(&path, before, after, &mut fields);
                if fields.is_empty() {
                    // Only its mark comes or goes, and Terraform has both sides marked then.
                    let marks = (&change.before_sensitive, &change.after_sensitive);
                    fields.push(eyes.marked(&path, (before, after), marks));
                }
                plan.outputs.append(&mut fields);
            }
        }
        plan.rows.sort_by(|a, b| a.address.cmp(&b.address));
        plan.drift.sort_by(|a, b| a.address.cmp(&b.address));
        Ok(plan)
    }

    /// Those of `secrets`, names of variables, that the configuration declares and does not call sensitive: Terraform would show
    /// their values in its plans.
    pub fn shown_secrets<'a>(&self, secrets: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let declared = self.declared();
        secrets
            .into_iter()
            .filter(|name| {
                declared.get(*name).is_some() && declared[*name]["sensitive"] != json!(true)
            })
            .collect()
    }

    /// Those of `given`, names of variables, that the directory does not declare: Terraform ignores them without a word.
    pub fn undeclared<'a>(&self, given: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let declared = self.declared();
        given
            .into_iter()
            .filter(|name| declared.get(*name).is_none())
            .collect()
    }

    fn declared(&self) -> &Value {
        &self.0.configuration["root_module"]["variables"]
    }

    /// Those of `protected` that are neither in the configuration nor in the state: a misspelt one protects nothing.
    #[must_use]
    pub fn unknown_protected(&self, protected: &BTreeSet<String>) -> Vec<String> {
        let Self(shown) = self;
        let mut known = BTreeSet::new();
        addresses::configured(&shown.configuration["root_module"], "", &mut known);
        addresses::kept(&shown.prior_state["values"]["root_module"], &mut known);
        for resource in &shown.resource_changes {
            known.insert(resource.address.clone());
            known.extend(resource.previous_address.clone());
        }
        let unknown = protected.iter().filter(|entry| {
            let only = StackRules {
                protected: BTreeSet::from([String::clone(entry)]),
                ..StackRules::default()
            };
            !known.iter().any(|address| only.protects(address))
        });
        unknown.cloned().collect()
    }

    /// Whether anything stands in the state that the plan starts from.
    #[must_use]
    pub fn starts_with_any(&self) -> bool {
        let module = &self.0.prior_state["values"]["root_module"];
        let filled = |value: &Value| value.as_array().is_some_and(|items| !items.is_empty());
        filled(&module["resources"]) || filled(&module["child_modules"])
    }
}

/// What stands in it may be secret.
impl std::fmt::Debug for TerraformShown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TerraformShown(…)")
    }
}

impl Shown {
    /// Refuses what a plan of resources does not show and an apply of it would do.
    fn says_no_more(&self) -> Result<(), StackPlanError> {
        let beside = self
            .action_invocations
            .iter()
            .chain(&self.deferred_action_invocations)
            .map(|one| format!("the action {}", one["address"].as_str().unwrap_or_default()));
        let put_off = self.deferred_changes.iter().map(|one| {
            let address = one["resource_change"]["address"].as_str();
            format!(
                "a change of {} that is put off",
                address.unwrap_or_default()
            )
        });
        let more: Vec<String> = beside.chain(put_off).collect();
        match more.is_empty() {
            true => Ok(()),
            false => Err(StackPlanError::More(more.join(", "))),
        }
    }

    fn eyes(&self) -> Eyes {
        let mut secrets = Secrets::default();
        let mut ids = BTreeMap::new();
        let resources = self.resource_changes.iter().chain(&self.resource_drift);
        for resource in resources {
            if let Some(id) = resource.change.before["id"].as_str()
                && id.len() >= SHORTEST_ID
            {
                ids.entry(id.to_owned())
                    .or_insert_with(|| resource.address.clone());
            }
        }
        let resources = self.resource_changes.iter().chain(&self.resource_drift);
        let changes = resources.map(|resource| &resource.change);
        for change in changes.chain(self.output_changes.values()) {
            secrets.marked(&change.before, &change.before_sensitive);
            secrets.marked(&change.after, &change.after_sensitive);
        }
        let declared = &self.configuration["root_module"]["variables"];
        for (name, variable) in &self.variables {
            if declared[name]["sensitive"] == json!(true) {
                secrets.all(&variable.value);
            }
        }
        Eyes { secrets, ids }
    }
}

impl Change {
    fn sides(&self) -> (Side<'_>, Side<'_>) {
        (
            Side::of(&self.before, None, &self.before_sensitive),
            Side::of(
                &self.after,
                Some(&self.after_unknown),
                &self.after_sensitive,
            ),
        )
    }

    fn forces(&self, path: &FieldPath) -> bool {
        self.replace_paths.iter().any(|forcing| {
            forcing.len() <= path.0.len()
                && forcing.iter().zip(&path.0).all(|(step, at)| match at {
                    PathSegment::Key(key) => step.as_str() == Some(key),
                    PathSegment::Index(index) => step.as_u64() == Some(*index as u64),
                    PathSegment::Element { .. } => false,
                })
        })
    }
}

impl Resource {
    /// None for what stays as it is.
    fn row(&self, eyes: &Eyes, rules: &StackRules) -> Result<Option<StackRow>, StackPlanError> {
        let change = &self.change;
        let actions: Vec<&str> = change.actions.iter().map(String::as_str).collect();
        let moved_from = self.previous_address.clone();
        let action = match actions.as_slice() {
            ["no-op"] if change.importing.is_some() => StackAction::Import,
            ["no-op"] if moved_from.is_some() => StackAction::Move,
            ["no-op"] => return Ok(None),
            ["create"] => StackAction::Create,
            ["read"] => StackAction::Read,
            ["update"] => StackAction::Update,
            ["delete"] => StackAction::Delete,
            ["forget"] => StackAction::Forget,
            ["delete", "create"] => StackAction::Replace,
            ["create", "delete"] => StackAction::ReplaceCreateFirst,
            // What is forgotten stays: only the new one is hodman's doing.
            ["create", "forget"] | ["forget", "create"] => StackAction::Create,
            _ => {
                return Err(StackPlanError::Actions {
                    address: self.address.clone(),
                    actions: actions.join(", "),
                });
            }
        };
        let (before, after) = change.sides();
        let mut fields = Vec::new();
        eyes.differences(&FieldPath::default(), before, after, &mut fields);
        for field in &mut fields {
            field.replaces = change.forces(&field.path);
        }
        // Which object it is stands in the row and in its name: another one under the same approval would be somebody else's.
        let taken = change.importing.as_ref().map(|importing| {
            let which = [&importing["id"], &importing["identity"]];
            let which = which.into_iter().find(|which| !which.is_null());
            which.unwrap_or(importing)
        });
        if let Some(which) = taken {
            let path = FieldPath::default().key(TAKES_OVER);
            let side = Side::of(which, None, &Value::Null);
            fields.insert(0, eyes.named_by(&path, side));
        }
        let named: Vec<_> = fields.iter().map(|field| field.digest.as_str()).collect();
        let name = json!([
            self.address,
            self.kind,
            action.word(),
            named,
            moved_from,
            self.deposed.is_some()
        ]);
        let mut reason = self.action_reason.replace('_', " ");
        if taken.is_some() && action != StackAction::Import {
            reason = format!("takes over what exists; {reason}");
        }
        if self.deposed.is_some() {
            // An earlier replacement made the new object and could not remove the old one.
            reason = format!("left over by a replacement that failed; {reason}");
        }
        Ok(Some(StackRow {
            address: self.address.clone(),
            kind: self.kind.clone(),
            action,
            fields,
            reason: reason.trim_end_matches("; ").to_owned(),
            moved_from,
            reversible: reversibility(&self.kind, action, false, rules),
            digest: sha256(canonical_json(&name).as_bytes()),
        }))
    }
}
