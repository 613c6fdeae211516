//! What `mode` of a target changes, and what it forbids.
//!
//! `development` gives every object a name of its user's own and pauses what would start by itself. `production` only
//! forbids. Three rules of the CLI have no object here, since files never go below `workspace.root_path` and one daemon deploys for
//! all: that the path and the prefix of names name the user in development, and that the path is written down in production.

use super::ResourceKey;
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

/// The presets that the mode has by itself; references are not resolved yet.
pub(super) fn usual_presets(config: &Node) -> Option<Node> {
    let mode = config
        .get("mode")
        .filter(|mode| mode.as_text() == Some("development"))?;
    let tags = Map::from([entry(&mode.place, "dev", text(SHORT_NAME))]);
    let presets = Map::from([
        entry(
            &mode.place,
            "name_prefix",
            text(&format!("[dev {SHORT_NAME}] ")),
        ),
        entry(&mode.place, "trigger_pause_status", text("PAUSED")),
        entry(
            &mode.place,
            "jobs_max_concurrent_runs",
            Yaml::Number(4.into()),
        ),
        entry(&mode.place, "pipelines_development", Yaml::Bool(true)),
        entry(&mode.place, "tags", Yaml::Map(tags)),
    ]);
    Some(node(&mode.place, Yaml::Map(presets)))
}

/// `written` with what it leaves out, or leaves empty, as `usual` has it; both are resolved.
pub(super) fn complete(written: Option<Node>, usual: Option<Node>) -> Option<Node> {
    let Some(usual) = usual else { return written };
    let mut presets = written
        .filter(|node| node.as_map().is_some())
        .unwrap_or_else(|| node(&usual.place, Yaml::Map(Map::new())));
    if let (Some(map), Some(usual)) = (presets.as_map_mut(), usual.as_map()) {
        for (key, entry) in usual {
            let Some(own) = map.get_mut(key).filter(|own| !says_nothing(&own.node)) else {
                map.insert(key.clone(), entry.clone());
                continue;
            };
            if let (Some(own), Some(usual)) = (own.node.as_map_mut(), entry.node.as_map()) {
                for (tag, entry) in usual {
                    own.insert_if_absent(tag, || entry.clone());
                }
            }
        }
    }
    Some(presets)
}

fn says_nothing(node: &Node) -> bool {
    match &node.value {
        Yaml::Null => true,
        Yaml::Text(text) => text.is_empty(),
        Yaml::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    }
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

fn entry(place: &Place, key: &str, value: Yaml) -> (String, Entry) {
    let entry = Entry {
        place: place.clone(),
        node: node(place, value),
    };
    (key.to_owned(), entry)
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

/// Says what production forbids of a pipeline that is as it will be.
pub(super) fn check_pipeline(
    mode: Option<&str>,
    key: &ResourceKey,
    pipeline: &Node,
    found: &mut Diagnostics,
) {
    if mode != Some("production") || key.kind != "pipelines" {
        return;
    }
    let Some(node) = pipeline.get("development") else {
        return;
    };
    if matches!(&node.value, Yaml::Bool(true)) || node.as_text() == Some("true") {
        let message = format!("`{key}` is in development, the target in production");
        let hint = "set `development: false`, and no `presets.pipelines_development`";
        found.push(node.place.error(message).hint(hint));
    }
}
