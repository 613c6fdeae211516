//! The table of kinds, held against what others know: the fields of a bundle as its published package has them, and the list of
//! what the Terraform exporter writes. What is missing is named here with its reason; a gap that is not named fails, and so
//! does a name that is no gap any more.

use std::collections::{BTreeMap, BTreeSet};

use hodman_model::bundle::lint;
use hodman_model::files::{SourceBytes, Tree};
use hodman_model::kinds::{KINDS, kind};
use hodman_tests::checkout::root;
use hodman_tests::servers::python;
use serde_json::{Value, json};

/// What bundles write beside the fields of every kind, and every kind takes.
const BESIDE: &[&str] = &["permissions", "grants", "lifecycle"];

/// Gaps by `kind` or `kind.field`, each with its reason.
fn named(file: &str) -> BTreeMap<String, String> {
    let path = root().join("tests/fixtures/kinds").join(file);
    let text = std::fs::read_to_string(&path).expect("a list of gaps");
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| {
            let (what, why) = line.split_once('|').expect("what | why");
            assert!(why.trim().len() > 5, "{what} has no reason");
            (what.trim().to_owned(), why.trim().to_owned())
        })
        .collect()
}

fn same(found: &BTreeSet<String>, named: &BTreeMap<String, String>) {
    let named: BTreeSet<String> = named.keys().cloned().collect();
    let unnamed: Vec<_> = found.difference(&named).collect();
    let gone: Vec<_> = named.difference(found).collect();
    assert!(
        unnamed.is_empty() && gone.is_empty(),
        "gaps without a reason: {unnamed:?}; reasons without a gap: {gone:?}"
    );
}

#[tokio::test]
async fn every_kind_and_field_of_a_bundle_is_known_or_its_gap_has_a_reason() {
    let script = root().join("tests/probes/bundle_fields.py");
    let outcome = python(&script, &[], &[]).await;
    assert!(outcome.ok, "{}", outcome.said);
    let bundle: BTreeMap<String, Vec<String>> =
        serde_json::from_str(&outcome.said).expect("kinds with their fields");
    assert!(
        bundle.len() > 25,
        "the package knows {} kinds",
        bundle.len()
    );
    let mut gaps = BTreeSet::new();
    for (name, fields) in bundle {
        let Some(kind) = kind(&name) else {
            gaps.insert(name);
            continue;
        };
        let known = kind.rules().settable;
        if known.is_empty() {
            gaps.insert(format!("{name}.*"));
            continue;
        }
        gaps.extend(
            fields
                .iter()
                .filter(|field| !BESIDE.contains(&field.as_str()))
                .filter(|field| !known.contains(&field.as_str()))
                .map(|field| format!("{name}.{field}")),
        );
    }
    same(&gaps, &named("bundle-gaps.txt"));
}

/// What is said of a bundle with one resource that says every field at every depth.
fn said_of(kind: &str, fields: &Value) -> Vec<String> {
    let resources = json!({ kind: { "x": fields } });
    let bundle =
        json!({ "bundle": { "name": "b" }, "targets": { "qa": {} }, "resources": resources });
    let file = SourceBytes {
        bytes: bundle.to_string().into_bytes().into(),
        executable: false,
    };
    let tree = Tree::from([("databricks.yml".to_owned(), file)]);
    lint(&tree, None, &hodman_model::bundle::Options::default())
        .into_iter()
        .map(|finding| finding.diagnostic.message)
        .collect()
}

#[tokio::test]
async fn fields_inside_of_fields_are_known_as_far_down_as_the_published_package_has_them() {
    let script = root().join("tests/probes/bundle_nested.py");
    let outcome = python(&script, &[], &[]).await;
    assert!(outcome.ok, "{}", outcome.said);
    let bundle: BTreeMap<String, Value> =
        serde_json::from_str(&outcome.said).expect("kinds with all they can say");
    let mut unknown = Vec::new();
    // Secrets of Unity Catalog are refused as a whole.
    for (name, fields) in bundle.iter().filter(|(name, _)| *name != "secrets") {
        if kind(name).is_none() {
            continue;
        }
        let said = said_of(name, fields);
        let resource = format!("`{name}.x.");
        let inside = said.into_iter().filter(|message| {
            // Gaps at the top have their reasons in the list above.
            let path = message.split(&resource).nth(1);
            path.and_then(|rest| rest.split('`').next())
                .is_some_and(|path| path.contains(['.', '[']))
        });
        unknown.extend(inside);
    }
    assert!(bundle["jobs"]["tasks"][0].is_object(), "{}", bundle["jobs"]);
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn every_resource_of_the_exporter_is_a_kind_or_its_gap_has_a_reason() {
    let path = root().join("tests/fixtures/kinds/exporter.txt");
    let text = std::fs::read_to_string(path).expect("the exporter's list");
    let mut gaps = BTreeSet::new();
    let mut covered = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        // `resource` or `resource = kind`
        match line.split_once('=') {
            Some((resource, name)) => {
                let name = name.trim();
                assert!(
                    kind(name).is_some() || PARTS.contains(&name),
                    "{resource} is said to be the kind {name}, which is not there"
                );
                covered.insert(name.to_owned());
            }
            None if line.trim().is_empty() => {}
            None => {
                gaps.insert(line.trim().to_owned());
            }
        }
    }
    assert!(covered.len() > 20, "{covered:?}");
    same(&gaps, &named("exporter-gaps.txt"));
}

/// What the exporter writes as a resource and hodman as a part of others.
const PARTS: &[&str] = &["files", "grants", "permissions"];

#[test]
fn kinds_have_names_of_their_own() {
    let names: BTreeSet<_> = KINDS.iter().map(|kind| kind.name()).collect();
    let words: BTreeSet<_> = KINDS.iter().map(|kind| kind.singular()).collect();
    assert_eq!((names.len(), words.len()), (KINDS.len(), KINDS.len()));
}
