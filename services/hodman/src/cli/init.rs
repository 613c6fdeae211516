//! `hodman init`: writes the worked example.

use super::output::{print, print_json};
use crate::example;
use anyhow::Context as _;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// What became of the files.
#[derive(Debug, Default, PartialEq, Eq)]
struct Written {
    made: Vec<&'static str>,
    kept: Vec<&'static str>,
}

pub(super) fn init(dir: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let written = write(dir)?;
    if json {
        print_json(&json!({"made": written.made, "kept": written.kept}))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines: Vec<String> = written
        .made
        .iter()
        .map(|path| format!("made  {path}"))
        .collect();
    lines.extend(
        written
            .kept
            .iter()
            .map(|path| format!("kept  {path} (it was there)")),
    );
    lines.push(format!(
        "Next: read {}; then `hodman doctor --config FILE`.",
        dir.join("README.md").display()
    ));
    print(&lines.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Never writes over a file that is there.
fn write(dir: &Path) -> anyhow::Result<Written> {
    let mut written = Written::default();
    for (path, text) in example::FILES {
        let target = dir.join(path);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("making {}", folder.display()))?;
        }
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&target)
        {
            Ok(mut file) => {
                file.write_all(text.as_bytes())
                    .with_context(|| format!("writing {}", target.display()))?;
                written.made.push(path);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => written.kept.push(path),
            Err(error) => {
                return Err(error).with_context(|| format!("writing {}", target.display()));
            }
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_there_stay() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("databricks.yml"), "mine").expect("a file");
        let written = write(dir.path()).expect("written");
        assert_eq!(written.kept, ["databricks.yml"]);
        assert_eq!(written.made.len() + 1, example::FILES.len());
        assert_eq!(
            std::fs::read_to_string(dir.path().join("databricks.yml")).expect("read"),
            "mine"
        );
        assert!(write(dir.path()).expect("again").made.is_empty());
    }
}
