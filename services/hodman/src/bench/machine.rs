//! What the numbers depend on: processors, build profile, file system, and what a write to the disk costs there.

use super::quantile::Sample;
use anyhow::Context as _;
use serde::Serialize;
use std::fmt;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

/// Writes to the disk that are tried out: enough for a median.
const SYNCS: usize = 50;

/// The machine as far as it matters here.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Processors that this process may use.
    pub cores: usize,
    /// Their name, where the system tells it.
    pub cpu: String,
    /// Memory in MiB; 0 where the system does not tell it.
    pub memory_mib: u64,
    /// `release` or `dev`: whether this program was compiled with optimisations.
    pub profile: &'static str,
    /// Kind of the file system that is written to.
    pub file_system: String,
    /// Processes that wanted to run in the minute before: more than a few tenths, and others were measured too.
    pub load: f64,
    /// Median milliseconds of writing 8 KiB and having them on the disk (`fdatasync`).
    pub sync_ms: f64,
}

impl Machine {
    /// Looks around; `directory` is where the benchmark writes.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub fn look(directory: &Path) -> anyhow::Result<Self> {
        let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
        let memory = field("/proc/meminfo", "MemTotal");
        let kib = memory.and_then(|text| text.trim_end_matches(" kB").parse::<u64>().ok());
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            cpu,
            memory_mib: kib.unwrap_or(0) / 1024,
            profile: if cfg!(debug_assertions) {
                "dev"
            } else {
                "release"
            },
            file_system: file_system(directory).unwrap_or_else(|| "unknown".to_owned()),
            load: load().unwrap_or_default(),
            sync_ms: sync_ms(directory).context("writing to the directory of the benchmark")?,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} × {}, {} MiB memory, load {:.1}, {} profile, {}, fdatasync {:.2} ms",
            self.cores,
            self.cpu,
            self.memory_mib,
            self.load,
            self.profile,
            self.file_system,
            self.sync_ms
        )
    }
}

/// The first value of a `name : value` line in one of the kernel's files.
pub(super) fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

/// The kind of the innermost mount above `directory`.
fn file_system(directory: &Path) -> Option<String> {
    let directory = directory.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let kind = |line: &str| {
        let mut words = line.split(' ');
        let (place, kind) = (words.nth(1)?, words.next()?);
        directory
            .starts_with(place)
            .then(|| (place.len(), kind.to_owned()))
    };
    mounts
        .lines()
        .filter_map(kind)
        .max_by_key(|(length, _)| *length)
        .map(|(_, kind)| kind)
}

fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}

fn sync_ms(directory: &Path) -> std::io::Result<f64> {
    let path = directory.join("sync");
    let mut file = File::create(&path)?;
    let mut sample = Sample::default();
    for _ in 0..SYNCS {
        let began = Instant::now();
        file.write_all(&[0x5a; 8192])?;
        file.sync_data()?;
        sample.add(began.elapsed());
    }
    fs::remove_file(path)?;
    Ok(sample.sorted().percentile(50))
}
