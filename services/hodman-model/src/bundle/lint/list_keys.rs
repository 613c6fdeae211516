//! Items of lists that are known by keys, without a key or with the same one.

use std::collections::BTreeSet;

use super::warning;
use crate::bundle::kinds::{Keyed, keyed_lists};
use crate::bundle::load::Loaded;
use crate::bundle::target;
use crate::diagnostic::Diagnostic;
use crate::files::node::Node;

/// One warning for each, in what one place says: a target's items are meant to meet those of all targets.
pub(super) fn check(loaded: &Loaded) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for part in std::iter::once(&loaded.config).chain(target::all(loaded)) {
        let kinds = part.get("resources").and_then(Node::as_map);
        for (kind, resources) in kinds.into_iter().flatten() {
            for (key, resource) in resources.node.as_map().into_iter().flatten() {
                for keyed in keyed_lists(kind) {
                    let items = resource.node.get(keyed.list).and_then(Node::as_list);
                    let name = format!("{kind}.{key}");
                    of_list(&name, keyed, items.unwrap_or_default(), &mut found);
                }
            }
        }
    }
    found
}

fn of_list(resource: &str, keyed: &Keyed, items: &[Node], found: &mut Vec<Diagnostic>) {
    let (list, key) = (keyed.list, keyed.key);
    let mut seen = BTreeSet::new();
    for item in items.iter().filter(|item| item.as_map().is_some()) {
        match (item.get(key), keyed.default) {
            (Some(name), _) => {
                let text = name.as_text().unwrap_or_default();
                if !text.is_empty() && !seen.insert(text) {
                    let message =
                        format!("`{resource}` has two of `{list}` with the `{key}` `{text}`");
                    let twice = warning(&name.place, message);
                    found.push(twice.hint("they are taken for one, the later over the earlier"));
                }
            }
            (None, None) => {
                let message = format!("`{resource}` has one of `{list}` without `{key}`");
                found.push(warning(&item.place, message));
            }
            (None, Some(_)) => {}
        }
    }
}
