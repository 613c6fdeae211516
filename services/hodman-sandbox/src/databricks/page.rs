//! placeholder
use super::call::Shared;
use super::world::World;
pub(super) fn router(_world: Shared<World>) -> axum::Router {
    axum::Router::new()
}
