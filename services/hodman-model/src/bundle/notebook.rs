//! Which files are notebooks.

use super::Language;

const MARK: &str = "Databricks notebook source";

/// How a file of Lakeflow Designer is called.
const DESIGNER: &str = ".designer.ipynb";

/// Whether a file is one of Lakeflow Designer, by its name.
#[must_use]
pub fn is_designer(path: &str) -> bool {
    path.ends_with(DESIGNER)
}

impl Language {
    /// The notebook language of a file, or none for an ordinary file.
    #[must_use]
    pub fn of_notebook(path: &str, bytes: &[u8]) -> Option<Self> {
        let name = path.rsplit('/').next()?;
        let (_, extension) = name.rsplit_once('.')?;
        let (language, comment) = match extension.to_ascii_lowercase().as_str() {
            _ if is_designer(path) => return Some(Self::Designer),
            "ipynb" => return Some(Self::Jupyter),
            "py" => (Self::Python, "#"),
            "sql" => (Self::Sql, "--"),
            "scala" => (Self::Scala, "//"),
            "r" => (Self::R, "#"),
            _ => return None,
        };
        let first = bytes.split(|byte| *byte == b'\n').next()?;
        let first =
            std::str::from_utf8(first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first)).ok()?;
        (first.trim_end().strip_prefix(comment)?.trim_start() == MARK).then_some(language)
    }

    /// Whether it is written as Jupyter's JSON.
    #[must_use]
    pub fn is_json(self) -> bool {
        matches!(self, Self::Jupyter | Self::Designer)
    }
}

/// The path under which the workspace knows a notebook: without its extension, but for files of Designer.
#[must_use]
pub fn notebook_path(path: &str) -> &str {
    if is_designer(path) {
        return path;
    }
    let name_start = path.rfind('/').map_or(0, |slash| slash + 1);
    path[name_start..]
        .rfind('.')
        .map_or(path, |dot| &path[..name_start + dot])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_decides() {
        let of = |path: &str, text: &str| Language::of_notebook(path, text.as_bytes());
        assert_eq!(
            of("a.py", "# Databricks notebook source\nx"),
            Some(Language::Python)
        );
        assert_eq!(
            of("a.py", "\u{feff}# Databricks notebook source\r\n"),
            Some(Language::Python)
        );
        assert_eq!(
            of("d/a.SQL", "-- Databricks notebook source"),
            Some(Language::Sql)
        );
        assert_eq!(
            of("a.scala", "// Databricks notebook source\n"),
            Some(Language::Scala)
        );
        assert_eq!(
            of("a.r", "# Databricks notebook source\n"),
            Some(Language::R)
        );
        assert_eq!(of("a.ipynb", "{}"), Some(Language::Jupyter));
        assert_eq!(of("a.designer.ipynb", "{}"), Some(Language::Designer));
        for (path, text) in [
            ("a.py", "import x\n# Databricks notebook source"),
            ("a.txt", "# Databricks notebook source"),
            ("py", "# Databricks notebook source"),
            ("a.sql", "# Databricks notebook source"),
            ("a.py", ""),
        ] {
            assert_eq!(of(path, text), None, "{path}: {text}");
        }
        for (path, known) in [
            ("a.b/c.d.py", "a.b/c.d"),
            ("a.b/c", "a.b/c"),
            ("a/b.designer.ipynb", "a/b.designer.ipynb"),
        ] {
            assert_eq!(notebook_path(path), known);
        }
    }
}
