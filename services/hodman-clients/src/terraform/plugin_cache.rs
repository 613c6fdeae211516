//! The cache of providers, which two `init` at once would damage: Terraform writes into it without a lock.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::TerraformError;
use super::workdir::failed;

/// The cache's folder, if there is one. Clones share the lock inside this process; a locked file keeps other processes out.
#[derive(Clone, Debug)]
pub(super) struct PluginCache {
    folder: Option<PathBuf>,
    here: Arc<Mutex<()>>,
}

/// While it lives, nobody else runs `init` over the same cache. The system unlocks the file when it closes, also at a crash.
pub(super) struct Held {
    _here: OwnedMutexGuard<()>,
    _everywhere: std::fs::File,
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
        let Some(folder) = self.folder.clone() else {
            return Ok(None);
        };
        let here = Arc::clone(&self.here).lock_owned().await;
        let locked = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&folder)?;
            let file = std::fs::File::create(folder.join(".hodman.lock"))?;
            file.lock()?;
            Ok(file)
        });
        let everywhere = locked
            .await
            .map_err(std::io::Error::other)
            .and_then(|file: std::io::Result<_>| file)
            .map_err(|error| failed("locking the plugin cache", error))?;
        Ok(Some(Held {
            _here: here,
            _everywhere: everywhere,
        }))
    }
}
