//! Paths to files in resources: from relative to the YAML file, to below the folder of the uploaded files.

mod beyond;
mod libraries;
mod pipeline;
#[cfg(test)]
mod tests;
mod wheels;

use std::collections::BTreeMap;

pub(super) use libraries::local_dependency;

use super::notebook::notebook_path;
use super::outside::Layout;
use super::resolver::FILES;
use super::{Form, SourceFile, folder};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
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
/// What a path must lead to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    Notebook,
    File,
    /// A file for which the Databricks CLI also takes a folder, which it packs.
    Archive,
    /// A file that is uploaded whatever `sync` says.
    Library,
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
                    self.dependencies(dependencies);
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
            .filter_map(|folder| self.at(folder, relative, written, want))
            .collect();
        let Some(first) = candidates.first() else {
            return Err(leads_out(written, place, want));
        };
        for path in &candidates {
            let file = self.files.get(path);
            match want {
                Want::Folder if folder::holds_files(self.files, path) => return Ok(uploaded(path)),
                Want::File | Want::Archive | Want::Library
                    if file.is_some_and(|file| file.notebook.is_none()) =>
                {
                    return Ok(uploaded(path));
                }
                Want::Archive if folder::holds_files(self.files, path) => {
                    return Err(place
                        .error(format!("`{path}` is a folder, and hodman packs none"))
                        .hint("commit an archive of it, such as `code.tar.gz`, or let `artifacts` build one"));
                }
                Want::File | Want::Archive | Want::Library if file.is_some() => {
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
                Want::Folder | Want::File | Want::Archive | Want::Library | Want::Notebook => {}
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
            .or_else(|| Some(not_there(want).to_owned()));
        Err(missing)
    }

    /// Where a path seen from `folder` is among the files; one that begins with their own folder is seen from there.
    fn at(&self, folder: &str, relative: &str, written: &str, want: Want) -> Option<String> {
        if written.starts_with(FILES) {
            return join("", relative);
        }
        let path = self.layout.room.join(folder, relative)?;
        match want {
            Want::Library => Some(self.layout.library(&path)),
            _ => self.layout.uploaded(&path),
        }
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
}

/// Only what is uploaded can be meant.
fn leads_out(written: &str, place: &Place, want: Want) -> Diagnostic {
    match want {
        Want::Library => super::load::leads_out(written, place),
        _ => place
            .error(format!("`{written}` leads out of what is uploaded"))
            .hint("name its folder under `sync.paths`: `[., ../shared]`"),
    }
}

fn not_there(want: Want) -> &'static str {
    match want {
        Want::Library => {
            "libraries are files of the repository: commit it, or let `artifacts` build it"
        }
        _ => "files outside `sync.paths`, or under `sync.exclude`, are not uploaded",
    }
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
