//! What a listing shows, and how notebooks are named.

use serde::{Deserialize, Serialize};

/// A notebook's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Language {
    /// `.py`
    Python,
    /// `.sql`
    Sql,
    /// `.scala`
    Scala,
    /// `.r`
    R,
}

impl Language {
    /// The API's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Python => "PYTHON",
            Self::Sql => "SQL",
            Self::Scala => "SCALA",
            Self::R => "R",
        }
    }
}

/// In which format a notebook is kept, and best exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotebookFormat {
    /// A source file with marks between its cells.
    Source,
    /// `.ipynb`, with the outputs of its cells.
    Jupyter,
}

/// How a file of Lakeflow Designer is called, in the workspace as in Git: unlike a notebook it keeps its whole name.
pub const DESIGNER: &str = ".designer.ipynb";

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A notebook, whose path carries no extension.
    Notebook {
        /// Its default language; none when the API names one we do not know.
        language: Option<Language>,
    },
    /// A file.
    File,
    /// A file of Lakeflow Designer: Jupyter's JSON, whose path ends in [`DESIGNER`].
    Designer,
    /// A directory.
    Directory,
    /// A Git folder.
    Repo,
    /// A library, dashboard or whatever else, by the API's name.
    Other(String),
}

impl EntryKind {
    /// Whether it has bytes that can be read and written.
    #[must_use]
    pub fn is_content(&self) -> bool {
        matches!(self, Self::Notebook { .. } | Self::File | Self::Designer)
    }
}

/// One entry of the workspace tree.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Shown")]
pub struct Entry {
    /// The absolute path.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// The workspace's id of it, which survives overwriting and moving.
    pub object_id: Option<i64>,
    /// Bytes; only files have it.
    pub size: Option<u64>,
    /// The last change, in milliseconds since 1970.
    pub modified_at: Option<i64>,
    /// A notebook's format; only [`super::Files::status`] knows it, and no server needs to say it.
    pub format: Option<NotebookFormat>,
}

#[derive(Deserialize)]
struct Shown {
    path: String,
    object_type: String,
    language: Option<String>,
    object_id: Option<i64>,
    size: Option<u64>,
    modified_at: Option<i64>,
    repos_export_format: Option<String>,
}

impl From<Shown> for Entry {
    fn from(shown: Shown) -> Self {
        let kind = match shown.object_type.as_str() {
            "NOTEBOOK" => EntryKind::Notebook {
                language: shown.language.as_deref().and_then(language),
            },
            "FILE" => EntryKind::File,
            // No SDK has a word for it; the CLI of Databricks has.
            "DESIGNER_FILE" => EntryKind::Designer,
            "DIRECTORY" => EntryKind::Directory,
            "REPO" => EntryKind::Repo,
            _ => EntryKind::Other(shown.object_type),
        };
        let Shown {
            path,
            object_id,
            size,
            modified_at,
            repos_export_format,
            ..
        } = shown;
        let format = match repos_export_format.as_deref() {
            Some("JUPYTER") => Some(NotebookFormat::Jupyter),
            Some("SOURCE") => Some(NotebookFormat::Source),
            _ => None,
        };
        Self {
            path,
            kind,
            object_id,
            size,
            modified_at,
            format,
        }
    }
}

fn language(name: &str) -> Option<Language> {
    [
        Language::Python,
        Language::Sql,
        Language::Scala,
        Language::R,
    ]
    .into_iter()
    .find(|known| known.as_str() == name)
}

/// The workspace path of a notebook kept in the file `path`: the same without its extension. So `a.py` and `a.sql`
/// collide when both are notebooks. A file of Designer keeps its name.
pub fn notebook_path(path: &str) -> &str {
    if path.ends_with(DESIGNER) {
        return path;
    }
    let extensions = [".py", ".sql", ".scala", ".r", ".R", ".ipynb"];
    extensions
        .iter()
        .find_map(|extension| path.strip_suffix(extension))
        .unwrap_or(path)
}

/// A workspace path as one segment of a URL path, as `workspace-files` wants it.
pub(super) fn escape(path: &str) -> String {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    path.trim_start_matches('/')
        .bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notebooks_lose_their_extension_and_files_keep_it() {
        assert_eq!(notebook_path("/Shared/etl/load.py"), "/Shared/etl/load");
        assert_eq!(
            notebook_path("/Shared/etl/load.v2.ipynb"),
            "/Shared/etl/load.v2"
        );
        for whole in ["/Shared/etl/data.csv", "/Shared/etl/prep.designer.ipynb"] {
            assert_eq!(notebook_path(whole), whole);
        }
    }

    #[test]
    fn a_path_becomes_one_segment() {
        assert_eq!(
            escape("/Workspace/Shared/a b%ü.txt"),
            "Workspace%2FShared%2Fa%20b%25%C3%BC.txt"
        );
    }

    #[test]
    fn kinds_we_do_not_know_are_named() {
        let entry: Entry =
            serde_json::from_value(serde_json::json!({"path": "/x", "object_type": "DASHBOARD"}))
                .unwrap();
        assert_eq!(entry.kind, EntryKind::Other("DASHBOARD".to_owned()));
    }
}
