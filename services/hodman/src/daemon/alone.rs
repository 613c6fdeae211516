//! One daemon on one SQLite file. Two would take each other's work for that of a daemon that died.

use anyhow::Context as _;
use hodman_store::StoreUrl;
use std::fs::{File, TryLockError};
use std::path::PathBuf;

/// The lock on a database; it goes with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Alone(#[expect(dead_code, reason = "held, never read")] Option<File>);

/// Takes the lock. PostgreSQL is for several daemons and needs none.
///
/// # Errors
/// When another daemon has it.
pub(crate) fn alone(store: &StoreUrl) -> anyhow::Result<Alone> {
    let StoreUrl::Sqlite(path) = store else {
        return Ok(Alone(None));
    };
    let mut name = path.clone().into_os_string();
    name.push(".lock");
    let lock = PathBuf::from(name);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock)
        .with_context(|| format!("opening {}", lock.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Alone(Some(file))),
        Err(TryLockError::WouldBlock) => anyhow::bail!(
            "another hodman serves with {}: stop that one, or give this one its own `data_dir`; for two at once there is PostgreSQL",
            path.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("locking {}", lock.display()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_on_one_file_is_told_and_the_next_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = StoreUrl::Sqlite(folder.path().join("hodman.db"));
        let first = alone(&store).unwrap();
        let second = alone(&store).unwrap_err().to_string();
        assert!(
            second.starts_with("another hodman serves with "),
            "{second}"
        );
        drop(first);
        alone(&store).unwrap();
    }
}
