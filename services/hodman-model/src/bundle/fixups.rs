//! What the Databricks CLI makes of some resources before it sends them: old forms, defaults, what a pool decides.

use super::kinds::{BundleKind, Standing};
use super::{ResourceKey, fields};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::files::node::{Entry, Map, Node, Place, Yaml};

/// How long a cluster may stand idle when the bundle does not say it, in minutes.
const IDLE_MINUTES: u64 = 60;

/// What a pool decides; a cluster that is of a pool and says it, too, is refused.
const OF_POOL: [&str; 3] = ["node_type_id", "driver_node_type_id", "enable_elastic_disk"];

/// Names that bundles have and the SCIM API writes otherwise, by kind.
pub(super) const OTHER_NAMES: &[(&str, &[(&str, &str)])] = &[
    (
        "groups",
        &[
            ("display_name", "displayName"),
            ("external_id", "externalId"),
        ],
    ),
    (
        "service_principals",
        &[
            ("display_name", "displayName"),
            ("external_id", "externalId"),
            ("application_id", "applicationId"),
        ],
    ),
];

/// Completes a resource whose references to other resources still stand; `place` is where it is defined.
pub(super) fn complete(kind: &BundleKind, node: &mut Node, place: &Place, found: &mut Diagnostics) {
    in_words_of_bundles(kind.name, node);
    match kind.name {
        "clusters" => {
            if let Some(cluster) = node.as_map_mut() {
                of_pool(cluster, found);
                let minutes = Node {
                    place: place.clone(),
                    value: Yaml::Number(IDLE_MINUTES.into()),
                };
                set_if_absent(cluster, "autotermination_minutes", minutes);
            }
        }
        "jobs" => {
            for list in ["tasks", "job_clusters"] {
                for item in items(node, list) {
                    if let Some(cluster) = inside(item, "new_cluster").and_then(Node::as_map_mut) {
                        of_pool(cluster, found);
                        // The CLI leaves those of single tasks as they are, and Databricks refuses them.
                        if list == "job_clusters" {
                            of_no_workers(cluster, place);
                        }
                    }
                }
            }
        }
        "model_serving_endpoints" => served_models(node, found),
        _ => {}
    }
}

/// Takes out texts that say nothing, which the API would not give back: `policy_id: ""`.
pub(super) fn drop_nothing(kind: &BundleKind, map: &mut Map) {
    if kind.standing == Standing::Usual {
        fields::drop_empty_texts(kind.schema, map);
    }
}

/// Gives fields the names that the API has for them.
pub(super) fn in_words_of_the_api(key: &ResourceKey, node: &mut Node) {
    rename(&key.kind, node, |(bundle, api)| (*bundle, *api));
}

/// The names of the API are taken, too: what was captured has them.
pub(super) fn in_words_of_bundles(kind: &str, node: &mut Node) {
    rename(kind, node, |(bundle, api)| (*api, *bundle));
}

fn rename(
    kind: &str,
    node: &mut Node,
    from_to: impl Fn(&'static (&'static str, &'static str)) -> (&'static str, &'static str),
) {
    let names = OTHER_NAMES.iter().find(|(of, _)| *of == kind);
    let (Some((_, names)), Some(map)) = (names, node.as_map_mut()) else {
        return;
    };
    for (from, to) in names.iter().map(from_to) {
        if !map.contains_key(to)
            && let Some(entry) = map.remove(from)
        {
            map.insert(to.to_owned(), entry);
        }
    }
}

fn of_pool(cluster: &mut Map, found: &mut Diagnostics) {
    let is_said = |entry: &Entry| !matches!(&entry.node.value, Yaml::Null | Yaml::Bool(false));
    let pool = cluster
        .get("instance_pool_id")
        .and_then(|entry| entry.node.as_text());
    if pool.is_none_or(str::is_empty) {
        return;
    }
    let mut dropped: Vec<(String, Place)> = Vec::new();
    for field in OF_POOL {
        if let Some(entry) = cluster.remove(field).filter(is_said) {
            dropped.push((field.to_owned(), entry.place));
        }
    }
    if let Some(attributes) = cluster
        .get_mut("aws_attributes")
        .and_then(|entry| entry.node.as_map_mut())
    {
        let others: Vec<String> = attributes
            .keys()
            .filter(|field| *field != "instance_profile_arn")
            .cloned()
            .collect();
        for field in others {
            if let Some(entry) = attributes.remove(&field).filter(is_said) {
                dropped.push((format!("aws_attributes.{field}"), entry.place));
            }
        }
    }
    for (field, place) in dropped {
        let message = format!("`{field}` is not sent: `instance_pool_id` decides it");
        found.push(warning(&place, message).hint("leave out one of them"));
    }
}

/// A cluster that does not say how large it is has no workers; a pool or a policy changes nothing of that. Only of a policy that the
/// bundle makes itself, which the CLI knows nothing of, it may be that it says the size.
fn of_no_workers(cluster: &mut Map, place: &Place) {
    let text = |field: &str| cluster.get(field).and_then(|entry| entry.node.as_text());
    let own_policy =
        text("policy_id").is_some_and(|policy| policy.starts_with("${resources.cluster_policies."));
    let autoscale = cluster.get("autoscale");
    if own_policy || autoscale.is_some_and(|entry| entry.node.value != Yaml::Null) {
        return;
    }
    let none = Node {
        place: place.clone(),
        value: Yaml::Number(0.into()),
    };
    set_if_absent(cluster, "num_workers", none);
}

/// `served_models` is the old form of `served_entities`, which is what the API gives back.
fn served_models(endpoint: &mut Node, found: &mut Diagnostics) {
    let Some(config) = inside(endpoint, "config").and_then(Node::as_map_mut) else {
        return;
    };
    let is_some = |config: &Map, field: &str| {
        let list = config.get(field).and_then(|entry| entry.node.as_list());
        list.is_some_and(|list| !list.is_empty())
    };
    if !is_some(config, "served_models") {
        return;
    }
    let Some(Entry { mut node, place }) = config.remove("served_models") else {
        return;
    };
    if is_some(config, "served_entities") {
        found.push(
            place
                .error("`served_models` and `served_entities` both say what is served")
                .hint("keep `served_entities`"),
        );
        return;
    }
    if let Yaml::List(models) = &mut node.value {
        for model in models.iter_mut().filter_map(Node::as_map_mut) {
            for (old, new) in [
                ("model_name", "entity_name"),
                ("model_version", "entity_version"),
            ] {
                if let Some(entry) = model.remove(old) {
                    model.insert(new.to_owned(), entry);
                }
            }
        }
    }
    found.push(
        warning(&place, "`served_models` is the old form".to_owned())
            .hint("write `served_entities`, with `entity_name` and `entity_version` in each"),
    );
    config.insert("served_entities".to_owned(), Entry { node, place });
}

fn warning(place: &Place, message: String) -> Diagnostic {
    let mut warning = place.error(message);
    warning.severity = Severity::Warning;
    warning
}

fn inside<'n>(node: &'n mut Node, field: &str) -> Option<&'n mut Node> {
    Some(&mut node.as_map_mut()?.get_mut(field)?.node)
}

fn items<'n>(node: &'n mut Node, list: &str) -> impl Iterator<Item = &'n mut Node> {
    match inside(node, list).map(|node| &mut node.value) {
        Some(Yaml::List(items)) => items.iter_mut(),
        _ => [].iter_mut(),
    }
}

/// Sets a field that the bundle does not say; the place is that of the node.
pub(super) fn set_if_absent(map: &mut Map, key: &str, node: Node) {
    let is_absent = map
        .get(key)
        .is_none_or(|entry| entry.node.value == Yaml::Null);
    if is_absent {
        let place = node.place.clone();
        map.insert(key.to_owned(), Entry { place, node });
    }
}
