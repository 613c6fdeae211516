//! The calls on the workspace's tree.

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::import::{NOTEBOOK_LIMIT, too_large};
use super::{Content, DESIGNER, Import, Language, format, import};
use crate::databricks::call::{Call, Reply, Shared, get, post};
use crate::databricks::error::ApiError;
use crate::databricks::world::World;

pub(crate) fn router() -> Router<Shared<World>> {
    Router::new()
        .route("/api/2.0/workspace/import", post(import_call))
        .route("/api/2.0/workspace/export", get(export))
        .route("/api/2.0/workspace/get-status", get(status))
        .route("/api/2.0/workspace/list", get(list))
        .route("/api/2.0/workspace/mkdirs", post(mkdirs))
        .route("/api/2.0/workspace/delete", post(remove))
        .route(
            "/api/2.0/workspace-files/import-file/{*path}",
            post(import_file),
        )
        .route("/api/2.0/workspace-files/{*path}", get(read_file))
}

fn import_call(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let path = call.required_text("path")?;
    let bytes = if call.multipart {
        call.raw.to_vec()
    } else {
        let content = call.text("content").unwrap_or_default();
        STANDARD
            .decode(content)
            .map_err(|_| ApiError::malformed("The content is not base64."))?
    };
    if !call.multipart && bytes.len() > NOTEBOOK_LIMIT {
        return Err(too_large(bytes.len()));
    }
    let import_of = Import {
        path,
        bytes: &bytes,
        format: call.text("format").unwrap_or("SOURCE"),
        language: call.text("language"),
        overwrite: call.flag("overwrite"),
    };
    let id = import(&mut world.files, &import_of, &call.caller.login, call.now)?;
    Ok(json!({"object_id": id}))
}

/// The body is the file; a notebook is recognised by its content, a file of Designer by its name: of no other call is that
/// known. An existing file is a 409 here, unlike `workspace/import`.
fn import_file(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let path = absolute(call.param("path"));
    let import_of = Import {
        path: &path,
        bytes: &call.raw,
        format: DESIGNER,
        language: None,
        overwrite: call.query_is_true("overwrite"),
    };
    let id =
        import(&mut world.files, &import_of, &call.caller.login, call.now).map_err(|refused| {
            let conflict = refused.code == "RESOURCE_ALREADY_EXISTS";
            if conflict {
                ApiError::new(409, &refused.code, refused.message)
            } else {
                refused
            }
        })?;
    Ok(json!({"object_id": id}))
}

fn read_file(world: &mut World, call: &Call) -> Result<Reply, ApiError> {
    let path = absolute(call.param("path"));
    world.files.get(&path)?;
    let content = world.files.content(&path);
    content
        .map(Reply::Bytes)
        .ok_or_else(|| ApiError::invalid(format!("{path} is a folder.")))
}

fn absolute(path: &str) -> String {
    format!("/{}", path.trim_start_matches('/'))
}

fn query_path(call: &Call) -> Result<&str, ApiError> {
    call.query("path")
        .ok_or_else(|| ApiError::invalid("Missing required field: path"))
}

fn export(world: &mut World, call: &Call) -> Result<Reply, ApiError> {
    let (path, node) = world.files.get(query_path(call)?)?;
    let (bytes, file_type) = match &node.content {
        Content::Directory | Content::Repo(_) => {
            return Err(ApiError::invalid(format!(
                "{path} is a folder, only DBC exports folders."
            )));
        }
        Content::File(bytes) => (
            bytes.clone(),
            path.rsplit_once('.').map_or("", |(_, extension)| extension),
        ),
        Content::Asset(asset) => (asset.text.clone().into_bytes(), "json"),
        // No other format is known to be given.
        Content::Designer(text) => match call.query("format") {
            Some("JUPYTER") => (text.clone().into_bytes(), "ipynb"),
            _ => {
                return Err(ApiError::invalid(format!(
                    "{path} is exported in the format JUPYTER."
                )));
            }
        },
        Content::Notebook {
            language,
            source,
            jupyter,
        } => {
            let wanted = call.query("format").unwrap_or("SOURCE");
            match (wanted, jupyter) {
                ("JUPYTER", Some(text)) => (text.clone().into_bytes(), "ipynb"),
                _ => exported(*language, source, wanted)?,
            }
        }
    };
    let direct = call.query_is_true("direct_download");
    if bytes.len() > NOTEBOOK_LIMIT && !direct {
        return Err(too_large(bytes.len()));
    }
    if direct {
        return Ok(Reply::Bytes(bytes));
    }
    Ok(json!({"content": STANDARD.encode(bytes), "file_type": file_type}).into())
}

fn exported(
    language: Language,
    source: &str,
    wanted: &str,
) -> Result<(Vec<u8>, &'static str), ApiError> {
    match wanted {
        "SOURCE" | "AUTO" => Ok((
            format::with_header(language, source).into_bytes(),
            language.extension(),
        )),
        "JUPYTER" => Ok((
            format::to_jupyter(language, source)
                .to_string()
                .into_bytes(),
            "ipynb",
        )),
        other => Err(ApiError::invalid(format!(
            "The format {other} is not supported here."
        ))),
    }
}

fn status(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (path, node) = world.files.get(query_path(call)?)?;
    let mut view = node.view(&path);
    // Only here and only when it is asked for; a list does not know it.
    if let Content::Notebook { jupyter, .. } = &node.content
        && call.query_is_true("return_export_info")
    {
        let format = jupyter.as_ref().map_or("SOURCE", |_| "JUPYTER");
        view.insert("repos_export_format".into(), json!(format));
    }
    Ok(Value::Object(view))
}

/// One level; a notebook or a file lists itself.
fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (path, node) = world.files.get(query_path(call)?)?;
    let after = call.query_number("notebooks_modified_after")?;
    let objects: Vec<Value> = if node.is_folder() {
        let depth = if path == "/" {
            1
        } else {
            path.matches('/').count() + 1
        };
        world
            .files
            .below(&path)
            .filter(|(path, _)| path.matches('/').count() == depth)
            .filter(|(_, node)| {
                after.is_none_or(|after| {
                    !matches!(node.content, Content::Notebook { .. }) || node.modified >= after
                })
            })
            .map(|(path, node)| Value::Object(node.view(path)))
            .collect()
    } else {
        vec![Value::Object(node.view(&path))]
    };
    Ok(if objects.is_empty() {
        json!({})
    } else {
        json!({ "objects": objects })
    })
}

fn mkdirs(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    world
        .files
        .mkdirs(call.required_text("path")?, &call.caller.login, call.now)?;
    Ok(json!({}))
}

pub(crate) fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let gone = world
        .files
        .delete(call.required_text("path")?, call.flag("recursive"))?;
    for node in gone {
        world.has_lost(&node);
    }
    Ok(json!({}))
}
