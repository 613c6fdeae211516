//! SQL warehouses. Their names are unique; an edit sets what it leaves out back to the default.

mod settings;

use std::collections::BTreeMap;

use axum::Router;
use serde_json::{Map, Value, json};

use super::call::{Call, Shared, delete, get, post};
use super::clock::{Pace, Progress};
use super::error::ApiError;
use super::paging::PAGES;
use super::world::World;

const ROOT: &str = "/api/2.0/sql/warehouses";

/// `state` of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Starting,
    Running,
    Stopping,
    Stopped,
}

/// One warehouse.
#[derive(Debug, Clone)]
struct Warehouse {
    id: String,
    creator: String,
    settings: Map<String, Value>,
    state: State,
    progress: Progress,
}

/// All warehouses of a workspace by id.
#[derive(Debug, Default)]
pub(crate) struct Warehouses {
    rows: BTreeMap<String, Warehouse>,
}

impl Warehouses {
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.rows.contains_key(id)
    }

    /// Id of one that is not serverless and not stopped now.
    pub(crate) fn running(&mut self, pace: Pace, now: i64) -> Option<&str> {
        let classic = self.rows.values_mut().filter(|warehouse| {
            warehouse.settings.get("enable_serverless_compute") != Some(&Value::Bool(true))
        });
        classic
            .map(|warehouse| {
                warehouse.advance(pace, now);
                &*warehouse
            })
            .find(|warehouse| warehouse.state != State::Stopped)
            .map(|warehouse| warehouse.id.as_str())
    }

    fn get_mut(&mut self, id: &str) -> Result<&mut Warehouse, ApiError> {
        self.rows
            .get_mut(id)
            .ok_or_else(|| ApiError::missing(format!("SQL warehouse {id} does not exist.")))
    }

    fn must_be_unique(&self, name: &str, except: Option<&str>) -> Result<(), ApiError> {
        let taken = self
            .rows
            .values()
            .any(|other| other.name() == name && Some(other.id.as_str()) != except);
        if taken {
            return Err(ApiError::exists(format!(
                "SQL warehouse with name '{name}' already exists"
            )));
        }
        Ok(())
    }
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
            Self::Stopping => "STOPPING",
            Self::Stopped => "STOPPED",
        }
    }

    /// The state that follows by itself.
    fn next(self) -> Option<Self> {
        match self {
            Self::Starting => Some(Self::Running),
            Self::Stopping => Some(Self::Stopped),
            Self::Running | Self::Stopped => None,
        }
    }
}

impl Warehouse {
    fn name(&self) -> &str {
        self.settings
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn enter(&mut self, state: State, now: i64) {
        self.state = state;
        self.progress = Progress::start(now);
    }

    fn advance(&mut self, pace: Pace, now: i64) {
        while let Some(next) = self.state.next() {
            if !self.progress.read(pace, now) {
                return;
            }
            self.enter(next, now);
        }
    }

    fn view(&self, host: &str) -> Value {
        let mut view = self.settings.clone();
        let running = self.state == State::Running;
        let path = format!("/sql/1.0/warehouses/{}", self.id);
        super::table::overlay(
            &mut view,
            &super::table::object(json!({
                "id": self.id,
                "creator_name": self.creator,
                "state": self.state.name(),
                "num_clusters": u32::from(running),
                "num_active_sessions": 0,
                "health": {"status": "HEALTHY"},
                "jdbc_url": format!("jdbc:databricks://{host}:443/default;httpPath={path}"),
                "odbc_params": {"hostname": host, "path": path, "port": 443, "protocol": "https"},
            })),
        );
        Value::Object(view)
    }
}

pub(crate) fn router() -> Router<Shared<World>> {
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&format!("{ROOT}/{{id}}"), get(show))
        .route(&format!("{ROOT}/{{id}}"), delete(remove))
        .route(&format!("{ROOT}/{{id}}/edit"), post(edit))
        .route(&format!("{ROOT}/{{id}}/start"), post(start))
        .route(&format!("{ROOT}/{{id}}/stop"), post(stop))
}

/// A new warehouse starts by itself.
fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = call.required_text("name")?;
    let settings = settings::settled(&call.body, name)?;
    world.warehouses.must_be_unique(name, None)?;
    let id = format!("{:016x}", world.next_id());
    let warehouse = Warehouse {
        id: id.clone(),
        creator: call.caller.login.clone(),
        settings,
        state: State::Starting,
        progress: Progress::start(call.now),
    };
    world.warehouses.rows.insert(id.clone(), warehouse);
    world
        .permissions
        .created("warehouses", &id, &call.caller, None, &world.directory)?;
    Ok(json!({ "id": id }))
}

/// Only the name stays when it is left out.
fn edit(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    let old = world.warehouses.get_mut(id)?.name().to_owned();
    let name = call.text("name").unwrap_or(&old);
    let settings = settings::settled(&call.body, name)?;
    world.warehouses.must_be_unique(name, Some(id))?;
    world.warehouses.get_mut(id)?.settings = settings;
    Ok(json!({}))
}

/// The warehouse as it is now.
fn existing<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Warehouse, ApiError> {
    let pace = world.pace;
    let warehouse = world.warehouses.get_mut(call.param("id"))?;
    warehouse.advance(pace, call.now);
    Ok(warehouse)
}

fn start(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let warehouse = existing(world, call)?;
    if matches!(warehouse.state, State::Stopped | State::Stopping) {
        warehouse.enter(State::Starting, call.now);
    }
    Ok(json!({}))
}

fn stop(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let warehouse = existing(world, call)?;
    if matches!(warehouse.state, State::Running | State::Starting) {
        warehouse.enter(State::Stopping, call.now);
    }
    Ok(json!({}))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let host = world.host.clone();
    Ok(existing(world, call)?.view(&host))
}

fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (pace, host) = (world.pace, world.host.clone());
    let mut all = Vec::new();
    for warehouse in world.warehouses.rows.values_mut() {
        warehouse.advance(pace, call.now);
        all.push(warehouse.view(&host));
    }
    if call.query("page_size").is_none() && call.query("page_token").is_none() {
        return Ok(json!({ "warehouses": all }));
    }
    PAGES.answer(call, "warehouses", all)
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    world.warehouses.get_mut(id)?;
    world.warehouses.rows.remove(id);
    world.permissions.forget("warehouses", id);
    Ok(json!({}))
}
