//! hodman as users run it: the binary, in a process of its own, which can be killed.

use super::{PATIENCE, Scene, Secrets};
use anyhow::Context as _;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The binary that cargo built for this workspace.
///
/// # Panics
/// When it was not built: then there is nothing to test.
#[must_use]
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    // target/debug/deps/crash-0123456789abcdef -> target/debug/hodman
    let built = test
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("hodman"))
        .find(|path| path.is_file());
    built.unwrap_or_else(|| {
        panic!(
            "the binary hodman is not beside {}: build it with `cargo build --bin hodman`, or run ./test, which does",
            test.display()
        )
    })
}

/// `kill -9` for whichever process runs now.
#[derive(Clone, Debug, Default)]
pub struct Killer {
    child: Arc<Mutex<Option<Child>>>,
    kills: Arc<AtomicU32>,
}

impl Killer {
    /// Kills it and waits until it is gone, so that it cannot see an answer any more.
    pub fn kill(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut child) = child.take() {
            self.kills.fetch_add(1, Ordering::SeqCst);
            // Both fail only for a process that is gone already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// How often it was killed.
    #[must_use]
    pub fn kills(&self) -> u32 {
        self.kills.load(Ordering::SeqCst)
    }
}

/// `hodman serve`, started again whenever it was killed.
pub struct Hodman {
    killer: Killer,
    config: PathBuf,
    log: PathBuf,
    variables: Vec<(String, String)>,
    port: u16,
}

impl Hodman {
    /// Writes the settings and starts it. Webhooks go to the scene's port from now on.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(scene: &Scene, killer: Killer) -> anyhow::Result<Self> {
        let url = format!("http://127.0.0.1:{}/webhooks/github", scene.port);
        scene.hook(&url);
        Self::with_config(
            scene,
            killer,
            &scene.config(Secrets::Environment, scene.port),
            vec![],
        )
    }

    /// The same with other settings, further variables, and no webhooks.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn with_config(
        scene: &Scene,
        killer: Killer,
        config: &str,
        variables: Vec<(String, String)>,
    ) -> anyhow::Result<Self> {
        let path = scene.folder.path().join("hodman.yaml");
        std::fs::write(&path, config).context("writing the settings")?;
        let hodman = Self {
            killer,
            config: path,
            log: scene.folder.path().join("log"),
            variables: scene.environment().into_iter().chain(variables).collect(),
            port: scene.port,
        };
        hodman.spawn()?;
        Ok(hodman)
    }

    fn spawn(&self) -> anyhow::Result<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .context("opening the log")?;
        let mut command = Command::new(binary());
        command
            .arg("serve")
            .arg("--config")
            .arg(&self.config)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("the log")?)
            .stderr(log);
        for name in [
            "HODMAN_SERVER",
            "HODMAN_TOKEN",
            "HODMAN_CONFIG",
            "HODMAN_PIPELINE",
        ] {
            command.env_remove(name);
        }
        let child = command.spawn().context("starting hodman")?;
        *self
            .killer
            .child
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(child);
        Ok(())
    }

    /// Starts it again if it is not there; fails when it ended by itself, which it never should.
    ///
    /// # Errors
    /// It ended by itself, or cannot be started.
    pub fn keep_alive(&self) -> anyhow::Result<()> {
        let mut child = self
            .killer
            .child
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let ended = match child.as_mut() {
            None => true,
            Some(child) => match child.try_wait().context("asking for hodman's end")? {
                None => false,
                Some(status) => anyhow::bail!(
                    "hodman ended by itself with {status}:\n{}",
                    self.end_of_log()
                ),
            },
        };
        drop(child);
        if ended { self.spawn() } else { Ok(()) }
    }

    /// Keeps it alive while something is going on.
    ///
    /// # Errors
    /// What went wrong with it, or with what was going on.
    pub async fn during<T>(
        &self,
        story: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let care = async {
            loop {
                self.keep_alive()?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            ended = story => ended,
            failed = care => failed,
        }
    }

    /// Waits until it answers.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn ready(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        let url = format!("http://127.0.0.1:{}/healthz", self.port);
        while reqwest::get(&url).await.is_err() {
            anyhow::ensure!(
                began.elapsed() < PATIENCE,
                "hodman does not answer:\n{}",
                self.end_of_log()
            );
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        Ok(())
    }

    /// Everything it logged and printed.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// The last lines of it, for failures.
    #[must_use]
    pub fn end_of_log(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

impl Drop for Hodman {
    fn drop(&mut self) {
        self.killer.kill();
    }
}
