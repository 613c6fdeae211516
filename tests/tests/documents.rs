//! What the documents say is what the program takes: the reference is printed by it, and every file that is shown or carried
//! fits its schema, as somebody else's validator reads it.

use std::collections::BTreeMap;
use std::path::Path;

use hodman::cli::SchemaName;
use hodman::schema::{key, page, schemas};
use hodman_tests::checkout::{files, read, root};
use hodman_tests::servers::python;
use serde_json::{Value, json};

/// The pages of `docs/reference/`, each as `hodman schema NAME --markdown` prints it.
const PAGES: &[(SchemaName, &str)] = &[
    (SchemaName::Environment, "environment"),
    (SchemaName::Policy, "policy"),
    (SchemaName::Release, "release"),
    (SchemaName::Module, "module"),
    (SchemaName::Template, "template"),
    (SchemaName::Hodman, "settings"),
];

#[test]
fn the_reference_is_what_the_program_prints() {
    for (name, file) in PAGES {
        let path = format!("docs/reference/{file}.md");
        let command = format!("hodman schema {} --markdown", key(*name));
        assert_eq!(
            read(&path),
            page(*name),
            "{path} is not what the program says; write it anew with `{command} > {path}`"
        );
    }
}

/// The schema that the file at `path` has, if it has one.
fn schema_of(path: &str) -> Option<&'static str> {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [.., "environments", "policy.yaml"] => Some("policy"),
        [.., "environments", _, "environment.yaml"] => Some("environment"),
        [.., "environments", _, "release.yaml"] => Some("release"),
        [.., "environments", _, "template.yaml"] => Some("template"),
        [.., "modules", _, "module.yaml"] => Some("module"),
        [.., "hodman.yaml"] => Some("hodman"),
        _ => None,
    }
}

/// The blocks of YAML in a document whose first line is a comment with the path of a file that has a schema, by line.
fn blocks(text: &str) -> Vec<(usize, &'static str, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if line.trim() != "```yaml" {
            continue;
        }
        let block: Vec<&str> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| line.trim() != "```")
            .collect();
        let path = block.first().and_then(|line| line.strip_prefix("# "));
        let path = path.and_then(|line| line.split_whitespace().next());
        if let Some(schema) = path.and_then(schema_of) {
            found.push((number + 1, schema, block.join("\n")));
        }
    }
    found
}

/// What fits its schema and what does not: (where, schema, document).
async fn wrong(documents: &[(String, &'static str, Value)]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("documents.json");
    let all: BTreeMap<&str, Value> = schemas();
    let text = json!({"schemas": all, "documents": documents}).to_string();
    std::fs::write(&file, text).expect("written");
    let script = root().join("tests/probes/schemas.py");
    let arguments = [file.to_str().expect("a path")];
    let outcome = python(Path::new(&script), &arguments, &[]).await;
    assert!(outcome.ok, "{}", outcome.said);
    outcome.said
}

fn yaml(at: &str, text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{at}: {error}"))
}

#[tokio::test]
async fn every_file_that_is_shown_or_carried_fits_its_schema() {
    let mut documents = Vec::new();
    for path in files() {
        if let Some(schema) = schema_of(&path) {
            documents.push((path.clone(), schema, yaml(&path, &read(&path))));
        } else if path.ends_with(".md") {
            for (line, schema, text) in blocks(&read(&path)) {
                let at = format!("{path}:{line}");
                let document = yaml(&at, &text);
                documents.push((at, schema, document));
            }
        }
    }
    for schema in ["environment", "module", "template", "hodman"] {
        let some = documents.iter().any(|(_, of, _)| *of == schema);
        assert!(some, "there is no {schema} to look at");
    }
    assert_eq!(wrong(&documents).await, "");
}

#[tokio::test]
async fn a_file_that_does_not_fit_is_told() {
    let documents = [
        (
            "a typo".to_owned(),
            "environment",
            json!({"mode": "promoted", "drfit": "heal"}),
        ),
        (
            "a word that is no choice".to_owned(),
            "environment",
            json!({"mode": "promotd"}),
        ),
        (
            "rules of a capture".to_owned(),
            "environment",
            json!({"mode": "free-form", "capture": {"on": ["push"], "jobs": {"include": ["shop-*"]}}}),
        ),
    ];
    let told = wrong(&documents).await;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert!(lines[0].starts_with("a typo: ") && lines[0].contains("drfit"));
    assert!(lines[1].starts_with("a word that is no choice: "), "{told}");
}
