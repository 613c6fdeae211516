//! What readers see: the draft as it was when it was published.

use axum::Router;
use serde_json::{Value, json};

use super::{Dashboard, Published};
use crate::databricks::call::{Call, Shared, delete, get, post};
use crate::databricks::error::ApiError;
use crate::databricks::paging::iso;
use crate::databricks::world::World;

pub(super) fn router() -> Router<Shared<World>> {
    let one = format!("{}/{{id}}/published", super::routes::ROOT);
    Router::new()
        .route(&one, get(show))
        .route(&one, post(publish))
        .route(&one, delete(unpublish))
        .route(
            &format!("{}/{{id}}/revert", super::routes::ROOT),
            post(revert),
        )
}

impl Published {
    fn view(&self) -> Value {
        let mut view = json!({
            "display_name": self.name,
            "embed_credentials": self.embed_credentials,
            "revision_create_time": iso(self.at),
        });
        if let Some(warehouse) = &self.warehouse {
            view["warehouse_id"] = json!(warehouse);
        }
        view
    }
}

/// Credentials are embedded unless the call says no.
fn publish(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let dashboard = world.dashboards.active(call.param("id"))?;
    let warehouse = call.text("warehouse_id").map(str::to_owned);
    let published = Published {
        name: dashboard.name.clone(),
        content: dashboard.content.clone(),
        warehouse: warehouse.or_else(|| dashboard.warehouse.clone()),
        embed_credentials: call.body.get("embed_credentials") != Some(&json!(false)),
        at: call.now,
    };
    let view = published.view();
    dashboard.published = Some(published);
    Ok(view)
}

fn of(dashboard: &Dashboard) -> Result<&Published, ApiError> {
    dashboard.published.as_ref().ok_or_else(|| {
        ApiError::missing(format!(
            "Unable to find published dashboard [dashboardId={}]",
            dashboard.id
        ))
    })
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(of(world.dashboards.get(call.param("id"))?)?.view())
}

fn unpublish(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let dashboard = world.dashboards.get_mut(call.param("id"))?;
    of(dashboard)?;
    dashboard.published = None;
    Ok(json!({}))
}

/// The draft becomes what was published.
fn revert(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let dashboard = world.dashboards.active(call.param("id"))?;
    dashboard.content = of(dashboard)?.content.clone();
    dashboard.changed(call.now);
    world.files.rewrite(
        &dashboard.path(),
        &dashboard.content,
        &call.caller.login,
        call.now,
    );
    Ok(json!({"dashboard": dashboard.view()}))
}
