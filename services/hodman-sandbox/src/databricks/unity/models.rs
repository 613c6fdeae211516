//! Versions and aliases of registered models. Versions come from experiment tracking, here from the test's hand.

use axum::Router;
use axum::routing::MethodFilter;
use serde_json::{Map, Value, json};

use super::desk::{Desk, serves};
use super::kind::Kind;
use super::metastore::Securable;
use super::objects::Author;
use super::pages::paged;
use super::{ROOT, view};
use crate::databricks::call::{Call, Shared};
use crate::databricks::error::ApiError;
use crate::databricks::table::fill;
use crate::databricks::world::World;

pub(super) fn router() -> Router<Shared<World>> {
    let model = format!("{ROOT}/models/{{name}}");
    let alias = format!("{model}/aliases/{{alias}}");
    let versions = format!("{model}/versions");
    let version = format!("{versions}/{{version}}");
    Router::new()
        .route(&alias, serves(MethodFilter::PUT, set_alias))
        .route(&alias, serves(MethodFilter::GET, show_by_alias))
        .route(&alias, serves(MethodFilter::DELETE, remove_alias))
        .route(&versions, serves(MethodFilter::GET, list))
        .route(&version, serves(MethodFilter::GET, show))
        .route(&version, serves(MethodFilter::PATCH, change))
        .route(&version, serves(MethodFilter::DELETE, remove))
}

/// The model of a call, to change it.
fn model<'a>(desk: &'a mut Desk<'_>, call: &Call) -> Result<&'a mut Securable, ApiError> {
    desk.get(Kind::Model, call.param("name"))?;
    desk.metastore.get_mut(Kind::Model, call.param("name"))
}

fn no_version(call: &Call, version: &str) -> ApiError {
    let message = format!(
        "Model version '{}' version {version} does not exist.",
        call.param("name")
    );
    ApiError::new(404, "MODEL_VERSION_DOES_NOT_EXIST", message)
}

/// Number of the version in the path, when there is one.
fn version(model: &Securable, call: &Call) -> Result<u64, ApiError> {
    let text = call.param("version");
    let number = text.parse().ok();
    number
        .filter(|number| model.versions.contains_key(number))
        .ok_or_else(|| no_version(call, text))
}

/// Moves the alias when another version has it.
fn set_alias(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let number = call.required_id("version_num")?;
    let model = model(desk, call)?;
    if !model.versions.contains_key(&number) {
        return Err(no_version(call, &number.to_string()));
    }
    let alias = call.param("alias").to_owned();
    model.aliases.insert(alias.clone(), number);
    Ok(json!({"alias_name": alias, "version_num": number}))
}

fn remove_alias(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let gone = model(desk, call)?.aliases.remove(call.param("alias"));
    gone.map(|_| json!({})).ok_or_else(|| no_alias(call))
}

fn no_alias(call: &Call) -> ApiError {
    let (alias, name) = (call.param("alias"), call.param("name"));
    let message = format!("Alias '{alias}' of the model '{name}' does not exist.");
    ApiError::new(404, "ROUTINE_ALIAS_DOES_NOT_EXIST", message)
}

/// A version with the aliases that point to it.
fn shown(model: &Securable, number: u64) -> Value {
    let mut row = model.versions.get(&number).cloned().unwrap_or_default();
    let mut aliases = view::aliases(model);
    if let Some(aliases) = aliases.as_array_mut() {
        aliases.retain(|alias| alias["version_num"] == json!(number));
    }
    row.insert("aliases".into(), aliases);
    Value::Object(row)
}

fn show_by_alias(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let model = model(desk, call)?;
    let number = model.aliases.get(call.param("alias"));
    let number = *number.ok_or_else(|| no_alias(call))?;
    Ok(shown(model, number))
}

fn list(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let model = model(desk, call)?;
    let rows = model.versions.values().cloned().map(Value::Object);
    paged(rows.collect(), "model_versions", call)
}

fn show(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let model = model(desk, call)?;
    let number = version(model, call)?;
    Ok(shown(model, number))
}

/// Only the comment.
fn change(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let model = model(desk, call)?;
    let number = version(model, call)?;
    let row = model.versions.entry(number).or_default();
    if let Some(comment) = call.body.get("comment") {
        row.insert("comment".into(), comment.clone());
    }
    row.insert("updated_at".into(), json!(call.now));
    row.insert("updated_by".into(), json!(call.caller.login));
    Ok(shown(model, number))
}

/// Its aliases go with it.
fn remove(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let model = model(desk, call)?;
    let number = version(model, call)?;
    model.versions.remove(&number);
    model.aliases.retain(|_, version| *version != number);
    Ok(json!({}))
}

/// Registers the next version of a model and answers its number.
pub(super) fn add_version(
    desk: &mut Desk<'_>,
    full_name: &str,
    mut fields: Map<String, Value>,
    author: Author<'_>,
) -> Result<u64, ApiError> {
    let model = desk.metastore.get_mut(Kind::Model, full_name)?;
    let number = model.versions.keys().last().map_or(1, |last| last + 1);
    let of_model = |field: &str| model.row.get(field).cloned().unwrap_or_default();
    fields.insert("model_name".into(), of_model("name"));
    for field in ["catalog_name", "schema_name", "metastore_id"] {
        fields.insert(field.into(), of_model(field));
    }
    fields.insert("version".into(), json!(number));
    fields.insert("id".into(), json!(uuid::Uuid::new_v4().to_string()));
    fill(&mut fields, "status", json!("READY"));
    for (at, by) in [("created_at", "created_by"), ("updated_at", "updated_by")] {
        fields.insert(at.into(), json!(author.now));
        fields.insert(by.into(), json!(author.login));
    }
    model.versions.insert(number, fields);
    Ok(number)
}
