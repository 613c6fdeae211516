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
use crate::config::{Config, Pipeline};
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
    /// The parts of a daemon. Where somebody may act this makes the token file when there is none.
    ///
    /// # Errors
    /// When the token cannot be read or written.
    pub fn of(parts: &Parts) -> anyhow::Result<Self> {
        let config = &parts.config;
        Ok(Self {
            store: parts.store.clone(),
            clock: parts.clock.clone(),
            pipelines: config.pipelines.clone(),
            forge_url: config.github.git_base(),
            counters: Arc::clone(&parts.counters),
            queues: Arc::clone(&parts.queues),
            access: access_of(config)?,
        })
    }
}

/// Who may do what, by where it listens.
fn access_of(config: &Config) -> anyhow::Result<Access> {
    let token = || {
        ApiToken::load_or_make(&config.data_dir)
            .context("the token for the web page and the command line")
    };
    if config.is_loopback() {
        return Ok(Access::loopback(token()?, config.public_url.as_deref()));
    }
    if !config.listen.ip().is_unspecified() {
        return Ok(Access::read_only());
    }
    // A volume that makes its files readable for a group is no reason not to promote.
    Ok(token().map_or_else(
        |error| {
            tracing::warn!("nobody can ask this daemon for anything: {error:#}");
            Access::read_only()
        },
        Access::everywhere,
    ))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Purpose;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    fn config(listen: &str, data: &Path) -> Config {
        let text = format!(
            "listen: {listen}\ndata_dir: {}\ngithub: {{token: {{env: T}}, webhook_secrets: [{{env: S}}]}}\n\
             pipelines: [{{name: shop, repository: acme/shop}}]\n",
            data.display()
        );
        Config::read("hodman.yaml", &text, Purpose::Serve, |_| None).expect("settings")
    }

    #[test]
    fn there_is_a_token_wherever_somebody_may_act() {
        for (listen, acts) in [
            ("127.0.0.1:0", true),
            ("0.0.0.0:0", true),
            ("'[::]:0'", true),
            ("10.0.0.1:0", false),
        ] {
            let data = tempfile::tempdir().expect("a folder");
            let access = access_of(&config(listen, data.path())).expect(listen);
            assert_eq!(access.is_read_only(), !acts, "{listen}");
            assert_eq!(ApiToken::path(data.path()).exists(), acts, "{listen}");
        }
    }

    #[test]
    fn a_token_that_others_read_opens_nothing() {
        let data = tempfile::tempdir().expect("a folder");
        let of = |listen| access_of(&config(listen, data.path()));
        of("0.0.0.0:0").expect("a token is made");
        let mode = std::fs::Permissions::from_mode(0o660);
        std::fs::set_permissions(ApiToken::path(data.path()), mode).expect("a mode");
        assert!(
            of("0.0.0.0:0")
                .expect("it shows, and promotes")
                .is_read_only()
        );
        assert!(of("127.0.0.1:0").is_err());
    }
}
