//! A whole workspace captured, put into an empty one, and captured there: the same files, byte by byte.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::kinds::a_team_at_work;
use super::stage::Stage;
use hodman::work::Restore;
use hodman_model::bundle;
use hodman_model::files::{CapturedLock, SourceBytes, Tree, parse_captured_lock};
use hodman_model::kinds::{Captured, KINDS, kind};
use hodman_tests::harness::{CANARY, Options, REPOSITORY};
use hodman_tests::kinds::{KEY, UNSAMPLED, leaves, samples};
use hodman_tests::servers::python;
use serde_json::{Map, Value, json};

pub(super) const LOCK: &str = "environments/dev/captured.lock";
pub(super) const ENVIRONMENT: &str = "environments/dev/environment.yaml";

/// More rules: a folder more, and not the principals as which hodman itself comes, who are in every workspace.
pub(super) const RULES: &str = "    - /Shared/shop
    - /Shared/proof
    - /Shared/proof-folder
    - /Shared/proof-folder2
  service_principals:
    include: [\"*\"]
    exclude: [\"hodman for *\"]
";

/// Files of the example that a first capture is to bring by itself.
pub(super) const EXAMPLE: &[&str] = &[
    "resources/nightly.job.yml",
    "resources/smoke.job.yml",
    "src/load.py",
    "src/smoke.py",
    LOCK,
];

/// What the main branch has before anything is captured.
pub(super) struct Start {
    /// The bundle's root file.
    root: String,
    /// The environment's file.
    environment: String,
}

impl Start {
    pub(super) fn of(stage: &Stage) -> Self {
        let text = |path| stage.main(path).expect("a file of the example");
        Self {
            root: text("databricks.yml"),
            environment: text(ENVIRONMENT),
        }
    }

    /// Goes back to it, `gone` being what was captured since, and lets `workspace` be the one where people work.
    pub(super) fn again(&self, stage: &Stage, gone: &BTreeSet<String>, workspace: &str) {
        let host = |name: &str| {
            let found = stage.scene.hosts.iter().find(|(known, _)| known == name);
            found.expect("a workspace").1.clone()
        };
        let environment = self
            .environment
            .replace(&host("dev"), &host(workspace))
            .replace("name: dev", &format!("name: {workspace}"));
        let mut changes: Vec<(&str, Option<&[u8]>)> = gone
            .iter()
            .filter(|path| path.as_str() != "databricks.yml" && bytes_of(stage, path).is_some())
            .map(|path| (path.as_str(), None))
            .collect();
        for (path, text) in [("databricks.yml", &self.root), (ENVIRONMENT, &environment)] {
            if stage.main(path).as_ref() != Some(text) {
                changes.push((path, Some(text.as_bytes())));
            }
        }
        stage
            .scene
            .forge
            .commit(REPOSITORY, "main", &changes, "from the beginning", "rita")
            .unwrap_or_else(|error| panic!("{}", error.message));
    }
}

/// A file of main.
fn bytes_of(stage: &Stage, path: &str) -> Option<Vec<u8>> {
    let main = stage.scene.forge.head(REPOSITORY, "main").expect("main");
    stage.scene.forge.read_file(REPOSITORY, &main, path)
}

/// Restores main into a workspace until nothing is left to do.
pub(super) async fn restore(stage: &Stage, workspace: &str) {
    let wanted = Restore {
        branch: "main".to_owned(),
        workspace: workspace.to_owned(),
        target: None,
        like: None,
        force: true,
    };
    let work = &stage.daemon.as_ref().expect("a daemon").parts().work;
    let plan = work.plan_restore("shop", &wanted).await.expect("a plan");
    work.apply_restore("shop", &wanted, &plan)
        .await
        .unwrap_or_else(|error| panic!("{error}\n{}", plan.to_table()));
    let left = work.plan_restore("shop", &wanted).await.expect("a plan");
    assert!(
        left.is_empty(),
        "left after a restore:\n{}",
        left.to_table()
    );
}

/// Objects of every kind that has a sample, and those of a team, and notebooks of every language.
async fn much_in_dev(stage: &Stage) {
    let mut resources = Map::new();
    for sample in samples() {
        resources.insert(sample.kind.to_owned(), json!({KEY: sample.declared}));
    }
    let text = json!({"resources": resources}).to_string();
    let changes: Vec<(&str, Option<&[u8]>)> = vec![
        ("resources/nightly.job.yml", None),
        ("resources/smoke.job.yml", None),
        ("resources/proof.yml", Some(text.as_bytes())),
    ];
    stage
        .scene
        .forge
        .commit(REPOSITORY, "main", &changes, "one of each", "rita")
        .unwrap_or_else(|error| panic!("{}", error.message));
    restore(stage, "dev").await;
    a_team_at_work(stage).await;
    let dev = stage.scene.workspace("dev");
    let put = |path: &str, language: &str, source: &str| {
        let body = json!({"path": path, "format": "SOURCE", "language": language, "overwrite": true,
            "content": base64(source)});
        (path.to_owned(), body)
    };
    for (path, body) in [
        put(
            "/Shared/shop/deep/report",
            "SQL",
            "-- Databricks notebook source\nselect 1\n",
        ),
        put(
            "/Shared/shop/deep/model",
            "R",
            "# Databricks notebook source\nx <- 1\n",
        ),
        put(
            "/Shared/shop/fast",
            "SCALA",
            "// Databricks notebook source\nval x = 1\n",
        ),
    ] {
        stage
            .post(
                "/api/2.0/workspace/mkdirs",
                json!({"path": path.rsplit_once('/').expect("a folder").0}),
            )
            .await;
        stage.post("/api/2.0/workspace/import", body).await;
    }
    let cells = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {"language_info": {"name": "python"}},
        "cells": [{"cell_type": "code", "execution_count": 7, "metadata": {}, "source": ["a = 1"],
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ["1\n"]}]}]});
    dev.put_jupyter(
        "/Shared/shop/explore",
        &cells.to_string(),
        "ana@acme.example",
    )
    .expect("a notebook");
    dev.put_file(
        "/Shared/shop/data/table.csv",
        b"a,b\n1,2\n",
        "ana@acme.example",
    )
    .expect("a file");
    dev.put_file(
        "/Shared/shop/data/pixel.bin",
        &[0, 159, 146, 150],
        "ana@acme.example",
    )
    .expect("a file");
}

pub(super) fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Captures, merges, and gives the files that came, by path.
pub(super) async fn captured(stage: &Stage) -> BTreeMap<String, Vec<u8>> {
    let pull = stage.captured().await;
    let paths = stage
        .scene
        .forge
        .changed_files(REPOSITORY, pull.number)
        .expect("files");
    let main = stage.scene.forge.head(REPOSITORY, "main").expect("main");
    paths
        .into_iter()
        .filter_map(|path| {
            let bytes = stage.scene.forge.read_file(REPOSITORY, &main, &path)?;
            Some((path, bytes))
        })
        .collect()
}

/// The lock without what names things in one workspace only.
pub(super) fn lock(files: &BTreeMap<String, Vec<u8>>) -> CapturedLock {
    let text = String::from_utf8(files[LOCK].clone()).expect("text");
    parse_captured_lock(LOCK, &text).expect("a lock")
}

/// Everything but the lock, whose ids are each workspace's own, and the lock without them.
fn comparable(files: &BTreeMap<String, Vec<u8>>) -> (BTreeMap<String, String>, Vec<String>) {
    let texts = files.iter().filter(|(path, _)| path.as_str() != LOCK);
    let texts =
        texts.map(|(path, bytes)| (path.clone(), String::from_utf8_lossy(bytes).into_owned()));
    // Secrets are named and not read, so a restore brings none.
    let lock = lock(files).entries.into_iter();
    let lock = lock.filter(|entry| entry.kind != "secrets");
    let entries = lock.map(|entry| {
        format!(
            "{} {} {} {}",
            entry.kind, entry.key, entry.file, entry.digest
        )
    });
    (texts.collect(), entries.collect())
}

pub(super) fn differences(
    one: &BTreeMap<String, Vec<u8>>,
    other: &BTreeMap<String, Vec<u8>>,
) -> String {
    let ((one, lock), (other, other_lock)) = (comparable(one), comparable(other));
    let mut found = String::new();
    let paths: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    for path in paths {
        let (before, after) = (one.get(path), other.get(path));
        if before != after {
            let show =
                |text: Option<&String>| text.map_or("(no such file)", String::as_str).to_owned();
            found += &format!(
                "{path}\n--- first\n{}\n--- then\n{}\n",
                show(before),
                show(after)
            );
        }
    }
    let (lock, other_lock): (BTreeSet<String>, BTreeSet<String>) =
        (lock.into_iter().collect(), other_lock.into_iter().collect());
    for entry in lock.symmetric_difference(&other_lock) {
        found += &format!("in one lock only: {entry}\n");
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capture_restore_capture_is_the_identity_over_every_kind() {
    let options = Options::short().edit(ENVIRONMENT, "    - /Shared/shop\n", RULES);
    let stage = Stage::start(options).await;
    much_in_dev(&stage).await;
    let start = Start::of(&stage);
    let mut came: BTreeSet<String> = EXAMPLE.iter().map(|path| (*path).to_owned()).collect();
    came.insert("resources/proof.yml".to_owned());
    start.again(&stage, &came, "dev");
    let first = captured(&stage).await;
    came.extend(first.keys().cloned());
    every_kind_is_in(&lock(&first));

    // The same workspace again, from the beginning: the same bytes, the lock among them.
    start.again(&stage, &came, "dev");
    let again = captured(&stage).await;
    assert!(
        first == again,
        "twice the same workspace:\n{}",
        differences(&first, &again)
    );

    restore(&stage, "prod").await;
    let prod = stage.scene.workspace("prod");
    assert!(
        prod.read_file("/Shared/shop/data/pixel.bin").is_some(),
        "where people had it"
    );
    // What it has is what the files say.
    start.again(&stage, &BTreeSet::from([LOCK.to_owned()]), "prod");
    for (path, bytes) in &first {
        if path != LOCK && bytes_of(&stage, path).as_ref() != Some(bytes) {
            let change = [(path.as_str(), Some(bytes.as_slice()))];
            let put = stage
                .scene
                .forge
                .commit(REPOSITORY, "main", &change, "as captured", "rita");
            put.unwrap_or_else(|error| panic!("{}", error.message));
        }
    }
    let state = stage.capture().await;
    let open = stage.open();
    for pull in &open {
        let closed = stage.scene.forge.close(REPOSITORY, pull.number, "rita");
        closed.unwrap_or_else(|error| panic!("{}", error.message));
    }

    // And without them, the same files come.
    start.again(&stage, &came, "prod");
    let then = captured(&stage).await;
    let differs = differences(&first, &then);
    assert!(differs.is_empty(), "{differs}");
    assert_eq!(state.conflicts, 0, "{state:?}");
    assert!(open.is_empty(), "{open:#?}");
    official_client(&stage, &then).await;
    stage.stop().await;
}

/// No kind that is captured is missing from the story without a reason.
fn every_kind_is_in(lock: &CapturedLock) {
    let came: BTreeSet<&str> = lock
        .entries
        .iter()
        .map(|entry| entry.kind.as_str())
        .collect();
    for kind in KINDS {
        let excused = UNSAMPLED.iter().any(|(name, _)| *name == kind.name());
        match kind.captured() {
            Captured::Whole => assert_eq!(came.contains(kind.name()), !excused, "{}", kind.name()),
            Captured::NameOnly => assert!(came.contains(kind.name()), "{}", kind.name()),
            Captured::Never(_) => assert!(!came.contains(kind.name()), "{}", kind.name()),
        }
    }
}

/// The official client finds in the restored workspace what the captured files say.
async fn official_client(stage: &Stage, files: &BTreeMap<String, Vec<u8>>) {
    let tree: Tree = files
        .iter()
        .map(|(path, bytes)| (path.clone(), SourceBytes::plain(bytes.clone())))
        .collect();
    let resolved =
        bundle::resolve(&tree, "dev", &BTreeMap::new()).unwrap_or_else(|found| panic!("{found}"));
    let mut expected = Map::new();
    for entry in lock(files).entries {
        let (Some(known), Some(resource)) = (
            kind(&entry.kind),
            resolved
                .resources
                .iter()
                .find(|(key, _)| key.kind == entry.kind && key.key == entry.key),
        ) else {
            continue;
        };
        let (_, resource) = resource;
        let mut found = vec![];
        let mut config = Value::clone(&resource.config);
        if let Some(config) = config.as_object_mut() {
            // A dashboard says in an answer of its own whether it is published; the plan after the restore has asked for it.
            config.remove("published");
        }
        leaves(&config, &mut found);
        let users = |name: &str| name == "users";
        let permission = resource
            .permissions
            .iter()
            .flatten()
            .find(|one| users(one.principal.name()));
        let grant = resource
            .grants
            .iter()
            .flatten()
            .find(|one| users(&one.principal));
        let object = known
            .permissions()
            .filter(|known| known.id_output.is_none());
        expected.insert(
            format!("{} {}", entry.kind, entry.key),
            json!({
                "id": entry.id,
                "leaves": found,
                "permissions": permission.and(object.map(|known| known.object_type)),
                "level": permission.map(|one| &one.level),
                "securable": grant.and(known.securable()),
                "privilege": grant.and_then(|one| one.privileges.first()),
            }),
        );
    }
    let count = expected.len();
    assert!(count > KINDS.len(), "{count}");
    let file = stage.scene.folder.path().join("expected.json");
    std::fs::write(&file, Value::Object(expected).to_string()).expect("a file");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("probes/readback.py");
    let url = stage.scene.workspace("prod").url();
    let token = [("DATABRICKS_TOKEN", format!("ana-{CANARY}"))];
    let outcome = python(&script, &[&url, &file.display().to_string()], &token).await;
    assert!(outcome.ok, "{}", outcome.said);
    let words = format!("{count} kinds are as they were declared");
    assert!(outcome.said.contains(&words), "{}", outcome.said);
}
