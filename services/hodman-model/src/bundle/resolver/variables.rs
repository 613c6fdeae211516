//! The values of variables, found as references ask for them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Resolver;
use crate::bundle::reference::Step;
use crate::bundle::{Lookup, Position};
use crate::diagnostic::{Diagnostic, Severity, did_you_mean};
use crate::files::node::{Entry, Node, Place, Yaml};

/// Far more than any bundle needs, and little enough that a hostile one cannot exhaust the daemon's memory.
const MOST_UNFOLDED: usize = 16 << 20;

/// The CLI stops after 11; deeper than this, a chain of variables could exhaust the stack.
const DEEPEST: usize = 64;

impl Resolver<'_> {
    /// The final value of every variable; those unset are findings.
    pub fn all_variables(&mut self) -> BTreeMap<String, Value> {
        let declared: Vec<&String> = self
            .config
            .get("variables")
            .and_then(Node::as_map)
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
            .collect();
        for name in
            self.options.variables.keys().filter(|name| {
                !declared.contains(name) && !self.options.declared_later.contains(*name)
            })
        {
            let place = self
                .config
                .get("variables")
                .map_or(&self.config.place, |variables| &variables.place);
            let mut unknown = place.error(format!(
                "the environment sets the variable `{name}`, which `variables` does not declare"
            ));
            unknown.hint = did_you_mean(name, declared.iter().map(|name| name.as_str()));
            self.found.push(unknown);
        }
        let mut values = BTreeMap::new();
        for name in declared {
            if let Some(node) = self.variable(name) {
                values.insert(name.clone(), node.to_value());
            }
        }
        values
    }

    /// The value of a reference into a variable; null when the variable has none, which is said elsewhere.
    pub(super) fn variable_field(
        &mut self,
        name: &str,
        path: &[Step],
        written: &str,
        place: &Place,
    ) -> Result<Option<Node>, Diagnostic> {
        let declared = self.config.get("variables").and_then(Node::as_map);
        if !declared.is_some_and(|all| all.contains_key(name)) {
            let mut unknown = self.at(written, place, format!("there is no variable `{name}`"));
            unknown.hint = did_you_mean(
                name,
                declared
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.as_str()),
            );
            return Err(unknown);
        }
        self.used.insert(name.to_owned());
        if let Some(inner) = self.inside(name, path, written, place) {
            self.unfold(&inner, place)?;
            return Ok(Some(inner));
        }
        let value = match self.guarded(name, written, place, |resolver| resolver.variable(name)) {
            Ok(Some(value)) => value,
            // Said where the variable is declared, or where the cycle closes.
            Ok(None) | Err(()) => {
                return Ok(Some(Node {
                    place: place.clone(),
                    value: Yaml::Null,
                }));
            }
        };
        let mut at = &value;
        for step in path {
            let next = match step {
                Step::Key(key) => at
                    .as_map()
                    .and_then(|map| map.get(key))
                    .map(|entry| &entry.node),
                Step::Index(index) => at.as_list().and_then(|items| items.get(*index)),
            };
            at = next.ok_or_else(|| {
                self.at(
                    written,
                    place,
                    format!("the variable `{name}` has nothing at `{written}`"),
                )
            })?;
        }
        self.unfold(at, place)?;
        Ok(Some(at.clone()))
    }

    /// Notes that `value` was put in place of a reference; an error where all of them are too much.
    fn unfold(&mut self, value: &Node, place: &Place) -> Result<(), Diagnostic> {
        self.unfolded = self.unfolded.saturating_add(size(value));
        if self.unfolded > MOST_UNFOLDED {
            return Err(place
                .error("the references unfold to more than 16 MiB")
                .hint("a variable that holds another twice doubles it"));
        }
        Ok(())
    }

    /// What a path leads to inside of a variable that is being resolved: it may refer to others that refer to another part of it.
    /// None where that is no circle anyway.
    fn inside(&mut self, name: &str, path: &[Step], written: &str, place: &Place) -> Option<Node> {
        if path.is_empty() || !self.open.iter().any(|open| open == name) {
            return None;
        }
        let whole = self.unresolved(name)?;
        let part = path.iter().try_fold(&whole, |node, step| match step {
            Step::Key(key) => node.get(key),
            Step::Index(index) => node.as_list()?.get(*index),
        })?;
        let resolved = self.guarded(written, written, place, |resolver| resolver.resolve(part));
        Some(resolved.unwrap_or_else(|()| Node {
            place: place.clone(),
            value: Yaml::Null,
        }))
    }

    /// The value of a variable as it is written, where it has one.
    fn unresolved(&self, name: &str) -> Option<Node> {
        let config = self.config;
        let entry = config.get("variables")?.as_map()?.get(name)?;
        match self.options.variables.get(name) {
            Some(value) => Some(Node::from_value(value, &entry.place)),
            None => entry.node.get("default").cloned(),
        }
    }

    /// The section of the variables, with the defaults as they come out.
    pub fn declared(&self, section: &Node) -> Value {
        let mut value = section.to_value();
        for (name, declared) in value.as_object_mut().into_iter().flatten() {
            let known = self.variables.get(name).and_then(Option::as_ref);
            // What the environment sets is no default.
            let known = known.filter(|_| !self.options.variables.contains_key(name));
            if let (Some(known), Some(default)) = (known, declared.get_mut("default")) {
                *default = known.to_value();
            }
        }
        value
    }

    /// Runs `inner` unless it is already running further out.
    pub(super) fn guarded<T>(
        &mut self,
        what: &str,
        written: &str,
        place: &Place,
        inner: impl FnOnce(&mut Self) -> T,
    ) -> Result<T, ()> {
        if let Some(first) = self.open.iter().position(|open| open == what) {
            let mut circle = self.open[first..].to_vec();
            circle.push(what.to_owned());
            let error = self.at(
                written,
                place,
                format!(
                    "variables refer to each other in a circle: {}",
                    circle.join(" -> ")
                ),
            );
            self.found.push(error);
            return Err(());
        }
        if self.open.len() >= DEEPEST {
            let error = self.at(
                written,
                place,
                format!("variables refer to each other more than {DEEPEST} deep"),
            );
            self.found.push(error);
            return Err(());
        }
        self.open.push(what.to_owned());
        let outcome = inner(self);
        self.open.pop();
        Ok(outcome)
    }

    fn variable(&mut self, name: &str) -> Option<Node> {
        if let Some(known) = self.variables.get(name) {
            return known.clone();
        }
        // Also when entered from `all_variables`, so that a circle is seen at its first return.
        let entered = self.open.last().is_some_and(|open| open == name);
        if !entered {
            self.open.push(name.to_owned());
        }
        let value = self.find_variable(name);
        if !entered {
            self.open.pop();
        }
        self.variables.insert(name.to_owned(), value.clone());
        value
    }

    fn find_variable(&mut self, name: &str) -> Option<Node> {
        let config = self.config;
        let Entry {
            place,
            node: definition,
        } = config.get("variables")?.as_map()?.get(name)?;
        let Some(unresolved) = self.unresolved(name) else {
            if let Some(lookup) = definition.get("lookup") {
                return self.look_up(name, lookup);
            }
            let error = place.error(format!("the variable `{name}` has no value"));
            self.found.push(
                error.hint("give it a `default`, or set it in the target or in environment.yaml"),
            );
            return None;
        };
        if let Some(wrong) = definition
            .get("type")
            .filter(|kind| !matches!(kind.as_text(), Some("complex" | "string")))
        {
            self.found.push(
                wrong
                    .place
                    .error("expected the type `complex`")
                    .hint("texts, numbers and booleans need none"),
            );
            return None;
        }
        let complex = definition.get("type").and_then(Node::as_text) == Some("complex");
        let structured = matches!(unresolved.value, Yaml::List(_) | Yaml::Map(_));
        if !complex && structured {
            let mut untyped = unresolved.place.error(format!(
                "the variable `{name}` is {}, but not of type complex",
                unresolved.kind()
            ));
            // The CLI takes what the bundle itself says; a file of variables must keep to the type.
            let is_own = !self.options.variables.contains_key(name);
            if is_own {
                untyped.severity = Severity::Warning;
            }
            self.found
                .push(untyped.hint("add `type: complex` to its declaration"));
            if !is_own {
                return None;
            }
        }
        let resolved = self.resolve(&unresolved);
        // `default: ${var.other}` of a complex variable is itself a text.
        if complex && matches!(resolved.value, Yaml::Bool(_) | Yaml::Number(_)) {
            let error = unresolved.place.error(format!(
                "the variable `{name}` is of type complex, but its value is {}",
                resolved.kind()
            ));
            self.found.push(error.hint("remove `type: complex`"));
            return None;
        }
        Some(resolved)
    }

    /// The placeholder for an object that the workspace knows by name.
    fn look_up(&mut self, variable: &str, lookup: &Node) -> Option<Node> {
        let wrong = |place: &Place, message: String| {
            place.error(message).hint(format!(
                "one of: {}",
                Lookup::KINDS.map(|(kind, _)| kind).join(", ")
            ))
        };
        let mut entries = lookup.as_map().into_iter().flatten();
        let (Some((kind, entry)), None) = (entries.next(), entries.next()) else {
            let message = format!("`lookup` of the variable `{variable}` must name one object");
            self.found.push(wrong(&lookup.place, message));
            return None;
        };
        if !Lookup::KINDS.iter().any(|(known, _)| known == kind) {
            let mut error = wrong(&entry.place, format!("`{kind}` cannot be looked up"));
            let near = did_you_mean(kind, Lookup::KINDS.iter().map(|(known, _)| *known));
            error.hint = near.or(error.hint);
            self.found.push(error);
            return None;
        }
        let resolved = self.resolve_settings("variables.lookup", &entry.node);
        let name = resolved
            .as_text()
            .filter(|name| !name.is_empty() && !name.contains('}'));
        let Some(name) = name else {
            let message = format!("`lookup.{kind}` must be a name without braces");
            self.found.push(entry.node.place.error(message));
            return None;
        };
        let lookup = Lookup {
            kind: kind.clone(),
            name: name.to_owned(),
            variable: variable.to_owned(),
            position: Position::from(&entry.node.place),
        };
        let node = Node {
            place: entry.node.place.clone(),
            value: Yaml::Text(lookup.placeholder()),
        };
        self.lookups.insert(lookup);
        Some(node)
    }
}

/// The bytes of all texts and keys, and one for each value.
fn size(node: &Node) -> usize {
    1 + match &node.value {
        Yaml::Text(text) => text.len(),
        Yaml::List(items) => items.iter().map(size).sum(),
        Yaml::Map(map) => map
            .iter()
            .map(|(key, entry)| key.len() + size(&entry.node))
            .sum(),
        Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) => 0,
    }
}
