//! `hodman serve`: the daemon, until somebody stops it.

use super::log;
use crate::clock::Clock;
use crate::config::{Config, Purpose};
use crate::daemon::Daemon;
use anyhow::Context as _;
use chrono::Duration;
use hodman_core::settings::Settings;
use hodman_model::files::Span;
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a shell says of a process that was stopped by Ctrl-C.
const STOPPED_HARD: i32 = 130;

pub(super) async fn serve(path: &Path, listen: Option<SocketAddr>) -> anyhow::Result<ExitCode> {
    hide()?;
    let mut config = Config::load(path, Purpose::Serve)?;
    if let Some(listen) = listen {
        anyhow::ensure!(
            listen.ip().is_loopback() || !config.insecure.unsigned_webhooks,
            "insecure.unsigned_webhooks works on loopback only, not on {listen}"
        );
        config.listen = listen;
    }
    log::start(&config.log)?;
    // Before anything is started, so that no signal is missed.
    let mut signals = Signals::listen()?;
    let settings = settings(&config);
    let mut daemon = Daemon::start(config, Clock::system(), settings).await?;
    say_ready(daemon.address);
    tokio::select! {
        ended = daemon.ended() => {
            daemon.stop().await;
            ended.map(|()| ExitCode::FAILURE)
        }
        () = signals.next() => {
            tracing::info!("stopping: what runs may end by itself; once more to stop at once");
            tokio::select! {
                () = daemon.stop() => Ok(ExitCode::SUCCESS),
                // What is under way is found again by its marker when the daemon starts.
                () = signals.next() => std::process::exit(STOPPED_HARD),
            }
        }
    }
}

/// Keeps our environment and our memory, with all secrets in them, from other programs of the same user: Terraform and build commands
/// are such. It holds for what the system lets nobody but root do, so not where we are that.
fn hide() -> anyhow::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).context("hiding the daemon's own memory")
}

/// Whoever started the daemon may wait for this line. Where nobody reads, it serves all the same.
fn say_ready(address: SocketAddr) {
    let mut out = std::io::stdout().lock();
    let said = writeln!(out, "hodman listens on http://{address}").and_then(|()| out.flush());
    if let Err(error) = said {
        tracing::warn!("nobody reads the standard output: {error}");
    }
}

/// The timers of the settings, the rest as usual.
fn settings(config: &Config) -> Settings {
    let span = |span: &Span| Duration::seconds(span.as_secs().cast_signed());
    Settings {
        observe_every: span(&config.timers.observe),
        refresh_every: span(&config.timers.refresh),
        ..Settings::default()
    }
}

/// Ctrl-C and what `systemctl stop` and containers send.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("listening for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
