//! What stands for captured values in another environment: its `identity`, which fails closed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::repo::said_in;
use super::varied::SORTS;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::files::{Environment, Mode, Tree};

/// The word that stands for every captured value in `identity`, and for "the same" as its counterpart.
const ANY: &str = "*";

/// The description of a variable for a captured value; [`said`] reads it back. It stands in the bundle, so that a package
/// brings along what its variables stand for.
pub(super) fn description(sort: &str, value: &str) -> String {
    format!("identity.{sort}: {value} (as captured)")
}

/// The sort and the value that a description names.
pub(super) fn said(description: &str) -> Option<(&str, &str)> {
    let (sort, value) = description
        .strip_prefix("identity.")?
        .strip_suffix(" (as captured)")?
        .split_once(": ")?;
    SORTS
        .iter()
        .any(|known| known.name == sort)
        .then_some((sort, value))
}

/// The captured variables that the bundle in `tree` declares, with sort and value.
pub(super) fn declared(root: &Value) -> BTreeMap<String, (String, String)> {
    let variables = root.get("variables").and_then(Value::as_object);
    variables
        .into_iter()
        .flatten()
        .filter_map(|(name, variable)| {
            let (sort, value) = said(variable.get("description")?.as_str()?)?;
            Some((name.clone(), (sort.to_owned(), value.to_owned())))
        })
        .collect()
}

/// The values of the bundle's variables in an environment: its own `variables`, and for those that stand for captured
/// values what its `identity` says. `"*": "*"` in `identity` means the same there as here, for the whole sort. Where people work by
/// hand they are what they were captured as.
///
/// `file` is the environment's, for the errors; `target` its target in the bundle.
///
/// # Errors
/// The captured values that have no counterpart: neither `variables` nor `identity` nor the target says one.
pub fn variables(
    file: &str,
    environment: &Environment,
    target: &str,
    tree: &Tree,
) -> Result<BTreeMap<String, Value>, Diagnostics> {
    let mut values = environment.variables.clone();
    let mut found = Diagnostics::default();
    // A file that does not parse is told by whoever resolves it.
    let root = said_in(tree);
    for (name, (sort, captured)) in declared(&root) {
        if values.contains_key(&name) {
            continue;
        }
        let map = environment.identity.get(&sort);
        let counterpart = map.and_then(|map| map.get(&captured).or_else(|| map.get(ANY)));
        match counterpart {
            Some(same) if same == ANY => drop(values.insert(name, Value::String(captured))),
            Some(here) => drop(values.insert(name, Value::String(here.clone()))),
            None if has_value(&root, target, &name) => {}
            // Where people work by hand it is what it was captured as.
            None if environment.mode == Mode::FreeForm => {
                values.insert(name, Value::String(captured));
            }
            None => found.push(
                Diagnostic::error(
                    file,
                    format!("`identity.{sort}` has no counterpart for `{captured}` (variable `{name}`)"),
                )
                .hint(format!(
                    "say what stands for it: `identity: {{{sort}: {{\"{captured}\": …}}}}`, or `\"*\": \"*\"` where every name means the same"
                )),
            ),
        }
    }
    found.into_result(values)
}

/// Whether the target or the variable itself says a value.
fn has_value(root: &Value, target: &str, name: &str) -> bool {
    let at = |path: &[&str]| {
        path.iter()
            .try_fold(root, |value, key| value.get(key))
            .is_some_and(|value| !value.is_null())
    };
    at(&["targets", target, "variables", name])
        || at(&["variables", name, "default"])
        || at(&["variables", name, "lookup"])
}
