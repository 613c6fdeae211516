//! Names of schemas and catalogs of the same bundle, written as they are: each becomes a reference before presets change the
//! name, so that it follows, and is made first. As the Databricks CLI does it, in the same fields.

use std::collections::BTreeMap;

use super::ResourceKey;
use crate::files::node::{Map, Node, Yaml};

/// Where a kind names a catalog and schemas in it: the mappings on the way, the field of the catalog, those of schemas.
const PLACES: &[(&str, &[&str], &str, &[&str])] = &[
    ("volumes", &[], "catalog_name", &["schema_name"]),
    ("registered_models", &[], "catalog_name", &["schema_name"]),
    ("pipelines", &[], "catalog", &["schema", "target"]),
    (
        "model_serving_endpoints",
        &["ai_gateway", "inference_table_config"],
        "catalog_name",
        &["schema_name"],
    ),
    (
        "model_serving_endpoints",
        &["config", "auto_capture_config"],
        "catalog_name",
        &["schema_name"],
    ),
    ("schemas", &[], "catalog_name", &[]),
];

/// Puts references in place of the names in all of `resources`.
pub(super) fn refer(resources: &mut BTreeMap<ResourceKey, Node>) {
    let mut catalogs: BTreeMap<String, String> = BTreeMap::new();
    let mut schemas: BTreeMap<(String, String), String> = BTreeMap::new();
    for (key, node) in &*resources {
        let said = |field: &str| Some(node.get(field)?.as_text()?.to_owned());
        let Some(name) = said("name").filter(|name| !name.is_empty()) else {
            continue;
        };
        let reference = format!("${{resources.{key}.name}}");
        match key.kind.as_str() {
            "catalogs" => drop(catalogs.entry(name).or_insert(reference)),
            "schemas" => {
                if let Some(catalog) = said("catalog_name") {
                    schemas.entry((catalog, name)).or_insert(reference);
                }
            }
            _ => {}
        }
    }
    if catalogs.is_empty() && schemas.is_empty() {
        return;
    }
    for (key, node) in resources {
        for (kind, way, catalog, in_it) in PLACES {
            if key.kind == *kind
                && let Some(map) = inside(node, way)
            {
                put(map, catalog, in_it, &catalogs, &schemas);
            }
        }
    }
}

fn put(
    map: &mut Map,
    catalog: &str,
    in_it: &[&str],
    catalogs: &BTreeMap<String, String>,
    schemas: &BTreeMap<(String, String), String>,
) {
    let Some(named) = text(map, catalog).cloned() else {
        return;
    };
    for field in in_it {
        if let Some(name) = text(map, field)
            && let Some(reference) = schemas.get(&(named.clone(), name.clone()))
        {
            name.clone_from(reference);
        }
    }
    if let (Some(reference), Some(name)) = (catalogs.get(&named), text(map, catalog)) {
        name.clone_from(reference);
    }
}

fn text<'m>(map: &'m mut Map, field: &str) -> Option<&'m mut String> {
    match &mut map.get_mut(field)?.node.value {
        Yaml::Text(text) => Some(text),
        _ => None,
    }
}

fn inside<'n>(node: &'n mut Node, way: &[&str]) -> Option<&'n mut Map> {
    way.iter().try_fold(node.as_map_mut()?, |map, key| {
        map.get_mut(key)?.node.as_map_mut()
    })
}
