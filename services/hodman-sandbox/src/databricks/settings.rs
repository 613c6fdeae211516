//! Settings of a workspace: tokens, IP access lists, the string configuration, git credentials and git folders.

mod conf;
mod git_credentials;
pub(super) mod ip_access_lists;
mod repos;
mod tokens;

use axum::Router;

use super::call::Shared;
use super::world::World;

pub(crate) fn router() -> Router<Shared<World>> {
    Router::new()
        .merge(conf::router())
        .merge(git_credentials::router())
        .merge(ip_access_lists::router())
        .merge(repos::router())
        .merge(tokens::router())
}
