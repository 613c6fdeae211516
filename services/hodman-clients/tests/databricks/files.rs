//! The workspace tree.

use hodman_clients::databricks::{Deleted, EntryKind, ErrorKind, ImportFormat, Language};
use serde_json::json;

use crate::server::{Reply, Server, TestTime, ok, refuse};

const MEBIBYTE: usize = 1024 * 1024;

#[tokio::test]
async fn a_walk_enters_directories_but_not_git_folders() {
    let entry = |path: &str, kind: &str| json!({ "path": path, "object_type": kind, "language": "PYTHON", "object_id": 1 });
    let server = Server::start(move |seen| match seen.query.as_str() {
        "path=%2Fa" => ok(json!({ "objects": [
            entry("/a/z", "DIRECTORY"), entry("/a/repo", "REPO"), entry("/a/gone", "DIRECTORY"), entry("/a/load", "NOTEBOOK"),
        ]})),
        "path=%2Fa%2Fz" => ok(json!({ "objects": [entry("/a/z/empty", "DIRECTORY"), entry("/a/z/data.csv", "FILE")] })),
        "path=%2Fa%2Fz%2Fempty" => ok(json!({})),
        other => refuse(404, "RESOURCE_DOES_NOT_EXIST", other),
    })
    .await;
    let workspace = server.workspace(&TestTime::new());
    let found = workspace.files().list_recursive("/a").await.unwrap();
    let paths: Vec<&str> = found.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/a/gone",
            "/a/load",
            "/a/repo",
            "/a/z",
            "/a/z/data.csv",
            "/a/z/empty"
        ]
    );
    assert_eq!(
        found[1].kind,
        EntryKind::Notebook {
            language: Some(Language::Python)
        }
    );
    assert_eq!(
        workspace.files().list("/b").await.unwrap_err().kind,
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn small_content_goes_as_json() {
    let server = Server::start(|_| ok(json!({}))).await;
    let workspace = server.workspace(&TestTime::new());
    let notebook = ImportFormat::SourceNotebook {
        language: Language::Sql,
    };
    workspace
        .files()
        .import("/a/q", "select 1", notebook, true)
        .await
        .unwrap();
    workspace
        .files()
        .import("/a/b.bin", vec![0, 255], ImportFormat::Raw, false)
        .await
        .unwrap();
    let bodies: Vec<_> = server.seen().iter().map(|seen| seen.json()).collect();
    assert_eq!(
        bodies[0],
        json!({ "path": "/a/q", "format": "SOURCE", "language": "SQL", "overwrite": true, "content": "c2VsZWN0IDE=" })
    );
    assert_eq!(
        bodies[1],
        json!({ "path": "/a/b.bin", "format": "RAW", "overwrite": false, "content": "AP8=" })
    );
}

#[tokio::test]
async fn large_files_go_raw_and_large_notebooks_as_a_form() {
    let server = Server::start(|_| ok(json!({}))).await;
    let workspace = server.workspace(&TestTime::new());
    let large = vec![b'x'; 11 * MEBIBYTE];
    workspace
        .files()
        .import("/Shared/a b.bin", large.clone(), ImportFormat::Raw, true)
        .await
        .unwrap();
    workspace
        .files()
        .import("/Shared/n", large.clone(), ImportFormat::Jupyter, true)
        .await
        .unwrap();
    let seen = server.seen();
    assert_eq!(
        seen[0].path,
        "/api/2.0/workspace-files/import-file/Shared%2Fa%20b.bin"
    );
    assert_eq!(
        (seen[0].query.as_str(), seen[0].body.len()),
        ("overwrite=true", large.len())
    );
    assert_eq!(seen[1].path, "/api/2.0/workspace/import");
    assert!(
        seen[1]
            .header("content-type")
            .starts_with("multipart/form-data")
    );
    let form = String::from_utf8_lossy(&seen[1].body);
    for field in [
        "name=\"path\"\r\n\r\n/Shared/n\r\n",
        "name=\"format\"\r\n\r\nJUPYTER\r\n",
        "name=\"overwrite\"\r\n\r\ntrue\r\n",
    ] {
        assert!(form.contains(field), "{field}");
    }
    assert!(seen[1].body.len() > large.len());
}

#[tokio::test]
async fn an_import_that_must_not_overwrite_says_what_is_there() {
    let server =
        Server::start(|_| refuse(400, "RESOURCE_ALREADY_EXISTS", "Path (/a) already exists."))
            .await;
    let error = server
        .workspace(&TestTime::new())
        .files()
        .import("/a", "x", ImportFormat::Auto, false)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn notebooks_are_exported_as_they_are_kept_and_files_as_they_are() {
    let server =
        Server::start(
            |seen| match (seen.path.rsplit('/').next().unwrap(), seen.query.as_str()) {
                ("get-status", "path=%2Fn&return_export_info=true") => {
                    ok(json!({ "path": "/n", "object_type": "NOTEBOOK", "language": "PYTHON" }))
                }
                ("get-status", "path=%2Fj&return_export_info=true") => ok(
                    json!({ "path": "/j", "object_type": "NOTEBOOK", "language": "PYTHON",
                        "repos_export_format": "JUPYTER" }),
                ),
                ("export", "path=%2Fj&format=JUPYTER") => {
                    ok(json!({ "content": "e30=", "file_type": "ipynb" }))
                }
                ("get-status", "path=%2Ff&return_export_info=true") => {
                    ok(json!({ "path": "/f", "object_type": "FILE", "size": 2 }))
                }
                ("get-status", "path=%2Flarge&return_export_info=true") => {
                    ok(json!({ "path": "/large", "object_type": "FILE", "size": 9_000_000 }))
                }
                ("get-status", "path=%2Fgrown&return_export_info=true") => {
                    ok(json!({ "path": "/grown", "object_type": "FILE", "size": 2 }))
                }
                ("export", "path=%2Fn&format=SOURCE") => {
                    ok(json!({ "content": "cHJpbnQoKQ==", "file_type": "py" }))
                }
                ("export", "path=%2Ff&format=AUTO") => ok(json!({ "content": "AP8=" })),
                ("export", "path=%2Fgrown&format=AUTO") => {
                    refuse(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", "too large")
                }
                ("large" | "grown", "") => Reply::Headed(200, Vec::new(), "raw".to_owned()),
                other => refuse(400, "BAD_REQUEST", &format!("{other:?}")),
            },
        )
        .await;
    let workspace = server.workspace(&TestTime::new());
    assert_eq!(workspace.files().export("/n").await.unwrap(), "print()");
    assert_eq!(workspace.files().export("/j").await.unwrap(), "{}");
    assert_eq!(workspace.files().export("/f").await.unwrap(), &[0, 255][..]);
    assert_eq!(workspace.files().export("/large").await.unwrap(), "raw");
    assert_eq!(workspace.files().export("/grown").await.unwrap(), "raw");
}

#[tokio::test]
async fn deleting_what_is_gone_is_fine_and_a_full_directory_is_a_conflict() {
    let server = Server::start(|seen| match seen.json()["path"].as_str() {
        Some("/there") => ok(json!({})),
        Some("/full") => refuse(400, "DIRECTORY_NOT_EMPTY", "Folder (/full) is not empty"),
        _ => refuse(404, "RESOURCE_DOES_NOT_EXIST", "no"),
    })
    .await;
    let workspace = server.workspace(&TestTime::new());
    assert_eq!(
        workspace.files().delete("/there", true).await.unwrap(),
        Deleted::Done
    );
    assert_eq!(
        workspace.files().delete("/gone", true).await.unwrap(),
        Deleted::WasAbsent
    );
    assert_eq!(
        workspace
            .files()
            .delete("/full", false)
            .await
            .unwrap_err()
            .kind,
        ErrorKind::Conflict
    );
}

#[tokio::test]
async fn a_file_of_designer_keeps_its_name_and_comes_and_goes_as_jupyters() {
    const PATH: &str = "/Shared/prep.designer.ipynb";
    let server = Server::start(|seen| match seen.path.as_str() {
        "/api/2.0/workspace/get-status" => {
            ok(json!({ "path": PATH, "object_type": "DESIGNER_FILE", "object_id": 7 }))
        }
        "/api/2.0/workspace/export" if seen.query.contains("format=JUPYTER") => {
            ok(json!({ "content": "e30=" }))
        }
        "/api/2.0/workspace-files/import-file/Shared%2Fprep.designer.ipynb" => ok(json!({})),
        path => refuse(404, "RESOURCE_DOES_NOT_EXIST", path),
    })
    .await;
    let workspace = server.workspace(&TestTime::new());
    let files = workspace.files();
    let entry = files.status(PATH).await.unwrap();
    assert_eq!(entry.kind, EntryKind::Designer);
    assert!(entry.kind.is_content());
    assert_eq!(&files.export_entry(&entry).await.unwrap()[..], b"{}");
    // However small: of no other door is it known that it stays what it is.
    files
        .import(PATH, "{}", ImportFormat::Designer, true)
        .await
        .unwrap();
    let last = server.seen().pop().unwrap();
    assert_eq!(
        (last.query.as_str(), &last.body[..]),
        ("overwrite=true", &b"{}"[..])
    );
}
