//! Ids of one workspace, written where every workspace reads them.

use super::warning;
use crate::bundle::resolve::Inside;
use crate::diagnostic::Diagnostic;
use crate::files::node::{Node, Yaml};

/// The fields that hold ids, and what a variable can look up instead.
const FIELDS: [(&str, &str); 8] = [
    ("warehouse_id", "warehouse"),
    ("existing_cluster_id", "cluster"),
    ("instance_pool_id", "instance_pool"),
    ("driver_instance_pool_id", "instance_pool"),
    ("policy_id", "cluster_policy"),
    ("job_id", "job"),
    ("pipeline_id", "pipeline"),
    ("dashboard_id", "dashboard"),
];

/// One warning for each id in the configuration that is neither a reference nor a variable's value.
pub(super) fn check(inside: &Inside) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let Some(resources) = inside
        .config
        .as_ref()
        .and_then(|config| config.get("resources"))
    {
        walk(resources, &mut found);
    }
    found
}

fn walk(node: &Node, found: &mut Vec<Diagnostic>) {
    match &node.value {
        Yaml::List(items) => items.iter().for_each(|item| walk(item, found)),
        Yaml::Map(map) => {
            for (key, entry) in map {
                let field = FIELDS.iter().find(|(field, _)| field == key);
                let is_literal = match &entry.node.value {
                    Yaml::Text(text) => {
                        !text.is_empty() && !text.contains("${") && !text.contains("{{")
                    }
                    Yaml::Number(_) => true,
                    _ => false,
                };
                match field.filter(|_| is_literal) {
                    Some((_, lookup)) => found.push(
                        warning(
                            &entry.node.place,
                            format!("`{key}` holds an id of one workspace"),
                        )
                        .hint(format!(
                            "declare a variable with `lookup: {{{lookup}: <name>}}`, or refer to the resource"
                        )),
                    ),
                    None => walk(&entry.node, found),
                }
            }
        }
        Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::Text(_) => {}
    }
}
