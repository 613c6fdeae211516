//! Memory that the program writes its lines into, and from which they are read as they come. It is gone with both of us.

use std::fs::File;
use std::io::Result;
use std::os::unix::fs::FileExt as _;
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::Said;

/// How often new lines are looked for: nobody is told of them.
const LOOK: Duration = Duration::from_millis(50);
/// Longer lines are cut.
const LONGEST_LINE: usize = 64 * 1024;

pub(super) struct Page {
    file: File,
    read: u64,
    line: Vec<u8>,
}

impl Page {
    pub fn new() -> Result<Self> {
        Ok(Self {
            file: memfd_create("said", MemfdFlags::CLOEXEC)?.into(),
            read: 0,
            line: Vec::new(),
        })
    }

    /// Where the program writes to.
    pub fn writer(&self) -> Result<Stdio> {
        self.file.try_clone().map(Stdio::from)
    }

    /// Says each line until the program is over and all is said, or nobody hears any more.
    pub async fn said(mut self, mut over: watch::Receiver<bool>, to: mpsc::Sender<Said>) {
        loop {
            // Asked before it is read: what is written in between is read the next time.
            let last = *over.borrow() || over.has_changed().is_err();
            while let Some(part) = self.part() {
                for &byte in &part {
                    if byte != b'\n' {
                        // The program says how long its lines are, not how much memory we have.
                        if self.line.len() < LONGEST_LINE {
                            self.line.push(byte);
                        }
                    } else if to.send(self.line()).await.is_err() {
                        return;
                    }
                }
            }
            if last {
                if !self.line.is_empty() {
                    // Nobody hears any more: nothing is lost.
                    let _ = to.send(self.line()).await;
                }
                return;
            }
            // Either way it is looked again.
            let _ = timeout(LOOK, over.changed()).await;
        }
    }

    /// What was written since, if anything.
    fn part(&mut self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 16 * 1024];
        let length = self.file.read_at(&mut buffer, self.read).ok()?;
        self.read += length as u64;
        buffer.truncate(length);
        (length > 0).then_some(buffer)
    }

    fn line(&mut self) -> Said {
        let text = String::from_utf8_lossy(&self.line).trim_end().to_owned();
        self.line.clear();
        Said::Line(text)
    }
}
