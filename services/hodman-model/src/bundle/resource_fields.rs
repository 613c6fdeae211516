//! `${resources.<kind>.<key>.<field>}` where the bundle itself says the field: put in place after presets, so that a
//! reference to a name gives the name as it will be. What only the workspace knows stays as it is written.

use std::collections::{BTreeMap, BTreeSet};

use super::ResourceKey;
use super::fields::{field_names, has_field};
use super::kinds::{Standing, bundle_kind};
use super::outputs;
use super::reference::{Reference, Step, references};
use crate::diagnostic::{Diagnostics, Severity};
use crate::files::node::{Entry, Map, Node, Place, Yaml};
use crate::number;

/// A field that no volume is told, and that its names say.
pub(super) const VOLUME_PATH: &str = "volume_path";

/// As far down as references to fields may lead to each other.
const DEEPEST: usize = 64;

/// More than any bundle needs; what else a hostile one could fill the memory with.
const MOST_UNFOLDED: usize = 16 << 20;

/// Puts values in place of references in all of `resources`; says of each which others it refers to.
pub(super) fn settle(
    resources: &mut BTreeMap<ResourceKey, Node>,
    found: &mut Diagnostics,
) -> BTreeMap<ResourceKey, BTreeSet<ResourceKey>> {
    let asks: Vec<ResourceKey> = resources
        .iter()
        .filter(|(_, node)| mentions(node))
        .map(|(key, _)| key.clone())
        .collect();
    let mut all_needs = BTreeMap::new();
    let mut settled = Vec::new();
    let mut unfolded = 0;
    for key in asks {
        let mut settler = Settler {
            resources,
            of: &key,
            needs: BTreeSet::new(),
            open: Vec::new(),
            unfolded,
            found,
        };
        let node = settler.node(&resources[&key]);
        unfolded = settler.unfolded;
        let needs = settler.needs;
        settled.push((key.clone(), node));
        all_needs.insert(key, needs);
    }
    resources.extend(settled);
    all_needs
}

/// Where the files of volumes are, as far as `settled` says it.
pub(super) fn volume_paths(settled: &BTreeMap<ResourceKey, Node>) -> BTreeMap<ResourceKey, String> {
    let volumes = settled.iter().filter(|(key, _)| key.kind == "volumes");
    volumes
        .filter_map(|(key, node)| Some((key.clone(), volume_path(node)?.as_text()?.to_owned())))
        .collect()
}

/// Puts the paths of volumes in place of references to them, and leaves every other reference as it is written.
pub(super) fn with_volume_paths(node: &mut Node, paths: &BTreeMap<ResourceKey, String>) {
    match &mut node.value {
        Yaml::Text(text) if text.contains(VOLUME_PATH) => {
            for reference in references(text).into_iter().rev() {
                let path = match (reference.path.len(), reference.key(1), reference.key(2)) {
                    (4, Some("volumes"), Some(name)) if is_volume_path(&reference) => {
                        paths.get(&ResourceKey::new("volumes", name))
                    }
                    _ => None,
                };
                if let Some(path) = path {
                    text.replace_range(reference.range, path);
                }
            }
        }
        Yaml::List(items) => {
            for item in items {
                with_volume_paths(item, paths);
            }
        }
        Yaml::Map(map) => {
            for entry in map.values_mut() {
                with_volume_paths(&mut entry.node, paths);
            }
        }
        Yaml::Text(_) | Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) => {}
    }
}

fn is_volume_path(reference: &Reference) -> bool {
    reference.key(0) == Some("resources") && reference.key(3) == Some(VOLUME_PATH)
}

/// Where the files of a volume are: its names alone say it.
fn volume_path(volume: &Node) -> Option<Node> {
    let mut path = "/Volumes".to_owned();
    for field in ["catalog_name", "schema_name", "name"] {
        path.push('/');
        path.push_str(volume.get(field)?.as_text()?);
    }
    Some(Node {
        place: volume.place.clone(),
        value: Yaml::Text(path),
    })
}

fn mentions(node: &Node) -> bool {
    match &node.value {
        Yaml::Text(text) => text.contains("${resources."),
        Yaml::List(items) => items.iter().any(mentions),
        Yaml::Map(map) => map.values().any(|entry| mentions(&entry.node)),
        Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) => false,
    }
}

struct Settler<'a> {
    resources: &'a BTreeMap<ResourceKey, Node>,
    of: &'a ResourceKey,
    needs: BTreeSet<ResourceKey>,
    open: Vec<String>,
    unfolded: usize,
    found: &'a mut Diagnostics,
}

impl Settler<'_> {
    fn node(&mut self, node: &Node) -> Node {
        let value = match &node.value {
            Yaml::Text(text) if text.contains("${resources.") => {
                return self.text(text, &node.place);
            }
            Yaml::List(items) => Yaml::List(items.iter().map(|item| self.node(item)).collect()),
            Yaml::Map(map) => {
                let settled: Map = map
                    .iter()
                    .map(|(key, entry)| {
                        let node = self.node(&entry.node);
                        let place = entry.place.clone();
                        (key.clone(), Entry { place, node })
                    })
                    .collect();
                Yaml::Map(settled)
            }
            scalar => scalar.clone(),
        };
        let place = node.place.clone();
        Node { place, value }
    }

    fn text(&mut self, text: &str, place: &Place) -> Node {
        let made = |value| Node {
            place: place.clone(),
            value,
        };
        let all = references(text);
        if let [whole] = all.as_slice()
            && whole.range == (0..text.len())
        {
            return match self.value(whole, text, place) {
                Some(node) if matches!(node.value, Yaml::Map(_) | Yaml::List(_)) => node,
                Some(node) => made(node.value),
                None => made(Yaml::Text(text.to_owned())),
            };
        }
        let mut out = String::with_capacity(text.len());
        let mut end = 0;
        for reference in all {
            out.push_str(&text[end..reference.range.start]);
            let written = &text[reference.range.clone()];
            match self
                .value(&reference, written, place)
                .map(|node| node.value)
            {
                Some(Yaml::Text(value)) => out.push_str(&value),
                Some(Yaml::Bool(value)) => out.push_str(&value.to_string()),
                Some(Yaml::Number(value)) => out.push_str(&number::inside_text(&value)),
                Some(Yaml::Null) => {}
                Some(Yaml::List(_) | Yaml::Map(_)) => self.found.push(place.error(format!(
                    "`{written}` is not a single value and cannot stand inside a text"
                ))),
                None => out.push_str(written),
            }
            end = reference.range.end;
        }
        out.push_str(&text[end..]);
        made(Yaml::Text(out))
    }

    /// What the bundle says; none when only the workspace knows.
    fn value(&mut self, reference: &Reference, written: &str, place: &Place) -> Option<Node> {
        let (Some("resources"), Some(kind), Some(name)) =
            (reference.key(0), reference.key(1), reference.key(2))
        else {
            return None;
        };
        let key = ResourceKey::new(kind, name);
        let resource = self.resources.get(&key)?;
        let path = &reference.path[3..];
        let computed;
        let said = match path {
            [Step::Key(id)] if id == "id" => None,
            [Step::Key(field)] if field == VOLUME_PATH && kind == "volumes" => {
                computed = volume_path(resource);
                computed.as_ref()
            }
            _ => path.iter().try_fold(resource, |node, step| match step {
                Step::Key(field) => node.get(field),
                Step::Index(index) => node.as_list()?.get(*index),
            }),
        };
        if key != *self.of || said.is_none() {
            self.needs.insert(key.clone());
        }
        let Some(said) = said.filter(|node| node.value != Yaml::Null) else {
            self.check_output(&key, path, written, place);
            return None;
        };
        if self.open.iter().any(|open| open == written) || self.open.len() >= DEEPEST {
            let mut circle = self.open.clone();
            circle.push(written.to_owned());
            let message = format!(
                "fields refer to each other in a circle: {}",
                circle.join(" -> ")
            );
            self.found.push(place.error(message));
            return Some(Node {
                place: place.clone(),
                value: Yaml::Null,
            });
        }
        self.unfolded = self
            .unfolded
            .saturating_add(said.to_value().to_string().len());
        if self.unfolded > MOST_UNFOLDED {
            self.found
                .push(place.error("the references unfold to more than 16 MiB"));
            return None;
        }
        self.open.push(written.to_owned());
        let settled = self.node(said);
        self.open.pop();
        Some(settled)
    }

    /// A field that neither the kind nor its server has would be found missing when it is applied, as with the CLI. Of kinds that
    /// bundles lack not all that servers say is known.
    fn check_output(&mut self, key: &ResourceKey, path: &[Step], written: &str, place: &Place) {
        let (Some(kind), Some(Step::Key(field))) = (bundle_kind(&key.kind), path.first()) else {
            return;
        };
        let beside = ["permissions", "grants", "lifecycle"];
        if beside.contains(&field.as_str()) {
            return;
        }
        if outputs::of(kind.name).any(|known| known == field) || has_field(kind.schema, field) {
            return;
        }
        let mut unknown = place.error(format!(
            "`{written}`: `{}` have no field `{field}`",
            key.kind
        ));
        if kind.standing != Standing::Usual {
            unknown.severity = Severity::Warning;
        }
        let known = outputs::of(kind.name).chain(field_names(kind.schema));
        unknown.hint = crate::diagnostic::did_you_mean(field, known);
        self.found.push(unknown);
    }
}
