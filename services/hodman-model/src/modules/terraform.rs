//! The files of a Terraform stack: those of its directory, and those beside it that they name.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::module::{self, Module};
use super::stack::Of;
use crate::diagnostic::Diagnostic;
use crate::digest::Hasher;
use crate::files::{SourceBytes, Tree};

/// What Terraform calls a state that it could not store, in the directory itself.
const ERRORED: &str = "errored.tfstate";

/// A file of a Terraform stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackFile {
    /// What is in it; base64 where that is no text.
    text: String,
    /// Whether it may be run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub runs: bool,
    /// It is no text, such as the archive of a function.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    binary: bool,
}

impl StackFile {
    fn new(source: &SourceBytes) -> Self {
        let text = std::str::from_utf8(&source.bytes).map(str::to_owned);
        Self {
            binary: text.is_err(),
            text: text.unwrap_or_else(|_| BASE64_STANDARD.encode(&source.bytes)),
            runs: source.executable,
        }
    }

    /// What is in it; none when the text is no base64, which only something else can have written.
    #[must_use]
    pub fn content(&self) -> Option<Vec<u8>> {
        if self.binary {
            return BASE64_STANDARD.decode(&self.text).ok();
        }
        Some(self.text.clone().into_bytes())
    }
}

/// The files that a stack's resource was given, by their paths from its directory; none when it is no such text.
#[must_use]
pub fn stack_files(sources: &str) -> Option<BTreeMap<String, StackFile>> {
    serde_json::from_str(sources).ok()
}

/// A path from another one's folder, `..` walked; none when it leads out of the repository.
#[must_use]
pub fn walked(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// A Terraform directory, the digest of all of its files, and the files: as one text, in which nothing looks like a placeholder of
/// ours, though Terraform writes its own in the same way.
pub(super) fn sources(
    of: &Of<'_>,
    module: &Module,
) -> Result<(String, String, String), Diagnostic> {
    let own = format!("modules/{}", of.module);
    let directory = module
        .directory
        .as_deref()
        .unwrap_or(&own)
        .trim_end_matches('/');
    let paths = reached(of.tree, directory);
    let sources: BTreeMap<String, StackFile> = paths
        .into_iter()
        .filter_map(|path| Some((from(directory, path), StackFile::new(of.tree.get(path)?))))
        .collect();
    if !sources
        .keys()
        .any(|name| is_terraform(name) && !name.starts_with("../"))
    {
        let error = format!("there is no Terraform in {directory}");
        return Err(Diagnostic::error(module::path(of.module), error)
            .hint("a directory below `modules/`, whose files are part of every package"));
    }
    if sources.contains_key(ERRORED) {
        let error =
            format!("{directory}/{ERRORED} has the name of a state that could not be stored");
        return Err(Diagnostic::error(module::path(of.module), error).hint(
            "Terraform leaves such a file where an apply fails: store what is in it (`terraform state push`) and take it out of Git",
        ));
    }
    let mut hasher = Hasher::default();
    hasher.field(b"hodman terraform 1");
    for (name, file) in &sources {
        hasher.field(name.as_bytes());
        hasher.field(file.text.as_bytes());
        let is = match (file.runs, file.binary) {
            (false, false) => "",
            (true, false) => "runs",
            (false, true) => "binary",
            (true, true) => "runs binary",
        };
        hasher.field(is.as_bytes());
    }
    // Texts and truths in a mapping: none of it can fail to be JSON.
    let text = serde_json::to_string(&sources).unwrap_or_default();
    let text = text.replace("${", "$\\u007b");
    Ok((directory.to_owned(), hasher.finish().to_string(), text))
}

fn is_terraform(path: &str) -> bool {
    [".tf", ".tf.json", ".tofu", ".tofu.json"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// Everything below the directory, and everything that the Terraform in it names beside it, and so on: `source = "../names"`,
/// `file("${path.module}/../policy.json")`.
pub fn reached<'t>(tree: &'t Tree, directory: &str) -> BTreeSet<&'t str> {
    let mut found = BTreeSet::new();
    let mut open = vec![directory.to_owned()];
    while let Some(place) = open.pop() {
        let inside = |path: &str| {
            path.strip_prefix(place.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        for (path, source) in tree.iter().filter(|(path, _)| inside(path)) {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            if path.ends_with("/module.yaml") || !found.insert(path.as_str()) || !is_terraform(path)
            {
                continue;
            }
            let text = String::from_utf8_lossy(&source.bytes);
            open.extend(named(&text).filter_map(|name| walked(folder, name)));
        }
    }
    found
}

/// The paths to what lies beside that a file of Terraform names, as far as they are written out.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let texts = text
        .lines()
        .flat_map(|line| line.split('"').skip(1).step_by(2));
    texts.filter_map(|text| {
        let text = text.strip_prefix("${path.module}/").unwrap_or(text);
        let text = text.strip_prefix("./").unwrap_or(text);
        // What is put in after that is a name in the folder.
        let fixed = match text.split_once("${") {
            Some((before, _)) => before.rsplit_once('/').map_or("", |(folder, _)| folder),
            None => text,
        };
        text.starts_with("../").then_some(fixed)
    })
}

/// The path of a file as seen from a directory.
fn from(directory: &str, path: &str) -> String {
    let here: Vec<&str> = directory.split('/').collect();
    let there: Vec<&str> = path.split('/').collect();
    let same = here
        .iter()
        .zip(&there)
        .take_while(|(here, there)| here == there)
        .count();
    let up = std::iter::repeat_n("..", here.len() - same);
    let down = there.iter().skip(same).copied();
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let files = files.iter().map(|(path, text)| {
            let bytes = text.as_bytes().to_vec().into();
            let source = SourceBytes {
                bytes,
                executable: false,
            };
            ((*path).to_owned(), source)
        });
        files.collect()
    }

    #[test]
    fn what_the_terraform_names_beside_itself_is_reached_and_nothing_else() {
        let tree = tree(&[
            (
                "modules/net/main.tf",
                "module \"n\" {\n  source = \"../names\"\n}\nlocals { a = file(\"${path.module}/../policies/a.json\") }",
            ),
            ("modules/net/module.yaml", ""),
            (
                "modules/net/sub/x.tf",
                "locals { b = templatefile(\"../../words/${var.w}.txt\", {}) }",
            ),
            (
                "modules/names/main.tf",
                "module \"d\" { source = \"./../deep/er\" }",
            ),
            ("modules/names-2/main.tf", ""),
            (
                "modules/deep/er/main.tf",
                "module \"net\" { source = \"../../net\" }",
            ),
            ("modules/deep/other.tf", ""),
            ("modules/policies/a.json", ""),
            ("modules/policies/b.json", ""),
            ("modules/words/one.txt", ""),
            ("modules/out/main.tf", "../../../../../etc"),
        ]);
        let reached: Vec<&str> = reached(&tree, "modules/net").into_iter().collect();
        assert_eq!(
            reached,
            [
                "modules/deep/er/main.tf",
                "modules/names/main.tf",
                "modules/net/main.tf",
                "modules/net/sub/x.tf",
                "modules/policies/a.json",
                "modules/words/one.txt",
            ]
        );
    }

    #[test]
    fn a_file_with_the_name_of_a_state_that_was_left_is_refused() {
        let module = Module::parse("modules/net/module.yaml", "engine: terraform\n").unwrap();
        let of = |files: &[(&str, &str)]| {
            let of = Of {
                pipeline: "shop",
                env: "qa",
                call: "net",
                module: "net",
                tree: &tree(files),
                import: &BTreeMap::default(),
            };
            sources(&of, &module).map_err(|error| error.to_string())
        };
        let main = ("modules/net/main.tf", "");
        let refused = of(&[main, ("modules/net/errored.tfstate", "{}")]).unwrap_err();
        assert!(refused.contains("modules/net/errored.tfstate"), "{refused}");
        of(&[main, ("modules/net/test/errored.tfstate", "{}")]).unwrap();
    }

    #[test]
    fn paths_are_seen_from_the_directory_and_walked_back() {
        for (path, seen) in [
            ("modules/net/a/b.tf", "a/b.tf"),
            ("modules/names/main.tf", "../names/main.tf"),
            ("x.tf", "../../x.tf"),
        ] {
            assert_eq!(from("modules/net", path), seen);
            assert_eq!(walked("modules/net", seen).as_deref(), Some(path));
        }
        assert_eq!(walked("modules/net", "../../../x"), None);
    }

    #[test]
    fn a_file_that_is_no_text_comes_out_as_it_went_in() {
        let source = SourceBytes {
            bytes: vec![0x50, 0x4b, 0xff, 0x00].into(),
            executable: true,
        };
        let written = serde_json::to_string(&StackFile::new(&source)).unwrap();
        let read: StackFile = serde_json::from_str(&written).unwrap();
        assert_eq!(read.content().as_deref(), Some(&source.bytes[..]));
        assert!(read.runs);
    }
}
