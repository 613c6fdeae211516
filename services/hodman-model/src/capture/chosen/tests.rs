//! No field that a capture leaves to the server is dropped in silence.

use super::fields::{OF_CLUSTERS, OF_KINDS};
use crate::kinds::{Captured, KINDS, Kind};

/// What a capture leaves out and nobody is told, and why: kind, field, and its reason.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("jobs", "run_as", "captured beside the fields, or told"),
    ("pipelines", "run_as", "captured beside the fields, or told"),
    (
        "model_serving_endpoints",
        "config.served_entities.*.name",
        "captured where it is not what the server gives",
    ),
    (
        "jobs",
        "clean_rooms_notebook_task.etag",
        "the notebook's version when somebody saved the task, no wish of theirs",
    ),
    (
        "",
        "disk_spec",
        "of clusters of long ago: a bundle has no word for it",
    ),
];

/// Whether a table says of a field what a person's value looks like, or that it is told.
fn is_looked_at(kind: &dyn Kind, at: &str) -> bool {
    let ends = |field: &&[&str]| {
        let field = field.join(".");
        at == field || at.ends_with(&format!(".{field}"))
    };
    let own = OF_KINDS.iter().filter(|(name, _)| *name == kind.name());
    let own = own
        .flat_map(|(_, fields)| fields.iter())
        .any(|field| field.join(".") == at);
    let has_clusters = !kind.rules().policy_fills.is_empty();
    own || has_clusters && OF_CLUSTERS.iter().any(ends)
}

#[test]
fn what_a_capture_leaves_to_the_server_is_looked_at_told_or_excused() {
    let (mut left, mut seen) = (vec![], 0);
    for kind in KINDS
        .iter()
        .filter(|kind| kind.captured() == Captured::Whole)
    {
        for fill in kind
            .rules()
            .server_fills
            .iter()
            .filter(|fill| !fill.captured)
        {
            seen += 1;
            let at = fill.at.to_string();
            let excused = ELSEWHERE.iter().any(|(name, field, _)| {
                (*name == kind.name() || name.is_empty())
                    && (at == *field || at.ends_with(&format!(".{field}")))
            });
            if !excused && !is_looked_at(*kind, &at) {
                left.push(format!("{}: {at}", kind.name()));
            }
        }
    }
    assert!(left.is_empty(), "dropped in silence: {left:#?}");
    assert!(seen > 30, "{seen}");
}
