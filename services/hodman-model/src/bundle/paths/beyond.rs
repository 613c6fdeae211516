//! Paths that the CLI knows as absolute ones alone, and that a capture writes relative to the files it brought along.

use super::{Paths, Want};
use crate::bundle::globs::is_pattern;
use crate::files::node::{Node, Yaml};
use crate::kinds;

/// How such a field's pattern ends, what it leads to, and whether a relative path may mean something else there, so that one
/// that leads nowhere stays as it is.
pub(super) const FIELDS: &[(&str, Want, bool)] = &[
    ("init_scripts.*.workspace.destination", Want::File, false),
    // Also a folder of the project itself.
    ("dbt_task.profiles_directory", Want::Folder, true),
    (
        "ai_runtime_task.deployments.*.command_path",
        Want::File,
        false,
    ),
    ("ai_runtime_task.code_source_path", Want::Archive, false),
    (
        "gen_ai_compute_task.training_script_path",
        Want::File,
        false,
    ),
    (
        "gen_ai_compute_task.yaml_parameters_file_path",
        Want::File,
        false,
    ),
    ("libraries.*.egg", Want::File, false),
];

/// Tasks that have their files from the bundle also where the job's code is in Git.
const NEVER_OF_GIT: [&str; 2] = ["for_each_task", "ai_runtime_task"];

/// Libraries of kinds whose libraries the CLI leaves alone; those of jobs may be patterns, and are looked at by themselves.
pub(super) const LIBRARIES: &[&str] = &[
    "libraries.*.whl",
    "libraries.*.jar",
    "libraries.*.requirements",
];

impl Paths<'_> {
    /// Rewrites them in a resource of that kind. A kind's rules say where they are: what a capture makes relative is what
    /// comes back here.
    pub(super) fn beyond(&mut self, kind: &str, resource: &mut Node) {
        let Some(rules) = kinds::kind(kind).map(|kind| kind.rules()) else {
            return;
        };
        let from_git = resource.get("git_source").is_some();
        for pattern in &rules.file_paths {
            let pattern = pattern.to_string();
            let ends = |end: &str| pattern == end || pattern.ends_with(&format!(".{end}"));
            let field = FIELDS.iter().find(|(end, ..)| ends(end));
            let library = kind != "jobs" && LIBRARIES.iter().any(|end| ends(end));
            let Some((want, lenient)) = field
                .map(|(_, want, lenient)| (*want, *lenient))
                .or(library.then_some((Want::File, false)))
            else {
                continue;
            };
            let steps: Vec<&str> = pattern.split('.').collect();
            self.each(resource, &steps, from_git, &mut |paths, path| {
                // The CLI leaves such a library alone, and so a pattern in it.
                if library && path.as_text().is_some_and(is_pattern) {
                    return;
                }
                if lenient {
                    paths.perhaps(path, want)
                } else {
                    paths.rewrite(path, want)
                }
            });
        }
    }

    /// Calls `visit` for what `steps` lead to, but for files that a task has from Git.
    fn each(
        &mut self,
        node: &mut Node,
        steps: &[&str],
        from_git: bool,
        visit: &mut dyn FnMut(&mut Self, &mut Node),
    ) {
        let Some((step, rest)) = steps.split_first() else {
            return visit(self, node);
        };
        let may_be_git = step.ends_with("_task") && !NEVER_OF_GIT.contains(step);
        let of_git = may_be_git && {
            let source = node.get(step).and_then(|task| task.get("source"));
            let source = source.and_then(Node::as_text);
            source == Some("GIT") || (source.is_none() && from_git)
        };
        if of_git {
            return;
        }
        match &mut node.value {
            Yaml::List(items) if *step == "*" => items
                .iter_mut()
                .for_each(|item| self.each(item, rest, from_git, visit)),
            Yaml::Map(map) => {
                if let Some(entry) = map.get_mut(step) {
                    self.each(&mut entry.node, rest, from_git, visit);
                }
            }
            _ => {}
        }
    }

    /// Rewrites a path that is written as a relative one and leads somewhere.
    fn perhaps(&mut self, node: &mut Node, want: Want) {
        if !node.as_text().is_some_and(|text| text.starts_with('.')) {
            return;
        }
        let known = self.found.0.len();
        self.rewrite(node, want);
        self.found.0.truncate(known);
    }
}
