//! Putting a notebook or a file into the workspace, by whichever of three doors its size allows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::Files;
use super::entry::{Language, escape};
use crate::databricks::error::ApiError;
use crate::databricks::request::{Request, Retry};
use crate::databricks::transport::{Call, Payload};

const IMPORT: &str = "/api/2.0/workspace/import";
/// The JSON body may hold 10 MiB; this leaves room for the other fields.
const LARGEST_JSON_CONTENT: usize = 10 * 1024 * 1024 - 64 * 1024;

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportFormat {
    /// A notebook's source. The path is taken as it is, so it should have no extension: see [`super::notebook_path`].
    SourceNotebook {
        /// The notebook's language.
        language: Language,
    },
    /// A notebook as `.ipynb`. The path is taken as it is.
    Jupyter,
    /// A file of Lakeflow Designer, known by its name; the path is taken as it is.
    Designer,
    /// A file, never taken for a notebook.
    Raw,
    /// Whatever extension and header say: a notebook's source becomes a notebook, and its path loses the extension.
    Auto,
}

impl ImportFormat {
    fn fields(self, path: &str, overwrite: bool) -> Vec<(&'static str, String)> {
        let (format, language) = match self {
            Self::SourceNotebook { language } => ("SOURCE", Some(language)),
            Self::Jupyter => ("JUPYTER", None),
            Self::Raw => ("RAW", None),
            Self::Auto | Self::Designer => ("AUTO", None),
        };
        let mut fields = vec![
            ("path", path.to_owned()),
            ("format", format.to_owned()),
            ("overwrite", overwrite.to_string()),
        ];
        fields.extend(language.map(|language| ("language", language.as_str().to_owned())));
        fields
    }

    fn is_notebook(self) -> bool {
        matches!(self, Self::SourceNotebook { .. } | Self::Jupyter)
    }
}

impl Files<'_> {
    /// Puts `content` at `path`. Without `overwrite`, [`super::super::ErrorKind::AlreadyExists`] when something is
    /// there. The directory above must exist.
    ///
    /// Up to 10 MiB of base64 the call is JSON, which every server understands; larger notebooks go as a multipart
    /// form, larger files raw through `workspace-files/import-file`, as do those of Designer: of no other door is it
    /// known that they stay what they are.
    pub async fn import(
        &self,
        path: &str,
        content: impl Into<Bytes>,
        format: ImportFormat,
        overwrite: bool,
    ) -> Result<(), ApiError> {
        let content = content.into();
        // Without overwrite a repeated import would meet its own first try and report a stranger's file.
        let retry = if overwrite {
            Retry::Idempotent
        } else {
            Retry::NotIdempotent
        };
        let fields = format.fields(path, overwrite);
        let designer = format == ImportFormat::Designer;
        if !designer && content.len().div_ceil(3) * 4 <= LARGEST_JSON_CONTENT {
            let mut body: serde_json::Map<String, Value> = fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect();
            body.insert("overwrite".to_owned(), json!(overwrite));
            body.insert("content".to_owned(), BASE64.encode(&content).into());
            return self
                .workspace
                .call(Request::post(IMPORT, Value::Object(body), retry))
                .await
                .map(drop);
        }
        let file_path = format!("/api/2.0/workspace-files/import-file/{}", escape(path));
        let overwrite_pair = [("overwrite".to_owned(), overwrite.to_string())];
        let call = if format.is_notebook() {
            Call {
                method: Method::POST,
                path: IMPORT,
                query: &[],
                payload: Payload::Form(fields, content),
                retry,
            }
        } else {
            let payload = Payload::Bytes(content);
            Call {
                method: Method::POST,
                path: &file_path,
                query: &overwrite_pair,
                payload,
                retry,
            }
        };
        self.workspace.transport.raw(&call).await.map(drop)
    }
}
