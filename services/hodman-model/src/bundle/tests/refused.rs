//! What the CLI's own acceptance tests refuse or show, and a bundle here did otherwise.

use serde_json::json;

use super::super::{Form, Options, lint, resolve_strictly, resolve_with, validated};
use super::{NOTEBOOK, errors, errors_in, tree};

const HEAD: &str = "bundle: {name: d}\ntargets: {qa: }\n";

fn shown(files: &[(&str, &str)]) -> serde_json::Value {
    let options = Options {
        form: Form::Validated,
        allow_builds: true,
        unbuilt: true,
        ..Options::default()
    };
    let bundle =
        resolve_with(&tree(files), "qa", &options).unwrap_or_else(|wrong| panic!("{wrong}"));
    validated(&bundle, &Default::default())
}

fn linted(text: &str) -> Vec<String> {
    lint(
        &tree(&[("databricks.yml", text)]),
        None,
        &Options::default(),
    )
    .into_iter()
    .map(|finding| format!("{} [{}]", finding.diagnostic, finding.rule))
    .collect()
}

/// acceptance/bundle/validate/reserved_deployment_fields: they would be replaced by our own mark without a word.
#[test]
fn what_only_a_deployment_says_is_refused() {
    let said = errors(&format!(
        "{HEAD}resources:\n  jobs: {{j: {{deployment: {{kind: BUNDLE, deployment_id: a, version_id: b}}}}}}\n  \
         volumes: {{v: {{name: v, catalog_name: c, schema_name: s, volume_path: /Volumes/x}}}}\n  \
         dashboards: {{d: {{display_name: d, etag: '1'}}}}\n"
    ));
    for field in [
        "`jobs.j.deployment.deployment_id`",
        "`jobs.j.deployment.version_id`",
        "`volumes.v.volume_path`",
        "`dashboards.d.etag`",
    ] {
        assert!(
            said.contains(&format!("{field} is not a bundle's to say")),
            "{said}"
        );
    }
}

#[test]
fn what_cannot_be_made_without_a_name_has_one() {
    let said = errors(&format!(
        "{HEAD}resources: {{dashboards: {{d: {{warehouse_id: w}}}}, sql_warehouses: {{w: {{name: ' '}}}}}}\n"
    ));
    assert!(
        said.contains("3:26: `dashboards.d` has no `display_name`"),
        "{said}"
    );
    assert!(said.contains("`sql_warehouses.w` has no `name`"), "{said}");
}

#[test]
fn an_app_has_one_source() {
    let said = errors_in(&[
        (
            "databricks.yml",
            &format!(
                "{HEAD}resources: {{apps: {{a: {{name: a, source_code_path: ./app, git_source: {{branch: main}}}}}}}}\n"
            ),
        ),
        ("app/app.py", "1"),
    ]);
    assert!(said.contains("`apps.a` has both"), "{said}");
}

/// acceptance/bundle/resources/alerts/with_file_*: what the file says has no second place, and no variables.
#[test]
fn an_alert_of_a_file_is_said_there() {
    let alert = |beside: &str, content: &str| {
        let text = format!(
            "{HEAD}resources: {{alerts: {{a: {{display_name: a, warehouse_id: w, file_path: ./a.dbalert.json{beside}}}}}}}\n"
        );
        let files = tree(&[("databricks.yml", &text), ("a.dbalert.json", content)]);
        resolve_with(&files, "qa", &Options::default())
    };
    let content =
        r#"{"query_lines": ["select 1"], "display_name": "other", "warehouse_id": "other"}"#;
    let bundle = alert("", content).unwrap_or_else(|wrong| panic!("{wrong}"));
    let config = &bundle.resources[&"alerts.a".parse().unwrap()].config;
    assert_eq!(
        (
            &config["display_name"],
            &config["warehouse_id"],
            &config["query_text"]
        ),
        (&json!("a"), &json!("w"), &json!("select 1\n"))
    );
    let said = alert(", query_text: select 2", content)
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("`query_text` and `file_path` both say"),
        "{said}"
    );
    let said = alert("", r#"{"query_lines": ["select ${var.x}"]}"#)
        .unwrap_err()
        .to_string();
    assert!(said.contains("holds no references"), "{said}");
}

#[test]
fn a_key_is_the_same_for_every_target() {
    let said = errors(
        "bundle: {name: d}\nvariables: {v: {default: x}}\ntargets: {qa: }\nresources: {jobs: {\"${var.v}_job\": {name: n}}}\n",
    );
    assert!(said.contains("holds a reference"), "{said}");
}

#[test]
fn an_artifact_that_says_nothing_is_none() {
    let said = errors(&format!("{HEAD}artifacts: {{a: }}\n"));
    assert!(said.contains("neither `build` nor `files`"), "{said}");
}

/// acceptance/bundle/variables/complex-simple: an item without its key is called by no letter at all.
#[test]
fn items_without_a_key_are_one() {
    let text = "bundle: {name: d}\nresources:\n  jobs:\n    j: {name: n, job_clusters: [{new_cluster: {spark_version: a, num_workers: 1}}]}\n\
                targets:\n  qa: {resources: {jobs: {j: {job_clusters: [{new_cluster: {spark_version: b}}]}}}}\n";
    let job = &shown(&[("databricks.yml", text)])["resources"]["jobs"]["j"];
    assert_eq!(
        job["job_clusters"],
        json!([{"job_cluster_key": "", "new_cluster": {"spark_version": "b", "num_workers": 1}}])
    );
}

/// acceptance/bundle/resource_deps/volume_path_job_ref and paths of workspaces and artifacts.
#[test]
fn paths_are_shown_as_the_cli_shows_them() {
    let text = "bundle: {name: d}\ninclude: [sub/*.yml]\ntargets: {qa: }\nworkspace: {root_path: /remote, resource_path: /foo/bar}\nresources:\n  \
                volumes:\n    a: {name: a, catalog_name: c, schema_name: s}\n    b: {name: '${resources.volumes.a.id}', catalog_name: c, schema_name: s}\n  \
                jobs: {j: {name: 'at ${resources.volumes.a.volume_path}, ${resources.volumes.b.volume_path}'}}\n  \
                dashboards: {d: {display_name: d, parent_path: already-set}}\n";
    let sub = "artifacts: {w: {type: whl, path: ./lib, files: [{source: '../out/*.whl'}]}}\n";
    let all = shown(&[
        ("databricks.yml", text),
        ("sub/a.yml", sub),
        ("out/a.whl", "x"),
    ]);
    let workspace = &all["workspace"];
    assert_eq!(
        (&workspace["root_path"], &workspace["resource_path"]),
        (&json!("/Workspace/remote"), &json!("/Workspace/foo/bar"))
    );
    assert_eq!(
        all["resources"]["jobs"]["j"]["name"],
        "at /Volumes/c/s/a, /Volumes/c/s/${resources.volumes.a.id}"
    );
    assert_eq!(
        all["resources"]["dashboards"]["d"]["parent_path"],
        "/Workspace/already-set"
    );
    assert_eq!(
        (
            &all["artifacts"]["w"]["path"],
            &all["artifacts"]["w"]["files"][0]["source"]
        ),
        (&json!("sub/lib"), &json!("out/*.whl"))
    );
}

#[test]
fn numbers_may_begin_with_zeros_and_nothing_is_told() {
    let text = format!(
        "{HEAD}resources: {{jobs: {{j: {{name: n, timeout_seconds: 012, description: }}}}}}\n"
    );
    let all = shown(&[("databricks.yml", &text)]);
    assert_eq!(all["resources"]["jobs"]["j"]["timeout_seconds"], 12);
    let said = linted(&text);
    let told = "`jobs.j.description` says nothing";
    assert!(said.iter().any(|line| line.contains(told)), "{said:?}");
}

/// acceptance/bundle/libraries/pipeline_globs, and folders that are there for Git's sake.
#[test]
fn a_pattern_of_jars_stays_and_a_kept_folder_is_uploaded() {
    let text = format!(
        "{HEAD}resources: {{pipelines: {{p: {{name: p, root_path: ./kept, libraries: [{{jar: '*/*.jar'}}, {{notebook: {{path: ./a.py}}}}]}}}}}}\n"
    );
    let all = shown(&[
        ("databricks.yml", &text),
        ("kept/.gitkeep", ""),
        ("a.py", NOTEBOOK),
    ]);
    let pipeline = &all["resources"]["pipelines"]["p"];
    assert_eq!(pipeline["libraries"][0]["jar"], "*/*.jar");
    assert!(
        pipeline["root_path"]
            .as_str()
            .unwrap()
            .ends_with("/files/kept"),
        "{pipeline}"
    );
}

#[test]
fn lint_says_what_is_incomplete_and_two_default_targets() {
    let said = linted(
        "bundle: {name: d}\ntargets: {a: {default: true}, b: {default: true}}\nresources:\n  \
         jobs: {j: {name: n, tasks: [{task_key: t, spark_python_task: {python_file: /Workspace/x.py}}]}}\n  \
         dashboards: {d: {display_name: d}}\n  apps: {a: {name: a}}\n",
    );
    for told in [
        "this `spark_python_task` has no cluster and no environment to run on",
        "`dashboards.d` has no `warehouse_id`",
        "`apps.a` has no `source_code_path`",
        "both `a` and `b` say `default: true`",
    ] {
        assert!(
            said.iter().any(|line| line.contains(told)),
            "{told}: {said:?}"
        );
    }
}

#[test]
fn a_secret_says_where_it_is_and_nothing_else() {
    let of = |value: &str| {
        errors(&format!(
            "{HEAD}resources: {{secrets: {{s: {{scope: a, key: k{value}}}}}}}\n"
        ))
    };
    assert!(of(", string_value: canary").contains("a secret has no field `string_value`"));
    assert!(of("").contains("`secrets.s` has no `value`"));
    assert!(of(", value: {env: A, file: b}").contains("names 2 sources"));
    let text =
        format!("{HEAD}resources: {{secrets: {{s: {{scope: a, key: k, value: canary}}}}}}\n");
    let files = tree(&[("databricks.yml", &text)]);
    let said = resolve_strictly(&files, "qa", &Options::default())
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("has a secret written out") && !said.contains("canary"),
        "{said}"
    );
}
