//! Lists whose items have a name: laid together item by item, later over earlier.

use std::collections::BTreeMap;

use super::kinds::{BundleKind, Keyed};
use super::merge::merge;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::files::node::{Entry, Node, Yaml};

/// Joins the items of equal name in the lists of one resource.
pub(super) fn join_keyed_lists(kind: &BundleKind, resource: &mut Node, found: &mut Diagnostics) {
    for keyed in kind.keyed {
        if let Err(diagnostic) = join(resource, keyed) {
            found.push(diagnostic);
        }
    }
}

fn join(resource: &mut Node, keyed: &Keyed) -> Result<(), Diagnostic> {
    let Some(Entry { node, .. }) = resource
        .as_map_mut()
        .and_then(|map| map.get_mut(keyed.list))
    else {
        return Ok(());
    };
    let Yaml::List(items) = &mut node.value else {
        return Ok(());
    };
    let mut joined: Vec<Node> = Vec::with_capacity(items.len());
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    for item in std::mem::take(items) {
        match name(&item, keyed) {
            Some(name) => match by_name.get(&name) {
                Some(index) if keyed.replaces => joined[*index] = item,
                Some(index) => merge(&mut joined[*index], item)?,
                None => {
                    by_name.insert(name, joined.len());
                    joined.push(item);
                }
            },
            None => joined.push(item),
        }
    }
    *items = joined;
    Ok(())
}

/// The name by which an item meets others: one that says none is called by no letter at all, as in the CLI, so two such are one.
fn name(item: &Node, keyed: &Keyed) -> Option<String> {
    let written = item.as_map()?.get(keyed.key).map(|entry| &entry.node);
    let written = match written {
        Some(node) if node.value != Yaml::Null => Some(node.as_text()?),
        _ => None,
    };
    Some(match keyed.default {
        Some(default) => written.unwrap_or(default).to_lowercase(),
        None => written.unwrap_or_default().to_owned(),
    })
}
