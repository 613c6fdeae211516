//! Paths to where the Databricks CLI would put the files.

use std::collections::BTreeMap;

use super::super::{Options, ResolvedBundle, resolve, resolve_with};
use super::{NOTEBOOK, errors_in, job, tree};

fn root(workspace: &str, path: &str) -> String {
    format!(
        "bundle: {{name: d}}\nworkspace: {workspace}\ntargets: {{qa: }}\nresources: {{jobs: {{j: {{tasks: [{{task_key: t, spark_python_task: {{python_file: src/a.py, parameters: [\"{path}\"]}}}}]}}}}}}\n"
    )
}

fn qa(workspace: &str, path: &str) -> ResolvedBundle {
    let root = root(workspace, path);
    let files = tree(&[
        ("databricks.yml", &root),
        ("src/a.py", ""),
        ("src/b.py", NOTEBOOK),
    ]);
    resolve(&files, "qa", &BTreeMap::new()).unwrap_or_else(|found| panic!("{found}"))
}

#[test]
fn paths_to_where_the_cli_puts_files_lead_to_where_they_are() {
    let shared = "{root_path: /Shared/d}";
    let cases = [
        ("{}", "${workspace.root_path}/files/src/x", "${files}/src/x"),
        ("{}", "--c=${workspace.root_path}/files", "--c=${files}"),
        (
            "{file_path: \"${workspace.root_path}/sources\"}",
            "${workspace.root_path}/sources/x",
            "${files}/x",
        ),
        (
            shared,
            "${workspace.root_path}/filesystem",
            "/Workspace/Shared/d/filesystem",
        ),
        (shared, "${workspace.root_path}/x", "/Workspace/Shared/d/x"),
        (shared, "/Workspace/Shared/d/files/x", "${files}/x"),
        (
            shared,
            "/Shared/d/files/x /Workspace/Shared/d/files",
            "${files}/x ${files}",
        ),
        (
            shared,
            "/Volumes/Shared/d/files/x",
            "/Volumes/Shared/d/files/x",
        ),
        (
            shared,
            "/Workspace/Shared/d/files.txt",
            "/Workspace/Shared/d/files.txt",
        ),
        (
            "{root_path: /Shared/d, file_path: /Shared/other}",
            "${workspace.root_path}/files/x /Shared/other/x",
            "/Workspace/Shared/d/files/x ${files}/x",
        ),
    ];
    for (workspace, written, expected) in cases {
        let qa = qa(workspace, written);
        let task = &job(&qa, "j")["tasks"][0]["spark_python_task"];
        assert_eq!(task["parameters"][0], expected, "{workspace} {written}");
        assert!(qa.lookups.is_empty(), "{written}");
    }
}

#[test]
fn a_path_into_the_files_must_lead_to_one_of_them() {
    let text = root("{root_path: /Shared/d}", "x")
        .replace("src/a.py", "/Workspace/Shared/d/files/src/c.py");
    let shown = errors_in(&[("databricks.yml", &text), ("src/a.py", "")]);
    assert!(
        shown.contains("leads to `src/c.py`, and no such file is uploaded"),
        "{shown}"
    );
    let text = text.replace("src/c.py", "src/a.py");
    let files = tree(&[("databricks.yml", &text), ("src/a.py", "")]);
    let qa = resolve(&files, "qa", &BTreeMap::new()).unwrap();
    let task = &job(&qa, "j")["tasks"][0]["spark_python_task"];
    assert_eq!(task["python_file"], "${files}/src/a.py");
}

#[test]
fn a_folder_that_begins_with_workspace_is_not_given_it_twice() {
    for (written, expected) in [
        (
            "/Workspace${workspace.file_path}/src/a.py",
            "${files}/src/a.py",
        ),
        ("-r /Workspace/${workspace.file_path}", "-r ${files}"),
        ("/Workspace${workspace.root_path}/files/x", "${files}/x"),
    ] {
        let qa = qa("{}", written);
        let task = &job(&qa, "j")["tasks"][0]["spark_python_task"];
        assert_eq!(task["parameters"][0], expected, "{written}");
        assert_eq!(qa.warnings.len(), 1);
        let said = qa.warnings[0].to_string();
        assert!(
            said.contains("begins with `/Workspace` twice (hint: write `${workspace."),
            "{said}"
        );
    }
}

#[test]
fn the_folder_of_artifacts_is_refused() {
    let text = root("{}", "${workspace.artifact_path}/.internal/x.whl");
    assert_eq!(
        errors_in(&[("databricks.yml", &text), ("src/a.py", "")]),
        "databricks.yml:4:103: `${workspace.artifact_path}` is a folder that hodman does not fill (hint: artifacts lie with the other files: name the file itself, such as `./dist/*.whl`)"
    );
}

#[test]
fn a_package_is_of_the_branch_that_is_promoted() {
    let text = root("{}", "${bundle.git.branch}");
    let files = tree(&[("databricks.yml", &text), ("src/a.py", "")]);
    let shown = |options: &Options| {
        let qa = resolve_with(&files, "qa", options).unwrap_or_else(|found| panic!("{found}"));
        let task = &job(&qa, "j")["tasks"][0]["spark_python_task"];
        (task["parameters"][0].clone(), qa.warnings.len())
    };
    let promoted = Options {
        branch: Some("main".into()),
        ..Options::default()
    };
    assert_eq!(shown(&promoted), ("main".into(), 0));
    assert_eq!(
        shown(&Options::default()),
        ("${bundle.git.branch}".into(), 1)
    );
    let origin = text.replace("git.branch", "git.origin_url");
    let files = tree(&[("databricks.yml", &origin), ("src/a.py", "")]);
    let shown = |options: &Options| {
        let qa = resolve_with(&files, "qa", options).unwrap_or_else(|found| panic!("{found}"));
        let task = &job(&qa, "j")["tasks"][0]["spark_python_task"];
        (task["parameters"][0].clone(), qa.warnings.len())
    };
    let url = "https://github.com/acme/shop.git";
    let of_pipeline = Options {
        origin_url: Some(url.into()),
        ..Options::default()
    };
    assert_eq!(shown(&of_pipeline), (url.into(), 0));
    assert_eq!(
        shown(&Options::default()),
        ("${bundle.git.origin_url}".into(), 1)
    );
}
