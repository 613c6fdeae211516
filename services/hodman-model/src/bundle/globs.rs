//! Globs as the Databricks CLI reads them: Go's for `include` and libraries, gitignore's for `sync`.

use globset::{GlobBuilder, GlobMatcher};

/// Whether a text is a pattern and not just a path.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// A pattern as Go's `filepath.Glob` reads it: `*` stays within a folder, and `**` is no more than `*`.
pub(crate) fn path_glob(pattern: &str) -> Result<GlobMatcher, globset::Error> {
    let mut single = pattern.replace("**", "*");
    while single.contains("**") {
        single = single.replace("**", "*");
    }
    compile(&single)
}

/// One line of gitignore syntax.
pub(super) struct IgnoreGlob {
    matcher: GlobMatcher,
    folders_only: bool,
    /// A line that begins with `!` takes back what earlier lines said.
    pub negated: bool,
}

impl IgnoreGlob {
    /// Reads a line; with a slash before its end it is bound to the root, else it matches at any depth.
    pub fn new(line: &str) -> Result<Self, globset::Error> {
        let (negated, line) = line
            .strip_prefix('!')
            .map_or((false, line), |rest| (true, rest));
        let folders_only = line.ends_with('/');
        let line = line.trim_end_matches('/');
        let line = line.strip_prefix("./").unwrap_or(line);
        let anchored = line.contains('/');
        let line = line.trim_start_matches('/');
        let pattern = if anchored {
            line.to_owned()
        } else {
            format!("**/{line}")
        };
        Ok(Self {
            matcher: compile(&pattern)?,
            folders_only,
            negated,
        })
    }

    /// Whether the file or one of the folders it is in matches.
    pub fn is_match(&self, path: &str) -> bool {
        let folders = path.match_indices('/').map(|(slash, _)| &path[..slash]);
        folders
            .into_iter()
            .any(|folder| self.matcher.is_match(folder))
            || (!self.folders_only && self.matcher.is_match(path))
    }
}

/// Whether the last of `globs` that speaks about `path` takes it in.
pub(super) fn any_match(globs: &[IgnoreGlob], path: &str) -> bool {
    globs
        .iter()
        .rev()
        .find(|glob| glob.is_match(path))
        .is_some_and(|glob| !glob.negated)
}

/// Neither of the two syntaxes knows braces.
fn compile(pattern: &str) -> Result<GlobMatcher, globset::Error> {
    let escaped = pattern.replace('{', "[{]").replace('}', "[}]");
    Ok(GlobBuilder::new(&escaped)
        .literal_separator(true)
        .build()?
        .compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_stay_within_a_folder() {
        let matches = |pattern: &str, path: &str| path_glob(pattern).unwrap().is_match(path);
        assert!(matches("resources/*.yml", "resources/a.yml"));
        assert!(!matches("resources/*.yml", "resources/x/a.yml"));
        assert!(matches("resources/**/*.yml", "resources/x/a.yml"));
        assert!(!matches("resources/**/*.yml", "resources/x/y/a.yml"));
        assert!(!matches("{a,b}.yml", "a.yml"));
        assert!(path_glob("[").is_err());
    }

    #[test]
    fn ignore_lines_read_as_git_does() {
        let cases = [
            ("*.tmp", "a/b.tmp", true),
            ("build", "a/build/x.py", true),
            ("build", "a/build", true),
            ("build/", "a/build", false),
            ("build/", "a/build/x", true),
            ("/build", "a/build/x", false),
            ("/build", "build/x", true),
            ("a/b", "a/b/c", true),
            ("a/b", "x/a/b", false),
            ("a/**/z", "a/b/c/z", true),
            ("./dist/*.whl", "dist/x.whl", true),
            ("a/*.py", "a/b/c.py", false),
        ];
        for (line, path, expected) in cases {
            assert_eq!(
                IgnoreGlob::new(line).unwrap().is_match(path),
                expected,
                "{line} on {path}"
            );
        }
        let lines: Vec<IgnoreGlob> = ["*.log", "!keep.log"]
            .iter()
            .map(|line| IgnoreGlob::new(line).unwrap())
            .collect();
        assert!(any_match(&lines, "x/a.log"));
        assert!(!any_match(&lines, "x/keep.log"));
    }
}
