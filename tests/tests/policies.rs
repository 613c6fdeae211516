//! Rules of the house that a machine can check.

use std::collections::{BTreeMap, BTreeSet};

use hodman_tests::checkout::{Package, compiled_files, files, packages, read, root};

/// Lines over which a file says at its head why it is long.
const LONG: usize = 400;
/// With these words.
const REASON: &str = "Long because";

fn package(name: &str) -> Package {
    let found = packages().into_iter().find(|package| package.name == name);
    found.unwrap_or_else(|| panic!("there is no package {name}"))
}

fn rust_files() -> Vec<String> {
    let rust = |path: &String| path.ends_with(".rs");
    files().into_iter().filter(rust).collect()
}

fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn core_depends_on_exactly_what_it_may() {
    // No run time, no HTTP, no database, no clock: `decide` cannot reach the outside. A new name here is a decision.
    let allowed = [
        "chrono",
        "chrono-tz",
        "cron",
        "hex",
        "serde",
        "serde_json",
        "sha2",
        "thiserror",
    ];
    let core = package("hodman-core");
    let normal = core.dependencies.iter().filter(|one| one.kind.is_none());
    let names: BTreeSet<&str> = normal.map(|one| one.name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(allowed));
}

#[test]
fn dependencies_point_down_only() {
    let everything = [
        "hodman-core",
        "hodman-model",
        "hodman-store",
        "hodman-clients",
        "hodman-sandbox",
    ];
    let mut may: BTreeMap<&str, Vec<&str>> = BTreeMap::from([
        ("hodman-core", vec![]),
        ("hodman-model", vec![]),
        ("hodman-store", vec![]),
        ("hodman-clients", vec![]),
        ("hodman-sandbox", vec![]),
        ("hodman", everything.to_vec()),
    ]);
    may.insert(
        "hodman-tests",
        [everything.as_slice(), &["hodman"]].concat(),
    );
    for package in packages() {
        let allowed = may
            .remove(package.name.as_str())
            .unwrap_or_else(|| panic!("say here what {} may depend on", package.name));
        let ours = package.dependencies.iter().map(|one| one.name.as_str());
        let mut ours = ours.filter(|name| name.starts_with("hodman"));
        let wrong = ours.find(|name| !allowed.contains(name));
        assert_eq!(wrong, None, "{} must not depend on it", package.name);
    }
    assert!(may.is_empty(), "not in the workspace: {may:?}");
}

#[test]
fn sql_is_text_of_ours_and_types_are_not_lost() {
    // `macros` wants a database to compile, `any` gives up the drivers' types.
    for package in packages() {
        let sqlx = package.dependencies.iter().filter(|one| one.name == "sqlx");
        for feature in sqlx.flat_map(|one| &one.features) {
            assert!(
                !["macros", "derive", "any"].contains(&feature.as_str()),
                "{}: {feature}",
                package.name
            );
        }
    }
}

#[test]
fn every_rust_file_is_part_of_a_target() {
    let compiled = compiled_files();
    let forgotten: Vec<String> = rust_files()
        .into_iter()
        .filter(|path| !compiled.contains(path))
        .collect();
    none(&forgotten);
    assert!(compiled.contains("tests/tests/policies.rs"));
}

#[test]
fn every_member_has_the_lints_of_the_workspace() {
    for package in packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{}",
            package.name
        );
    }
}

#[test]
fn tests_change_nothing_in_what_they_test() {
    // Code that is another one under test is not what runs: `cfg(test)` stands on modules only.
    let (plain, other) = (
        concat!("#[cfg(", "test)]"),
        [concat!("cfg(not(", "test"), concat!("cfg!(", "test")],
    );
    let mut wrong = Vec::new();
    for path in rust_files() {
        let text = read(&path);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (index, line) in lines.iter().enumerate() {
            let next = lines[index + 1..]
                .iter()
                .find(|next| !next.starts_with("#[") && !next.starts_with("//"));
            let module = next.is_some_and(|next| declares_a_module(next));
            if (*line == plain && !module) || other.iter().any(|mark| line.contains(mark)) {
                wrong.push(format!("{path}:{}: {}", index + 1, next.unwrap_or(&"")));
            }
        }
    }
    none(&wrong);
}

fn declares_a_module(line: &str) -> bool {
    line.starts_with("mod ") || line.starts_with("pub") && line.contains(" mod ")
}

#[test]
fn no_file_is_long_without_a_reason_at_its_head() {
    let mut lengths: Vec<(usize, String)> = rust_files()
        .into_iter()
        .map(|path| (read(&path).lines().count(), path))
        .collect();
    lengths.sort();
    println!(
        "median {} lines; the longest:",
        lengths[lengths.len() / 2].0
    );
    for (lines, path) in lengths.iter().rev().take(10) {
        println!("{lines:5} {path}");
    }
    let long = lengths.iter().filter(|(lines, _)| *lines > LONG);
    let unexplained = long.filter(|(_, path)| {
        !read(path)
            .lines()
            .take(15)
            .any(|line| line.contains(REASON))
    });
    let said = unexplained.map(|(lines, path)| {
        format!(
            "{path} has {lines} lines: split it, or say `{REASON} …` in the comment at its head"
        )
    });
    none(&said.collect::<Vec<_>>());
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let folders = ["work", "root", "farm"].map(|name| format!("/{name}/"));
    let hosts = [
        ["py", "pi.org"].concat(),
        ["python", "hosted.org"].concat(),
        ["npm", "js.org"].concat(),
        ["static.", "crates.io"].concat(),
        ["index.", "crates.io"].concat(),
        ["deb.", "debian.org"].concat(),
    ];
    let mut found = Vec::new();
    for path in files() {
        // Cargo names its registry there, by a name that is the same everywhere.
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else {
            continue;
        };
        if path == "Cargo.lock" {
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            let absolute = folders.iter().any(|folder| begins_a_path(line, folder));
            if absolute || hosts.iter().any(|host| line.contains(host)) {
                found.push(format!("{path}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    none(&found);
}

/// Whether `folder` stands there as the beginning of an absolute path, and not inside a longer one or a URL.
fn begins_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"_.}$>/-*".contains(c))
    })
}

#[test]
fn what_begins_a_path_is_told_from_what_does_not() {
    let folder = format!("/{}/", "work");
    assert!(begins_a_path(&format!("{folder}x"), &folder));
    assert!(begins_a_path(&format!("cd \"{folder}x\""), &folder));
    assert!(!begins_a_path(&format!("src{folder}x"), &folder));
    assert!(!begins_a_path(
        &format!("services/hodman/src{folder}x"),
        &folder
    ));
}

#[test]
fn the_changelog_knows_the_version() {
    let version = package("hodman").version;
    let changelog = read("CHANGELOG.md");
    assert!(
        changelog.contains("## [Unreleased]"),
        "CHANGELOG.md has no place for what comes"
    );
    assert!(
        changelog.contains(&format!("## [{version}]")),
        "CHANGELOG.md does not know {version}"
    );
}

#[test]
fn the_image_is_built_with_the_compiler_that_the_workspace_asks_for() {
    let manifest = read("Cargo.toml");
    let wanted = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'))
        .expect("a rust-version");
    let image = format!("FROM rust:{wanted}-slim-bookworm AS build");
    assert!(
        read("Dockerfile").contains(&image),
        "the Dockerfile does not say {image}"
    );
}

#[test]
fn documents_lead_to_files_that_are_there() {
    let mut broken = Vec::new();
    for path in files().iter().filter(|path| path.ends_with(".md")) {
        let folder = root().join(path);
        let folder = folder.parent().expect("a folder");
        for target in read(path)
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = target.split('#').next().unwrap_or_default();
            let outside = target.contains("://") || target.starts_with("mailto:");
            if !outside && !file.is_empty() && !folder.join(file).exists() {
                broken.push(format!("{path}: {target}"));
            }
        }
    }
    none(&broken);
}
