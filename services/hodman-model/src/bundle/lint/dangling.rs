//! Keys in a job that lead to nothing in the same job.

use std::collections::BTreeSet;

use super::warning;
use crate::bundle::resolve::Inside;
use crate::diagnostic::{Diagnostic, Severity, did_you_mean};
use crate::files::node::Node;

/// One error for each; the API would refuse the job.
pub(super) fn check(inside: &Inside) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (key, (_, job)) in &inside.resources {
        if key.kind == "jobs" {
            of_job(job, &mut found);
        }
    }
    found
}

fn items<'n>(node: &'n Node, list: &str) -> &'n [Node] {
    node.get(list).and_then(Node::as_list).unwrap_or_default()
}

fn names<'n>(job: &'n Node, list: &str, key: &str) -> BTreeSet<&'n str> {
    items(job, list)
        .iter()
        .filter_map(|item| item.get(key)?.as_text())
        .collect()
}

fn of_job(job: &Node, found: &mut Vec<Diagnostic>) {
    let tasks = names(job, "tasks", "task_key");
    let clusters = names(job, "job_clusters", "job_cluster_key");
    let environments = names(job, "environments", "environment_key");
    for task in items(job, "tasks") {
        for needed in items(task, "depends_on") {
            expect(needed.get("task_key"), &tasks, "task", found);
        }
        let inner = task.get("for_each_task").and_then(|each| each.get("task"));
        for task in std::iter::once(task).chain(inner) {
            expect(task.get("job_cluster_key"), &clusters, "job cluster", found);
            expect(
                task.get("environment_key"),
                &environments,
                "environment",
                found,
            );
        }
    }
}

fn expect(node: Option<&Node>, known: &BTreeSet<&str>, what: &str, found: &mut Vec<Diagnostic>) {
    let Some(node) = node else { return };
    let Some(name) = node.as_text().filter(|name| !known.contains(name)) else {
        return;
    };
    let mut dangling = warning(&node.place, format!("this job has no {what} `{name}`"));
    dangling.severity = Severity::Error;
    dangling.hint = did_you_mean(name, known.iter().copied());
    found.push(dangling);
}
