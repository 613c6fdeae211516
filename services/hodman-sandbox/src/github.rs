//! An in-memory GitHub: REST, Apps, webhooks, pages for people, and real git over HTTP from bare repositories on disk.
//!
//! [`GitHub::start`] serves it on loopback. The handle does what people do ([`GitHub::commit`], [`GitHub::review`],
//! [`GitHub::merge`], …); everything can be done over HTTP as well, with the same events and the same refusals. Facts about
//! payloads and status codes are GitHub's, see <https://docs.github.com/rest> and <https://docs.github.com/webhooks>.

mod app;
mod auth;
mod checks;
mod courier;
mod events;
mod git;
mod handle;
mod hook;
mod http;
mod json;
mod jwt;
mod merging;
mod pages;
mod protection;
mod pull;
mod refs;
mod reply;
mod routes;
mod smart_http;
mod world;

pub use app::AppSpec;
pub use courier::ReleaseOrder;
pub use handle::{DeliveryRecord, GitHub, GitHubOptions, PullView, StartError};
pub use merging::MergeMethod;
pub use reply::ApiError;
pub use world::Clock;
