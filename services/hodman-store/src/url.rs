//! Where the store lives.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::SecretString;

use crate::error::StoreError;

/// Where the store lives: `sqlite:<path>`, `sqlite::memory:` or `postgres://user:password@host:port/database`.
///
/// `Display` and `Debug` never show a PostgreSQL URL: it may hold a password.
#[derive(Clone, Debug)]
pub enum StoreUrl {
    /// A SQLite file, created when it is missing; its directory must exist.
    Sqlite(PathBuf),
    /// A SQLite database in memory: gone with the [`Store`](crate::Store). For tests and the demo.
    SqliteMemory,
    /// A PostgreSQL database.
    Postgres(SecretString),
}

impl StoreUrl {
    /// The URL of a SQLite file.
    pub fn sqlite(path: impl AsRef<Path>) -> Self {
        Self::Sqlite(path.as_ref().to_path_buf())
    }
}

impl FromStr for StoreUrl {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(SecretString::from(url)));
        }
        match url.strip_prefix("sqlite:") {
            Some(":memory:") => Ok(Self::SqliteMemory),
            Some(rest) => match rest.strip_prefix("//").unwrap_or(rest) {
                "" => Err(StoreError::Url(
                    "sqlite: needs a path, for example sqlite:hodman.db",
                )),
                path => Ok(Self::sqlite(path)),
            },
            None => Err(StoreError::Url("expected sqlite:<path> or postgres://…")),
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(out, "sqlite:{}", path.display()),
            Self::SqliteMemory => out.write_str("sqlite::memory:"),
            Self::Postgres(_) => out.write_str("postgres://…"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_parsed_and_passwords_never_shown() {
        let shown = |url: &str| {
            url.parse::<StoreUrl>()
                .map(|url| format!("{url} {url:?}"))
                .map_err(|e| e.to_string())
        };
        assert!(
            shown("sqlite:a/b.db")
                .unwrap()
                .starts_with("sqlite:a/b.db ")
        );
        assert!(
            shown("sqlite:///var/lib/h.db")
                .unwrap()
                .starts_with("sqlite:/var/lib/h.db ")
        );
        assert!(
            shown("sqlite::memory:")
                .unwrap()
                .starts_with("sqlite::memory: ")
        );
        let postgres = shown("postgres://u:hodman-canary-5ecret-DO-NOT-LEAK@h/db").unwrap();
        assert!(
            postgres.starts_with("postgres://… ") && !postgres.contains("canary"),
            "{postgres}"
        );
        assert!(
            shown("mysql://u:hodman-canary-5ecret-DO-NOT-LEAK@h/db")
                .is_err_and(|text| !text.contains("canary"))
        );
        assert!(shown("sqlite:").is_err());
    }
}
