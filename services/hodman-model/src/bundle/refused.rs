//! What the Databricks CLI refuses of a resource that is as it will be: what a server would refuse much later, or put in place of
//! what was meant.

use super::ResourceKey;
use crate::diagnostic::Diagnostics;
use crate::files::node::{Node, Place, Yaml};
use crate::kinds::written_out::is_source;

/// Fields that only a deployment or a server says, by kind.
const NOT_THEIRS: &[(&str, &[&str])] = &[
    ("jobs", &["deployment", "deployment_id"]),
    ("jobs", &["deployment", "version_id"]),
    ("pipelines", &["deployment", "deployment_id"]),
    ("pipelines", &["deployment", "version_id"]),
    ("volumes", &["volume_path"]),
    ("dashboards", &["etag"]),
];

/// Fields without which nothing can be made.
const NEEDED: &[(&str, &str)] = &[("dashboards", "display_name"), ("sql_warehouses", "name")];

/// What a secret of a scope says of itself; a value in another field would be seen by everybody, and sent by nobody.
const OF_SECRETS: [&str; 4] = ["scope", "key", "value", "lifecycle"];

/// Says what is wrong with one resource that is defined at `place`.
pub(super) fn check(key: &ResourceKey, resource: &Node, place: &Place, found: &mut Diagnostics) {
    for (_, path) in NOT_THEIRS.iter().filter(|(kind, _)| *kind == key.kind) {
        let said = path.iter().try_fold(resource, |node, step| node.get(step));
        if let Some(said) = said.filter(|node| node.value != Yaml::Null) {
            let message = format!("`{key}.{}` is not a bundle's to say", path.join("."));
            found.push(said.place.error(message).hint("remove it"));
        }
    }
    for (_, field) in NEEDED.iter().filter(|(kind, _)| *kind == key.kind) {
        let said = resource.get(field);
        let is_blank = match said.map(|node| &node.value) {
            None | Some(Yaml::Null) => true,
            Some(Yaml::Text(text)) => text.trim().is_empty(),
            Some(_) => false,
        };
        if is_blank {
            let place = said.map_or(place, |node| &node.place);
            found.push(place.error(format!("`{key}` has no `{field}`")));
        }
    }
    if let Some(secret) = resource.as_map().filter(|_| key.kind == "secrets") {
        let hint = "`value: {env: NAME}`, `{file: …}`, `{aws_secrets_manager: …}` or `{aws_ssm: …}` says where it is";
        let others = secret
            .iter()
            .filter(|(field, _)| !OF_SECRETS.contains(&field.as_str()));
        for (field, entry) in others {
            let message = format!("a secret has no field `{field}`: `{key}`");
            found.push(entry.place.error(message).hint(hint));
        }
        let said = resource
            .get("value")
            .filter(|node| node.value != Yaml::Null);
        let sources = said.and_then(Node::as_map).map(|map| {
            let named = map.keys().filter(|name| is_source(name));
            named.count()
        });
        match (said, sources) {
            (None, _) => found.push(place.error(format!("`{key}` has no `value`")).hint(hint)),
            (Some(node), Some(number)) if number != 1 => {
                let message = format!("`{key}.value` names {number} sources, and has one");
                found.push(node.place.error(message).hint(hint));
            }
            _ => {}
        }
    }
    let source = |field| resource.get(field).filter(|node| node.value != Yaml::Null);
    if key.kind == "apps"
        && let (Some(_), Some(git)) = (source("source_code_path"), source("git_source"))
    {
        let message = format!("`{key}` has both `source_code_path` and `git_source`");
        found.push(git.place.error(message).hint("keep one of them"));
    }
}
