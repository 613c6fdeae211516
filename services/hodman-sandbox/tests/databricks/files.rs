//! Notebooks, files and folders.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::bench::{Answer, Bench, answer};

async fn import(bench: &Bench, path: &str, bytes: &[u8], format: &str) -> Answer {
    let body = json!({"path": path, "content": STANDARD.encode(bytes), "format": format, "language": "PYTHON"});
    bench.post("/api/2.0/workspace/import", body).await
}

async fn status(bench: &Bench, path: &str) -> Answer {
    bench
        .get(&format!("/api/2.0/workspace/get-status?path={path}"))
        .await
}

#[tokio::test]
async fn a_notebook_keeps_its_bytes_and_loses_its_extension() {
    let bench = Bench::start().await;
    let source = b"# Databricks notebook source\nprint(1)\n";
    assert_eq!(
        import(&bench, "/Workspace/Shared/nb.py", source, "AUTO")
            .await
            .0,
        200
    );
    let (_, seen) = status(&bench, "/Shared/nb").await;
    assert_eq!(
        (&seen["object_type"], &seen["language"], &seen["path"]),
        (&json!("NOTEBOOK"), &json!("PYTHON"), &json!("/Shared/nb"))
    );
    assert_eq!(bench.dev.read_file("/Workspace/Shared/nb").unwrap(), source);
    let (_, exported) = bench
        .get("/api/2.0/workspace/export?path=/Shared/nb&format=SOURCE")
        .await;
    assert_eq!(
        STANDARD
            .decode(exported["content"].as_str().unwrap())
            .unwrap(),
        source
    );
    let (code, taken) = import(&bench, "/Shared/nb", b"2", "SOURCE").await;
    assert_eq!(
        (code, &taken["error_code"]),
        (400, &json!("RESOURCE_ALREADY_EXISTS"))
    );
    let (code, other) = import(&bench, "/Shared/nb", b"2", "RAW").await;
    assert_eq!(
        (code, &other["error_code"]),
        (400, &json!("INVALID_PARAMETER_VALUE")),
        "a file does not replace a notebook"
    );
}

#[tokio::test]
async fn a_notebook_remembers_that_it_was_jupyters() {
    let bench = Bench::start().await;
    let ran = json!({"cells": [{"cell_type": "code", "source": ["print(1)"], "metadata": {}, "execution_count": 3,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["1\n"]}]}],
        "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    .to_string();
    let format = async |path: &str| {
        let asked = format!("/api/2.0/workspace/get-status?path={path}&return_export_info=true");
        bench.get(&asked).await.1["repos_export_format"].clone()
    };
    let exported = async |format: &str| {
        let asked = format!("/api/2.0/workspace/export?path=/Shared/nb&format={format}");
        let text = bench.get(&asked).await.1["content"].clone();
        String::from_utf8(STANDARD.decode(text.as_str().unwrap()).unwrap()).unwrap()
    };
    import(&bench, "/Shared/nb", ran.as_bytes(), "JUPYTER").await;
    assert_eq!(format("/Shared/nb").await, "JUPYTER");
    assert_eq!(exported("JUPYTER").await, ran, "with its outputs");
    assert_eq!(
        exported("SOURCE").await,
        "# Databricks notebook source\nprint(1)"
    );
    let (_, plain) = status(&bench, "/Shared/nb").await;
    assert_eq!(plain.get("repos_export_format"), None, "not asked for");
    let source = b"# Databricks notebook source\nprint(2)\n";
    import(&bench, "/Shared/plain.py", source, "AUTO").await;
    assert_eq!(format("/Shared/plain").await, "SOURCE");
}

#[tokio::test]
async fn a_file_is_a_file() {
    let bench = Bench::start().await;
    assert_eq!(
        import(&bench, "/Shared/a.py", b"print(1)", "AUTO").await.0,
        200
    );
    let (_, seen) = status(&bench, "/Shared/a.py").await;
    assert_eq!(
        (&seen["object_type"], &seen["size"]),
        (&json!("FILE"), &json!(8))
    );
    assert_eq!(seen["modified_at"], 1_790_000_000_000_i64);
}

#[tokio::test]
async fn the_folder_must_be_there_and_be_empty_to_go() {
    let bench = Bench::start().await;
    let (code, refused) = import(&bench, "/Shared/x/nb", b"1", "SOURCE").await;
    assert_eq!(
        (code, &refused["error_code"]),
        (404, &json!("RESOURCE_DOES_NOT_EXIST"))
    );
    bench
        .post("/api/2.0/workspace/mkdirs", json!({"path": "/Shared/x/y"}))
        .await;
    assert_eq!(import(&bench, "/Shared/x/nb", b"1", "SOURCE").await.0, 200);
    let (_, listed) = bench.get("/api/2.0/workspace/list?path=/Shared/x").await;
    let paths: Vec<&Value> = listed["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| &object["path"])
        .collect();
    assert_eq!(paths, ["/Shared/x/nb", "/Shared/x/y"]);
    let (code, full) = bench
        .post("/api/2.0/workspace/delete", json!({"path": "/Shared/x"}))
        .await;
    assert_eq!(
        (code, &full["error_code"]),
        (400, &json!("DIRECTORY_NOT_EMPTY"))
    );
    assert_eq!(
        bench
            .post(
                "/api/2.0/workspace/delete",
                json!({"path": "/Shared/x", "recursive": true})
            )
            .await
            .0,
        200
    );
    assert_eq!(status(&bench, "/Shared/x/nb").await.0, 404);
    assert_eq!(
        bench.get("/api/2.0/workspace/list?path=/Shared").await.1,
        json!({})
    );
}

#[tokio::test]
async fn ten_mebibytes_are_the_limit_of_a_json_import_but_not_of_a_form() {
    let bench = Bench::start().await;
    let large = vec![b'a'; 10 * 1024 * 1024 + 1];
    let (code, refused) = import(&bench, "/Shared/large", &large, "RAW").await;
    assert_eq!(
        (code, &refused["error_code"]),
        (400, &json!("MAX_NOTEBOOK_SIZE_EXCEEDED"))
    );
    let form = Form::new()
        .text("path", "/Shared/large")
        .text("format", "RAW")
        .part("content", Part::bytes(large.clone()));
    let call = bench
        .client
        .post(format!("{}/api/2.0/workspace/import", bench.dev.url()))
        .bearer_auth("dapi-ana")
        .multipart(form);
    assert_eq!(answer(call.send().await.unwrap()).await.0, 200);
    assert_eq!(
        bench.dev.read_file("/Shared/large").unwrap().len(),
        large.len()
    );
}

#[tokio::test]
async fn import_file_writes_without_json() {
    let bench = Bench::start().await;
    let url = format!(
        "{}/api/2.0/workspace-files/import-file/Workspace/Shared/a%20b.txt",
        bench.dev.url()
    );
    let send = async |url: String| {
        let call = bench.client.post(url).bearer_auth("dapi-ana").body("hello");
        answer(call.send().await.unwrap()).await.0
    };
    assert_eq!(send(format!("{url}?overwrite=false")).await, 200);
    assert_eq!(send(format!("{url}?overwrite=false")).await, 409);
    assert_eq!(send(format!("{url}?overwrite=true")).await, 200);
    assert_eq!(bench.dev.list_files("/Shared"), ["/Shared/a b.txt"]);
}

#[tokio::test]
async fn a_file_of_designer_keeps_its_whole_name() {
    let bench = Bench::start().await;
    let json = json!({"cells": [{"cell_type": "code", "source": ["print(1)"], "metadata": {}}], "metadata": {}, "nbformat": 4})
        .to_string();
    let path = "/Shared/prep.designer.ipynb";
    let put = async |name: &str| {
        let url = format!(
            "{}/api/2.0/workspace-files/import-file/Shared%2F{name}?overwrite=true",
            bench.dev.url()
        );
        let call = bench.client.post(url).bearer_auth("dapi-ana");
        answer(call.body(json.clone()).send().await.unwrap())
            .await
            .0
    };
    assert_eq!(put("prep.designer.ipynb").await, 200);
    let asked = format!("{path}&return_export_info=true");
    let (_, seen) = status(&bench, &asked).await;
    assert_eq!(seen["object_type"], "DESIGNER_FILE");
    assert_eq!(seen.get("repos_export_format"), None);
    let export = async |format: &str| {
        let asked = format!("/api/2.0/workspace/export?path={path}&format={format}");
        bench.get(&asked).await
    };
    let (_, exported) = export("JUPYTER").await;
    let bytes = STANDARD
        .decode(exported["content"].as_str().unwrap())
        .unwrap();
    assert_eq!(bytes, json.as_bytes());
    assert_eq!(export("AUTO").await.0, 400);
    // Where Designer is off, it is a notebook like any other.
    bench.dev.without_designer();
    assert_eq!(put("other.designer.ipynb").await, 200);
    let (_, other) = status(&bench, "/Shared/other.designer").await;
    assert_eq!(other["object_type"], "NOTEBOOK");
}
