//! Files of Lakeflow Designer come under their whole name, and go so.

use super::stage::Stage;
use hodman_tests::harness::Options;
use serde_json::json;

const PLACE: &str = "/Shared/shop/prep.designer.ipynb";
const FILE: &str = "src/prep.designer.ipynb";
const PERSON: &str = "ana@acme.example";

/// As a workspace has it after a run.
fn ran(source: &str) -> String {
    json!({"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": [
        {"cell_type": "code", "execution_count": 2, "metadata": {}, "source": [source],
         "outputs": [{"output_type": "stream", "name": "stdout", "text": ["4111"]}]}]})
    .to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visual_data_prep_is_captured_and_what_cannot_be_kept_is_told() {
    let rules = "capture:\n  file_permissions: true\n  jobs:";
    let options = Options::short().edit(
        "environments/dev/environment.yaml",
        "capture:\n  jobs:",
        rules,
    );
    let stage = Stage::start(options).await;
    let dev = stage.scene.workspace("dev");
    dev.put_designer(PLACE, &ran("a = 1"), PERSON)
        .expect("a file of Designer");
    // Whoever calls one so does not know what its name is for.
    dev.put_designer("/Shared/shop/odd", &ran("a = 1"), PERSON)
        .expect("another one");
    let pull = stage.captured().await;
    let text = stage.main(FILE).expect("the file");
    assert!(text.contains("a = 1") && !text.contains("4111"), "{text}");
    assert!(
        pull.body
            .contains("no API is known that tells it of a Designer file"),
        "{}",
        pull.body
    );
    assert!(
        pull.body
            .contains("its name does not end in `.designer.ipynb`"),
        "{}",
        pull.body
    );
    assert_eq!(stage.main("src/odd"), None);
    stage.scene.clock.advance(chrono::Duration::seconds(2));
    dev.put_designer(PLACE, &ran("a = 2"), PERSON)
        .expect("edited");
    stage.captured().await;
    let text = stage.main(FILE).expect("the file");
    assert!(text.contains("a = 2"), "{text}");
    stage.stop().await;
}
