//! One `hodman serve`: started, asked, looked at, ended.

use super::surroundings::{SECRET, SECRET_VARIABLE, Surroundings};
use crate::bench::machine::field;
use anyhow::{Context as _, bail};
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A start or a stop that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts one with its data in `home`, and says how long it took to be ready.
    pub async fn start(around: &Surroundings, home: &Path) -> anyhow::Result<(Self, Duration)> {
        fs::create_dir_all(home).context("making the data directory")?;
        // Free now; nobody else on this machine is likely to take it within the next milliseconds.
        let free =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port")?;
        let address = free.local_addr().context("looking for a free port")?;
        drop(free);
        let config = home.join("hodman.yaml");
        fs::write(&config, around.config(home, address.port()))
            .context("writing the configuration")?;
        let log = home.join("log");
        let to = File::create(&log).context("making the log")?;
        let program = std::env::current_exe().context("finding the own program")?;
        let began = Instant::now();
        let child = Command::new(program)
            .arg("serve")
            .arg("--config")
            .arg(&config)
            .env(SECRET_VARIABLE, SECRET)
            .stdin(std::process::Stdio::null())
            .stdout(to.try_clone().context("making the log")?)
            .stderr(to)
            .kill_on_drop(true)
            .spawn()
            .context("starting hodman serve")?;
        let mut process = Self { child, log };
        while !ready(address).await {
            if let Some(status) = process
                .child
                .try_wait()
                .context("looking at hodman serve")?
            {
                bail!("hodman serve ended with {status}:\n{}", process.log());
            }
            anyhow::ensure!(
                began.elapsed() < PATIENCE,
                "not ready in {} s:\n{}",
                PATIENCE.as_secs(),
                process.log()
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let took = began.elapsed();
        Ok((process, took))
    }

    /// One of the sizes in `/proc/PID/status`, in MiB.
    pub fn memory(&self, name: &str) -> anyhow::Result<f64> {
        let text = self.status(name)?;
        let kib: u32 = text
            .trim_end_matches(" kB")
            .parse()
            .with_context(|| format!("{name} is a number of kB"))?;
        Ok(f64::from(kib) / 1024.0)
    }

    /// How many threads it has.
    pub fn threads(&self) -> anyhow::Result<f64> {
        self.status("Threads")?
            .parse()
            .context("the number of threads")
    }

    fn status(&self, name: &str) -> anyhow::Result<String> {
        let id = self.child.id().context("hodman serve has ended")?;
        field(&format!("/proc/{id}/status"), name)
            .context("this system does not tell a process's memory")
    }

    /// What it wrote.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// `kill -9`.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("killing hodman serve")
    }

    /// Ends it as an operator would.
    pub async fn terminate(mut self) -> anyhow::Result<()> {
        let id = self.child.id().context("hodman serve has ended")?;
        let asked = Command::new("kill")
            .arg(id.to_string())
            .status()
            .await
            .context("asking hodman serve to stop")?;
        anyhow::ensure!(asked.success(), "hodman serve could not be asked to stop");
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended
            .with_context(|| format!("it did not stop:\n{}", self.log()))?
            .context("waiting for hodman serve")?;
        Ok(())
    }
}

async fn ready(address: SocketAddr) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .await?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(&answer == b"HTTP/1.1 200")
    };
    ask.await.unwrap_or(false)
}
