//! Large repositories for the benchmarks, made by `git fast-import`: one pack, as after a clone.

use anyhow::{Context as _, ensure};
use hodman_clients::git::{Mirror, MirrorConfig};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// A mirror of nothing, whose `main` has these files. Needs `git` on the machine.
pub(super) fn mirror_with(
    path: &Path,
    files: impl IntoIterator<Item = (String, Vec<u8>)>,
) -> anyhow::Result<(Mirror, String)> {
    let config = MirrorConfig::new(path, "http://127.0.0.1:9/none.git", Arc::new(|| Ok(None)));
    let mirror = Mirror::open(config).context("making the repository")?;
    let mut git = Command::new("git")
        .arg("--git-dir")
        .arg(path)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        // Short: shown when it fails, and git's advice about its settings otherwise left out.
        .stderr(Stdio::piped())
        .spawn()
        .context("starting git")?;
    let mut to = BufWriter::new(git.stdin.take().context("git's input")?);
    to.write_all(b"commit refs/heads/main\ncommitter Ana <ana@acme.example> 1700000000 +0000\ndata 5\nbegin\n")?;
    for (name, bytes) in files {
        write!(to, "M 644 inline {name}\ndata {}\n", bytes.len())?;
        to.write_all(&bytes)?;
        to.write_all(b"\n")?;
    }
    to.into_inner().context("writing to git")?.flush()?;
    let ended = git.wait_with_output().context("waiting for git")?;
    ensure!(
        ended.status.success(),
        "git could not make the repository: {}",
        String::from_utf8_lossy(&ended.stderr)
    );
    let head = mirror
        .head("main")?
        .context("the repository has a main branch")?;
    Ok((mirror, head))
}
