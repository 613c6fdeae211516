//! The fields of what no bundle has, held against its kind: one that is written wrong would be left out without a word.

use serde_json::Value;

use crate::bundle::ResourceKey;
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::files::node::{Entry, Node};
use crate::kinds::{Kind, foundation_kinds, kind};

/// What stands among the fields of every object and is hodman's own.
const LIFECYCLE: &str = "lifecycle";

/// A field that a kind does not have.
struct Unknown {
    /// From the top.
    way: Vec<String>,
    hint: Option<String>,
}

impl Unknown {
    fn words(&self, key: &ResourceKey) -> String {
        format!("unknown field `{key}.{}`", self.way.join("."))
    }
}

/// Those of `config`. What is only known when a module is called is looked at then.
fn unknown(kind: &dyn Kind, config: &Value) -> Vec<Unknown> {
    let rules = kind.rules();
    if rules.settable.is_empty() {
        return Vec::new();
    }
    let inside = rules.inside.iter().copied();
    let places = std::iter::once(("", rules.settable)).chain(inside);
    let mut found = Vec::new();
    for (place, known) in places {
        let way: Vec<&str> = place.split('.').filter(|step| !step.is_empty()).collect();
        let there = way
            .iter()
            .try_fold(config, |value, step| value.get(*step))
            .and_then(Value::as_object);
        let fields = there.into_iter().flat_map(|map| map.keys());
        let wrong = fields.filter(|field| {
            let later = field.contains("${");
            let ours = way.is_empty() && *field == LIFECYCLE;
            !later && !ours && !known.contains(&field.as_str())
        });
        found.extend(wrong.map(|field| {
            Unknown {
                way: way
                    .iter()
                    .copied()
                    .chain([field.as_str()])
                    .map(str::to_owned)
                    .collect(),
                hint: did_you_mean(field, known.iter().copied()),
            }
        }));
    }
    found
}

/// Finds them in a resource whose placeholders are filled in; whether there are none.
pub(super) fn of_resource(
    path: &str,
    key: &ResourceKey,
    config: &Value,
    found: &mut Diagnostics,
) -> bool {
    let unknown = kind(&key.kind).map_or_else(Vec::new, |kind| unknown(kind, config));
    let none = unknown.is_empty();
    found.0.extend(unknown.into_iter().map(|unknown| {
        let mut error = Diagnostic::error(path, unknown.words(key));
        error.hint = unknown.hint;
        error
    }));
    none
}

/// Finds them in the text of a module, with the places where they stand.
pub(super) fn of_text(path: &str, text: &str, found: &mut Diagnostics) {
    let Ok(module) = Node::parse(path, text.as_bytes()) else {
        return;
    };
    let kinds = module.get("resources").and_then(Node::as_map);
    for (name, keys) in kinds.into_iter().flatten() {
        let Some(kind) = foundation_kinds().find(|kind| kind.name() == name) else {
            continue;
        };
        for (key, resource) in keys.node.as_map().into_iter().flatten() {
            let key = ResourceKey::new(name, key);
            for unknown in unknown(kind, &resource.node.to_value()) {
                let mut error = entry(resource, &unknown.way)
                    .place
                    .error(unknown.words(&key));
                error.hint = unknown.hint;
                found.push(error);
            }
        }
    }
}

/// What stands at the end of a way; as far as there is something.
fn entry<'n>(from: &'n Entry, way: &[String]) -> &'n Entry {
    way.iter().fold(from, |at, step| {
        let inner = at.node.as_map().and_then(|map| map.get(step));
        inner.unwrap_or(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{ACCOUNT_KINDS, AWS_KINDS};

    fn said(text: &str) -> String {
        let mut found = Diagnostics::default();
        of_text("modules/m/module.yaml", text, &mut found);
        found.to_string()
    }

    #[test]
    fn what_a_module_writes_wrong_is_told_with_its_place() {
        let text = "\
engine: native
resources:
  account_workspaces:
    main:
      workspace_name: shop
      storage_customer_managed_key: ${inputs.key}
      lifecycle: {prevent_destroy: true}
  account_credentials:
    main: {credentials_name: c, aws_credentials: {sts_role: {role_arm: x}}}
";
        assert_eq!(
            said(text),
            "modules/m/module.yaml:9:62: unknown field `account_credentials.main.aws_credentials.sts_role.role_arm` (hint: did you mean `role_arn`?)\n\
             modules/m/module.yaml:6:7: unknown field `account_workspaces.main.storage_customer_managed_key` (hint: did you mean `storage_customer_managed_key_id`?)"
        );
        let right = text
            .replace("managed_key:", "managed_key_id:")
            .replace("role_arm", "role_arn");
        assert_eq!(said(&right), "");
        // What a call fills in is looked at with it.
        assert_eq!(
            said(&right.replace("credentials_name:", "\"${inputs.field}\":")),
            ""
        );
    }

    #[test]
    fn every_kind_that_workspaces_stand_on_says_its_fields() {
        // What a stack is told a module's own text says, not a resource in it.
        for kind in AWS_KINDS.iter().chain(ACCOUNT_KINDS) {
            let rules = kind.rules();
            let fields = rules.settable;
            assert!(!fields.is_empty(), "{}", kind.name());
            let inside = rules.inside.iter().map(|(at, _)| *at);
            let inside = inside.filter_map(|at| at.split('.').next());
            for field in inside.chain([rules.name_field]) {
                assert!(fields.contains(&field), "{}: {field}", kind.name());
            }
        }
    }
}
