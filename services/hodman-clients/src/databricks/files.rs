//! The workspace tree: notebooks, files and directories.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call;
use super::error::ApiError;
use super::request::{Deleted, Request, Retry};
use super::transport::{Call, Payload};
use super::workspace::{Workspace, parse};

mod entry;
mod import;

pub use entry::{DESIGNER, Entry, EntryKind, Language, NotebookFormat, notebook_path};
pub use import::ImportFormat;

const LIST: &str = "/api/2.0/workspace/list";
const EXPORT: &str = "/api/2.0/workspace/export";
/// Directories listed at once in a walk; the limiter has the last word.
const LISTED_AT_ONCE: usize = 8;
/// The JSON export is bounded at 10 MiB of base64; larger files are read raw.
const LARGEST_JSON_EXPORT: u64 = 7 * 1024 * 1024;

/// The tree of a workspace. Paths are absolute (`/Workspace/Shared/…`, `/Users/…`).
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    pub(super) workspace: &'a Workspace,
}

impl Files<'_> {
    /// What a directory holds, one level deep, by path.
    pub async fn list(&self, path: &str) -> Result<Vec<Entry>, ApiError> {
        #[derive(Deserialize)]
        struct Listing {
            #[serde(default)]
            objects: Vec<Entry>,
        }
        let answer = self
            .workspace
            .call(Request::get(LIST).query("path", path))
            .await?;
        let mut entries = parse::<Listing>(answer, &Method::GET, LIST)?.objects;
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    /// Everything below a directory, by path, directories included. Git folders are named but not entered: what they
    /// hold comes from Git. A directory that disappears during the walk is as if it were empty.
    pub async fn list_recursive(&self, path: &str) -> Result<Vec<Entry>, ApiError> {
        let mut found = Vec::new();
        let mut level = self.list(path).await?;
        while !level.is_empty() {
            let directories: Vec<String> = level
                .iter()
                .filter(|entry| entry.kind == EntryKind::Directory)
                .map(|entry| entry.path.clone())
                .collect();
            found.append(&mut level);
            level = stream::iter(directories)
                .map(|directory| async move {
                    match self.list(&directory).await {
                        Err(error) if error.is_not_found() => Ok(Vec::new()),
                        listed => listed,
                    }
                })
                .buffer_unordered(LISTED_AT_ONCE)
                .try_concat()
                .await?;
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// What is at a path; of a notebook also in which format it is kept, which no list says.
    pub async fn status(&self, path: &str) -> Result<Entry, ApiError> {
        self.workspace
            .read(
                Request::get("/api/2.0/workspace/get-status")
                    .query("path", path)
                    .query("return_export_info", "true"),
            )
            .await
    }

    /// Makes a directory and those above it; nothing happens when it is there.
    pub async fn mkdirs(&self, path: &str) -> Result<(), ApiError> {
        let request = Request::post(
            "/api/2.0/workspace/mkdirs",
            json!({ "path": path }),
            Retry::Idempotent,
        );
        self.workspace.call(request).await.map(drop)
    }

    /// Removes what is at a path. A directory that is not empty needs `recursive`, which is not atomic.
    pub async fn delete(&self, path: &str, recursive: bool) -> Result<Deleted, ApiError> {
        let body = json!({ "path": path, "recursive": recursive });
        self.workspace
            .post_delete("/api/2.0/workspace/delete", body)
            .await
    }

    /// The bytes at a path: a notebook as its source or as `.ipynb`, as it is kept; or a file as it is.
    pub async fn export(&self, path: &str) -> Result<Bytes, ApiError> {
        let entry = self.status(path).await?;
        self.export_entry(&entry).await
    }

    /// [`Files::export`] of an entry that was listed before, which saves a call.
    pub async fn export_entry(&self, entry: &Entry) -> Result<Bytes, ApiError> {
        let designer = entry.kind == EntryKind::Designer;
        let notebook = designer || matches!(entry.kind, EntryKind::Notebook { .. });
        if !notebook && entry.size.is_some_and(|size| size > LARGEST_JSON_EXPORT) {
            return self.export_raw(&entry.path).await;
        }
        let format = match entry.format {
            _ if !notebook => "AUTO",
            // Its status names no format; this is the one that it comes and goes in.
            _ if designer => "JUPYTER",
            Some(NotebookFormat::Jupyter) => "JUPYTER",
            Some(NotebookFormat::Source) | None => "SOURCE",
        };
        let request = Request::get(EXPORT)
            .query("path", &entry.path)
            .query("format", format);
        match self.workspace.call(request).await {
            Ok(answer) => decode(&answer),
            // The size in a listing may be missing or old.
            Err(error)
                if !notebook
                    && error
                        .error_code()
                        .is_some_and(|code| code.ends_with("SIZE_EXCEEDED")) =>
            {
                self.export_raw(&entry.path).await
            }
            Err(error) => Err(error),
        }
    }

    /// The bytes of a small file (no notebook) at a path, in one call.
    pub async fn export_file(&self, path: &str) -> Result<Bytes, ApiError> {
        let request = Request::get(EXPORT)
            .query("path", path)
            .query("format", "AUTO");
        match self.workspace.call(request).await {
            Ok(answer) => decode(&answer),
            Err(error)
                if error
                    .error_code()
                    .is_some_and(|code| code.ends_with("SIZE_EXCEEDED")) =>
            {
                self.export_raw(path).await
            }
            Err(error) => Err(error),
        }
    }

    async fn export_raw(&self, path: &str) -> Result<Bytes, ApiError> {
        let call = Call {
            method: Method::GET,
            path: &format!("/api/2.0/workspace-files/{}", entry::escape(path)),
            query: &[],
            payload: Payload::None,
            retry: Retry::Idempotent,
        };
        Ok(self.workspace.transport.raw(&call).await?.body)
    }
}

fn decode(answer: &Value) -> Result<Bytes, ApiError> {
    let decoded = answer["content"]
        .as_str()
        .map(|content| BASE64.decode(content));
    match decoded {
        Some(Ok(bytes)) => Ok(bytes.into()),
        // An empty file may come without content.
        None if answer.is_object() && answer.get("content").is_none_or(Value::is_null) => {
            Ok(Bytes::new())
        }
        _ => Err(call::unreadable(
            &Method::GET,
            EXPORT,
            "the exported content is not base64",
            reqwest::StatusCode::OK,
        )),
    }
}
