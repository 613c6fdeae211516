use std::collections::BTreeMap;

use serde_json::json;

use super::super::{ArtifactFiles, Options, builds, inputs, resolve, resolve_with};
use super::{NOTEBOOK, job, tree};

const ROOT: &str = r#"bundle: {name: d}
sync: {paths: [src]}
artifacts: {lib: {type: whl, files: [{source: ./dist/*.whl}]}}
targets: {qa: }
resources:
  jobs: {j: {tasks: [{task_key: t, notebook_task: {notebook_path: src/a.py}, libraries: [{whl: ./dist/*.whl}]}]}}
  dashboards: {b: {display_name: b, file_path: boards/b.lvdash.json}}
  alerts: {a: {display_name: a, file_path: boards/a.dbalert.json}}
  pipelines: {p: {name: p, libraries: [{glob: {include: src/**}}, {notebook: {path: src/a.py}}]}}
"#;

fn files(root: &str) -> crate::files::Tree {
    tree(&[
        ("databricks.yml", root),
        ("src/a.py", NOTEBOOK),
        ("dist/lib-1.whl", "w"),
        ("dist/notes.txt", "n"),
        ("boards/b.lvdash.json", "{\"pages\": []}"),
        (
            "boards/a.dbalert.json",
            "{\"query_lines\": [\"select 1\", \"from t\"], \"display_name\": \"other\"}",
        ),
    ])
}

#[test]
fn prebuilt_wheels_go_with_the_package_and_libraries_find_them() {
    let tree = files(ROOT);
    let qa = resolve(&tree, "qa", &BTreeMap::new()).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(
        job(&qa, "j")["tasks"][0]["libraries"],
        json!([{"whl": "${files}/dist/lib-1.whl"}])
    );
    assert_eq!(
        qa.files.keys().collect::<Vec<_>>(),
        ["dist/lib-1.whl", "src/a.py"]
    );
    let inputs = inputs(&tree).unwrap();
    for path in [
        "dist/lib-1.whl",
        "boards/b.lvdash.json",
        "boards/a.dbalert.json",
    ] {
        assert!(inputs.contains(path), "{path}");
    }
    assert!(!inputs.contains("dist/notes.txt"));
}

#[test]
fn contents_and_folders_of_other_kinds_are_found() {
    let qa = resolve(&files(ROOT), "qa", &BTreeMap::new()).unwrap();
    let of = |key: &str| &*qa.resources[&key.parse().unwrap()].config;
    assert_eq!(
        of("dashboards.b"),
        &json!({"display_name": "b", "serialized_dashboard": "{\"pages\": []}"})
    );
    assert_eq!(
        of("alerts.a"),
        &json!({"display_name": "a", "query_text": "select 1\nfrom t\n"})
    );
    assert_eq!(
        of("pipelines.p")["libraries"],
        json!([{"glob": {"include": "${files}/src/**"}}, {"notebook": {"path": "${files}/src/a"}}])
    );
    let patterns = ROOT.replace(
        "{notebook: {path: src/a.py}}]",
        "{notebook: {path: ./src/*.py}}, {file: {path: dist/n*}}]",
    );
    let mut tree = files(&patterns.replace("paths: [src]", "paths: [src, dist]"));
    tree.extend(super::tree(&[("src/b.py", NOTEBOOK)]));
    let qa = resolve(&tree, "qa", &BTreeMap::new()).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(
        qa.resources[&"pipelines.p".parse().unwrap()].config["libraries"],
        json!([{"glob": {"include": "${files}/src/**"}}, {"notebook": {"path": "${files}/src/a"}},
               {"notebook": {"path": "${files}/src/b"}}, {"file": {"path": "${files}/dist/notes.txt"}}])
    );
    let missing = ROOT.replace("boards/b", "boards/c");
    assert_eq!(
        resolve(&files(&missing), "qa", &BTreeMap::new())
            .unwrap_err()
            .to_string(),
        "databricks.yml:7:48: `boards/c.lvdash.json` leads to `boards/c.lvdash.json`, and there is no such file (hint: did you mean `boards/b.lvdash.json`?)"
    );
}

#[test]
fn build_commands_are_named_and_allowed_or_not() {
    let root = ROOT.replace(
        "files: [{source: ./dist/*.whl}]",
        "path: lib, build: make wheel",
    );
    let root = root.replace("whl: ./dist/", "whl: ./lib/dist/");
    let tree = files(&root);
    let commands = builds(&tree).unwrap();
    assert_eq!(
        (commands[0].command.as_str(), commands[0].folder.as_str()),
        ("make wheel", "lib")
    );
    let refused = resolve(&tree, "qa", &BTreeMap::new())
        .unwrap_err()
        .to_string();
    assert!(
        refused.starts_with("databricks.yml:3:48: the artifact `lib` is built by a command"),
        "{refused}"
    );
    let allowed = Options {
        allow_builds: true,
        unbuilt: true,
        ..Options::default()
    };
    let qa = resolve_with(&tree, "qa", &allowed).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(qa.builds, commands);
    // Its wheel is yet to be built.
    assert_eq!(qa.warnings.len(), 1, "{:?}", qa.warnings);
    let built = Options {
        unbuilt: false,
        ..allowed
    };
    assert!(resolve_with(&tree, "qa", &built).is_err());
}

#[test]
fn what_a_target_changes_of_an_artifact_is_what_is_built() {
    let base = "artifacts: {lib: {type: whl, files: [{source: ./dist/*.whl}]}}\ntargets: {qa: }";
    let commands = |text: &str| -> Vec<String> {
        let tree = files(&ROOT.replace(base, text));
        let all = builds(&tree).unwrap_or_else(|found| panic!("{found}"));
        all.into_iter()
            .map(|build| format!("{} in {}", build.command, build.folder))
            .collect()
    };
    let common = "artifacts: {lib: {type: whl, path: lib, build: make}}\n";
    assert_eq!(
        commands(&format!(
            "{common}targets: {{qa: {{artifacts: {{lib: {{build: make qa}}}}}}, dev: }}"
        )),
        ["make qa in lib", "make in lib"]
    );
    assert_eq!(
        commands(&format!(
            "{common}targets: {{qa: {{artifacts: {{lib: {{build: make qa}}}}}}}}"
        )),
        ["make qa in lib"]
    );
    assert_eq!(
        commands(&format!("{common}targets: {{qa: , dev: }}")),
        ["make in lib"]
    );
    assert_eq!(
        commands("targets: {qa: {artifacts: {lib: {type: whl}}}}"),
        ["python3 setup.py bdist_wheel in "]
    );
}

#[test]
fn an_artifact_of_an_included_file_is_built_in_the_bundles_folder() {
    let of = |artifact: &str| {
        let tree = tree(&[
            (
                "databricks.yml",
                "bundle: {name: d}\ninclude: [more/*.yml]\ntargets: {qa: }\n",
            ),
            ("more/a.yml", &format!("artifacts: {{lib: {artifact}}}\n")),
        ]);
        builds(&tree)
            .map(|all| all[0].folder.clone())
            .map_err(|found| found.to_string())
    };
    assert_eq!(of("{type: whl}").as_deref(), Ok(""));
    assert_eq!(of("{type: whl, path: lib}").as_deref(), Ok("more/lib"));
    assert_eq!(
        of("{type: jar}").unwrap_err(),
        "more/a.yml:1:18: the artifact `lib` has neither `build` nor `files` (hint: `build` is the command that makes it, `files` what is there)"
    );
}

#[test]
fn what_one_target_asks_for_in_vain_stops_no_other() {
    let text = ROOT.replace(
        "targets: {qa: }",
        "targets: {qa: , dev: {presets: {artifacts_dynamic_version: true}, artifacts: {lib: {dynamic_version: true}}, resources: {genie_spaces: {g: {title: t}}}}}",
    );
    let tree = files(&text);
    assert!(resolve(&tree, "qa", &BTreeMap::new()).is_ok());
    assert!(builds(&tree).is_ok() && inputs(&tree).is_ok());
    let shown = resolve(&tree, "dev", &BTreeMap::new())
        .unwrap_err()
        .to_string();
    for said in [
        "`presets.artifacts_dynamic_version` is not supported",
        "`artifacts.lib.dynamic_version` is not supported",
        "`resources.genie_spaces` is not managed here",
    ] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
}

#[test]
fn what_a_command_works_on_is_an_input() {
    let root = ROOT.replace(
        "files: [{source: ./dist/*.whl}]",
        "path: lib, build: make wheel, files: [{source: ./dist/*.whl}]",
    );
    let mut tree = files(&root);
    tree.extend(super::tree(&[
        ("lib/setup.py", "s"),
        ("other/x.py", "x"),
        ("lib/.git/config", "g"),
    ]));
    let inputs = inputs(&tree).unwrap();
    assert!(inputs.contains("lib/setup.py"));
    assert!(!inputs.contains("other/x.py") && !inputs.contains("lib/.git/config"));
    let artifacts = ArtifactFiles::of(&tree).unwrap();
    assert!(artifacts.takes("dist/lib-2.whl") && !artifacts.takes("lib/setup.py"));
}
