//! Which files the compiler reads: each target's first file, and from there every `mod name;`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{packages, root};

/// The Rust files that are part of some target, as paths from the top of the checkout.
///
/// # Panics
/// When a file cannot be read.
#[must_use]
pub fn compiled_files() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for target in packages().iter().flat_map(|package| &package.targets) {
        let folder = target.src_path.parent().expect("a file's folder");
        follow(&target.src_path, folder, &mut found);
    }
    found
        .iter()
        .filter_map(|path| path.strip_prefix(root()).ok())
        .map(|path| path.display().to_string())
        .collect()
}

/// `folder` is where the modules of `file` lie.
fn follow(file: &Path, folder: &Path, found: &mut BTreeSet<PathBuf>) {
    if !found.insert(file.to_owned()) {
        return;
    }
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    for name in text.lines().filter_map(declared) {
        let own = folder.join(format!("{name}.rs"));
        let nested = folder.join(name).join("mod.rs");
        let module = if own.is_file() { own } else { nested };
        if module.is_file() {
            follow(&module, &folder.join(name), found);
        }
    }
}

/// The module that a line declares as a file of its own.
fn declared(line: &str) -> Option<&str> {
    let name = line.trim().strip_suffix(';')?;
    let name = match name.strip_prefix("mod ") {
        Some(name) => name,
        None => name.strip_prefix("pub")?.split_once("mod ")?.1,
    };
    let word = |name: &str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
    word(name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::declared;

    #[test]
    fn only_a_module_with_a_file_is_followed() {
        assert_eq!(declared("mod a;"), Some("a"));
        assert_eq!(declared("pub mod a_b;"), Some("a_b"));
        assert_eq!(declared("    pub(crate) mod a;"), Some("a"));
        assert_eq!(declared("mod tests {"), None);
        assert_eq!(declared("// mod a;"), None);
        assert_eq!(declared("use mod_a::b;"), None);
    }
}
