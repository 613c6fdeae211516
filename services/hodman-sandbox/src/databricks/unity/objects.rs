//! The calls that all kinds have: create, get, list, update, delete.

use axum::Router;
use axum::routing::MethodFilter;
use serde_json::{Map, Value, json};

use super::desk::{Desk, serves};
use super::kind::Kind;
use super::metastore::Securable;
use super::pages::Page;
use super::{ROOT, checks, fields, rename, storage, view};
use crate::databricks::call::{Call, Shared};
use crate::databricks::error::ApiError;
use crate::databricks::table::overlay;
use crate::databricks::world::World;

/// Who makes something, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Author<'a> {
    pub(super) login: &'a str,
    pub(super) now: i64,
}

pub(super) fn router() -> Router<Shared<World>> {
    let router = Kind::ALL.into_iter().fold(Router::new(), |router, kind| {
        let all = format!("{ROOT}/{}", kind.path());
        let one = format!("{all}/{{name}}");
        router
            .route(&all, serves(MethodFilter::GET, list))
            .route(&all, serves(MethodFilter::POST, create))
            .route(&one, serves(MethodFilter::GET, show))
            .route(&one, serves(MethodFilter::PATCH, change))
            .route(&one, serves(MethodFilter::DELETE, remove))
    });
    let exists = format!("{ROOT}/tables/{{name}}/exists");
    router.route(&exists, serves(MethodFilter::GET, table_exists))
}

fn kind_of(call: &Call) -> Result<Kind, ApiError> {
    Kind::of_path(call.path.split('/').nth(4).unwrap_or_default())
}

fn author(call: &Call) -> Author<'_> {
    Author {
        login: &call.caller.login,
        now: call.now,
    }
}

fn create(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let kind = kind_of(call)?;
    if kind == Kind::Table {
        let is = |field, wanted| call.text(field) == Some(wanted);
        if !is("table_type", "EXTERNAL") || !is("data_source_format", "DELTA") {
            return Err(ApiError::invalid(
                "Only EXTERNAL tables of the format DELTA can be made by this call.",
            ));
        }
    }
    let inner = call.body.get("function_info").and_then(Value::as_object);
    let body = inner.unwrap_or(&call.body);
    let full_name = make(desk, kind, body, author(call))?;
    let securable = desk.metastore.get(kind, &full_name)?;
    Ok(view::of(desk.metastore, kind, securable))
}

/// Makes a securable and answers its full name.
pub(super) fn make(
    desk: &mut Desk<'_>,
    kind: Kind,
    body: &Map<String, Value>,
    author: Author<'_>,
) -> Result<String, ApiError> {
    let mut row = fields::of_create(kind, body)?;
    let full_name = checks::named(kind, &mut row)?;
    if let Some(parent) = kind.parent() {
        let (parent_name, _) = full_name.rsplit_once('.').unwrap_or_default();
        let above = desk.get(parent, parent_name)?;
        checks::may_hold(parent, parent_name, above)?;
    }
    if desk.metastore.contains(kind, &full_name) {
        let name = row.get("name").and_then(Value::as_str);
        return Err(kind.exists(name.unwrap_or_default()));
    }
    let stamp = json!({
        "full_name": full_name,
        "metastore_id": desk.metastore.id,
        "owner": author.login,
        "created_at": author.now,
        "created_by": author.login,
        "updated_at": author.now,
        "updated_by": author.login,
        "browse_only": false,
        "securable_type": kind.securable(),
    });
    overlay(&mut row, &crate::databricks::table::object(stamp));
    let id = uuid::Uuid::new_v4().to_string();
    row.insert(kind.id_field().into(), json!(id));
    let mut securable = Securable {
        row,
        ..Securable::default()
    };
    checks::complete(desk, kind, &mut securable, body)?;
    let is_managed = securable.row.get("catalog_type") == Some(&json!("MANAGED_CATALOG"));
    desk.metastore.insert(kind, &full_name, securable);
    if kind == Kind::Catalog {
        checks::first_schemas(desk, &full_name, is_managed, author);
    }
    Ok(full_name)
}

fn show(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let kind = kind_of(call)?;
    let securable = desk.get(kind, call.param("name"))?;
    let mut row = view::of(desk.metastore, kind, securable);
    if kind == Kind::Model && call.query_is_true("include_aliases") {
        row["aliases"] = view::aliases(securable);
    }
    Ok(row)
}

fn table_exists(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let exists = desk.metastore.contains(Kind::Table, call.param("name"));
    Ok(json!({ "table_exists": exists }))
}

/// Prefix of the full names to list; it is an error when what they lie in is not there or not said.
fn prefix(desk: &Desk<'_>, kind: Kind, call: &Call) -> Result<String, ApiError> {
    let said = |field| call.query(field).filter(|text| !text.is_empty());
    let required = |field| {
        said(field).ok_or_else(|| ApiError::invalid(format!("Missing required field: {field}")))
    };
    let everywhere = said("catalog_name").is_none() && said("schema_name").is_none();
    match kind.parent() {
        None => Ok(String::new()),
        Some(Kind::Catalog) => {
            let catalog = required("catalog_name")?;
            desk.get(Kind::Catalog, catalog)?;
            Ok(format!("{}.", Kind::key(catalog)))
        }
        Some(_) if kind == Kind::Model && everywhere => Ok(String::new()),
        Some(_) => {
            let schema = format!("{}.{}", required("catalog_name")?, required("schema_name")?);
            desk.get(Kind::Schema, &schema)?;
            Ok(format!("{}.", Kind::key(&schema)))
        }
    }
}

fn list(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let kind = kind_of(call)?;
    let prefix = prefix(desk, kind, call)?;
    let unbound = call.query_is_true("include_unbound");
    let listed: Vec<&Securable> = desk
        .metastore
        .of_kind_under(kind, &prefix)
        .map(|(_, securable)| securable)
        .filter(|securable| unbound || !desk.is_hidden(kind, securable))
        .collect();
    let page = Page::of(call)?;
    Ok(page.answer(kind.list_field(), listed, |securable| {
        let mut row = view::of(desk.metastore, kind, securable);
        let omitted = [
            ("omit_columns", "columns"),
            ("omit_properties", "properties"),
            ("omit_username", "owner"),
        ];
        for (_, field) in omitted.iter().filter(|(flag, _)| call.query_is_true(flag)) {
            row.as_object_mut().map(|row| row.remove(*field));
        }
        row
    }))
}

fn change(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let kind = kind_of(call)?;
    let name = call.param("name");
    checks::may_change(kind, name, desk.get(kind, name)?)?;
    let mut fields = fields::of_update(kind, &call.body);
    let new_name = call.text("new_name").filter(|_| fields::is_renamable(kind));
    if fields.is_empty() && new_name.is_none() {
        return Err(ApiError::invalid(format!(
            "Update{} Nothing to update.",
            kind.word().replace(' ', "")
        )));
    }
    let secrets = checks::of_update(desk, kind, name, &mut fields, &call.body)?;
    let new_name = new_name
        .map(|new_name| rename::checked(desk.metastore, kind, name, new_name))
        .transpose()?;
    let securable = desk.metastore.get_mut(kind, name)?;
    overlay(&mut securable.row, &fields);
    securable.row.insert("updated_at".into(), json!(call.now));
    let by = json!(call.caller.login);
    securable.row.insert("updated_by".into(), by);
    if let Some(secrets) = secrets {
        securable.secrets = secrets;
    }
    let full_name = match new_name {
        Some(new_name) => rename::rename(desk.metastore, kind, name, &new_name),
        None => name.to_owned(),
    };
    let securable = desk.metastore.get(kind, &full_name)?;
    Ok(view::of(desk.metastore, kind, securable))
}

fn remove(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let kind = kind_of(call)?;
    let name = call.param("name");
    checks::may_change(kind, name, desk.get(kind, name)?)?;
    if !call.query_is_true("force") {
        refuse_if_used(desk, kind, name)?;
    }
    desk.metastore.remove(kind, name);
    Ok(json!({}))
}

/// The refusals of a delete call without `force`.
fn refuse_if_used(desk: &Desk<'_>, kind: Kind, name: &str) -> Result<(), ApiError> {
    let inside = desk.metastore.inside(kind, name);
    let count = |wanted: &[Kind]| {
        let of_kind = inside.iter().filter(|(kind, _)| wanted.contains(kind));
        of_kind.count()
    };
    match kind {
        Kind::Catalog => {
            let only_views = inside
                .iter()
                .all(|(_, name)| name.ends_with(".information_schema"));
            if !only_views {
                let message = format!("Catalog '{name}' is not empty");
                return Err(ApiError::state(message));
            }
        }
        Kind::Schema if !inside.is_empty() => {
            return Err(ApiError::state(format!(
                "Schema '{name}' is not empty. The schema has {} tables(s), {} functions(s), {} volumes(s)",
                count(&[Kind::Table]),
                count(&[Kind::Function, Kind::Model]),
                count(&[Kind::Volume]),
            )));
        }
        Kind::ExternalLocation => storage::refuse_delete_of_location(desk.metastore, name)?,
        Kind::StorageCredential => storage::refuse_delete_of_credential(desk.metastore, name)?,
        Kind::Connection => {
            let mut catalogs = desk.metastore.of_kind(Kind::Catalog);
            let uses = |securable: &Securable| {
                let connection = securable.row.get("connection_name");
                connection.and_then(Value::as_str).map(Kind::key) == Some(Kind::key(name))
            };
            if let Some((catalog, _)) = catalogs.find(|(_, securable)| uses(securable)) {
                return Err(ApiError::state(format!(
                    "Connection '{name}' cannot be deleted, the foreign catalog '{catalog}' depends on it."
                )));
            }
        }
        _ => {}
    }
    Ok(())
}
