//! What a call sees: the metastore of its workspace, through the bindings.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use serde_json::Value;

use super::kind::Kind;
use super::metastore::{Metastore, Securable};
use super::metastores::Metastores;
use crate::databricks::call::{Call, Reply, Shared};
use crate::databricks::error::ApiError;
use crate::databricks::world::World;

/// A workspace's way to the metastores. Their lock is taken without the workspace's.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) metastores: Shared<Metastores>,
    pub(crate) workspace: u64,
}

/// The metastore of one workspace.
#[derive(Debug)]
pub(super) struct Desk<'a> {
    pub(super) metastore: &'a mut Metastore,
    pub(super) workspace: u64,
}

impl Access {
    /// Does something with the metastore that the workspace uses.
    pub(super) fn desk<T>(
        &self,
        act: impl FnOnce(&mut Desk<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut metastores = self.metastores.lock();
        let metastore = metastores.of(self.workspace)?;
        act(&mut Desk {
            metastore,
            workspace: self.workspace,
        })
    }
}

impl Desk<'_> {
    /// A securable that this workspace may use.
    pub(super) fn get(&self, kind: Kind, full_name: &str) -> Result<&Securable, ApiError> {
        if kind.parent().is_some() {
            let catalog = full_name.split('.').next().unwrap_or_default();
            self.get(Kind::Catalog, catalog)?;
            if let Some((schema, _)) = full_name
                .rsplit_once('.')
                .filter(|_| kind.parent() == Some(Kind::Schema))
            {
                self.metastore.get(Kind::Schema, schema)?;
            }
        }
        let securable = self.metastore.get(kind, full_name)?;
        if self.is_hidden(kind, securable) {
            return Err(ApiError::new(
                403,
                "PERMISSION_DENIED",
                format!(
                    "{} '{full_name}' is not accessible in current workspace",
                    kind.word()
                ),
            ));
        }
        Ok(securable)
    }

    /// Whether it is isolated, and not bound to this workspace.
    pub(super) fn is_hidden(&self, kind: Kind, securable: &Securable) -> bool {
        let mode = securable.row.get("isolation_mode").and_then(Value::as_str);
        kind.is_bindable()
            && mode == Some(kind.isolation_modes()[1])
            && !securable.bindings.contains_key(&self.workspace)
    }
}

/// Serves one method with a function of the metastore and the call.
pub(super) fn serves<R: Into<Reply> + 'static>(
    method: MethodFilter,
    handler: fn(&mut Desk<'_>, &Call) -> Result<R, ApiError>,
) -> MethodRouter<Shared<World>> {
    on(
        method,
        move |State(world): State<Shared<World>>, call: Call| async move {
            let access = world.lock().unity.clone();
            access
                .desk(|desk| handler(desk, &call))
                .map(Into::into)
                .map(Reply::into_response)
        },
    )
}

/// The same for calls whose answers are more than a body.
pub(super) fn serves_response(
    method: MethodFilter,
    handler: fn(&mut Desk<'_>, &Call) -> Result<Response, ApiError>,
) -> MethodRouter<Shared<World>> {
    on(
        method,
        move |State(world): State<Shared<World>>, call: Call| async move {
            let access = world.lock().unity.clone();
            access.desk(|desk| handler(desk, &call))
        },
    )
}

/// The same for calls on all metastores; the workspace is that of the host.
pub(super) fn serves_all(
    method: MethodFilter,
    handler: fn(&mut Metastores, u64, &Call) -> Result<Value, ApiError>,
) -> MethodRouter<Shared<World>> {
    on(
        method,
        move |State(world): State<Shared<World>>, call: Call| async move {
            let access = world.lock().unity.clone();
            handler(&mut access.metastores.lock(), access.workspace, &call)
                .map(Reply::Json)
                .map(Reply::into_response)
        },
    )
}
