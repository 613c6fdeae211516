//! What stands among a resource's fields and is none of them: `permissions`, `grants`, `lifecycle`.

use std::collections::{BTreeMap, BTreeSet};

use super::kinds::{BundleKind, Started};
use super::{Grant, Lifecycle, Permission, Principal};
use crate::diagnostic::{Diagnostics, did_you_mean};
use crate::files::node::{Map, Node, Yaml};

/// Taken out of a resource's fields.
#[derive(Default)]
pub(super) struct Beside {
    pub permissions: Option<Vec<Permission>>,
    pub grants: Option<Vec<Grant>>,
    pub lifecycle: Lifecycle,
}

const PRINCIPALS: [&str; 3] = ["user_name", "group_name", "service_principal_name"];

/// Takes them out of `map`, and says what is wrong with them.
pub(super) fn take(kind: &BundleKind, map: &mut Map, found: &mut Diagnostics) -> Beside {
    let mut beside = Beside::default();
    if let Some(entry) = map.remove("permissions") {
        if kind.levels.is_empty() && !is_nothing(&entry.node) {
            let error = entry
                .place
                .error(format!("`{}` have no `permissions`", kind.name));
            found.push(match kind.grants {
                true => error.hint("objects of Unity Catalog have `grants`"),
                false => error,
            });
        } else if !kind.levels.is_empty() && entry.node.value != Yaml::Null {
            beside.permissions = Some(permissions(kind, &entry.node, found));
        }
    }
    if let Some(entry) = map.remove("grants") {
        if kind.grants {
            let said = entry.node.value != Yaml::Null;
            beside.grants = said.then(|| grants(&entry.node, found));
        } else if !is_nothing(&entry.node) {
            let error = entry
                .place
                .error(format!("`{}` have no `grants`", kind.name));
            found.push(match kind.levels.is_empty() {
                true => error,
                false => error.hint("they have `permissions`"),
            });
        }
    }
    if let Some(entry) = map.remove("lifecycle") {
        beside.lifecycle = lifecycle(kind, &entry.node, found);
    }
    beside
}

fn is_nothing(node: &Node) -> bool {
    match &node.value {
        Yaml::Null => true,
        Yaml::List(items) => items.is_empty(),
        Yaml::Map(map) => map.is_empty(),
        Yaml::Bool(_) | Yaml::Number(_) | Yaml::Text(_) => false,
    }
}

/// The items of a list of mappings.
fn items<'n>(node: &'n Node, what: &str, found: &mut Diagnostics) -> Vec<(&'n Node, &'n Map)> {
    let list = match &node.value {
        Yaml::Null => &[],
        Yaml::List(items) => items.as_slice(),
        _ => {
            let kind = node.kind();
            found.push(
                node.place
                    .error(format!("`{what}` must be a list, found {kind}")),
            );
            return Vec::new();
        }
    };
    let mut read = Vec::new();
    for item in list {
        match item.as_map() {
            Some(map) => read.push((item, map)),
            None => found.push(item.place.error(format!(
                "`{what}` must hold mappings, found {}",
                item.kind()
            ))),
        }
    }
    read
}

fn unknown_keys(map: &Map, prefix: &str, known: &[&str], found: &mut Diagnostics) {
    for (key, entry) in map {
        if !known.contains(&key.as_str()) {
            let hint = did_you_mean(key, known.iter().copied())
                .unwrap_or_else(|| format!("known keys: {}", known.join(", ")));
            found.push(
                entry
                    .place
                    .error(format!("unknown key `{prefix}.{key}`"))
                    .hint(hint),
            );
        }
    }
}

/// The text of a key, or a finding.
fn text(item: &Node, key: &str, what: &str, found: &mut Diagnostics) -> Option<String> {
    let Some(node) = item.get(key) else {
        found.push(item.place.error(format!("`{what}.{key}` is missing")));
        return None;
    };
    match node.as_text().filter(|text| !text.is_empty()) {
        Some(text) => Some(text.to_owned()),
        None => {
            let kind = node.kind();
            found.push(
                node.place
                    .error(format!("`{what}.{key}` must be a text, found {kind}")),
            );
            None
        }
    }
}

/// The one principal that an entry names.
pub(super) fn principal(item: &Node, what: &str, found: &mut Diagnostics) -> Option<Principal> {
    let named: Vec<&str> = PRINCIPALS
        .into_iter()
        .filter(|key| item.get(key).is_some_and(|node| node.value != Yaml::Null))
        .collect();
    let [one] = named.as_slice() else {
        found.push(
            item.place
                .error(format!(
                    "`{what}` names {} principals, one is wanted",
                    named.len()
                ))
                .hint("one of `user_name`, `group_name`, `service_principal_name`"),
        );
        return None;
    };
    let name = text(item, one, what, found)?;
    Some(match *one {
        "user_name" => Principal::User(name),
        "group_name" => Principal::Group(name),
        _ => Principal::ServicePrincipal(name),
    })
}

fn permissions(kind: &BundleKind, node: &Node, found: &mut Diagnostics) -> Vec<Permission> {
    let mut read: Vec<Permission> = Vec::new();
    for (item, map) in items(node, "permissions", found) {
        let mut known = vec!["level"];
        known.extend(PRINCIPALS);
        unknown_keys(map, "permissions", &known, found);
        let principal = principal(item, "permissions", found);
        let Some(level) = text(item, "level", "permissions", found) else {
            continue;
        };
        if !kind.levels.contains(&level.as_str()) {
            let place = item.get("level").map_or(&item.place, |node| &node.place);
            let hint = did_you_mean(&level, kind.levels.iter().copied())
                .unwrap_or_else(|| format!("levels: {}", kind.levels.join(", ")));
            let message = format!("`{}` have no permission level `{level}`", kind.name);
            found.push(place.error(message).hint(hint));
            continue;
        }
        let Some(principal) = principal else { continue };
        let rank = |level: &str| kind.levels.iter().position(|known| *known == level);
        match read.iter_mut().find(|other| other.principal == principal) {
            // The API keeps the higher of two.
            Some(other) if rank(&other.level) < rank(&level) => other.level = level,
            Some(_) => {}
            None => read.push(Permission { level, principal }),
        }
    }
    read
}

fn grants(node: &Node, found: &mut Diagnostics) -> Vec<Grant> {
    let mut order: Vec<String> = Vec::new();
    let mut by_principal: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (item, map) in items(node, "grants", found) {
        unknown_keys(map, "grants", &["principal", "privileges"], found);
        let Some(principal) = text(item, "principal", "grants", found) else {
            continue;
        };
        let privileges = match item.get("privileges") {
            Some(list) => list.expect_texts("`grants.privileges`"),
            None => Err(item.place.error("`grants.privileges` is missing")),
        };
        match privileges {
            Ok(privileges) => {
                if !by_principal.contains_key(&principal) {
                    order.push(principal.clone());
                }
                by_principal
                    .entry(principal)
                    .or_default()
                    .extend(privileges.into_iter().map(|(privilege, _)| privilege));
            }
            Err(diagnostic) => found.push(diagnostic),
        }
    }
    order
        .into_iter()
        .map(|principal| Grant {
            privileges: by_principal
                .remove(&principal)
                .into_iter()
                .flatten()
                .collect(),
            principal,
        })
        .collect()
}

fn lifecycle(kind: &BundleKind, node: &Node, found: &mut Diagnostics) -> Lifecycle {
    let mut read = Lifecycle::default();
    let Some(map) = node.as_map() else {
        if node.value != Yaml::Null {
            let message = format!("`lifecycle` must be a mapping, found {}", node.kind());
            found.push(node.place.error(message));
        }
        return read;
    };
    unknown_keys(map, "lifecycle", &["prevent_destroy", "started"], found);
    let mut flag = |key: &str| match &map.get(key)?.node {
        Node {
            value: Yaml::Bool(value),
            ..
        } => Some(*value),
        Node {
            value: Yaml::Null, ..
        } => None,
        other => {
            let kind = other.kind();
            found.push(other.place.error(format!(
                "`lifecycle.{key}` must be true or false, found {kind}"
            )));
            None
        }
    };
    read.prevent_destroy = flag("prevent_destroy").unwrap_or_default();
    read.started = flag("started");
    if let Some(entry) = map.get("started").filter(|_| read.started.is_some()) {
        let refused = match kind.started {
            Started::Never => Some(format!("`{}` are not started or stopped", kind.name)),
            Started::Always if read.started == Some(false) => Some(format!(
                "`lifecycle.started: false` is not supported for `{}`",
                kind.name
            )),
            Started::Always | Started::AsWanted => None,
        };
        if let Some(refused) = refused {
            let error = entry.place.error(refused);
            found.push(match kind.started {
                Started::Always => error.hint("what is deployed to it has to run: leave it out"),
                Started::Never | Started::AsWanted => error,
            });
        }
    }
    read
}
