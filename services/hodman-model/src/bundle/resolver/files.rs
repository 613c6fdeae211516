//! The files' folder, named otherwise than by `${workspace.file_path}`. hodman puts files where no bundle says, so what leads
//! to where the Databricks CLI would put them must lead elsewhere.

use std::borrow::Cow;

use super::{FILES, Resolver};
use crate::bundle::Lookup;
use crate::bundle::reference::Reference;
use crate::diagnostic::{Diagnostic, Severity};
use crate::files::node::{Node, Place, Yaml};

/// The folders in a workspace that bundles refer to; each path begins with `/Workspace`.
const FOLDERS: [&str; 5] = [
    "root_path",
    "file_path",
    "artifact_path",
    "state_path",
    "resource_path",
];

const ROOT: &str = "${workspace.root_path}";

impl Resolver<'_> {
    /// `text` without a `/Workspace` before what begins with it already.
    pub(super) fn with_one_prefix<'t>(&mut self, text: &'t str, place: &Place) -> Cow<'t, str> {
        if !(text.contains("/Workspace$") || text.contains("/Workspace/$")) {
            return Cow::Borrowed(text);
        }
        let mut out = text.to_owned();
        for folder in FOLDERS {
            let reference = format!("${{workspace.{folder}}}");
            for before in ["/Workspace/", "/Workspace"] {
                let doubled = format!("{before}{reference}");
                if out.contains(&doubled) {
                    out = out.replace(&doubled, &reference);
                    let message = format!("`{doubled}` begins with `/Workspace` twice");
                    let mut twice = self.at(&doubled, place, message);
                    twice.severity = Severity::Warning;
                    self.found.push(twice.hint(format!("write `{reference}`")));
                }
            }
        }
        Cow::Owned(out)
    }

    /// How much of `rest`, behind a reference to the root folder, leads from there to the files; none when it leads
    /// elsewhere.
    pub(super) fn files_below(&self, reference: &Reference, rest: &str) -> Option<usize> {
        let is_root = reference.path.len() == 2
            && reference.key(0) == Some("workspace")
            && reference.key(1) == Some("root_path");
        if !is_root || self.before_resources.is_some() {
            return None;
        }
        let config = self.config;
        let below = match said(config, "file_path") {
            None => "/files",
            Some(path) => path.as_text()?.strip_prefix(ROOT)?,
        };
        let below = below.trim_end_matches('/');
        let after = rest.strip_prefix(below)?;
        (!below.is_empty() && is_end(after)).then_some(below.len())
    }

    /// `text` with the placeholder for each path into the folder where the Databricks CLI would put the files.
    pub(super) fn with_files(&mut self, text: String, place: &Place) -> String {
        if self.before_resources.is_some() || !text.contains('/') {
            return text;
        }
        let Some(folder) = self.files_folder(place) else {
            return text;
        };
        let short = folder.strip_prefix("/Workspace").unwrap_or(&folder);
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find(short) {
            let (before, from) = rest.split_at(at);
            let after = &from[short.len()..];
            let longer = before.strip_suffix("/Workspace");
            let begins = match longer {
                Some(_) => true,
                None => !before.ends_with(is_of_path),
            };
            if begins && is_end(after) {
                out.push_str(longer.unwrap_or(before));
                out.push_str(FILES);
            } else {
                out.push_str(before);
                out.push_str(short);
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// The folder where the CLI would put the files, where the bundle says it but for who deploys.
    fn files_folder(&mut self, place: &Place) -> Option<String> {
        if let Some(known) = &self.files_folder {
            return known.clone();
        }
        let (asked, found) = (self.lookups.clone(), self.found.clone());
        let path = self.workspace_path("file_path", place);
        (self.lookups, self.found) = (asked, found);
        // Who deploys may be open in it: their home is the same wherever it is written.
        let is_known = |path: &str| {
            let user = format!("${{lookup.{}.", Lookup::CURRENT_USER);
            !path.replace(&user, "").contains("${")
        };
        let folder = path
            .as_text()
            .map(|path| path.trim_end_matches('/').to_owned())
            .filter(|path| path.len() > 1 && is_known(path));
        self.files_folder = Some(folder.clone());
        folder
    }

    /// Nothing is ever put there.
    pub(super) fn artifact_path(&self, written: &str, place: &Place) -> Diagnostic {
        self.at(
            written,
            place,
            format!("`{written}` is a folder that hodman does not fill"),
        )
        .hint("artifacts lie with the other files: name the file itself, such as `./dist/*.whl`")
    }
}

fn said<'n>(config: &'n Node, folder: &str) -> Option<&'n Node> {
    let node = config.get("workspace")?.get(folder)?;
    (node.value != Yaml::Null).then_some(node)
}

/// Whether a folder's name ends before `rest`.
fn is_end(rest: &str) -> bool {
    !rest.starts_with(|next: char| next.is_alphanumeric() || matches!(next, '_' | '-' | '.' | '$'))
}

fn is_of_path(last: char) -> bool {
    last.is_alphanumeric() || matches!(last, '_' | '-' | '.' | '/' | '}')
}
