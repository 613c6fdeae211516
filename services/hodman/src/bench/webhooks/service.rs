//! The daemon's intake as it runs in production: its router, its store, its engine. No executors: what is decided here
//! stays in the outbox, because there is no forge to ask.

use crate::clock::Clock;
use crate::config::{Config, Purpose};
use crate::daemon::Parts;
use crate::{engine, web};
use anyhow::Context as _;
use hodman_core::settings::Settings;
use hodman_store::{Store, StoreUrl};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The webhooks' secret.
pub(super) const SECRET: &str = "a webhook secret of the benchmark";

/// The repository of the configured pipeline.
const OURS: &str = "acme/shop";

/// What happens to stored events meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    /// Nothing.
    Off,
    /// They are read and found to concern nobody.
    Ignores,
    /// They wake a pipeline, whose state is decided and committed.
    Decides,
}

impl Engine {
    /// The repository that the events are about.
    pub fn repository(self) -> &'static str {
        match self {
            Self::Decides => OURS,
            Self::Off | Self::Ignores => "acme/elsewhere",
        }
    }
}

pub(super) struct Service {
    pub address: SocketAddr,
    pub store: Store,
    url: StoreUrl,
    stop: CancellationToken,
    tasks: JoinSet<anyhow::Result<()>>,
}

impl Service {
    pub async fn start(home: &Path, with: Engine) -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("listening")?;
        let address = listener
            .local_addr()
            .context("asking for the own address")?;
        let config = config(home)?;
        let url = config.store_target()?;
        let clock = Clock::system();
        let parts = Parts::open(config, clock.clone(), address).await?;
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        if with != Engine::Off {
            let pipelines = parts.config.pipelines.clone();
            let engine =
                engine::Engine::new(parts.store.clone(), pipelines, Settings::default(), clock);
            let stop = stop.clone();
            tasks.spawn(async move { engine.run(stop).await.context("the engine") });
        }
        let router = web::router(&parts)?.into_make_service_with_connect_info::<SocketAddr>();
        let stopped = stop.clone();
        tasks.spawn(async move {
            let server = axum::serve(listener, router);
            server
                .with_graceful_shutdown(stopped.cancelled_owned())
                .await
                .context("the web server")
        });
        Ok(Self {
            address,
            store: parts.store,
            url,
            stop,
            tasks,
        })
    }

    /// Stops everything and closes the store; says where it is.
    pub async fn stop(mut self) -> anyhow::Result<StoreUrl> {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.context("a part of the daemon panicked")??;
        }
        self.store.close().await;
        Ok(self.url)
    }
}

fn config(home: &Path) -> anyhow::Result<Config> {
    let text = format!(
        "data_dir: {home}\n\
         github: {{api_url: \"http://127.0.0.1:9\", token: {{value: none}}, webhook_secrets: [{{value: \"{SECRET}\"}}]}}\n\
         pipelines: [{{name: shop, repository: {OURS}, branch: main}}]\n",
        home = home.display()
    );
    Config::read(
        "the benchmark's configuration",
        &text,
        Purpose::Demo,
        |_| None,
    )
    .map_err(|found| anyhow::anyhow!("{found}"))
}
