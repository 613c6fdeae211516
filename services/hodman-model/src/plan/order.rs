//! The order of actions: what others refer to first; removals last and the other way round.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::DiGraph;

use super::error::PlanError;
use crate::bundle::ResourceKey;

/// The keys of `needs` such that every key comes after those it needs; the same for the same input.
pub(super) fn in_order(
    needs: &BTreeMap<ResourceKey, BTreeSet<ResourceKey>>,
) -> Result<Vec<ResourceKey>, PlanError> {
    let mut graph = DiGraph::<&ResourceKey, ()>::new();
    // petgraph's order follows the order of insertion; reversed, because its search goes from the last node.
    let nodes: BTreeMap<_, _> = needs
        .keys()
        .rev()
        .map(|key| (key, graph.add_node(key)))
        .collect();
    for (key, needed) in needs.iter().rev() {
        for other in needed.iter().rev() {
            if let (Some(from), Some(to)) = (nodes.get(other), nodes.get(key)) {
                graph.add_edge(*from, *to, ());
            }
        }
    }
    match toposort(&graph, None) {
        Ok(order) => Ok(order.into_iter().map(|node| graph[node].clone()).collect()),
        Err(cycle) => {
            let circle = tarjan_scc(&graph)
                .into_iter()
                .find(|nodes| nodes.contains(&cycle.node_id()));
            let mut keys: Vec<_> = circle
                .into_iter()
                .flatten()
                .map(|node| graph[node].clone())
                .collect();
            keys.sort();
            Err(PlanError::Circle(keys))
        }
    }
}
