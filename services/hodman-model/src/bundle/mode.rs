//! What `mode` of a target changes, and what it forbids.
//!
//! `development` gives every object a name of its user's own and pauses what would start by itself. `production` only
//! forbids. Two rules of the CLI have no object here, since files never go below `workspace.root_path`: that the path names
//! the user in development, and that it is written down in production.

use crate::diagnostic::Diagnostics;
use crate::files::node::{Entry, Map, Node, Place, Yaml};

const SHORT_NAME: &str = "${workspace.current_user.short_name}";

/// `development` or `production`, or a finding.
pub(super) fn read(config: &Node, found: &mut Diagnostics) -> Option<String> {
    let node = config.get("mode").filter(|node| node.value != Yaml::Null)?;
    match node.as_text() {
        Some(mode @ ("development" | "production")) => Some(mode.to_owned()),
        _ => {
            found.push(node.place.error("expected `development` or `production`"));
            None
        }
    }
}

/// `presets` as the mode completes them; references are not resolved yet.
pub(super) fn presets(config: &Node) -> Option<Node> {
    let written = config.get("presets");
    let mode = config
        .get("mode")
        .filter(|mode| mode.as_text() == Some("development"));
    let Some(Node { place, .. }) = mode else {
        return written.cloned();
    };
    let mut presets = written
        .filter(|node| node.as_map().is_some())
        .cloned()
        .unwrap_or_else(|| node(place, Yaml::Map(Map::new())));
    if let Some(map) = presets.as_map_mut() {
        absent(
            map,
            place,
            "name_prefix",
            text(&format!("[dev {SHORT_NAME}] ")),
        );
        absent(map, place, "trigger_pause_status", text("PAUSED"));
        absent(
            map,
            place,
            "jobs_max_concurrent_runs",
            Yaml::Number(4.into()),
        );
        absent(map, place, "pipelines_development", Yaml::Bool(true));
        absent(map, place, "tags", Yaml::Map(Map::new()));
        if let Some(tags) = map
            .get_mut("tags")
            .and_then(|entry| entry.node.as_map_mut())
        {
            absent(tags, place, "dev", text(SHORT_NAME));
        }
    }
    Some(presets)
}

fn text(text: &str) -> Yaml {
    Yaml::Text(text.to_owned())
}

fn node(place: &Place, value: Yaml) -> Node {
    Node {
        place: place.clone(),
        value,
    }
}

fn absent(map: &mut Map, place: &Place, key: &str, value: Yaml) {
    map.insert_if_absent(key, || Entry {
        place: place.clone(),
        node: node(place, value),
    });
}

/// Says what development forbids of presets.
pub(super) fn check_presets(mode: Option<&str>, presets: Option<&Node>, found: &mut Diagnostics) {
    let preset = |key: &str| presets.and_then(|presets| presets.get(key));
    if mode == Some("development")
        && let Some(status) =
            preset("trigger_pause_status").filter(|status| status.as_text() == Some("UNPAUSED"))
    {
        found.push(
            status
                .place
                .error("with `mode: development` what starts by itself is paused")
                .hint("unpause it where the job says so, or take another mode"),
        );
    }
}

/// Says what production forbids of pipelines.
pub(super) fn check_pipelines(mode: Option<&str>, config: &Node, found: &mut Diagnostics) {
    if mode != Some("production") {
        return;
    }
    let pipelines = config
        .get("resources")
        .and_then(|kinds| kinds.get("pipelines"))
        .and_then(Node::as_map);
    for (key, pipeline) in pipelines.into_iter().flatten() {
        if let Some(node) = pipeline
            .node
            .get("development")
            .filter(|node| node.value == Yaml::Bool(true))
        {
            found.push(
                node.place
                    .error(format!(
                        "`pipelines.{key}` is in development, the target in production"
                    ))
                    .hint("set `development: false`"),
            );
        }
    }
}
