//! The running daemon: what is started, in which order, and how it stops.

mod alone;
mod forget;
mod parts;
mod queues;
mod redeliver;

pub(crate) use alone::alone;
pub use parts::Parts;

use crate::clock::Clock;
use crate::config::Config;
use crate::engine::{Engine, run_timers};
use crate::web;
use crate::worker::Worker;
use anyhow::Context as _;
use hodman_core::settings::Settings;
use hodman_store::NewEvent;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A started daemon.
#[derive(Debug)]
pub struct Daemon {
    /// Where it listens.
    pub address: SocketAddr,
    tasks: JoinSet<anyhow::Result<()>>,
    intake: CancellationToken,
    rest: CancellationToken,
    parts: Parts,
    patience: Duration,
    /// Until the last of it has stopped.
    alone: alone::Alone,
}

impl Daemon {
    /// Starts everything; when this returns, webhooks are taken.
    ///
    /// # Errors
    /// When the port is taken, the database cannot be opened, or the configuration does not hold.
    pub async fn start(config: Config, clock: Clock, settings: Settings) -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind(config.listen).await.with_context(|| {
            format!("cannot listen on {}: is something else using the port? `--listen 127.0.0.1:0` picks a free one", config.listen)
        })?;
        let address = listener
            .local_addr()
            .context("asking for the own address")?;
        // Before the database is opened, which also brings it to this program's form.
        parts::make_data_dir(&config)?;
        let alone = alone(&config.store_target()?)?;
        let parts = Parts::open(config, clock.clone(), address).await?;
        let (intake, rest) = (CancellationToken::new(), CancellationToken::new());
        let mut tasks = JoinSet::new();
        let patience = Duration::from_secs(parts.config.timers.shutdown.as_secs());

        let engine = Engine::new(
            parts.store.clone(),
            parts.config.pipelines.clone(),
            settings,
            clock.clone(),
        );
        let stop = rest.clone();
        tasks.spawn(async move { engine.run(stop).await.context("the engine") });

        let (store, timer, stop) = (parts.store.clone(), clock.clone(), rest.clone());
        tasks.spawn(async move { run_timers(&store, &timer, stop).await.context("the timers") });

        let worker = Worker::new(
            parts.store.clone(),
            parts.work.clone(),
            clock.clone(),
            format!("worker:{}", uuid::Uuid::new_v4()),
            Duration::from_secs(parts.config.timers.lease.as_secs()),
        );
        let stop = rest.clone();
        tasks.spawn(async move { worker.run(stop, patience).await.context("the worker") });

        let (forget, stop) = (parts.clone(), intake.clone());
        tasks.spawn(async move { forget::run(&forget, stop).await });
        let (redeliver, stop) = (parts.clone(), intake.clone());
        tasks.spawn(async move { redeliver::run(&redeliver, stop).await });
        for (poller, status) in queues::pollers(&parts).await? {
            let stop = intake.clone();
            tasks.spawn(async move {
                poller.run(status, stop).await;
                Ok(())
            });
        }

        let router = web::router(&parts)?;
        let stop = intake.clone();
        tasks.spawn(async move {
            axum::serve(
                listener,
                router.into_make_service_with_connect_info::<SocketAddr>(),
            )
            .with_graceful_shutdown(async move { stop.cancelled().await })
            .await
            .context("the web server")
        });
        wake_all(&parts, &clock).await?;
        tracing::info!(http.address = %address, "hodman listens on http://{address}");
        Ok(Self {
            address,
            tasks,
            intake,
            rest,
            parts,
            patience,
            alone,
        })
    }

    /// What it works with.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Waits until a part ends, which none should.
    ///
    /// # Errors
    /// Why it ended.
    pub async fn ended(&mut self) -> anyhow::Result<()> {
        match self.tasks.join_next().await {
            Some(ended) => ended.context("a part of the daemon panicked")?,
            None => Ok(()),
        }
        .and_then(|()| Err(anyhow::anyhow!("a part of the daemon stopped by itself")))
    }

    /// Stops in order: intake first, then what works, then the store. What does not end in time is left to its lease.
    pub async fn stop(mut self) {
        self.intake.cancel();
        self.rest.cancel();
        let patience = self.parts.work.places.patience(self.patience);
        self.parts.work.places.stop();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(patience + Duration::from_secs(1), all)
            .await
            .is_err()
        {
            tracing::warn!("some parts did not stop in time");
            self.tasks.abort_all();
        }
        self.parts.store.close().await;
        drop(self.alone);
    }
}

/// A start is news: whatever happened while the daemon was away is found by looking.
async fn wake_all(parts: &Parts, clock: &Clock) -> anyhow::Result<()> {
    let boot = uuid::Uuid::new_v4();
    let events = parts
        .config
        .pipelines
        .iter()
        .map(|pipeline| NewEvent {
            source: crate::intake::source::DAEMON.to_owned(),
            delivery: format!("{boot}:{}", pipeline.name),
            kind: "started".to_owned(),
            pipeline: Some(pipeline.name.clone()),
            meta: serde_json::Value::Null,
            body: vec![],
            received_at: clock.now(),
        })
        .collect();
    parts
        .store
        .insert_events(events)
        .await
        .context("waking the pipelines")?;
    Ok(())
}
