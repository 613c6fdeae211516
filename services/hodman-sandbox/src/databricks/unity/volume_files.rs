//! Files in volumes, by the Files API: paths begin with `/Volumes/<catalog>/<schema>/<volume>`. Uploads in parts are not
//! served; clients use them for large files only.

use axum::Router;
use axum::http::header::{CONTENT_TYPE, LAST_MODIFIED};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodFilter;
use chrono::DateTime;
use serde_json::{Value, json};

use super::desk::{Desk, serves, serves_response};
use super::kind::Kind;
use super::metastore::Securable;
use super::pages::paged;
use crate::databricks::call::{Call, Shared};
use crate::databricks::error::ApiError;
use crate::databricks::world::World;

/// A file or a folder in a volume.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// `None`: a folder.
    pub(super) bytes: Option<Vec<u8>>,
    /// Milliseconds since 1970.
    pub(super) modified: i64,
}

pub(super) fn router() -> Router<Shared<World>> {
    let file = "/api/2.0/fs/files/{*path}";
    let folder = "/api/2.0/fs/directories/{*path}";
    Router::new()
        .route(file, serves_response(MethodFilter::GET, download))
        .route(file, serves_response(MethodFilter::PUT, upload))
        .route(file, serves_response(MethodFilter::DELETE, remove_file))
        .route(folder, serves(MethodFilter::GET, list))
        .route(folder, serves_response(MethodFilter::PUT, make_folder))
        .route(folder, serves_response(MethodFilter::DELETE, remove_folder))
}

/// Full name of the volume, and the path below it without slashes at its ends.
pub(super) fn split(path: &str) -> Result<(String, String), ApiError> {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let volumes = parts.next();
    let names: Vec<&str> = parts.by_ref().take(3).collect();
    if volumes != Some("Volumes") || names.len() != 3 {
        return Err(ApiError::invalid(format!(
            "Invalid path: '{path}' is not below /Volumes/<catalog>/<schema>/<volume>."
        )));
    }
    let rest: Vec<&str> = parts.collect();
    if rest.iter().any(|part| matches!(*part, "." | "..")) {
        return Err(ApiError::invalid(format!("Invalid path: '{path}'.")));
    }
    Ok((names.join("."), rest.join("/")))
}

fn open<'a>(desk: &'a mut Desk<'_>, path: &str) -> Result<(&'a mut Securable, String), ApiError> {
    let (name, rest) = split(path)?;
    desk.get(Kind::Volume, &name)?;
    Ok((desk.metastore.get_mut(Kind::Volume, &name)?, rest))
}

fn no_file() -> ApiError {
    ApiError::new(404, "NOT_FOUND", "The file being accessed is not found.")
}

fn no_folder() -> ApiError {
    let message = "The directory being accessed is not found.";
    ApiError::new(404, "NOT_FOUND", message)
}

fn nothing() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Also answers `HEAD`.
fn download(desk: &mut Desk<'_>, call: &Call) -> Result<Response, ApiError> {
    let (volume, path) = open(desk, call.param("path"))?;
    let node = volume.files.get(&path).ok_or_else(no_file)?;
    let bytes = node.bytes.clone().ok_or_else(no_file)?;
    let mut headers = HeaderMap::new();
    let octets = HeaderValue::from_static("application/octet-stream");
    headers.insert(CONTENT_TYPE, octets);
    let modified = DateTime::from_timestamp_millis(node.modified)
        .map(|time| time.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .and_then(|text| HeaderValue::from_str(&text).ok());
    if let Some(modified) = modified {
        headers.insert(LAST_MODIFIED, modified);
    }
    Ok((headers, bytes).into_response())
}

/// An existing file is replaced, but for `overwrite=false`; folders above are made.
fn upload(desk: &mut Desk<'_>, call: &Call) -> Result<Response, ApiError> {
    let (volume, path) = open(desk, call.param("path"))?;
    let may_replace = call.query("overwrite") != Some("false");
    put(volume, &path, call.raw.to_vec(), may_replace, call.now)?;
    Ok(nothing())
}

/// Writes a file and the folders above it.
pub(super) fn put(
    volume: &mut Securable,
    path: &str,
    bytes: Vec<u8>,
    may_replace: bool,
    now: i64,
) -> Result<(), ApiError> {
    let exists = volume.files.get(path);
    if path.is_empty() || exists.is_some_and(|node| node.bytes.is_none() || !may_replace) {
        let message = "The file being created already exists.";
        return Err(ApiError::new(409, "ALREADY_EXISTS", message));
    }
    if let Some((folder, _)) = path.rsplit_once('/') {
        folders(volume, folder, now)?;
    }
    let node = Node {
        bytes: Some(bytes),
        modified: now,
    };
    volume.files.insert(path.to_owned(), node);
    Ok(())
}

/// A folder and those above it; a file in the way is refused.
fn folders(volume: &mut Securable, path: &str, now: i64) -> Result<(), ApiError> {
    let ends = path.match_indices('/').map(|(end, _)| end);
    for end in ends.chain([path.len()]) {
        let folder = path.get(..end).unwrap_or_default();
        let node = volume.files.entry(folder.to_owned());
        let node = node.or_insert(Node {
            bytes: None,
            modified: now,
        });
        if node.bytes.is_some() {
            let message = format!("'{folder}' is a file, not a directory.");
            return Err(ApiError::new(409, "ALREADY_EXISTS", message));
        }
    }
    Ok(())
}

fn remove_file(desk: &mut Desk<'_>, call: &Call) -> Result<Response, ApiError> {
    let (volume, path) = open(desk, call.param("path"))?;
    if volume
        .files
        .get(&path)
        .is_none_or(|node| node.bytes.is_none())
    {
        return Err(no_file());
    }
    volume.files.remove(&path);
    Ok(nothing())
}

fn make_folder(desk: &mut Desk<'_>, call: &Call) -> Result<Response, ApiError> {
    let (volume, path) = open(desk, call.param("path"))?;
    if !path.is_empty() {
        folders(volume, &path, call.now)?;
    }
    Ok(nothing())
}

fn is_folder(volume: &Securable, path: &str) -> bool {
    let node = volume.files.get(path);
    path.is_empty() || node.is_some_and(|node| node.bytes.is_none())
}

fn remove_folder(desk: &mut Desk<'_>, call: &Call) -> Result<Response, ApiError> {
    let (volume, path) = open(desk, call.param("path"))?;
    if !is_folder(volume, &path) {
        return Err(no_folder());
    }
    let below = format!("{path}/");
    if path.is_empty() || volume.files.keys().any(|other| other.starts_with(&below)) {
        return Err(ApiError::invalid("The directory is not empty."));
    }
    volume.files.remove(&path);
    Ok(nothing())
}

/// One level, also answers `HEAD`.
fn list(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let (volume, path) = open(desk, call.param("path"))?;
    if !is_folder(volume, &path) {
        return Err(no_folder());
    }
    let whole = call.param("path").trim_matches('/');
    let inside = |name: &str| -> Option<String> {
        let rest = if path.is_empty() {
            name
        } else {
            name.strip_prefix(&path)?.strip_prefix('/')?
        };
        (!rest.contains('/')).then(|| rest.to_owned())
    };
    let entries = volume.files.iter();
    let rows = entries.filter_map(|(full, node)| {
        let name = inside(full)?;
        let mut row = json!({
            "path": format!("/{whole}/{name}"),
            "name": name,
            "is_directory": node.bytes.is_none(),
            "last_modified": node.modified,
        });
        if let Some(bytes) = &node.bytes {
            row["file_size"] = json!(bytes.len());
        }
        Some(row)
    });
    paged(rows.collect(), "contents", call)
}
