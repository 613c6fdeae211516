//! The calls on drafts.

use axum::Router;
use serde_json::{Value, json};

use super::{Dashboard, content};
use crate::databricks::call::{Call, Shared, delete, get, patch, post};
use crate::databricks::error::ApiError;
use crate::databricks::files::{Asset, normal};
use crate::databricks::paging::PAGES;
use crate::databricks::world::World;

pub(super) const ROOT: &str = "/api/2.0/lakeview/dashboards";

pub(super) fn router() -> Router<Shared<World>> {
    let one = format!("{ROOT}/{{id}}");
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&one, get(show))
        .route(&one, patch(change))
        .route(&one, delete(trash))
}

fn legal_name(name: &str) -> Result<(), ApiError> {
    if name.is_empty() || name.contains('/') {
        return Err(ApiError::invalid(format!(
            "'{name}' is not a legal name of a dashboard."
        )));
    }
    Ok(())
}

/// Makes the draft and its file in a folder that is there.
fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = call.required_text("display_name")?;
    legal_name(name)?;
    let parent = match call.text("parent_path").filter(|path| !path.is_empty()) {
        Some(path) => normal(path)?,
        None => format!("/Users/{}", call.caller.login),
    };
    let dashboard = Dashboard {
        id: uuid::Uuid::new_v4().simple().to_string(),
        name: name.to_owned(),
        parent,
        content: content::normalised(call.text("serialized_dashboard").unwrap_or("{}"), call)?,
        warehouse: call.text("warehouse_id").map(str::to_owned),
        created: call.now,
        updated: call.now,
        version: 1,
        trashed: false,
        published: None,
        schedules: std::collections::BTreeMap::new(),
    };
    let asset = Asset {
        kind: "DASHBOARD",
        resource: Some(dashboard.id.clone()),
        text: dashboard.content.clone(),
    };
    world
        .files
        .place(&dashboard.path(), asset, &call.caller.login, call.now)?;
    let id = &dashboard.id;
    world
        .permissions
        .created("dashboards", id, &call.caller, None, &world.directory)?;
    let view = dashboard.view();
    world.dashboards.rows.insert(id.clone(), dashboard);
    Ok(view)
}

/// One in the trash is still shown, and says so.
fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(world.dashboards.get(call.param("id"))?.view())
}

/// Changes what is given, and takes a warehouse away that is not; with an `etag`, only the version it names.
fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let dashboard = world.dashboards.active(call.param("id"))?;
    if let Some(etag) = call.text("etag").filter(|etag| *etag != dashboard.etag()) {
        return Err(ApiError::new(
            409,
            "ABORTED",
            format!(
                "The dashboard was modified since it was read: its etag is {}, not {etag}.",
                dashboard.etag()
            ),
        ));
    }
    if let Some(parent) = call.text("parent_path")
        && normal(parent)? != dashboard.parent
    {
        return Err(ApiError::invalid(
            "parent_path cannot be changed after the dashboard was created.",
        ));
    }
    let before = dashboard.path();
    if let Some(text) = call.text("serialized_dashboard") {
        dashboard.content = content::normalised(text, call)?;
    }
    if let Some(name) = call.text("display_name") {
        legal_name(name)?;
        let mut renamed = dashboard.clone();
        name.clone_into(&mut renamed.name);
        world.files.rename(&before, &renamed.path())?;
        dashboard.name = renamed.name;
    }
    dashboard.warehouse = call.text("warehouse_id").map(str::to_owned);
    dashboard.changed(call.now);
    world.files.rewrite(
        &dashboard.path(),
        &dashboard.content,
        &call.caller.login,
        call.now,
    );
    Ok(dashboard.view())
}

/// Into the trash: its file goes, what was published goes, the draft is still read by its id.
fn trash(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    let path = world.dashboards.active(id)?.path();
    world.dashboards.lost(id);
    world.files.vacate(&path);
    Ok(json!({}))
}

fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let trashed = call.query_is_true("show_trashed");
    let found = world.dashboards.rows.values();
    let found = found.filter(|dashboard| trashed || !dashboard.trashed);
    PAGES.answer(call, "dashboards", found.map(Dashboard::short).collect())
}
