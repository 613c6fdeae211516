//! Packaging, against the least that has to be done with the same bytes: read them, hash them, compress them.
//!
//! Both ways use the same crates with the same settings on one thread, over the same files in the same order, and take
//! turns within one run, so that a busy machine slows both. Once from a folder, once from the git mirror that the
//! daemon reads from.

mod corpus;
mod floor;

use super::quantile::Sample;
use super::{Bound, Report, git_cli};
use anyhow::{Context as _, ensure};
use clap::Args;
use hodman_clients::git::Mirror;
use hodman_model::package::{self, PackageWriter};
use std::fs;
use std::path::Path;
use std::time::Instant;

#[derive(Clone, Debug, Args)]
pub(super) struct PackageArgs {
    /// Files that are packaged.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    files: u32,
    /// Their size together in MiB.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=4096))]
    mib: u32,
    /// Measured runs of each way.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
}

/// The two ways to be compared, each giving the size of what it made.
struct Ways<'a> {
    floor: Box<dyn Fn() -> anyhow::Result<usize> + 'a>,
    package: Box<dyn Fn() -> anyhow::Result<usize> + 'a>,
}

pub(super) async fn run(args: &PackageArgs, directory: &Path) -> anyhow::Result<Report> {
    let (args, directory) = (args.clone(), directory.to_owned());
    tokio::task::spawn_blocking(move || measure(&args, &directory))
        .await
        .context("the benchmark panicked")?
}

fn measure(args: &PackageArgs, directory: &Path) -> anyhow::Result<Report> {
    let mut report = Report::new("package");
    report.set("files", args.files);
    report.set("MiB", args.mib);
    report.set("runs", args.runs);
    report.note("floor: read each file, SHA-256 of its bytes, zstd level 3 over all of them; one thread, same crates");
    report.note("files are in the page cache after the warm-up; generated Python-like text, not random bytes");
    let paths = corpus::paths(args.files);
    let bytes = u64::from(args.mib) << 20;
    let folder = directory.join("files");
    corpus::write(&folder, &paths, bytes)?;
    let from_folder = Ways {
        floor: Box::new(|| floor::of(&paths, |path| Ok(fs::read(folder.join(path))?))),
        package: Box::new(|| from_folder(&folder, &paths)),
    };
    compare(args, &mut report, "from a folder", &from_folder)?;

    let files = paths
        .iter()
        .enumerate()
        .map(|(at, path)| (path.clone(), corpus::content(at, paths.len(), bytes)));
    let (mirror, head) = git_cli::mirror_with(&directory.join("mirror.git"), files)?;
    let from_git = Ways {
        floor: Box::new(|| {
            let found = mirror.read_many(&head, paths.iter().map(String::as_str))?;
            floor::of(&paths, |path| {
                found.get(path).cloned().context("a file of the commit")
            })
        }),
        package: Box::new(|| from_git(&mirror, &head, &paths)),
    };
    compare(args, &mut report, "from the mirror", &from_git)?;
    Ok(report)
}

fn from_folder(folder: &Path, paths: &[String]) -> anyhow::Result<usize> {
    let mut writer = PackageWriter::new(Vec::new())?;
    for path in paths {
        writer.add(path, false, &fs::read(folder.join(path))?)?;
    }
    Ok(writer.finish()?.to.len())
}

/// As the daemon does it.
fn from_git(mirror: &Mirror, head: &str, paths: &[String]) -> anyhow::Result<usize> {
    let found = mirror.read_many(head, paths.iter().map(String::as_str))?;
    let files = found.into_iter().map(|(path, bytes)| (path, false, bytes));
    Ok(package::build(files)?.bytes.len())
}

fn compare(
    args: &PackageArgs,
    report: &mut Report,
    name: &str,
    ways: &Ways<'_>,
) -> anyhow::Result<()> {
    let (mut floors, mut packages) = (Sample::default(), Sample::default());
    let mut sizes = (0, 0);
    // The first run of each warms the cache.
    for run in 0..=args.runs {
        let began = Instant::now();
        sizes.0 = (ways.floor)()?;
        let floor = began.elapsed();
        let began = Instant::now();
        sizes.1 = (ways.package)()?;
        let package = began.elapsed();
        if run > 0 {
            floors.add(floor);
            packages.add(package);
        }
    }
    // A package has headers and a manifest beside the files. Much more, or less, would mean that the floor does
    // something else than packaging does.
    ensure!(
        sizes.1 >= sizes.0 && sizes.1 < sizes.0 * 2 + 4096,
        "{name}: the floor made {} bytes, the package has {}",
        sizes.0,
        sizes.1
    );
    let (floors, packages) = (floors.sorted(), packages.sorted());
    report.row(format!("{name}: floor p50"), floors.percentile(50), "ms");
    report.row(
        format!("{name}: package p50"),
        packages.percentile(50),
        "ms",
    );
    report.row(
        format!("{name}: package max"),
        packages.percentile(100),
        "ms",
    );
    let ratio = packages.percentile(50) / floors.percentile(50);
    report.aimed(format!("{name}: ratio"), ratio, "×", Bound::AtMost(1.5));
    report.row(
        format!("{name}: size of the package"),
        sizes.1 as f64 / f64::from(1 << 20),
        "MiB",
    );
    Ok(())
}
