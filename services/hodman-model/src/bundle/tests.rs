mod artifacts;
mod beside;
mod commit;
mod compute;
mod errors;
mod fixups;
mod language;
mod libraries;
mod linting;
mod modes;
mod outside;
mod paths;
mod presets;
mod refused;
mod resolving;
mod run_as;
mod selecting;
mod targets;
mod who_deploys;
mod whole_values;
mod workspace_paths;

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ResolvedBundle, resolve};
use crate::files::{SourceBytes, Tree};

pub(super) const NOTEBOOK: &str = "# Databricks notebook source\nprint(1)\n";

/// A tree of texts.
pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
    files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), SourceBytes::plain(text.as_bytes())))
        .collect()
}

/// The bundle of one file, for the target `qa`.
pub(super) fn bundle(text: &str) -> ResolvedBundle {
    resolve(&tree(&[("databricks.yml", text)]), "qa", &BTreeMap::new())
        .unwrap_or_else(|found| panic!("{found}"))
}

/// What is wrong with a bundle, for the target `qa`.
pub(super) fn errors_in(files: &[(&str, &str)]) -> String {
    resolve(&tree(files), "qa", &BTreeMap::new())
        .expect_err("the bundle is wrong")
        .to_string()
}

/// What is wrong with a bundle of one file.
pub(super) fn errors(text: &str) -> String {
    errors_in(&[("databricks.yml", text)])
}

/// The config of a job.
pub(super) fn job<'a>(bundle: &'a ResolvedBundle, key: &str) -> &'a Value {
    &bundle.resources[&format!("jobs.{key}").parse().unwrap()].config
}
