//! The token without which nothing is done for anybody: random, in a file that only the daemon's own user reads.

use anyhow::Context as _;
use rand::RngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use subtle::ConstantTimeEq as _;

/// The file's name in the data directory.
const FILE: &str = "api-token";

/// 256 random bits, as 64 hexadecimal digits.
const BYTES: usize = 32;

/// The token. Never shown by `Debug`.
#[derive(Clone, Debug)]
pub struct ApiToken(SecretString);

impl ApiToken {
    /// Where the token of a data directory is.
    #[must_use]
    pub fn path(data_dir: &Path) -> PathBuf {
        data_dir.join(FILE)
    }

    /// A token that somebody gave.
    #[must_use]
    pub fn given(text: &str) -> Self {
        Self(SecretString::from(text.trim()))
    }

    /// Reads the token of a data directory.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn load(data_dir: &Path) -> anyhow::Result<Self> {
        let path = Self::path(data_dir);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("reading {}", path.display()))?;
        Ok(Self::given(&text))
    }

    /// Reads the token, or makes one. It outlives restarts, so that an open page and a waiting command go on; to
    /// change it, delete the file and start again.
    ///
    /// # Errors
    /// When the file cannot be read or written, or others can read it.
    pub fn load_or_make(data_dir: &Path) -> anyhow::Result<Self> {
        let path = Self::path(data_dir);
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        match made {
            Ok(mut file) => {
                let mut bytes = [0; BYTES];
                rand::rng().fill_bytes(&mut bytes);
                let text = hex::encode(bytes);
                writeln!(file, "{text}").with_context(|| format!("writing {}", path.display()))?;
                Ok(Self::given(&text))
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Self::check_and_load(data_dir, &path)
            }
            Err(error) => Err(error).with_context(|| format!("making {}", path.display())),
        }
    }

    fn check_and_load(data_dir: &Path, path: &Path) -> anyhow::Result<Self> {
        let mode = std::fs::metadata(path)
            .with_context(|| format!("reading {}", path.display()))?
            .permissions()
            .mode();
        anyhow::ensure!(
            mode & 0o077 == 0,
            "{} can be read by others (mode {:o}): delete it and start again, a new one is made",
            path.display(),
            mode & 0o777
        );
        let token = Self::load(data_dir)?;
        let text = token.0.expose_secret();
        // A crash between making and writing leaves an empty file, which would let anybody in who sends nothing.
        anyhow::ensure!(
            text.len() == 2 * BYTES && text.bytes().all(|b| b.is_ascii_hexdigit()),
            "{} holds no token: delete it and start again, a new one is made",
            path.display()
        );
        Ok(token)
    }

    /// Whether `given` is the token; takes the same time whatever differs.
    #[must_use]
    pub fn accepts(&self, given: &str) -> bool {
        self.0
            .expose_secret()
            .as_bytes()
            .ct_eq(given.as_bytes())
            .into()
    }

    /// The token itself, to be sent.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// A link that opens the web page at `base` with its buttons unlocked.
    #[must_use]
    pub fn link(&self, base: &str) -> String {
        format!(
            "{}/enter?token={}",
            base.trim_end_matches('/'),
            self.0.expose_secret()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_for_its_user_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let made = ApiToken::load_or_make(dir.path()).expect("a token");
        let mode = std::fs::metadata(ApiToken::path(dir.path()))
            .expect("the file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = ApiToken::load_or_make(dir.path()).expect("the same token");
        assert!(again.accepts(made.reveal()) && made.reveal().len() == 64);
        assert!(!made.accepts("") && !made.accepts(&made.reveal()[1..]));
        assert!(!format!("{made:?}").contains(made.reveal()));
    }

    #[test]
    fn a_file_that_others_read_or_that_is_empty_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        ApiToken::load_or_make(dir.path()).expect("a token");
        let path = ApiToken::path(dir.path());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("a mode");
        let error = ApiToken::load_or_make(dir.path()).expect_err("others can read it");
        assert!(
            error.to_string().contains("can be read by others"),
            "{error}"
        );
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        std::fs::write(&path, "").expect("an empty file");
        let error = ApiToken::load_or_make(dir.path()).expect_err("nothing in it");
        assert!(error.to_string().contains("holds no token"), "{error}");
    }
}
