//! Unity Catalog: metastores with the securables in them, grants, workspace bindings, and the files of volumes.
//!
//! Every workspace begins with a metastore of its own, so that two workspaces know nothing of each other's catalogs until
//! the account (or `WorkspaceHandle::share_metastore`) assigns them the same one; then they see the same catalogs, as far as
//! the bindings allow. As elsewhere in the sandbox nobody is refused for lack of a privilege, and principals of grants are
//! not looked up.

mod assignments;
mod bindings;
mod checks;
mod desk;
pub(in crate::databricks) mod fields;
mod grants;
mod hand;
mod kind;
mod metastore;
mod metastores;
mod models;
mod objects;
mod pages;
mod privileges;
mod rename;
mod secret_options;
mod storage;
mod view;
mod volume_files;

use axum::Router;

use super::call::Shared;
use super::world::World;

pub(crate) use desk::Access;
pub(crate) use metastores::Metastores;

/// Where all calls begin, but for those on the files of volumes.
const ROOT: &str = "/api/2.1/unity-catalog";

pub(crate) fn router() -> Router<Shared<World>> {
    Router::new()
        .merge(objects::router())
        .merge(models::router())
        .merge(grants::router())
        .merge(bindings::router())
        .merge(assignments::router())
        .merge(storage::router())
        .merge(volume_files::router())
}
