//! Elements of lists that the server names where nobody does.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Rules;

/// A list whose elements are told apart by a name, and what says which is which where Git gives none: without it the order of the
/// names would be another one than that of the package, and what is said of one would be looked for at nobody's.
#[derive(Clone, Copy, Debug)]
pub struct Unnamed {
    /// Where the list stands, as a JSON pointer.
    pub list: &'static str,
    /// The field with the name.
    pub field: &'static str,
    /// What two elements that are the same have in common, as JSON pointers into them.
    pub known_by: &'static [&'static str],
    /// How the server calls a new one; none where that is not known yet.
    pub name: fn(&Value) -> Option<String>,
}

impl Rules {
    /// Gives elements of `managed` that have no name the one that they have in `live`, or will have.
    pub(super) fn name_unnamed(&self, managed: &mut Value, live: &Value) {
        for rule in self.unnamed {
            let there = live.pointer(rule.list).and_then(Value::as_array);
            let there = there.map(Vec::as_slice).unwrap_or_default();
            let Some(items) = managed.pointer_mut(rule.list).and_then(Value::as_array_mut) else {
                continue;
            };
            if items.iter().all(|item| item.get(rule.field).is_some()) {
                continue;
            }
            let names = items.iter().filter_map(|item| rule.named(item));
            let mut taken: BTreeSet<String> = names.map(str::to_owned).collect();
            // What refers to something that is not made yet takes what the others leave.
            for exactly in [true, false] {
                for item in items.iter_mut().filter(|item| rule.named(item).is_none()) {
                    let mut left = there
                        .iter()
                        .filter(|live| rule.is_same(item, live, exactly))
                        .filter_map(|live| rule.named(live));
                    if let Some(name) = left.find(|name| !taken.contains(*name)) {
                        taken.insert(name.to_owned());
                        item[rule.field] = Value::from(name);
                    }
                }
            }
            for item in items.iter_mut().filter(|item| rule.named(item).is_none()) {
                if let Some(name) = (rule.name)(item).filter(|name| !taken.contains(name)) {
                    item[rule.field] = Value::from(name.as_str());
                    taken.insert(name);
                }
            }
            self.sort_keyed("", managed);
        }
    }
}

impl Unnamed {
    fn named<'v>(&self, item: &'v Value) -> Option<&'v str> {
        item.get(self.field).and_then(Value::as_str)
    }

    fn is_same(&self, wanted: &Value, live: &Value, exactly: bool) -> bool {
        let said = |item: &Value, at: &str| match item.pointer(at) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.to_lowercase(),
            Some(other) => other.to_string(),
        };
        self.known_by.iter().all(|at| {
            let wanted = said(wanted, at);
            wanted == said(live, at) || !exactly && wanted.contains("${")
        })
    }
}
