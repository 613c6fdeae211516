//! The web server: webhooks, health, the page for people and the API that the command line speaks to.
//!
//! Everybody who reaches it may read. Acting is for this machine alone, with a token ([`access`]); what is asked for
//! enters the inbox like everything else. The webhook route shares nothing with the rest but the port.

pub mod access;
mod api;
mod ask;
mod health;
mod layers;
mod metrics;
mod pages;
mod session;
pub mod token;
mod trouble;
pub mod view;

pub use access::Access;
pub use token::ApiToken;

use crate::clock::Clock;
use crate::config::Pipeline;
use crate::daemon::Parts;
use crate::intake::sqs::QueueStatus;
use crate::intake::webhook::{Counters, Webhooks};
use anyhow::Context as _;
use axum::Router;
use hodman_store::Store;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// What the page and the API need to know. Small, so that a test can serve them without a daemon.
#[derive(Clone, Debug)]
pub struct WebParts {
    /// What is shown, and where what is asked for goes.
    pub store: Store,
    /// The moment.
    pub clock: Clock,
    /// The pipelines that this daemon serves.
    pub pipelines: Vec<Pipeline>,
    /// Base of links to repositories and pull requests: `https://github.com`.
    pub forge_url: String,
    /// What webhooks brought so far.
    pub counters: Arc<Counters>,
    /// How each queue does, by its label.
    pub queues: Arc<BTreeMap<String, watch::Sender<QueueStatus>>>,
    /// Who may do what.
    pub access: Access,
}

impl WebParts {
    /// The parts of a daemon. On a loopback bind this makes the token file when there is none.
    ///
    /// # Errors
    /// When the token cannot be read or written.
    pub fn of(parts: &Parts) -> anyhow::Result<Self> {
        let config = &parts.config;
        let access = if config.is_loopback() {
            let token = ApiToken::load_or_make(&config.data_dir)
                .context("the token for the web page and the command line")?;
            Access::loopback(token, config.public_url.as_deref())
        } else {
            Access::read_only()
        };
        Ok(Self {
            store: parts.store.clone(),
            clock: parts.clock.clone(),
            pipelines: config.pipelines.clone(),
            forge_url: config.github.git_base(),
            counters: Arc::clone(&parts.counters),
            queues: Arc::clone(&parts.queues),
            access,
        })
    }
}

/// Every route of a daemon.
///
/// # Errors
/// When the token for actions cannot be read or written.
pub fn router(parts: &Parts) -> anyhow::Result<Router> {
    let webhooks = Webhooks {
        store: parts.store.clone(),
        verifier: parts.verifier.clone(),
        counters: Arc::clone(&parts.counters),
        clock: parts.clock.clone(),
    };
    Ok(pages(WebParts::of(parts)?).merge(webhooks.router()))
}

/// Everything but the webhooks.
pub fn pages(web: WebParts) -> Router {
    let web = Arc::new(web);
    let guarded = pages::router()
        .merge(api::router())
        .merge(metrics::router())
        .fallback(pages::nothing_here);
    layers::guarded(guarded, &web)
        .merge(health::router())
        .with_state(web)
}
