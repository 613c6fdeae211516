//! `resources.json`: the state that `databricks bundle deploy` keeps in the workspace, in `<root_path>/state/`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Former, FormerState, not_json, refused};
use crate::bundle::ResourceKey;
use crate::diagnostic::Diagnostics;
use crate::kinds::{Kind, kind};

/// Versions whose form is known: 2 is written by every release of the direct engine, 1 by its first ones.
const VERSIONS: [u64; 2] = [1, 2];

#[derive(Deserialize)]
struct File {
    state_version: Option<u64>,
    state: Option<BTreeMap<String, Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "__id__")]
    id: Option<String>,
    #[serde(default)]
    state: Value,
}

pub(super) fn read(path: &str, bytes: &[u8]) -> Result<FormerState, Diagnostics> {
    let file: File = serde_json::from_slice(bytes).map_err(|error| not_json(path, &error))?;
    let Some(version) = file.state_version else {
        return Err(refused(
            path,
            "no `state_version`: not the state of a bundle",
            "it is `state/resources.json` below the bundle's root path; a `terraform.tfstate` is read with --from tfstate",
        ));
    };
    if !VERSIONS.contains(&version) {
        return Err(refused(
            path,
            format!("state version {version} is not known"),
            "versions 1 and 2 are; list keys and ids in a file of your own and use --from ids",
        ));
    }
    let mut found = FormerState::default();
    for (address, entry) in file.state.unwrap_or_default() {
        let parts: Vec<&str> = address.split('.').collect();
        let [_, kind_name, key, rest @ ..] = parts.as_slice() else {
            found.others.push(address);
            continue;
        };
        // `resources.jobs.nightly.permissions` belongs to its job.
        if matches!(rest, ["permissions" | "grants"]) && kind(kind_name).is_some() {
            continue;
        }
        match (kind(kind_name), entry.id, rest) {
            (Some(_), Some(id), []) if !id.is_empty() => found.objects.push(Former {
                key: ResourceKey::new(*kind_name, *key),
                name: name_of(&entry.state),
                facts: BTreeMap::new(),
                address,
                id,
            }),
            _ => found.others.push(address),
        }
    }
    Ok(found)
}

/// The name in a resource's own fields; kinds have different words for it.
pub(super) fn name_of(fields: &Value) -> Option<String> {
    ["name", "cluster_name", "display_name", "instance_pool_name"]
        .iter()
        .find_map(|field| fields.get(*field)?.as_str())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}

/// The same of an object of that kind, whose API may have a word of its own for it; buckets are called by `bucket` elsewhere.
pub(super) fn name_in(kind: &dyn Kind, fields: &Value) -> Option<String> {
    let own = [kind.rules().name_field, "bucket"];
    let own = own.iter().find_map(|field| fields.get(*field)?.as_str());
    let own = own.filter(|name| !name.is_empty() && !name.contains("${"));
    own.map(str::to_owned).or_else(|| name_of(fields))
}
