//! `cluster_id` of a target: every task that names where it runs is run on that cluster instead, while people develop.

use crate::diagnostic::{Diagnostics, Severity};
use crate::files::node::{Entry, Node, Yaml};

/// Where a task runs, in its own words.
const OWN: [&str; 4] = [
    "existing_cluster_id",
    "new_cluster",
    "job_cluster_key",
    "environment_key",
];

/// The cluster, taken out of a bundle that is laid together for its target: it may be one of the bundle's resources, which
/// nothing else under `bundle` can refer to.
pub(super) fn taken(config: &mut Node) -> Option<Node> {
    let bundle = config.as_map_mut()?.get_mut("bundle")?.node.as_map_mut()?;
    let old = bundle.remove("compute_id");
    let entry = bundle.remove("cluster_id").or(old)?;
    let is_said = entry.node.value != Yaml::Null && entry.node.as_text() != Some("");
    is_said.then_some(entry.node)
}

/// Says what will be regretted.
pub(super) fn check(cluster: &Node, mode: Option<&str>, found: &mut Diagnostics) {
    if mode == Some("production") {
        let message = "`cluster_id` puts every task on one cluster, with `mode: production`";
        let mut unwise = cluster.place.error(message);
        unwise.severity = Severity::Warning;
        found.push(unwise.hint("leave it to targets in which people develop"));
    }
}

/// Puts all tasks of a job on the cluster.
pub(super) fn put_on(cluster: &Node, job: &mut Node) {
    let tasks = job.as_map_mut().and_then(|map| map.get_mut("tasks"));
    let Some(Yaml::List(tasks)) = tasks.map(|entry| &mut entry.node.value) else {
        return;
    };
    for task in tasks {
        let Some(mut map) = task.as_map_mut() else {
            continue;
        };
        if map.contains_key("for_each_task") {
            let inner = map
                .get_mut("for_each_task")
                .and_then(|entry| entry.node.as_map_mut()?.get_mut("task"))
                .and_then(|entry| entry.node.as_map_mut());
            match inner {
                Some(inner) => map = inner,
                None => continue,
            }
        }
        let said: Vec<Entry> = OWN.iter().filter_map(|field| map.remove(field)).collect();
        if !said.is_empty() {
            let entry = Entry {
                place: cluster.place.clone(),
                node: cluster.clone(),
            };
            map.insert(OWN[0].to_owned(), entry);
        }
    }
}
