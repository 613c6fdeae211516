//! What `presets`, `run_as` and `permissions` of a bundle do to its jobs and clusters.

use crate::diagnostic::Diagnostics;
use crate::files::node::{Entry, Map, Node, Yaml};

/// A bundle-wide permission level and what it is called for jobs and for clusters.
const LEVELS: [(&str, &str, &str); 3] = [
    ("CAN_MANAGE", "CAN_MANAGE", "CAN_MANAGE"),
    ("CAN_VIEW", "CAN_VIEW", "CAN_ATTACH_TO"),
    ("CAN_RUN", "CAN_MANAGE_RUN", "CAN_RESTART"),
];

const PRINCIPALS: [&str; 3] = ["user_name", "group_name", "service_principal_name"];

/// What the whole bundle says about each of its resources; references already resolved.
pub(super) struct Common {
    /// `presets`.
    pub presets: Option<Node>,
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
        if let Some(permissions) = &self.permissions {
            for permission in self.permission_list(permissions, found) {
                let level = permission.get("level").unwrap_or(permission);
                if !LEVELS
                    .iter()
                    .any(|(name, ..)| level.as_text() == Some(name))
                {
                    found.push(
                        level
                            .place
                            .error("expected a `level` of `CAN_MANAGE`, `CAN_VIEW` or `CAN_RUN`"),
                    );
                }
            }
        }
    }

    /// Applies everything to one resource.
    pub fn apply(&self, kind: &str, config: &mut Node) {
        let Some(map) = config.as_map_mut() else {
            return;
        };
        match kind {
            "jobs" => {
                self.prefix(map, "name");
                self.tags(map, "tags");
                self.pause(map);
                if let Some(limit) = self.preset("jobs_max_concurrent_runs") {
                    set_if_absent(map, "max_concurrent_runs", limit);
                }
                if let Some(run_as) = &self.run_as {
                    set_if_absent(map, "run_as", run_as);
                }
                self.permissions(map, |(_, job, _)| job);
            }
            "clusters" => {
                self.prefix(map, "cluster_name");
                self.tags(map, "custom_tags");
                self.permissions(map, |(.., cluster)| cluster);
            }
            // Other kinds are refused when a plan is made.
            _ => {}
        }
    }

    fn preset(&self, key: &str) -> Option<&Node> {
        self.presets.as_ref()?.get(key)
    }

    fn prefix(&self, map: &mut Map, field: &str) {
        let Some(prefix) = self.preset("name_prefix").and_then(Node::as_text) else {
            return;
        };
        if let Some(Entry {
            node: Node {
                value: Yaml::Text(name),
                ..
            },
            ..
        }) = map.get_mut(field)
        {
            name.insert_str(0, prefix);
        }
    }

    /// A resource's own tag of the same name wins.
    fn tags(&self, map: &mut Map, field: &str) {
        let Some(tags) = self.preset("tags") else {
            return;
        };
        let Some(common) = tags.as_map().filter(|common| !common.is_empty()) else {
            return;
        };
        set_if_absent(
            map,
            field,
            &Node {
                place: tags.place.clone(),
                value: Yaml::Map(Map::new()),
            },
        );
        let Some(own) = map.get_mut(field).and_then(|entry| entry.node.as_map_mut()) else {
            return;
        };
        for (name, entry) in common {
            own.entry(name.clone()).or_insert_with(|| entry.clone());
        }
    }

    fn pause(&self, map: &mut Map) {
        let Some(status) = self.preset("trigger_pause_status") else {
            return;
        };
        for field in ["schedule", "trigger", "continuous"] {
            if let Some(inner) = map.get_mut(field).and_then(|entry| entry.node.as_map_mut()) {
                set_if_absent(inner, "pause_status", status);
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
    fn permissions(
        &self,
        map: &mut Map,
        level_of: fn((&'static str, &'static str, &'static str)) -> &'static str,
    ) {
        let Some(permissions) = self
            .permissions
            .as_ref()
            .filter(|all| all.as_list().is_some_and(|all| !all.is_empty()))
        else {
            return;
        };
        let own = map
            .entry("permissions".to_owned())
            .or_insert_with(|| Entry {
                place: permissions.place.clone(),
                node: Node {
                    place: permissions.place.clone(),
                    value: Yaml::List(Vec::new()),
                },
            });
        let Yaml::List(own) = &mut own.node.value else {
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
            if let Some(level) = permission.as_map_mut().and_then(|map| map.get_mut("level"))
                && let Some(row) = LEVELS
                    .into_iter()
                    .find(|row| level.node.as_text() == Some(row.0))
            {
                level.node.value = Yaml::Text(level_of(row).to_owned());
            }
            own.push(permission);
        }
    }
}

fn principal(permission: &Node) -> Option<(&'static str, &str)> {
    PRINCIPALS
        .into_iter()
        .find_map(|key| Some((key, permission.get(key)?.as_text()?)))
}

fn set_if_absent(map: &mut Map, key: &str, node: &Node) {
    if map
        .get(key)
        .is_none_or(|entry| entry.node.value == Yaml::Null)
    {
        map.insert(
            key.to_owned(),
            Entry {
                place: node.place.clone(),
                node: node.clone(),
            },
        );
    }
}
