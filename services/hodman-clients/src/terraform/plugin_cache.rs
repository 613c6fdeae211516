//! The cache of providers, which two `init` at once would damage: Terraform writes into it without a lock.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::workdir::failed;
use super::{TerraformError, guarded};

/// How often it is looked whether another process still has the lock: nobody is told.
const LOOK: Duration = Duration::from_millis(200);

/// The cache's folder, if there is one. Clones share the lock inside this process; a locked file keeps other processes out.
#[derive(Clone, Debug)]
pub(super) struct PluginCache {
    folder: Option<PathBuf>,
    here: Arc<Mutex<()>>,
}

/// While it lives, nobody else runs `init` over the same cache. The system unlocks the file when it closes, also at a crash.
pub(super) struct Held {
    _here: OwnedMutexGuard<()>,
    _everywhere: File,
}

impl PluginCache {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            here: Arc::default(),
        }
    }

    pub(super) fn folder(&self) -> Option<&PathBuf> {
        self.folder.as_ref()
    }

    /// Waits until the cache is ours; none without a cache.
    pub(super) async fn hold(&self) -> Result<Option<Held>, TerraformError> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let here = Arc::clone(&self.here).lock_owned().await;
        let failed = |error| failed("locking the plugin cache", error);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let everywhere = lock_file(folder).map_err(failed)?;
        loop {
            match everywhere.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOOK).await,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Ok(Some(Held {
            _here: here,
            _everywhere: everywhere,
        }))
    }
}

/// The file lies beside the folder, `FOLDER.lock`: whoever runs may write into that, and could hold the lock or put something else in its
/// place. Where nothing can be made beside it, it lies within.
fn lock_file(folder: &Path) -> std::io::Result<File> {
    // Without a slash at its end, by which the lock would lie within.
    let mut beside = folder.components().collect::<PathBuf>().into_os_string();
    beside.push(".lock");
    match guarded::lock_file(Path::new(&beside)) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            guarded::lock_file(&folder.join(".hodman.lock"))
        }
        opened => opened,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_lies_in_the_cache_is_neither_emptied_nor_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, cache) = (folder.path().join("hodman.db"), folder.path().join("cache"));
        std::fs::write(&ours, "all that we know").unwrap();
        std::fs::create_dir(&cache).unwrap();
        // As a provider may that runs there.
        let inside = cache.join(".hodman.lock");
        std::os::unix::fs::symlink(&ours, &inside).unwrap();
        let plugins = PluginCache::new(Some(cache));
        drop(plugins.hold().await.unwrap());
        std::fs::remove_file(&inside).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&inside).status();
        assert!(made.unwrap().success());
        drop(plugins.hold().await.unwrap());
        std::fs::remove_file(&inside).unwrap();
        let held = File::create(&inside).unwrap();
        held.lock().unwrap();
        drop(plugins.hold().await.unwrap());
        assert_eq!(std::fs::read(&ours).unwrap(), b"all that we know");
    }

    #[tokio::test]
    async fn two_processes_take_turns() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        let [one, other] = [(); 2].map(|()| PluginCache::new(Some(cache.clone())));
        let held = one.hold().await.unwrap();
        // It is asked once.
        let early = tokio::time::timeout(Duration::ZERO, other.hold()).await;
        assert!(early.is_err(), "it is held");
        drop(held);
        other.hold().await.unwrap();
    }
}
