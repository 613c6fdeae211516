//! Secrets, folders and the database.

use std::path::Path;

use hodman_store::migrations::SchemaVersion;
use hodman_store::{Store, StoreUrl};

use super::report::Check;
use crate::config::Config;

/// Each secret is there, whatever it is.
pub(super) fn secrets(config: &Config) -> Vec<Check> {
    config
        .own_secrets()
        .into_iter()
        .map(|(path, secret)| {
            let what = format!("secret {path}");
            match secret.resolve() {
                Ok(_) => Check::fine(what, secret.to_string()),
                Err(problem) => Check::failed(what, &problem).hint(
                    "set it in the daemon's environment, or make the file readable for its user",
                ),
            }
        })
        .collect()
}

/// The data folder can be written to.
pub(super) fn data_dir(config: &Config) -> Check {
    writable("data_dir", &config.data_dir)
}

/// A folder can be written to, or made. Leaves nothing behind.
pub(super) fn writable(what: &str, folder: &Path) -> Check {
    // The nearest that is there: where that is a file, no folder can be made below it.
    let existing = folder
        .ancestors()
        .find(|path| path.symlink_metadata().is_ok());
    let existing = existing.unwrap_or(Path::new("."));
    if !existing.is_dir() {
        return Check::wrong(what, format!("{} is not a folder", existing.display()));
    }
    match tempfile::tempfile_in(existing) {
        Ok(_) if existing == folder => {
            Check::fine(what, format!("{} can be written to", folder.display()))
        }
        Ok(_) => Check::fine(what, format!("{} will be made", folder.display())),
        Err(error) => Check::failed(what, &error).hint(format!(
            "let the daemon's user write to {}",
            existing.display()
        )),
    }
}

/// The database answers. One that is not there yet is not made, and one of an older hodman stays as it is: that one may be serving.
pub(super) async fn store(config: &Config) -> Check {
    let what = "store";
    let url = match config.store_target() {
        Ok(url) => url,
        Err(problem) => return Check::wrong(what, format!("{problem:#}")),
    };
    if let StoreUrl::Sqlite(path) = &url
        && !path.exists()
    {
        let folder = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let check = writable(what, folder);
        return Check {
            detail: format!("{url} will be made; {}", check.detail),
            ..check
        };
    }
    let opened = match Store::look(&url).await {
        Ok((store, version)) => {
            let answered = store.ping().await;
            store.close().await;
            answered.map(|()| version)
        }
        Err(error) => Err(error),
    };
    match opened {
        Ok(SchemaVersion { found, known }) if found < known => Check::fine(
            what,
            format!(
                "{url} answers; its schema, version {found}, is brought to {known} when this hodman serves"
            ),
        ),
        Ok(_) => Check::fine(what, format!("{url} answers")),
        Err(error) => Check::failed(what, &error)
            .hint("check the URL, the password and who may write to the file"),
    }
}
