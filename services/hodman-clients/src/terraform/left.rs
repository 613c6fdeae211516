//! A state that a command could not store: all that knows what was made, with every secret in clear. It is sealed as soon as nobody
//! writes it any more, and lies beside the folder of the run until somebody has it in a safer place.

use std::fs::File;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::workdir::{beside, failed, write};
use super::{PlanKey, TerraformError, guarded};

/// How large a state that was left may be, in bytes: as much as a plan, which holds one. More is none of Terraform's.
const MOST_OF_A_STATE: u64 = 256 << 20;

/// Where the state of a stack lies that a run could not store, if there is one.
#[derive(Debug)]
pub struct LeftState {
    stack: String,
    path: PathBuf,
}

impl LeftState {
    /// Of the stack whose runs have the folder `root`, which is called as it is.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        let name = root.file_name().unwrap_or_default();
        Self {
            stack: name.to_string_lossy().into_owned(),
            path: beside(root, "errored.tfstate.sealed"),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What lies there, sealed; none when nothing does.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn sealed(&self) -> Result<Option<Vec<u8>>, TerraformError> {
        match std::fs::read(&self.path) {
            Ok(sealed) => Ok(Some(sealed)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("reading a state that was not stored", error)),
        }
    }

    /// Takes it away, once it is kept elsewhere.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(self) -> Result<(), TerraformError> {
        std::fs::remove_file(&self.path)
            .map_err(|error| failed("removing a state that is kept elsewhere", error))
    }

    /// The state in clear, wherever its sealed bytes were kept.
    ///
    /// # Errors
    /// With another key, of another stack, or when it is damaged.
    pub fn open(stack: &str, sealed: &[u8], key: &PlanKey) -> Result<SecretString, TerraformError> {
        let state = key.open(about(stack).as_bytes(), sealed)?;
        let state = String::from_utf8(state).map_err(|_| TerraformError::Sealed)?;
        Ok(SecretString::from(state))
    }

    /// Seals what `clear` holds, and takes that away; gives whether there was anything. A crash on the way leaves it in clear, as it was
    /// found, or both.
    pub(super) fn take(&self, clear: &Path, key: &PlanKey) -> Result<bool, TerraformError> {
        let state = match guarded::read(clear, MOST_OF_A_STATE) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            read => read.map_err(|error| failed("reading a state that was left", error))?,
        };
        let sealed = key.seal(about(&self.stack).as_bytes(), state)?;
        let new = self.path.with_extension("new");
        write(&new, &sealed, false)?;
        let kept = File::open(&new)
            .and_then(|file| file.sync_all())
            .and_then(|()| std::fs::rename(&new, &self.path))
            .and_then(|()| guarded::remove(clear));
        kept.map_err(|error| failed("keeping a state that was not stored", error))?;
        Ok(true)
    }
}

fn about(stack: &str) -> String {
    format!("state of {stack}")
}
