//! Resources that name others by what the bundle says of them, such as `schema_name: ${resources.schemas.sales.name}`: the
//! workspace answers the name alone, which is the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::repo;
use crate::bundle::ResourceKey;
use crate::files::Tree;
use crate::kinds::{KINDS, kind};

/// How a reference to a resource begins.
const START: &str = "${resources.";
/// What the id of an object of Unity Catalog is made of.
const NAMES: &[&str] = &["catalog_name", "schema_name", "name"];

/// The fields of resources that some file of the bundle refers to and that the bundle says, as `target` has it, by what
/// stands in the reference: `resources.schemas.sales.name`.
pub(super) fn fields_of_resources(tree: &Tree, target: &str) -> BTreeMap<String, Value> {
    let asked = asked(tree);
    if asked.is_empty() {
        return BTreeMap::new();
    }
    let Ok(repo) = repo::read(tree, target) else {
        return BTreeMap::new();
    };
    let said = |key: &ResourceKey, field: &str| {
        let over = repo.overrides_of(key, target);
        let over = over.rev().find_map(|over| over.raw.get(field));
        let value = over.or_else(|| repo.resources.get(key)?.raw.get(field))?;
        (value.is_string() || value.is_number()).then(|| value.clone())
    };
    let mut found = BTreeMap::new();
    for (key, field) in asked {
        let Some(known) = kind(&key.kind) else {
            continue;
        };
        let by_name = known.securable().is_some();
        let value = match field.as_str() {
            // Where a form has a reference to it, any of its names is one.
            "id" | "name" | "full_name" if by_name && is_referred_to(&key.kind) => {
                (field != "id").then(|| Value::String(format!("${{resources.{key}.id}}")))
            }
            "id" | "full_name" if by_name => {
                let parts = NAMES.iter().filter_map(|part| said(&key, part));
                let parts: Vec<String> = parts
                    .filter_map(|part| part.as_str().map(str::to_owned))
                    .collect();
                (!parts.is_empty()).then(|| Value::String(parts.join(".")))
            }
            "id" => None,
            field => said(&key, field),
        };
        found.extend(value.map(|value| (format!("resources.{key}.{field}"), value)));
    }
    found
}

/// Whether some kind has a field with the ids of objects of that kind.
fn is_referred_to(name: &str) -> bool {
    KINDS.iter().any(|kind| {
        kind.rules()
            .references
            .iter()
            .any(|reference| reference.kind == name)
    })
}

/// The resources and fields that YAML files refer to, but for ids of what only a workspace gives one.
fn asked(tree: &Tree) -> BTreeSet<(ResourceKey, String)> {
    let is_yaml = |path: &str| path.ends_with(".yml") || path.ends_with(".yaml");
    let files = tree.iter().filter(|(path, _)| is_yaml(path));
    let texts = files.filter_map(|(_, file)| std::str::from_utf8(&file.bytes).ok());
    texts
        .flat_map(|text| text.split(START).skip(1))
        .filter_map(|rest| {
            let mut parts = rest.split(['}', '\n']).next()?.split('.');
            let key = ResourceKey::new(parts.next()?, parts.next()?);
            let field = parts.next()?.to_owned();
            let has_own_id = kind(&key.kind).is_none_or(|kind| kind.securable().is_none());
            (parts.next().is_none() && !(field == "id" && has_own_id)).then_some((key, field))
        })
        .collect()
}
