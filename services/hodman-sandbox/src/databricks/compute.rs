//! What clusters are made of: policies, instance pools, instance profiles, init scripts.

mod policies;
mod pools;
mod profiles;
mod scripts;

use axum::Router;

use super::call::Shared;
use super::world::World;

pub(crate) use policies::apply as apply_policy;

pub(crate) fn router() -> Router<Shared<World>> {
    Router::new()
        .merge(policies::router())
        .merge(pools::router())
        .merge(profiles::router())
        .merge(scripts::router())
}
