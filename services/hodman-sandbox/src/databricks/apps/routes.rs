//! The calls on apps.

use axum::Router;
use serde_json::{Map, Value, json};

use super::{App, Compute};
use crate::databricks::call::{Call, Shared, delete, get, patch, post};
use crate::databricks::clock::Progress;
use crate::databricks::error::ApiError;
use crate::databricks::paging::PAGES;
use crate::databricks::table::overlay;
use crate::databricks::world::World;

pub(super) const ROOT: &str = "/api/2.0/apps";

/// What a caller may set.
const SETTINGS: [&str; 12] = [
    "budget_policy_id",
    "compute_max_instances",
    "compute_min_instances",
    "compute_size",
    "description",
    "forward_user_access_token",
    "git_repository",
    "resources",
    "space",
    "telemetry_export_destinations",
    "usage_policy_id",
    "user_api_scopes",
];

pub(super) fn router() -> Router<Shared<World>> {
    let one = format!("{ROOT}/{{name}}");
    let part = |name: &str| format!("{one}/{name}");
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&one, get(show))
        .route(&one, patch(change))
        .route(&one, delete(remove))
        .route(&part("start"), post(start))
        .route(&part("stop"), post(stop))
        .route(&part("update"), post(masked_change))
        .route(&part("update"), get(show_change))
}

fn settings(body: &Map<String, Value>) -> Map<String, Value> {
    let known = body
        .iter()
        .filter(|(key, value)| SETTINGS.contains(&key.as_str()) && !value.is_null());
    known.map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// Resources are told apart by their names.
fn check(settings: &Map<String, Value>) -> Result<(), ApiError> {
    let resources = settings.get("resources").and_then(Value::as_array);
    let mut names = Vec::new();
    for resource in resources.into_iter().flatten() {
        let name = resource.get("name").and_then(Value::as_str);
        let name =
            name.ok_or_else(|| ApiError::invalid("Missing required field: resources.name"))?;
        if names.contains(&name) {
            return Err(ApiError::invalid(format!(
                "Duplicate resource name: {name}."
            )));
        }
        names.push(name);
    }
    Ok(())
}

/// Its compute starts, unless the call says `no_compute`.
fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = call.required_text("name")?;
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(2..=30).contains(&name.len()) || !name.chars().all(legal) {
        return Err(ApiError::invalid(format!(
            "Invalid app name '{name}'. Name must have 2 to 30 characters, of lowercase letters, digits and hyphens."
        )));
    }
    let settings = settings(&call.body);
    check(&settings)?;
    let (pace, deleted_stay) = (world.pace, world.apps.deleted_stay);
    if let Ok(old) = world.apps.get_mut(name) {
        old.advance(pace, call.now, deleted_stay);
        if old.compute != Compute::Gone {
            return Err(ApiError::new(
                409,
                "ALREADY_EXISTS",
                format!("An app with the same name already exists: {name}"),
            ));
        }
        forget(world, name);
    }
    let id = uuid::Uuid::new_v4().to_string();
    let principal = world
        .directory
        .add_service_principal(&format!("app-{} {name}", &id[..6]));
    let compute = if call.query_is_true("no_compute") {
        Compute::Stopped
    } else {
        Compute::Starting
    };
    let app = App {
        name: name.to_owned(),
        url: format!("https://{name}-{}.aws.databricksapps.com", world.host),
        creator: call.caller.login.clone(),
        updater: call.caller.login.clone(),
        created: call.now,
        updated: call.now,
        compute,
        progress: Progress::start(call.now),
        principal,
        settings,
        deployments: Vec::new(),
        id,
    };
    let view = app.view();
    world.apps.rows.insert(name.to_owned(), app);
    world
        .permissions
        .created("apps", name, &call.caller, None, &world.directory)?;
    Ok(view)
}

/// The app as it is now; one whose deletion has ended is not there.
pub(super) fn existing<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut App, ApiError> {
    let (pace, deleted_stay) = (world.pace, world.apps.deleted_stay);
    let name = call.param("name");
    let app = world.apps.get_mut(name)?;
    app.advance(pace, call.now, deleted_stay);
    if app.compute == Compute::Gone {
        forget(world, name);
    }
    world.apps.get_mut(name)
}

fn forget(world: &mut World, name: &str) {
    if let Some(app) = world.apps.rows.remove(name) {
        world.directory.remove_service_principal(app.principal.0);
    }
    world.permissions.forget("apps", name);
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(existing(world, call)?.view())
}

fn not_deleting(app: &App) -> Result<(), ApiError> {
    if app.compute == Compute::Deleting {
        return Err(ApiError::new(
            400,
            "BAD_REQUEST",
            format!("App {} is being deleted.", app.name),
        ));
    }
    Ok(())
}

/// Each setting that is given replaces the old one whole.
fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let given = settings(&call.body);
    apply(world, call, |settings| overlay(settings, &given))
}

fn apply(
    world: &mut World,
    call: &Call,
    change: impl FnOnce(&mut Map<String, Value>),
) -> Result<Value, ApiError> {
    let app = existing(world, call)?;
    not_deleting(app)?;
    let mut settings = app.settings.clone();
    change(&mut settings);
    check(&settings)?;
    app.settings = settings;
    app.updated = call.now;
    app.updater.clone_from(&call.caller.login);
    Ok(app.view())
}

/// Only what the mask names; what it names and the app does not have is taken away.
fn masked_change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let mask = call.required_text("update_mask")?;
    let given = match call.body.get("app") {
        Some(Value::Object(app)) => settings(app),
        _ => Map::new(),
    };
    let all = mask == "*";
    let named: Vec<&str> = SETTINGS
        .into_iter()
        .filter(|field| all || mask.split(',').any(|part| part.trim() == *field))
        .collect();
    apply(world, call, |settings| {
        for field in named {
            match given.get(field) {
                Some(value) => drop(settings.insert(field.to_owned(), value.clone())),
                None => drop(settings.remove(field)),
            }
        }
    })?;
    show_change(world, call)
}

fn show_change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let mut view = existing(world, call)?.settings.clone();
    view.insert(
        "status".into(),
        json!({"state": "SUCCEEDED", "message": ""}),
    );
    Ok(Value::Object(view))
}

fn start(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let app = existing(world, call)?;
    not_deleting(app)?;
    if matches!(app.compute, Compute::Stopped | Compute::Stopping) {
        app.enter(Compute::Starting, call.now);
    }
    Ok(app.view())
}

fn stop(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let app = existing(world, call)?;
    not_deleting(app)?;
    if matches!(app.compute, Compute::Active | Compute::Starting) {
        app.enter(Compute::Stopping, call.now);
    }
    Ok(app.view())
}

fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (pace, mut found) = (world.pace, Vec::new());
    let deleted_stay = world.apps.deleted_stay;
    for app in world.apps.rows.values_mut() {
        app.advance(pace, call.now, deleted_stay);
        if app.compute != Compute::Gone {
            found.push(app.view());
        }
    }
    PAGES.answer(call, "apps", found)
}

/// It is there and says `DELETING` until its states have gone by; its name is taken until then.
fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let app = existing(world, call)?;
    if app.compute == Compute::Deleting {
        let words = format!(
            "Cannot delete app {} as it is not terminal with state DELETING, and was updated less than 20 minutes ago. Please wait before trying again.",
            app.name
        );
        return Err(ApiError::new(400, "BAD_REQUEST", words));
    }
    app.enter(Compute::Deleting, call.now);
    Ok(app.view())
}
