//! Writing an object into the tree, by whichever call.

use super::{Content, Files, Language, format, normal, parent};
use crate::databricks::error::ApiError;

/// Largest notebook, and largest content of a JSON import: 10 MiB.
pub(super) const NOTEBOOK_LIMIT: usize = 10 * 1024 * 1024;

/// Not one of the API's formats: how [`Import::format`] says that the name decides whether it is a file of Designer.
pub(super) const DESIGNER: &str = "(by name)";

/// How such a file is called.
const DESIGNER_END: &str = ".designer.ipynb";

/// What to write.
#[derive(Debug)]
pub(crate) struct Import<'a> {
    pub(crate) path: &'a str,
    pub(crate) bytes: &'a [u8],
    /// `SOURCE`, `AUTO`, `RAW` or `JUPYTER`, or [`DESIGNER`].
    pub(crate) format: &'a str,
    pub(crate) language: Option<&'a str>,
    pub(crate) overwrite: bool,
}

/// Writes it and answers the object's id.
pub(crate) fn import(
    files: &mut Files,
    import: &Import<'_>,
    by: &str,
    now: i64,
) -> Result<u64, ApiError> {
    let (path, content) = read(import, files.designer)?;
    if matches!(&content, Content::Notebook { source, .. } if source.len() > NOTEBOOK_LIMIT) {
        return Err(too_large(import.bytes.len()));
    }
    let folder = parent(&path);
    match files.nodes.get(folder).map(|node| &node.content) {
        Some(Content::Directory | Content::Repo(_)) => {}
        Some(_) | None => {
            return Err(ApiError::missing(format!(
                "The parent folder ({folder}) does not exist."
            )));
        }
    }
    if let Some(old) = files.nodes.get(&path) {
        if std::mem::discriminant(&old.content) != std::mem::discriminant(&content) {
            let asked = match content {
                Content::File(_) => "FILE",
                Content::Designer(_) => "DESIGNER_FILE",
                _ => "NOTEBOOK",
            };
            return Err(ApiError::invalid(format!(
                "Cannot overwrite the asset at {path} due to type mismatch (asked: {asked}, actual: {})",
                old.kind()
            )));
        }
        if !import.overwrite {
            return Err(ApiError::exists(format!("Path ({path}) already exists.")));
        }
    }
    Ok(files.put(&path, content, by, now))
}

pub(super) fn too_large(size: usize) -> ApiError {
    let message = format!("The content is {size} bytes, the maximum is {NOTEBOOK_LIMIT} bytes.");
    ApiError::new(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", message)
}

/// Path and content by the format: a notebook that is recognised by its content loses its extension.
fn read(import: &Import<'_>, designer: bool) -> Result<(String, Content), ApiError> {
    let path = normal(import.path)?;
    match import.format {
        "SOURCE" => {
            let language = import.language.and_then(Language::of_name).ok_or_else(|| {
                ApiError::invalid(
                    "Missing required field: language. It is required for format SOURCE.",
                )
            })?;
            let text = utf8(import.bytes)?;
            let source = format::without_header(language, text)
                .unwrap_or(text)
                .to_owned();
            let notebook = Content::Notebook {
                language,
                source,
                jupyter: None,
            };
            Ok((path, notebook))
        }
        "JUPYTER" => Ok((path, jupyter(import.bytes)?)),
        "RAW" => Ok((path, Content::File(import.bytes.to_vec()))),
        DESIGNER if designer && path.ends_with(DESIGNER_END) => {
            jupyter(import.bytes)?;
            Ok((path, Content::Designer(utf8(import.bytes)?.to_owned())))
        }
        "AUTO" | DESIGNER => Ok(recognised(&path, import.bytes)
            .unwrap_or_else(|| (path, Content::File(import.bytes.to_vec())))),
        other => Err(ApiError::invalid(format!(
            "The format {other} is not supported here."
        ))),
    }
}

/// A notebook by its extension and its header, or by being Jupyter's JSON.
fn recognised(path: &str, bytes: &[u8]) -> Option<(String, Content)> {
    let (stem, extension) = path.rsplit_once('.')?;
    if extension.eq_ignore_ascii_case("ipynb") {
        return Some((stem.to_owned(), jupyter(bytes).ok()?));
    }
    let language = Language::of_extension(extension)?;
    let source = format::without_header(language, std::str::from_utf8(bytes).ok()?)?.to_owned();
    let notebook = Content::Notebook {
        language,
        source,
        jupyter: None,
    };
    Some((stem.to_owned(), notebook))
}

fn jupyter(bytes: &[u8]) -> Result<Content, ApiError> {
    let (language, source) = format::from_jupyter(bytes)?;
    Ok(Content::Notebook {
        language,
        source,
        jupyter: Some(utf8(bytes)?.to_owned()),
    })
}

fn utf8(bytes: &[u8]) -> Result<&str, ApiError> {
    std::str::from_utf8(bytes).map_err(|_| ApiError::invalid("The source is not UTF-8 text."))
}
