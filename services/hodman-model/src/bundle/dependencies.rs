//! Which resources need the ids of which others.

use std::collections::BTreeMap;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{Resource, ResourceKey};
use crate::diagnostic::Diagnostic;
use crate::files::node::Place;

/// One finding for each circle of resources that need each other's ids: none of them could be made first.
pub(super) fn circles(
    resources: &BTreeMap<ResourceKey, Resource>,
    places: &BTreeMap<ResourceKey, Place>,
) -> Vec<Diagnostic> {
    let mut graph = DiGraph::<&ResourceKey, ()>::new();
    let nodes: BTreeMap<&ResourceKey, NodeIndex> = resources
        .keys()
        .map(|key| (key, graph.add_node(key)))
        .collect();
    for (key, resource) in resources {
        for needed in resource.needs.iter().filter_map(|needed| nodes.get(needed)) {
            graph.add_edge(nodes[key], *needed, ());
        }
    }
    let mut found = Vec::new();
    for component in tarjan_scc(&graph) {
        let alone = component.len() == 1
            && component
                .iter()
                .all(|node| graph.find_edge(*node, *node).is_none());
        let mut circle: Vec<&ResourceKey> = component.into_iter().map(|node| graph[node]).collect();
        circle.sort();
        let first = circle.first().filter(|_| !alone);
        let Some(place) = first.and_then(|first| places.get(*first)) else {
            continue;
        };
        let names: Vec<String> = circle.iter().map(ToString::to_string).collect();
        let message = format!(
            "resources need each other in a circle: {}",
            names.join(", ")
        );
        found.push(
            place
                .error(message)
                .hint("none of them could be made first"),
        );
    }
    found
}
