//! The fields that a pattern leads to, with their places.

use crate::files::node::{Node, Yaml};

/// Calls `visit` for every field of `node` that `steps` lead to; `*` is each item of a list and each key.
pub(super) fn each<'n>(node: &'n Node, steps: &[&str], visit: &mut dyn FnMut(&'n Node)) {
    let Some((step, rest)) = steps.split_first() else {
        return visit(node);
    };
    match &node.value {
        Yaml::Map(map) => map
            .iter()
            .filter(|(key, _)| *step == "*" || key == step)
            .for_each(|(_, entry)| each(&entry.node, rest, visit)),
        Yaml::List(items) if *step == "*" => {
            items.iter().for_each(|item| each(item, rest, visit));
        }
        _ => {}
    }
}
