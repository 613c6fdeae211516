//! What `presets` and `permissions` of a bundle do to each of its resources.

use std::borrow::Cow;

use super::fixups::set_if_absent;
use super::kinds::{BundleKind, COMMON_LEVELS, Prefix, Tags, bundle_kind};
use super::run_as;
use crate::diagnostic::Diagnostics;
use crate::files::node::{Entry, Map, Node, Place, Yaml};

const PRINCIPALS: [&str; 3] = ["user_name", "group_name", "service_principal_name"];

/// The key under `experimental` that keeps `presets.name_prefix` from schemas.
pub(super) const SKIP_SCHEMAS: &str = "skip_name_prefix_for_schema";

/// What the whole bundle says about each of its resources; references already resolved.
pub(super) struct Common {
    /// `presets`.
    pub presets: Option<Node>,
    /// `experimental.skip_name_prefix_for_schema`.
    pub skips_schemas: Option<Node>,
    /// `run_as`.
    pub run_as: Option<Node>,
    /// `permissions`.
    pub permissions: Option<Node>,
}

impl Common {
    /// Says what cannot be applied, whatever the resources are.
    pub fn check(&self, found: &mut Diagnostics) {
        if let Some(status) = self.preset("trigger_pause_status")
            && !matches!(status.as_text(), Some("PAUSED" | "UNPAUSED"))
        {
            found.push(status.place.error("expected `PAUSED` or `UNPAUSED`"));
        }
        if let Some(prefix) = self
            .preset("name_prefix")
            .filter(|prefix| prefix.as_text().is_none())
        {
            found.push(prefix.place.error(format!(
                "`presets.name_prefix` must be a text, found {}",
                prefix.kind()
            )));
        }
        if let Some(tags) = self.preset("tags").filter(|tags| tags.as_map().is_none()) {
            found.push(tags.place.error(format!(
                "`presets.tags` must be a mapping, found {}",
                tags.kind()
            )));
        }
        for key in ["jobs_max_concurrent_runs", "pipelines_development"] {
            let Some(preset) = self.preset(key) else {
                continue;
            };
            let (wanted, is_right) = match key {
                "pipelines_development" => ("true or false", matches!(preset.value, Yaml::Bool(_))),
                _ => ("a number", matches!(preset.value, Yaml::Number(_))),
            };
            if !is_right {
                let message = format!("`presets.{key}` must be {wanted}, found {}", preset.kind());
                found.push(preset.place.error(message));
            }
        }
        if let Some(permissions) = &self.permissions {
            for permission in self.permission_list(permissions, found) {
                super::beside::principal(permission, "permissions", found);
                let level = permission.get("level").unwrap_or(permission);
                if !COMMON_LEVELS
                    .iter()
                    .any(|name| level.as_text() == Some(name))
                {
                    found.push(
                        level
                            .place
                            .error("expected a `level` of `CAN_MANAGE`, `CAN_VIEW` or `CAN_RUN`"),
                    );
                }
            }
        }
        if let Some(run_as) = &self.run_as {
            run_as::check(run_as, found);
        }
    }

    /// Applies everything to one resource, which is defined at `place`. `deployer` is who deploys, or what stands for them.
    pub fn apply(
        &self,
        kind: &BundleKind,
        config: &mut Node,
        place: &Place,
        deployer: &str,
        found: &mut Diagnostics,
    ) {
        let Some(map) = config.as_map_mut() else {
            return;
        };
        self.prefix(map, kind);
        self.tags(map, kind.tags);
        self.pause(map, kind.name);
        match kind.name {
            "jobs" => {
                if let Some(limit) = self.preset("jobs_max_concurrent_runs") {
                    set_if_absent(map, "max_concurrent_runs", limit.clone());
                }
            }
            "pipelines" => {
                if let Some(preset) = self
                    .preset("pipelines_development")
                    .filter(|preset| preset.value == Yaml::Bool(true))
                {
                    // Also over its own: whoever sets it wants none of them in earnest.
                    map.insert(
                        "development".to_owned(),
                        Entry {
                            place: preset.place.clone(),
                            node: preset.clone(),
                        },
                    );
                }
            }
            _ => {}
        }
        run_as::give(self.run_as.as_ref(), map, kind, (place, deployer), found);
        if let Some(levels) = kind.common_levels {
            self.permissions(map, levels);
        }
    }

    fn preset(&self, key: &str) -> Option<&Node> {
        self.presets.as_ref()?.get(key)
    }

    fn prefix(&self, map: &mut Map, kind: &BundleKind) {
        let Some(prefix) = self.preset("name_prefix").and_then(Node::as_text) else {
            return;
        };
        let is_on = |node: &Node| node.value == Yaml::Bool(true) || node.as_text() == Some("true");
        if kind.name == "schemas" && self.skips_schemas.as_ref().is_some_and(is_on) {
            return;
        }
        let Some(Entry { node, .. }) = map.get_mut(kind.name_field) else {
            return;
        };
        let Yaml::Text(name) = &mut node.value else {
            return;
        };
        match kind.prefix {
            Prefix::No => {}
            Prefix::Text => name.insert_str(0, prefix),
            Prefix::LastSegment => {
                let at = name.rfind('/').map_or(0, |slash| slash + 1);
                name.insert_str(at, prefix);
            }
            Prefix::Identifier => name.insert_str(0, &identifier(prefix)),
        }
    }

    /// A resource's own tag of the same name wins.
    fn tags(&self, map: &mut Map, kind: Tags) {
        let Some(tags) = self.preset("tags") else {
            return;
        };
        let Some(common) = tags.as_map().filter(|common| !common.is_empty()) else {
            return;
        };
        let empty = |value| Node {
            place: tags.place.clone(),
            value,
        };
        match kind {
            Tags::No => {}
            Tags::Mapping(field) => {
                set_if_absent(map, field, empty(Yaml::Map(Map::new())));
                if let Some(own) = map.get_mut(field).and_then(|entry| entry.node.as_map_mut()) {
                    for (name, entry) in common {
                        own.insert_if_absent(name, || entry.clone());
                    }
                }
            }
            Tags::Pairs(field) => {
                set_if_absent(map, field, empty(Yaml::List(Vec::new())));
                pairs(map.get_mut(field).map(|entry| &mut entry.node), common);
            }
            Tags::PairsIn(outer, field) => {
                set_if_absent(map, outer, empty(Yaml::Map(Map::new())));
                let inner = map.get_mut(outer).and_then(|entry| entry.node.as_map_mut());
                if let Some(inner) = inner {
                    set_if_absent(inner, field, empty(Yaml::List(Vec::new())));
                    pairs(inner.get_mut(field).map(|entry| &mut entry.node), common);
                }
            }
        }
    }

    fn pause(&self, map: &mut Map, kind: &str) {
        let Some(status) = self.preset("trigger_pause_status") else {
            return;
        };
        // They have nothing to pause: one that runs for ever runs when it is asked to instead.
        if kind == "pipelines"
            && status.as_text() == Some("PAUSED")
            && let Some(entry) = map.get_mut("continuous")
            && !matches!(entry.node.value, Yaml::Null | Yaml::Bool(false))
        {
            entry.node = Node {
                place: status.place.clone(),
                value: Yaml::Bool(false),
            };
        }
        let fields: &[&str] = match kind {
            "jobs" => &["schedule", "trigger", "continuous"],
            "alerts" => &["schedule"],
            _ => &[],
        };
        for field in fields {
            if let Some(inner) = map.get_mut(field).and_then(|entry| entry.node.as_map_mut()) {
                set_if_absent(inner, "pause_status", status.clone());
            }
        }
    }

    fn permission_list<'n>(&self, permissions: &'n Node, found: &mut Diagnostics) -> &'n [Node] {
        permissions.as_list().unwrap_or_else(|| {
            found.push(permissions.place.error(format!(
                "`permissions` must be a list, found {}",
                permissions.kind()
            )));
            &[]
        })
    }

    /// A resource's own permission for the same principal wins.
    fn permissions(&self, map: &mut Map, levels: [&'static str; 3]) {
        let Some(permissions) = self
            .permissions
            .as_ref()
            .filter(|all| all.as_list().is_some_and(|all| !all.is_empty()))
        else {
            return;
        };
        let said = map.contains_key("permissions");
        map.insert_if_absent("permissions", || Entry {
            place: permissions.place.clone(),
            node: Node {
                place: permissions.place.clone(),
                value: Yaml::List(Vec::new()),
            },
        });
        let own = map.get_mut("permissions").map(|own| &mut own.node.value);
        let Some(Yaml::List(own)) = own else {
            return;
        };
        for permission in permissions.as_list().unwrap_or_default() {
            if own
                .iter()
                .any(|own| principal(own).is_some() && principal(own) == principal(permission))
            {
                continue;
            }
            let mut permission = permission.clone();
            let Some(level) = permission.as_map_mut().and_then(|map| map.get_mut("level")) else {
                continue;
            };
            let index = COMMON_LEVELS
                .iter()
                .position(|name| level.node.as_text() == Some(name));
            // An empty one: the kind has nothing like it.
            if let Some(own_level) = index
                .map(|index| levels[index])
                .filter(|level| !level.is_empty())
            {
                level.node.value = Yaml::Text(own_level.to_owned());
                own.push(permission);
            }
        }
        // Nothing for its kind: an empty list would say that nobody may do anything with it.
        if !said && own.is_empty() {
            map.remove("permissions");
        }
    }
}

/// The name of an object of that kind without what `presets.name_prefix` put before it; none where it put nothing there.
pub(crate) fn without_prefix(kind: &str, name: &str, prefix: &str) -> Option<String> {
    let of_kind = bundle_kind(kind)?.prefix;
    let slash = name.rfind('/').filter(|_| of_kind == Prefix::LastSegment);
    let (folder, last) = name.split_at(slash.map_or(0, |slash| slash + 1));
    let start = match of_kind {
        Prefix::No => return None,
        Prefix::Text | Prefix::LastSegment => Cow::Borrowed(prefix),
        Prefix::Identifier => Cow::Owned(identifier(prefix)),
    };
    let rest = last
        .strip_prefix(&*start)
        .filter(|rest| !rest.is_empty() && !start.is_empty())?;
    Some(format!("{folder}{rest}"))
}

/// Adds tags to a list of `{key, value}`.
fn pairs(list: Option<&mut Node>, common: &Map) {
    let Some(Node {
        value: Yaml::List(own),
        ..
    }) = list
    else {
        return;
    };
    for (name, entry) in common {
        let named = |tag: &Node| tag.get("key").and_then(Node::as_text) == Some(name);
        if own.iter().any(named) {
            continue;
        }
        let part = |value: Node| Entry {
            place: entry.place.clone(),
            node: value,
        };
        let key = Node {
            place: entry.place.clone(),
            value: Yaml::Text(name.clone()),
        };
        let tag = Map::from([
            ("key".to_owned(), part(key)),
            ("value".to_owned(), part(entry.node.clone())),
        ]);
        own.push(Node {
            place: entry.place.clone(),
            value: Yaml::Map(tag),
        });
    }
}

/// A prefix as an identifier can begin: `[dev ada] ` becomes `dev_ada_`. Nothing but the bracket stands for a line between
/// prefix and name: `qa-` becomes `qa`. Placeholders stay.
fn identifier(prefix: &str) -> String {
    let prefix = prefix.trim_matches(' ');
    let mut out = String::new();
    let mut rest = prefix;
    while let Some(next) = rest.chars().next() {
        if let Some(end) = rest.starts_with("${").then(|| rest.find('}')).flatten() {
            out.push_str(&rest[..=end]);
            rest = &rest[end + 1..];
            continue;
        }
        if next.is_alphanumeric() {
            out.extend(next.to_lowercase());
        } else if next != '[' && !out.ends_with('_') {
            out.push('_');
        }
        rest = &rest[next.len_utf8()..];
    }
    let end = if prefix.ends_with(']') { "_" } else { "" };
    format!("{}{end}", out.trim_matches('_'))
}

fn principal(permission: &Node) -> Option<(&'static str, &str)> {
    PRINCIPALS
        .into_iter()
        .find_map(|key| Some((key, permission.get(key)?.as_text()?)))
}
