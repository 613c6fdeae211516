//! Paths to files in resources: from relative to the YAML file, to below the folder of the uploaded files.

mod beyond;
mod pipeline;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::globs::{is_pattern, path_glob};
use super::notebook::notebook_path;
use super::outside::Layout;
use super::resolver::FILES;
use super::{Form, SourceFile, folder};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, did_you_mean};
use crate::files::node::{Node, Place, Yaml};

/// Rewrites the paths of one job.
pub(super) struct Paths<'a> {
    /// What is uploaded.
    pub files: &'a BTreeMap<String, SourceFile>,
    /// How they lie.
    pub layout: &'a Layout,
    /// The file that defines the job first; a path may also be relative to it.
    pub resource_file: &'a str,
    /// Whether libraries may be missing, because something is yet to be built.
    pub unbuilt: bool,
    /// What for: libraries stay where they are as long as it is only shown.
    pub form: Form,
    /// Paths that lead nowhere.
    pub found: &'a mut Diagnostics,
}

/// The paths of a task: the mapping that each is in, its field, and what it leads to.
const TASKS: &[(&[&str], &str, Want)] = &[
    (&["notebook_task"], "notebook_path", Want::Notebook),
    (&["spark_python_task"], "python_file", Want::File),
    (&["sql_task", "file"], "path", Want::File),
    (&["dbt_task"], "project_directory", Want::Folder),
    (&["alert_task"], "workspace_path", Want::File),
];
/// Libraries of a task that are files; their paths may be patterns.
const LIBRARIES: [&str; 3] = ["whl", "jar", "requirements"];

/// What a path must lead to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    Notebook,
    File,
    Folder,
}

impl Paths<'_> {
    /// Rewrites every path in a resource of that kind.
    pub fn resource(&mut self, kind: &str, resource: &mut Node) {
        match kind {
            "jobs" => self.job(resource),
            "pipelines" => self.pipeline(resource),
            "apps" => {
                if resource.get("git_source").is_none()
                    && let Some(path) = node_mut(resource, &["source_code_path"])
                {
                    self.rewrite(path, Want::Folder);
                }
            }
            _ => {}
        }
        self.beyond(kind, resource);
    }

    fn job(&mut self, job: &mut Node) {
        let from_git = job.get("git_source").is_some();
        if let Some(Yaml::List(tasks)) = value_mut(job, &["tasks"]) {
            tasks.iter_mut().for_each(|task| self.task(task, from_git));
        }
        if let Some(Yaml::List(environments)) = value_mut(job, &["environments"]) {
            for environment in environments {
                if let Some(Yaml::List(dependencies)) =
                    value_mut(environment, &["spec", "dependencies"])
                {
                    dependencies
                        .iter_mut()
                        .for_each(|dependency| self.dependency(dependency));
                }
            }
        }
    }

    fn task(&mut self, task: &mut Node, from_git: bool) {
        for (parents, key, want) in TASKS {
            let Some(parent) = node_mut(task, parents) else {
                continue;
            };
            // An alert is one of the workspace, also in a job whose code is in Git.
            let may_be_git = *parents != ["alert_task"];
            let source = parent.get("source").and_then(Node::as_text);
            if may_be_git && (source == Some("GIT") || (source.is_none() && from_git)) {
                continue;
            }
            if let Some(path) = node_mut(parent, &[*key]) {
                self.rewrite(path, *want);
            }
        }
        if let Some(Yaml::List(libraries)) = value_mut(task, &["libraries"]) {
            *libraries = std::mem::take(libraries)
                .into_iter()
                .flat_map(|library| self.library(library))
                .collect();
        }
        if let Some(inner) = node_mut(task, &["for_each_task", "task"]) {
            self.task(inner, from_git);
        }
    }

    /// One library is several when its path is a pattern.
    fn library(&mut self, library: Node) -> Vec<Node> {
        for key in LIBRARIES {
            let Some(path) = library.get(key) else {
                continue;
            };
            let Some(text) = path.as_text().filter(|text| is_local(text)) else {
                continue;
            };
            let matches = match self.matches(text, &path.place) {
                Ok(matches) => matches,
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

    fn dependency(&mut self, dependency: &mut Node) {
        let Some(text) = dependency.as_text() else {
            return;
        };
        let option = PIP_OPTIONS
            .into_iter()
            .find(|option| text.starts_with(option));
        let option = option.unwrap_or_default();
        let path = text[option.len()..].trim();
        // In quotes it stands for where it will be: `-r "${workspace.file_path}/…"`.
        if path.starts_with(['"', '\'']) {
            return;
        }
        // A bare word is a package of an index: only what looks like a path is one.
        let looks_local = path.starts_with("./")
            || path.starts_with("../")
            || path.ends_with(".whl")
            || !option.is_empty();
        if !looks_local || !is_local(path) {
            return;
        }
        let place = dependency.place.clone();
        let files = match self.matches(path, &place) {
            Ok(files) => files,
            Err(diagnostic) => return self.missing_library(diagnostic),
        };
        let shown = self.as_shown(path, &place).filter(|_| option.is_empty());
        let text = match (shown, files.as_slice()) {
            (Some(seen), _) if seen.starts_with('.') => seen,
            (Some(seen), _) => format!("./{seen}"),
            (None, [file]) => format!("{option}{}", uploaded(file)),
            (None, several) => {
                let message = format!("`{path}` matches {} files, one is wanted", several.len());
                return self.found.push(place.error(message));
            }
        };
        dependency.value = Yaml::Text(text);
    }

    fn missing_library(&mut self, mut missing: Diagnostic) {
        if self.unbuilt {
            missing.severity = Severity::Warning;
            missing.hint = Some("it must be there once the artifacts are built".to_owned());
        }
        self.found.push(missing);
    }

    fn rewrite(&mut self, node: &mut Node, want: Want) {
        let Some(text) = node.as_text() else { return };
        let place = node.place.clone();
        let outcome = if let Some(below) = text.strip_prefix(FILES) {
            self.locate(below.trim_start_matches('/'), &[""], want, text, &place)
        } else if is_local(text) {
            let folders = [folder_of(&place.file), folder_of(self.resource_file)];
            self.locate(text, &folders, want, text, &place)
        } else {
            return;
        };
        match outcome {
            Ok(path) => node.value = Yaml::Text(path),
            Err(diagnostic) => self.found.push(diagnostic),
        }
    }

    /// The uploaded file that `relative` means from the first of `folders` where it means one.
    fn locate(
        &self,
        relative: &str,
        folders: &[&str],
        want: Want,
        written: &str,
        place: &Place,
    ) -> Result<String, Diagnostic> {
        let candidates: Vec<String> = folders
            .iter()
            .filter_map(|folder| self.at(folder, relative, written))
            .collect();
        let Some(first) = candidates.first() else {
            return Err(leads_out(written, place));
        };
        for path in &candidates {
            let file = self.files.get(path);
            match want {
                Want::Folder if folder::holds_files(self.files, path) => return Ok(uploaded(path)),
                Want::File if file.is_some_and(|file| file.notebook.is_none()) => {
                    return Ok(uploaded(path));
                }
                Want::File if file.is_some() => {
                    return Err(place
                        .error(format!("`{path}` is a notebook, and a file is wanted here"))
                        .hint("remove its first line, or use `notebook_task`"));
                }
                Want::Notebook if file.is_some_and(|file| file.notebook.is_some()) => {
                    return Ok(uploaded(notebook_path(path)));
                }
                Want::Notebook if file.is_some() => {
                    return Err(place.error(format!("`{path}` is not a notebook"))
                        .hint("a notebook begins with the line `# Databricks notebook source`, or is an .ipynb file"));
                }
                // As the workspace names it: `${workspace.file_path}/src/load` for src/load.py.
                Want::Notebook
                    if written.starts_with(FILES) && self.notebook_named(path).is_some() =>
                {
                    return Ok(uploaded(path));
                }
                Want::Folder | Want::File | Want::Notebook => {}
            }
        }
        let what = if want == Want::Folder {
            "folder"
        } else {
            "file"
        };
        let mut missing = place.error(format!(
            "`{written}` leads to `{first}`, and no such {what} is uploaded"
        ));
        missing.hint = self
            .notebook_named(first)
            .map(|notebook| format!("did you mean `{notebook}`?"))
            .or_else(|| did_you_mean(first, self.files.keys().map(String::as_str)))
            .or_else(|| {
                Some(
                    "files outside `sync.paths`, or under `sync.exclude`, are not uploaded"
                        .to_owned(),
                )
            });
        Err(missing)
    }

    /// Where a path seen from `folder` is among the files; one that begins with their own folder is seen from there.
    fn at(&self, folder: &str, relative: &str, written: &str) -> Option<String> {
        if written.starts_with(FILES) {
            return join("", relative);
        }
        let path = self.layout.room.join(folder, relative)?;
        self.layout.uploaded(&path)
    }

    fn notebook_named(&self, name: &str) -> Option<&String> {
        let near = self
            .files
            .range(name.to_owned()..)
            .take_while(|(path, _)| path.starts_with(name));
        near.filter(|(path, file)| file.notebook.is_some() && notebook_path(path) == name)
            .map(|(path, _)| path)
            .next()
    }

    fn matches(&self, text: &str, place: &Place) -> Result<Vec<String>, Diagnostic> {
        let relative = text
            .strip_prefix(FILES)
            .map(|below| below.trim_start_matches('/'));
        if !is_pattern(text) {
            let folders = [folder_of(&place.file), folder_of(self.resource_file)];
            let path = match relative {
                Some(below) => self.locate(below, &[""], Want::File, text, place),
                None => self.locate(text, &folders, Want::File, text, place),
            };
            return path.map(|path| vec![path[FILES.len() + 1..].to_owned()]);
        }
        let folder = if relative.is_some() {
            ""
        } else {
            folder_of(&place.file)
        };
        let Some(pattern) = self.at(folder, relative.unwrap_or(text), text) else {
            return Err(leads_out(text, place));
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
                .hint("what `artifacts` build is not built here: commit it, or allow builds for packages"));
        }
        Ok(files)
    }
}

/// Options of pip that a path follows.
const PIP_OPTIONS: [&str; 2] = ["-r ", "-e "];

/// Only what is uploaded can be meant.
fn leads_out(written: &str, place: &Place) -> Diagnostic {
    place
        .error(format!("`{written}` leads out of what is uploaded"))
        .hint("name its folder under `sync.paths`: `[., ../shared]`")
}

fn uploaded(path: &str) -> String {
    if path.is_empty() {
        FILES.to_owned()
    } else {
        format!("{FILES}/{path}")
    }
}

/// Whether a path means a file of the repository: not absolute, no URL, not known only later.
fn is_local(path: &str) -> bool {
    let symbolic = path.starts_with("${") && !path.starts_with(FILES);
    !path.is_empty()
        && !path.starts_with(['/', '~'])
        && !path.contains("://")
        && !path.starts_with("dbfs:")
        && !symbolic
}

/// The folder that a file is in, empty for the root.
pub(super) fn folder_of(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// `relative` seen from `folder`, without `.` and `..`; none when it leaves the root.
pub(super) fn join(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(relative.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn node_mut<'n>(node: &'n mut Node, keys: &[&str]) -> Option<&'n mut Node> {
    keys.iter().try_fold(node, |node, key| {
        Some(&mut node.as_map_mut()?.get_mut(key)?.node)
    })
}

fn value_mut<'n>(node: &'n mut Node, keys: &[&str]) -> Option<&'n mut Yaml> {
    node_mut(node, keys).map(|node| &mut node.value)
}
