//! Files to package: the same on every machine, of uneven sizes, as compressible as source code.

use anyhow::Context as _;
use std::fs;
use std::path::Path;

const WORDS: [&str; 32] = [
    "spark",
    "orders",
    "select",
    "customer",
    "catalog",
    "join",
    "amount",
    "where",
    "date",
    "partition",
    "schema",
    "load",
    "table",
    "def",
    "return",
    "self",
    "import",
    "frame",
    "column",
    "write",
    "merge",
    "nightly",
    "shop",
    "region",
    "group",
    "window",
    "filter",
    "source",
    "target",
    "stream",
    "batch",
    "delta",
];

/// Paths in order of their bytes.
pub(super) fn paths(files: u32) -> Vec<String> {
    (0..files)
        .map(|number| format!("src/area{:03}/job{number:07}.py", number / 100))
        .collect()
}

/// Writes all of them.
pub(super) fn write(folder: &Path, paths: &[String], bytes: u64) -> anyhow::Result<()> {
    for (at, path) in paths.iter().enumerate() {
        let path = folder.join(path);
        let above = path.parent().context("a path in a folder")?;
        fs::create_dir_all(above).context("making a folder")?;
        fs::write(&path, content(at, paths.len(), bytes)).context("writing a file")?;
    }
    Ok(())
}

/// One file: between none and twice the average size, so that all have `bytes` together, or nearly.
pub(super) fn content(at: usize, files: usize, bytes: u64) -> Vec<u8> {
    let average = bytes / files.max(1) as u64;
    // Pairs add up to twice the average.
    let mut random = Random(at as u64 / 2 + 1);
    let first = random.next() % (2 * average + 1);
    let size = if at.is_multiple_of(2) {
        first
    } else {
        2 * average - first
    };
    let size = usize::try_from(size).unwrap_or_default();
    let mut random = Random(0x9e37_79b9 + at as u64);
    let mut text = Vec::with_capacity(size + 64);
    text.extend(b"# Databricks notebook source\n");
    while text.len() < size {
        let next = random.next();
        let word = |shift: u32| WORDS[(next >> shift) as usize % WORDS.len()];
        let line = format!(
            "{}_{} = {}.{}('{}', {})\n",
            word(0),
            word(8),
            word(16),
            word(24),
            word(32),
            next >> 52
        );
        text.extend(line.bytes());
    }
    text.truncate(size);
    text
}

/// xorshift64*: the same numbers everywhere, no library's to change.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_add_up_and_nothing_is_left_to_chance() {
        let files = 100;
        let all: usize = (0..files).map(|at| content(at, files, 200_000).len()).sum();
        assert_eq!(all, 200_000);
        assert_eq!(content(7, files, 200_000), content(7, files, 200_000));
        let paths = paths(300);
        assert!(paths.is_sorted(), "packages are written in order of path");
    }
}
