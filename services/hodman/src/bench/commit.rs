//! A commit of one changed file in a large repository, as hodman makes them: in the bare mirror, without a work tree.

use super::quantile::{Sample, Sorted};
use super::{Bound, Report, git_cli};
use anyhow::{Context as _, ensure};
use chrono::DateTime;
use clap::Args;
use hodman_clients::git::{Base, CommitOutcome, CommitRequest, FileChange, Mirror};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// Commits before anything is measured.
const WARM_UP: u32 = 5;

/// Times that all files are listed.
const LISTS: usize = 10;

#[derive(Clone, Debug, Args)]
pub(super) struct CommitArgs {
    /// Files in the repository.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    files: u32,
    /// Commits that are measured.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    runs: u32,
}

impl CommitArgs {
    /// A file for each run, all over the repository: 7919 is prime, so neighbours in time are none in the tree.
    fn spread(&self, run: u32) -> u32 {
        u32::try_from(u64::from(run) * 7919 % u64::from(self.files)).unwrap_or_default()
    }
}

pub(super) async fn run(args: &CommitArgs, directory: &Path) -> anyhow::Result<Report> {
    let (args, directory) = (args.clone(), directory.to_owned());
    tokio::task::spawn_blocking(move || measure(&args, &directory))
        .await
        .context("the benchmark panicked")?
}

fn measure(args: &CommitArgs, directory: &Path) -> anyhow::Result<Report> {
    let mut report = Report::new("commit");
    report.set("files", args.files);
    report.set("runs", args.runs);
    report.note("the repository is one pack, as after a clone; objects are written with fsync (core.fsyncObjectFiles)");
    report.note("a commit writes the file, one tree for each folder above it, and the commit itself; no branch moves");
    report.note("all in one folder is the worst there can be: its tree alone has hundreds of kilobytes, written anew each time");
    let layouts = [
        ("folders of 100 files", in_folders as PathOf),
        ("all in one folder", in_one_folder as PathOf),
    ];
    for (name, path_of) in layouts {
        let files = (0..args.files).map(|number| (path_of(number), text(number, 0)));
        let (mirror, head) = git_cli::mirror_with(&directory.join(name.replace(' ', "-")), files)?;
        let listed = lists(args, &mirror, &head)?;
        let read = reads(args, &mirror, &head, path_of)?;
        let times = commits(args, &mirror, head, path_of)?;
        report.row(format!("{name}: commit p50"), times.percentile(50), "ms");
        report.aimed(
            format!("{name}: commit p95"),
            times.percentile(95),
            "ms",
            Bound::AtMost(20.0),
        );
        report.row(format!("{name}: commit max"), times.percentile(100), "ms");
        report.row(
            format!("{name}: list all files p50"),
            listed.percentile(50),
            "ms",
        );
        report.row(
            format!("{name}: read one file p50"),
            read.percentile(50),
            "ms",
        );
    }
    Ok(report)
}

/// Where the file with this number lies.
type PathOf = fn(u32) -> String;

fn in_one_folder(number: u32) -> String {
    format!("src/job{number}.py")
}

fn in_folders(number: u32) -> String {
    format!(
        "src/area{}/part{}/job{number}.py",
        number / 1000,
        number / 100
    )
}

/// One file by its path, the repository opened for it alone.
fn reads(
    args: &CommitArgs,
    mirror: &Mirror,
    head: &str,
    path_of: PathOf,
) -> anyhow::Result<Sorted> {
    let mut sample = Sample::default();
    for run in 0..args.runs {
        let path = path_of(args.spread(run));
        let began = Instant::now();
        let found = mirror.read(head, &path)?;
        sample.add(began.elapsed());
        ensure!(found.is_some(), "{path} is not found");
    }
    Ok(sample.sorted())
}

/// What each look at the repository does: which files are there, by blob id.
fn lists(args: &CommitArgs, mirror: &Mirror, head: &str) -> anyhow::Result<Sorted> {
    let mut sample = Sample::default();
    for _ in 0..LISTS {
        let began = Instant::now();
        let files = mirror.list(head, "")?;
        sample.add(began.elapsed());
        ensure!(
            files.len() == args.files as usize,
            "{} files are listed",
            files.len()
        );
    }
    Ok(sample.sorted())
}

fn commits(
    args: &CommitArgs,
    mirror: &Mirror,
    head: String,
    path_of: PathOf,
) -> anyhow::Result<Sorted> {
    let mut sample = Sample::default();
    let mut parent = head;
    for run in 0..args.runs + WARM_UP {
        let number = args.spread(run);
        let change = FileChange {
            content: text(number, run + 1),
            executable: false,
        };
        let request = CommitRequest {
            parents: vec![parent.clone()],
            base: Base::Commit(parent.clone()),
            changes: BTreeMap::from([(path_of(number), Some(change))]),
            message: format!("change {run}"),
            author_name: "hodman".to_owned(),
            author_email: "hodman@acme.example".to_owned(),
            time: DateTime::UNIX_EPOCH,
        };
        let began = Instant::now();
        let made = mirror.commit(&request)?;
        let took = began.elapsed();
        ensure!(
            matches!(made, CommitOutcome::Committed(_)),
            "commit {run} changed nothing"
        );
        if run >= WARM_UP {
            sample.add(took);
        }
        parent = made.id().to_owned();
    }
    Ok(sample.sorted())
}

/// A file of about one KiB.
fn text(number: u32, version: u32) -> Vec<u8> {
    let line = format!("spark.sql('select {number} as job, {version} as version')\n");
    format!("# Databricks notebook source\n{}", line.repeat(20)).into_bytes()
}
