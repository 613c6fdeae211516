//! The sender: some connections that send and wait, as fast as they are answered or at a rate.

use super::payload::{EVENT, Payloads};
use crate::bench::Sample;
use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// When a webhook is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// As soon as the one before it was answered.
    AsFastAsPossible,
    /// At its time, whatever became of those before it.
    PerSecond(u32),
}

/// What is sent, where and how.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub address: SocketAddr,
    pub connections: u16,
    pub pace: Pace,
    pub warm_up: Duration,
    pub measured: Duration,
    pub payloads: Arc<Payloads>,
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Acknowledged with 2xx, the warm-up included.
    pub accepted: u64,
    /// Other answers by status.
    pub refused: BTreeMap<u16, u64>,
    /// Without an answer.
    pub failed: u64,
    /// From due to acknowledged, after the warm-up.
    pub times: Sample,
    /// Acknowledged inside the measured time.
    inside: u64,
    measured: Duration,
}

impl Outcome {
    /// Acknowledged per second.
    pub fn rate(&self) -> f64 {
        self.inside as f64 / self.measured.as_secs_f64()
    }
}

impl Load {
    /// Sends from a thread of its own.
    pub async fn run(self) -> anyhow::Result<Outcome> {
        let sender = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime
                .context("starting the sender")?
                .block_on(self.send())
        };
        tokio::task::spawn_blocking(sender)
            .await
            .context("the sender panicked")?
    }

    async fn send(self) -> anyhow::Result<Outcome> {
        let mut senders = Vec::new();
        for _ in 0..self.connections {
            senders.push(connect(self.address).await?);
        }
        let load = Arc::new(self);
        let next = Arc::new(AtomicU64::new(0));
        let begin = Instant::now();
        let tasks: Vec<_> = senders
            .into_iter()
            .map(|sender| tokio::spawn(Arc::clone(&load).work(sender, Arc::clone(&next), begin)))
            .collect();
        let mut all = Outcome {
            measured: load.measured,
            ..Outcome::default()
        };
        for task in tasks {
            let one = task.await.context("a connection panicked")??;
            all.accepted += one.accepted;
            all.failed += one.failed;
            all.inside += one.inside;
            all.times.extend(one.times);
            for (status, count) in one.refused {
                *all.refused.entry(status).or_default() += count;
            }
        }
        Ok(all)
    }

    /// One connection's share.
    async fn work(
        self: Arc<Self>,
        mut sender: SendRequest<Full<Bytes>>,
        next: Arc<AtomicU64>,
        begin: Instant,
    ) -> anyhow::Result<Outcome> {
        let (from, until) = (begin + self.warm_up, begin + self.warm_up + self.measured);
        let mut outcome = Outcome::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let due = match self.pace {
                Pace::AsFastAsPossible => Instant::now(),
                Pace::PerSecond(rate) => {
                    begin + Duration::from_secs_f64(number as f64 / f64::from(rate))
                }
            };
            if due >= until {
                return Ok(outcome);
            }
            tokio::time::sleep_until(due).await;
            match deliver(&mut sender, self.request(number)?).await {
                Ok(status) if status.is_success() => {
                    outcome.accepted += 1;
                    let now = Instant::now();
                    outcome.inside += u64::from(now >= from && now < until);
                    if due >= from {
                        outcome.times.add(now - due);
                    }
                }
                Ok(status) => *outcome.refused.entry(status.as_u16()).or_default() += 1,
                Err(_) => {
                    outcome.failed += 1;
                    sender = connect(self.address).await?;
                }
            }
        }
    }

    fn request(&self, number: u64) -> anyhow::Result<Request<Full<Bytes>>> {
        let signed = self.payloads.get(number);
        Request::post("/webhooks/github")
            .header("host", self.address.to_string())
            .header("content-type", "application/json")
            .header("user-agent", "GitHub-Hookshot/bench")
            .header(
                "x-github-delivery",
                format!("{number:08x}-0000-4000-8000-000000000000"),
            )
            .header("x-github-event", EVENT)
            .header("x-github-hook-id", "292430182")
            .header("x-hub-signature-256", signed.signature)
            .body(Full::new(signed.body))
            .context("a request")
    }
}

async fn connect(address: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = tokio::net::TcpStream::connect(address)
        .await
        .context("connecting")?;
    stream
        .set_nodelay(true)
        .context("setting up a connection")?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .context("connecting")?;
    // What goes wrong with it, its request is told.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

async fn deliver(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> hyper::Result<StatusCode> {
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    response.into_body().collect().await?;
    Ok(status)
}
