//! Runs one build command: an emptied environment, a limit of time and of output, and nothing left running.
//!
//! It runs as the daemon's own user and can reach the network and what that user may read; the settings' `wrapper` is where
//! a sandbox of the machine forbids that.

use super::scratch::Scratch;
use crate::work::WorkError;
use hodman_model::bundle::Build;
use hodman_model::kinds::secrets::{REDACTED, looks_secret, masked};
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::VecDeque;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

/// The first moment that a ZIP file, which a wheel is, can hold: the same for every commit, so that the same inputs give
/// the same bytes where a build tool heeds it.
const EPOCH: &str = "315532800";

/// How much a single command may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// On the clock.
    pub time: Duration,
    /// Of its output, bytes at the end that are kept.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(900),
            output: 4_000,
        }
    }
}

/// The end of what was written.
type Tail = Arc<Mutex<VecDeque<u8>>>;

pub(super) async fn run(
    build: &Build,
    scratch: &Scratch,
    wrapper: &[String],
    limits: Limits,
) -> Result<(), WorkError> {
    let shell = match build.executable.as_str() {
        shell @ ("bash" | "sh") => shell,
        other => {
            return Err(WorkError::lasting(format!(
                "the artifact `{}` is built by `{other}`, which there is not here: use `bash` or `sh`",
                build.artifact
            )));
        }
    };
    let mut words: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    words.extend([shell, "-e", "-c", build.command.as_str()]);
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .current_dir(scratch.checkout().join(&build.folder))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", scratch.home())
        .env("TMPDIR", scratch.temporary())
        .env("LANG", "C.UTF-8")
        .env("SOURCE_DATE_EPOCH", EPOCH)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command
        .spawn()
        .map_err(|error| WorkError::lasting(format!("starting `{}`: {error}", words[0])))?;
    let group = Group::of(child.id());
    let tail = Tail::default();
    let mut readers = tokio::task::JoinSet::new();
    if let Some(out) = child.stdout.take() {
        readers.spawn(keep_end(out, Arc::clone(&tail), limits.output));
    }
    if let Some(err) = child.stderr.take() {
        readers.spawn(keep_end(err, Arc::clone(&tail), limits.output));
    }
    let ended = tokio::time::timeout(limits.time, child.wait()).await;
    // What it started and left behind goes with it, and so do the pipes that those hold.
    drop(group);
    let drained = async { while readers.join_next().await.is_some() {} };
    let _: Result<(), _> = tokio::time::timeout(Duration::from_secs(2), drained).await;
    let said = words_of(&tail);
    match ended {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(WorkError::lasting(format!(
            "building the artifact `{}`: {status}{said}",
            build.artifact
        ))),
        Ok(Err(error)) => Err(WorkError::transient(format!(
            "building the artifact `{}`: {error}",
            build.artifact
        ))),
        Err(_) => Err(WorkError::lasting(format!(
            "building the artifact `{}` took longer than {} s and was ended{said}",
            build.artifact,
            limits.time.as_secs()
        ))),
    }
}

/// A process group that ends with this value: also when the work itself is given up.
struct Group(Option<Pid>);

impl Group {
    fn of(leader: Option<u32>) -> Self {
        Self(leader.and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // None left is what is wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Reads to the end, however much comes, and keeps the last `most` bytes.
async fn keep_end(mut from: impl AsyncRead + Unpin, tail: Tail, most: usize) {
    let mut buffer = vec![0; 8192];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let mut tail = tail
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        tail.extend(&buffer[..read]);
        let extra = tail.len().saturating_sub(most);
        tail.drain(..extra);
    }
}

/// What was written last, without what looks like a secret.
fn words_of(tail: &Tail) -> String {
    let tail = tail
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let bytes: Vec<u8> = tail.iter().copied().collect();
    let text = redacted(&String::from_utf8_lossy(&bytes));
    match text.trim() {
        "" => String::new(),
        text => format!("; it said:\n{text}"),
    }
}

pub(super) fn redacted(text: &str) -> String {
    let word = |word: &str| match word.split_once(['=', ':']) {
        Some((key, value)) if looks_secret(key, value) => word.replace(value, REDACTED),
        _ if looks_secret("", word) => REDACTED.to_owned(),
        _ => word.to_owned(),
    };
    let line = |line: &str| {
        let line = line.split(' ').map(word).collect::<Vec<_>>().join(" ");
        masked(&line).unwrap_or(line)
    };
    let printable = |letter: char| letter == '\n' || !letter.is_control();
    let text: String = text.chars().filter(|letter| printable(*letter)).collect();
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
