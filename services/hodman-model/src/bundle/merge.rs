//! How one piece of configuration is laid over another, as the Databricks CLI does it.

use crate::diagnostic::Diagnostic;
use crate::files::node::{Entry, Map, Node, Yaml};

/// Lays `over` on `base`: mappings key by key, lists one after the other, scalars replaced; a null changes nothing.
pub(super) fn merge(base: &mut Node, over: Node) -> Result<(), Diagnostic> {
    if base.value == Yaml::Null {
        *base = over;
        return Ok(());
    }
    match (&mut base.value, over.value) {
        (_, Yaml::Null) => {}
        (Yaml::Map(base), Yaml::Map(over)) => merge_maps(base, over)?,
        (Yaml::List(base), Yaml::List(over)) => base.extend(over),
        (value @ (Yaml::Map(_) | Yaml::List(_)), other)
        | (value, other @ (Yaml::Map(_) | Yaml::List(_))) => {
            let place = over.place;
            let before = Node {
                place: base.place.clone(),
                value: std::mem::replace(value, Yaml::Null),
            };
            let after = Node {
                place: place.clone(),
                value: other,
            };
            let message = format!(
                "{} cannot be laid over {} from {}:{}",
                after.kind(),
                before.kind(),
                before.place.file,
                before.place.line
            );
            return Err(place.error(message));
        }
        (value, other) => {
            *value = other;
            base.place = over.place;
        }
    }
    Ok(())
}

/// [`merge`] for mappings. A key keeps the place where it stood first.
pub(super) fn merge_maps(base: &mut Map, over: Map) -> Result<(), Diagnostic> {
    for (key, entry) in over {
        match base.get_mut(&key) {
            Some(Entry { node, .. }) => merge(node, entry.node)?,
            None => drop(base.insert(key, entry)),
        }
    }
    Ok(())
}
