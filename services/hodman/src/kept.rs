//! Keys that are made on the first start and kept in the data directory.

use anyhow::Context as _;
use std::path::Path;

/// The bytes of the file, or those that `make` gives, written there for the next start and readable by us only.
pub(crate) fn kept(
    path: &Path,
    make: impl FnOnce() -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<Vec<u8>> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    match std::fs::read(path) {
        Ok(bytes) => return Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    }
    let made = make()?;
    // Whole under its name or not at all: half a key would keep the daemon from ever starting again.
    let beside = path.with_extension("part");
    let keep = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(&made)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        match path.parent() {
            Some(folder) => std::fs::File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    keep().with_context(|| format!("keeping a key in {}", path.display()))?;
    Ok(made)
}
