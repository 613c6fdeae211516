//! `artifacts`: wheels and jars. Those that are there go into the package; commands that build one are only named.

use super::globs::path_glob;
use super::load::{Loaded, leads_out};
use super::merge::merge;
use super::outside::{Room, written};
use super::paths::folder_of;
use super::reference::references;
use super::{Build, Position, target};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::files::Tree;
use crate::files::node::{Map, Node, Yaml};
use globset::GlobMatcher;
use serde_json::Value;

const KEYS: [&str; 6] = [
    "type",
    "path",
    "build",
    "files",
    "executable",
    "dynamic_version",
];

/// What the CLI runs for a wheel of which the bundle says neither the command nor the files.
const USUAL_BUILD: &str = "python3 setup.py bdist_wheel";

/// The artifacts of a bundle, or of one of its targets.
#[derive(Default)]
pub(super) struct Artifacts {
    /// Commands.
    pub builds: Vec<Build>,
    /// Files that go with the bundle, whatever `sync` says.
    pub files: Vec<GlobMatcher>,
    /// What this version does not do: it stops the target that asks for it, and no other.
    pub unsupported: Vec<Diagnostic>,
}

impl Artifacts {
    /// Reads the section.
    pub fn read(section: Option<&Node>, room: &Room, found: &mut Diagnostics) -> Self {
        let mut read = Self::default();
        let Some(section) = section else { return read };
        match section.expect_map("`artifacts`") {
            Ok(all) => {
                for (name, entry) in &all {
                    match (&entry.node.value, entry.node.as_map()) {
                        (_, Some(map)) => read.one(name, &entry.node, map, (room, found)),
                        (Yaml::Null, _) => read.one(name, &entry.node, &Map::new(), (room, found)),
                        _ => found.push(entry.node.place.error(format!(
                            "`artifacts.{name}` must be a mapping, found {}",
                            entry.node.kind()
                        ))),
                    }
                }
            }
            Err(diagnostic) => found.push(diagnostic),
        }
        read
    }

    /// Whether a path is one of the files.
    pub fn takes(&self, path: &str) -> bool {
        self.files.iter().any(|glob| glob.is_match(path))
    }

    fn one(
        &mut self,
        name: &str,
        node: &Node,
        map: &Map,
        (room, found): (&Room, &mut Diagnostics),
    ) {
        for (key, entry) in map.iter().filter(|(key, _)| !KEYS.contains(&key.as_str())) {
            let hint = did_you_mean(key, KEYS)
                .unwrap_or_else(|| format!("known keys: {}", KEYS.join(", ")));
            let message = format!("unknown key `artifacts.{name}.{key}`");
            found.push(entry.place.error(message).hint(hint));
        }
        let mut text = |key: &str| -> Option<(String, &Node)> {
            let value = node.get(key).filter(|value| value.value != Yaml::Null)?;
            match value.as_text() {
                Some(text) if references(text).is_empty() => Some((text.to_owned(), value)),
                Some(_) => {
                    let message =
                        format!("references are not possible in `artifacts.{name}.{key}`");
                    let hint = "a package is the same for every environment";
                    found.push(value.place.error(message).hint(hint));
                    None
                }
                None => {
                    let kind = value.kind();
                    let message = format!("`artifacts.{name}.{key}` must be a text, found {kind}");
                    found.push(value.place.error(message));
                    None
                }
            }
        };
        let (kind, path) = (text("type"), text("path"));
        let (build, executable) = (text("build"), text("executable"));
        if let Some((word, value)) = &kind
            && !matches!(word.as_str(), "whl" | "jar")
        {
            found.push(value.place.error("expected `whl` or `jar`"));
        }
        if let Some((word, value)) = &executable
            && !matches!(word.as_str(), "bash" | "sh" | "cmd")
        {
            found.push(value.place.error("expected `bash`, `sh` or `cmd`"));
        }
        if let Some(dynamic) = map
            .get("dynamic_version")
            .filter(|entry| entry.node.value == Yaml::Bool(true))
        {
            let message = format!("`artifacts.{name}.dynamic_version` is not supported");
            let hint = "a package is named by its bytes: no two have the same wheel by mistake";
            self.unsupported
                .push(dynamic.place.error(message).hint(hint));
        }
        let folder = match &path {
            Some((written, value)) => {
                let beside = folder_of(&node.place.file);
                match room
                    .join(beside, written)
                    .filter(|_| !written.starts_with('/'))
                {
                    Some(folder) => folder,
                    None => return found.push(leads_out(written, &value.place)),
                }
            }
            // The bundle's folder, wherever the artifact is written.
            None => String::new(),
        };
        let listed = self.listed(name, node, (room, found));
        let is_wheel = kind.as_ref().is_some_and(|(word, _)| word == "whl");
        if !listed && is_wheel {
            // Where such a build leaves it.
            if let Ok(glob) = path_glob(format!("{folder}/dist/*.whl").trim_start_matches('/')) {
                self.files.push(glob);
            }
        }
        let command = match build {
            Some((command, value)) => Some((command, &value.place)),
            None if !listed && is_wheel => Some((USUAL_BUILD.to_owned(), &node.place)),
            None if !listed => {
                let message = format!("the artifact `{name}` has neither `build` nor `files`");
                let hint = "`build` is the command that makes it, `files` what is there";
                found.push(node.place.error(message).hint(hint));
                None
            }
            None => None,
        };
        if let Some((command, place)) = command {
            self.builds.push(Build {
                artifact: name.to_owned(),
                command,
                folder,
                executable: executable.map_or_else(|| "bash".to_owned(), |(word, _)| word),
                position: Position::from(place),
            });
        }
    }

    /// Takes in `files[].source`; says whether there was any.
    fn listed(
        &mut self,
        name: &str,
        node: &Node,
        (room, found): (&Room, &mut Diagnostics),
    ) -> bool {
        let Some(files) = node.get("files").filter(|files| files.value != Yaml::Null) else {
            return false;
        };
        let Some(list) = files.as_list() else {
            let kind = files.kind();
            let message = format!("`artifacts.{name}.files` must be a list, found {kind}");
            found.push(files.place.error(message));
            return true;
        };
        for file in list {
            let Some(source) = file.get("source") else {
                let message = format!("`artifacts.{name}.files` must hold `source: …`");
                found.push(file.place.error(message));
                continue;
            };
            let glob = source
                .as_text()
                .filter(|text| references(text).is_empty() && !text.starts_with('/'))
                .and_then(|text| room.join(folder_of(&source.place.file), text))
                .and_then(|path| path_glob(&path).ok());
            match glob {
                Some(glob) => self.files.push(glob),
                None => found.push(source.place.error(format!(
                    "`artifacts.{name}.files.source` must be a path or pattern inside the repository"
                ))),
            }
        }
        !list.is_empty()
    }
}

/// The commands that build the artifacts of the bundle in `tree`, of all its targets, for whoever makes packages.
///
/// # Errors
/// When the bundle's files do not parse.
pub fn builds(tree: &Tree) -> Result<Vec<Build>, Diagnostics> {
    let loaded = super::load::load(tree)?;
    let mut found = Diagnostics::default();
    let mut builds = Vec::new();
    for artifacts in everywhere(&loaded, &Room::of(tree), &mut found) {
        for build in artifacts.builds {
            if !builds.contains(&build) {
                builds.push(build);
            }
        }
    }
    found.into_result(builds)
}

/// Which files are a bundle's artifacts: those that are there, and those that its commands will have built.
pub struct ArtifactFiles(Vec<Artifacts>);

impl ArtifactFiles {
    /// Those that the bundle in `tree` names, for any of its targets.
    ///
    /// # Errors
    /// When the bundle's files do not parse.
    pub fn of(tree: &Tree) -> Result<Self, Diagnostics> {
        let loaded = super::load::load(tree)?;
        let mut found = Diagnostics::default();
        let all = everywhere(&loaded, &Room::of(tree), &mut found);
        found.into_result(Self(all))
    }

    /// Whether the file at `path` is one.
    #[must_use]
    pub fn takes(&self, path: &str) -> bool {
        self.0.iter().any(|artifacts| artifacts.takes(path))
    }
}

/// The section as it is shown: what a file in a folder says is seen from the bundle's folder.
pub(super) fn shown(section: &Node, room: &Room) -> Value {
    let mut shown = section.clone();
    let artifacts = shown.as_map_mut().into_iter().flat_map(Map::values_mut);
    for artifact in artifacts.filter_map(|entry| entry.node.as_map_mut()) {
        let sources = artifact.get_mut("files").map(|entry| &mut entry.node.value);
        if let Some(Yaml::List(files)) = sources {
            let files = files.iter_mut().filter_map(Node::as_map_mut);
            files.for_each(|file| seen_from_root(file, "source", room));
        }
        seen_from_root(artifact, "path", room);
    }
    shown.to_value()
}

fn seen_from_root(map: &mut Map, field: &str, room: &Room) {
    let Some(node) = map.get_mut(field).map(|entry| &mut entry.node) else {
        return;
    };
    let folder = folder_of(&node.place.file).to_owned();
    if let Yaml::Text(path) = &mut node.value
        && !folder.is_empty()
        && !path.starts_with('/')
        && let Some(joined) = room.join(&folder, path)
    {
        *path = written(&joined).into_owned();
    }
}

/// The folders and files that the artifacts of a configuration name, with the folder that each is seen from.
pub(super) fn named_in(config: &Node) -> Vec<(&str, &str)> {
    let all = config.get("artifacts").and_then(Node::as_map);
    let mut named = Vec::new();
    for entry in all.into_iter().flatten().map(|(_, entry)| entry) {
        let files = entry.node.get("files").and_then(Node::as_list);
        let sources = files
            .into_iter()
            .flatten()
            .filter_map(|file| file.get("source"));
        for node in entry.node.get("path").into_iter().chain(sources) {
            let text = node.as_text().filter(|text| references(text).is_empty());
            named.extend(text.map(|text| (folder_of(&node.place.file), text)));
        }
    }
    named
}

/// The artifacts as each target has them; where there is none, as the bundle has them.
pub(super) fn everywhere(loaded: &Loaded, room: &Room, found: &mut Diagnostics) -> Vec<Artifacts> {
    let common = loaded.config.get("artifacts");
    let mut all: Vec<Artifacts> = Vec::new();
    let mut as_it_is = false;
    for target in target::all(loaded) {
        let Some(own) = target.get("artifacts") else {
            as_it_is = true;
            continue;
        };
        let mut whole = match common {
            Some(common) => common.clone(),
            None => Node {
                place: own.place.clone(),
                value: Yaml::Null,
            },
        };
        match merge(&mut whole, own.clone()) {
            Ok(()) => all.push(Artifacts::read(Some(&whole), room, found)),
            Err(diagnostic) => found.push(diagnostic),
        }
    }
    if as_it_is || all.is_empty() {
        all.push(Artifacts::read(common, room, found));
    }
    found.0.sort();
    found.0.dedup();
    all
}
