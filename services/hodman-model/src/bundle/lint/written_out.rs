//! Secrets that stand in the bundle as they are.

use super::walk::each;
use crate::bundle::resolve::Inside;
use crate::diagnostic::Diagnostic;
use crate::files::node::{Node, Yaml};
use crate::kinds::{kind, written_out};

/// One error for each, where it stands; a plan would refuse the resource.
pub(super) fn check(inside: &Inside) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (key, (_, resource)) in &inside.resources {
        let Some(kind) = kind(&key.kind).filter(|kind| written_out::is_of_secrets(*kind)) else {
            continue;
        };
        for pattern in &kind.rules().write_only {
            let path = pattern.to_string();
            let steps: Vec<&str> = path.split('.').collect();
            each(resource, &steps, &mut |field| {
                values(field, &mut |value| {
                    found.push(
                        value
                            .place
                            .error(format!("`{key}` has a secret written out"))
                            .hint("say where it is instead, such as `{env: NAME}`"),
                    );
                });
            });
        }
    }
    found
}

/// Every value in a field that names none.
fn values(node: &Node, visit: &mut dyn FnMut(&Node)) {
    match &node.value {
        Yaml::Text(text) if written_out::is_value(text) => visit(node),
        Yaml::Number(_) => visit(node),
        Yaml::List(items) => items.iter().for_each(|item| values(item, visit)),
        Yaml::Map(map) if !written_out::names_source(map.keys()) => {
            map.values().for_each(|entry| values(&entry.node, visit));
        }
        Yaml::Text(_) | Yaml::Map(_) | Yaml::Null | Yaml::Bool(_) => {}
    }
}
