//! Libraries: of tasks, of environments, and the sources of a pipeline, where a path may be a pattern.

use super::{Paths, Want, folder_of, is_local, leads_out, node_mut, not_there, uploaded, wheels};
use crate::bundle::Form;
use crate::bundle::globs::{is_pattern, path_glob};
use crate::bundle::resolver::FILES;
use crate::diagnostic::{Diagnostic, Severity};
use crate::files::node::{Node, Place, Yaml};

/// Libraries of a task that are files, and what each leads to: of those that `sync` leaves out, the CLI uploads the first two.
pub(super) const LIBRARIES: [(&str, Want); 3] = [
    ("whl", Want::Library),
    ("jar", Want::Library),
    ("requirements", Want::File),
];

/// Options of pip that a path follows.
const PIP_OPTIONS: [&str; 2] = ["-r ", "-e "];

impl Paths<'_> {
    /// One library is several when its path is a pattern.
    pub(super) fn library(&mut self, library: Node) -> Vec<Node> {
        for (key, want) in LIBRARIES {
            let Some(path) = library.get(key) else {
                continue;
            };
            let Some(text) = path.as_text().filter(|text| is_local(text)) else {
                continue;
            };
            let matches = match self.matches(text, &path.place, want) {
                Ok(matches) => wheels::newest(matches),
                Err(diagnostic) => {
                    self.missing_library(diagnostic);
                    return vec![library];
                }
            };
            let with = |text: String| {
                let mut one = library.clone();
                if let Some(path) = node_mut(&mut one, &[key]) {
                    path.value = Yaml::Text(text);
                }
                one
            };
            if let Some(seen) = self
                .as_shown(text, &path.place)
                .filter(|_| key != "requirements")
            {
                return vec![with(seen)];
            }
            let uploaded = matches.iter().map(|file| uploaded(file));
            return uploaded.map(with).collect();
        }
        vec![library]
    }

    /// A library's path as it is shown: on this machine, seen from the bundle's root.
    fn as_shown(&self, text: &str, place: &Place) -> Option<String> {
        let stays = self.form == Form::Validated && !text.starts_with(FILES);
        let path = stays.then(|| self.layout.room.join(folder_of(&place.file), text))?;
        Some(self.layout.seen(&path?))
    }

    /// The dependencies of an environment: one is several when its path is a pattern.
    pub(super) fn dependencies(&mut self, dependencies: &mut Vec<Node>) {
        *dependencies = std::mem::take(dependencies)
            .into_iter()
            .flat_map(|dependency| self.dependency(dependency))
            .collect();
    }

    fn dependency(&mut self, dependency: Node) -> Vec<Node> {
        let Some(Dependency {
            option,
            path,
            extras,
        }) = dependency.as_text().and_then(local_dependency)
        else {
            return vec![dependency];
        };
        let place = &dependency.place;
        let want = match option {
            "" => Want::Library,
            _ => Want::File,
        };
        let files = match self.matches(path, place, want) {
            Ok(files) => wheels::newest(files),
            Err(diagnostic) => {
                self.missing_library(diagnostic);
                return vec![dependency];
            }
        };
        let shown = self.as_shown(path, place).filter(|_| option.is_empty());
        let texts = match (shown, files.as_slice()) {
            (Some(seen), _) if seen.starts_with('.') => vec![seen],
            (Some(seen), _) => vec![format!("./{seen}")],
            (None, [_, _, ..]) if !option.is_empty() => {
                let message = format!("`{path}` matches {} files, one is wanted", files.len());
                self.found.push(place.error(message));
                return vec![dependency];
            }
            (None, files) => files
                .iter()
                .map(|file| format!("{option}{}", uploaded(file)))
                .collect(),
        };
        let one = |text: String| Node {
            place: place.clone(),
            value: Yaml::Text(format!("{text}{extras}")),
        };
        texts.into_iter().map(one).collect()
    }

    fn missing_library(&mut self, mut missing: Diagnostic) {
        if self.unbuilt {
            missing.severity = Severity::Warning;
            missing.hint = Some("it must be there once the artifacts are built".to_owned());
        }
        self.found.push(missing);
    }

    /// The uploaded files that a path or pattern means.
    pub(super) fn matches(
        &self,
        text: &str,
        place: &Place,
        want: Want,
    ) -> Result<Vec<String>, Diagnostic> {
        let relative = text
            .strip_prefix(FILES)
            .map(|below| below.trim_start_matches('/'));
        if !is_pattern(text) {
            let folders = [folder_of(&place.file), folder_of(self.resource_file)];
            let path = match relative {
                Some(below) => self.locate(below, &[""], want, text, place),
                None => self.locate(text, &folders, want, text, place),
            };
            return path.map(|path| vec![path[FILES.len() + 1..].to_owned()]);
        }
        let folder = if relative.is_some() {
            ""
        } else {
            folder_of(&place.file)
        };
        let Some(pattern) = self.at(folder, relative.unwrap_or(text), text, want) else {
            return Err(leads_out(text, place, want));
        };
        let glob = path_glob(&pattern)
            .map_err(|error| place.error(format!("`{text}` is not a pattern: {}", error.kind())))?;
        let files: Vec<String> = self
            .files
            .keys()
            .filter(|path| glob.is_match(path))
            .cloned()
            .collect();
        if files.is_empty() {
            return Err(place
                .error(format!("`{text}` matches no file that is uploaded"))
                .hint(not_there(want)));
        }
        Ok(files)
    }
}

/// A dependency that is a file.
pub(in crate::bundle) struct Dependency<'t> {
    /// `-r ` or `-e `, or nothing.
    pub option: &'static str,
    pub path: &'t str,
    /// `[dev,test]` behind a wheel.
    pub extras: &'t str,
}

/// Reads a dependency; none for a package of an index, or a path in a workspace.
pub(in crate::bundle) fn local_dependency(text: &str) -> Option<Dependency<'_>> {
    let option = PIP_OPTIONS
        .into_iter()
        .find(|option| text.starts_with(option));
    let option = option.unwrap_or_default();
    let path = text[option.len()..].trim();
    let extras = wheels::extras(path);
    let path = &path[..path.len() - extras.len()];
    // In quotes it stands for where it will be: `-r "${workspace.file_path}/…"`.
    if path.starts_with(['"', '\'']) {
        return None;
    }
    // A bare word is a package of an index: only what looks like a path is one.
    let looks_local = path.starts_with("./")
        || path.starts_with("../")
        || path.ends_with(".whl")
        || !option.is_empty();
    (looks_local && is_local(path)).then_some(Dependency {
        option,
        path,
        extras,
    })
}
