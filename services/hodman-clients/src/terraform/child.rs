//! The running program: its lines, its limits and its end.

mod page;

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use page::Page;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// How long output is read on after the program's end, when a process that it left behind holds it open.
const AFTERWORDS: Duration = Duration::from_secs(2);

/// How much of a standard output is kept as a whole. A plan of ten thousand resources has some fifty megabytes as JSON.
const MOST_WHOLE: u64 = 1 << 30;

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By itself.
    Itself,
    /// We were asked to stop.
    Stopped,
    /// It took too long.
    TimedOut,
    /// It said nothing for too long.
    Silent,
}

pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) end: End,
    pub(super) killed: bool,
    /// Everything it wrote to its standard output, when that was asked for.
    pub(super) output: Vec<u8>,
}

pub(super) struct Limits {
    pub(super) wall: Duration,
    pub(super) silence: Duration,
    pub(super) grace: Duration,
    pub(super) abort: Duration,
}

/// How far its end is.
#[derive(Clone, Copy)]
enum Asked {
    /// Nobody asked.
    Not,
    /// To finish what it is at, until then.
    Once(Instant),
    /// To leave everything and keep what it knows, until then.
    Twice(Instant),
    /// It was killed; only the system keeps it until then.
    Killed(Instant),
}

enum Said {
    Line(String),
    Whole(Vec<u8>),
}

/// Asks the program to end if nobody waits for it any more; the runtime reaps it.
struct Unheard(Option<Pid>);

impl Drop for Unheard {
    fn drop(&mut self) {
        term(self.0);
    }
}

/// Runs it to its end; what it reads is the caller's to say. What it says goes into memory that it shares with us, not through a pipe: if we die, its next line would
/// kill it at a pipe, before it has stored its state and unlocked it. Without us it goes on to its end. With `whole`, standard output is kept as it is; else its lines are said like those of the error output.
///
/// A stop is SIGTERM to the program alone: it then ends what it is at, stores its state and unlocks it. Its providers are in
/// the same group and would die of a SIGTERM at once, and with them what they know of half-made objects. After the time of
/// grace a second one makes it leave what it waits for, and still store its state. SIGKILL, the last, is for all of them.
pub(super) async fn run(
    mut command: Command,
    limits: &Limits,
    whole: bool,
    mut stop: watch::Receiver<bool>,
    say: &mut (dyn FnMut(&str) + Send),
) -> std::io::Result<Ended> {
    let (over, _) = watch::channel(false);
    let (sender, mut said) = mpsc::channel(64);
    command.process_group(0);
    if whole {
        // Such commands only read.
        command.stdout(Stdio::piped());
    } else {
        let page = Page::new()?;
        command.stdout(page.writer()?);
        tokio::spawn(page.said(over.subscribe(), sender.clone()));
    }
    let page = Page::new()?;
    command.stderr(page.writer()?);
    tokio::spawn(page.said(over.subscribe(), sender.clone()));
    let mut child = command.spawn()?;
    // Else its end of the pipe would stay open here.
    drop(command);
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    let mut unheard = Unheard(pid);
    if let Some(out) = child.stdout.take() {
        tokio::spawn(bytes(out, sender.clone()));
    }
    drop(sender);
    let began = Instant::now();
    let (mut end, mut killed) = (End::Itself, false);
    let mut heard = began;
    let mut asked = Asked::Not;
    let mut output = Vec::new();
    let status = loop {
        let limit = match asked {
            Asked::Not => (began + limits.wall).min(heard + limits.silence),
            Asked::Once(until) | Asked::Twice(until) | Asked::Killed(until) => until,
        };
        tokio::select! {
            status = child.wait() => break status?,
            Some(word) = said.recv() => {
                heard = Instant::now();
                hear(word, &mut output, say);
            }
            () = stopped(&mut stop), if matches!(asked, Asked::Not) => {
                end = End::Stopped;
                term(pid);
                asked = Asked::Once(Instant::now() + limits.grace);
            }
            () = sleep_until(limit) => asked = match asked {
                Asked::Not => {
                    end = if began.elapsed() >= limits.wall { End::TimedOut } else { End::Silent };
                    term(pid);
                    Asked::Once(Instant::now() + limits.grace)
                }
                Asked::Once(_) => {
                    term(pid);
                    Asked::Twice(Instant::now() + limits.abort)
                }
                Asked::Twice(_) | Asked::Killed(_) => {
                    killed = true;
                    kill_group(pid);
                    // Its end is seen above.
                    Asked::Killed(Instant::now() + limits.grace)
                }
            },
        }
    };
    unheard.0 = None;
    if died(status) {
        // What it began lives on without it, and would hold the lock of the folder.
        kill_group(pid);
    }
    over.send_replace(true);
    let rest = async {
        while let Some(word) = said.recv().await {
            hear(word, &mut output, say);
        }
    };
    // Who still holds the pipe open is not the program; nothing of what it says is wanted.
    let _ = timeout(AFTERWORDS, rest).await;
    Ok(Ended {
        status,
        end,
        killed,
        output,
    })
}

fn hear(word: Said, output: &mut Vec<u8>, say: &mut (dyn FnMut(&str) + Send)) {
    match word {
        Said::Line(line) => say(&line),
        Said::Whole(mut part) => output.append(&mut part),
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody can ask any more.
        std::future::pending::<()>().await;
    }
}

fn term(pid: Option<Pid>) {
    if let Some(pid) = pid {
        // It may have ended by itself.
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// Whether it ended without a word: by a signal, or by an error of its own, which it has no other time for.
fn died(status: ExitStatus) -> bool {
    // 2 is also a plan with something to do, which has ended what it began.
    !matches!(status.code(), Some(0 | 1))
}

fn kill_group(pid: Option<Pid>) {
    if let Some(pid) = pid {
        // It may have ended by itself.
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

async fn bytes(from: impl AsyncRead + Unpin, to: mpsc::Sender<Said>) {
    let mut from = from.take(MOST_WHOLE);
    let mut buffer = vec![0; 64 * 1024];
    // Beyond that nobody reads: its next write fails.
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let part = Said::Whole(buffer[..length].to_vec());
        if to.send(part).await.is_err() {
            return;
        }
    }
}
