//! This checkout, as git and cargo see it.

mod modules;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

pub use modules::compiled_files;

/// Its top folder.
///
/// # Panics
/// Never: this package lies one folder below it.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are a folder of the checkout")
}

/// A file's text.
///
/// # Panics
/// When it cannot be read as text.
#[must_use]
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The paths of all files that git has or would take, with `/`, sorted.
///
/// # Panics
/// When git cannot be asked.
#[must_use]
pub fn files() -> Vec<String> {
    let listed = output(
        "git",
        &[
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
    );
    let mut files: Vec<String> = listed
        .split('\0')
        .filter(|path| !path.is_empty() && root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    assert!(files.len() > 100, "git lists only {} files", files.len());
    files
}

/// What cargo says of one member of the workspace.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its `Cargo.toml`.
    pub manifest_path: PathBuf,
    /// Its direct dependencies, of all kinds.
    pub dependencies: Vec<Dependency>,
    /// What is compiled.
    pub targets: Vec<Target>,
}

/// A direct dependency.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The package's name.
    pub name: String,
    /// `dev` or `build`; normal when absent.
    pub kind: Option<String>,
    /// The features that are asked for.
    pub features: Vec<String>,
}

/// A library, program, test or example.
#[derive(Debug, Deserialize)]
pub struct Target {
    /// Its first file.
    pub src_path: PathBuf,
}

/// The members of the workspace.
///
/// # Panics
/// When cargo cannot be asked.
#[must_use]
pub fn packages() -> Vec<Package> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let arguments = [
        "metadata",
        "--format-version=1",
        "--no-deps",
        "--offline",
        "--locked",
    ];
    let metadata: Metadata =
        serde_json::from_str(&output(env!("CARGO"), &arguments)).expect("cargo's metadata");
    metadata.packages
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap_or_else(|error| panic!("{program} cannot be started: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}
