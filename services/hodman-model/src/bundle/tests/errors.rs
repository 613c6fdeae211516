use std::collections::BTreeMap;

use super::super::resolve;
use super::{errors, errors_in, tree};

#[test]
fn broken_files_are_shown_where_they_break() {
    let cases = [
        (
            "bundle: {name: d}\nresuorces: {}\n",
            ":2:1: unknown key `resuorces` (hint: did you mean `resources`?)",
        ),
        (
            "bundle: {nmae: d, name: d}\n",
            ":1:10: unknown key `bundle.nmae` (hint: did you mean `name`?)",
        ),
        (
            "bundle: {name: d}\nbundle: {name: e}\n",
            ":2:1: the key `bundle` is given twice (hint: keep one of them)",
        ),
        (
            "bundle:\n\tname: d\n",
            ":2:1: a tab in the indentation (hint: indent with spaces)",
        ),
        (
            "bundle: [d]\n",
            ":1:9: `bundle` must be a mapping, found a list",
        ),
        (
            "- bundle\n",
            ":1:1: a bundle file holds a mapping, found a list",
        ),
        (
            "bundle: {name: 7}\ntargets: {qa: }\n",
            ":1:16: `bundle.name` must be a text, found a number",
        ),
        (
            "targets: {qa: }\n",
            ": `bundle.name` is missing (hint: begin with `bundle: {name: …}`)",
        ),
        (
            "bundle: {name: d}\nresources: {job: {}}\n",
            ":2:13: unknown kind of resource `job` (hint: did you mean `jobs`?)",
        ),
        (
            "bundle: {name: d}\nresources: {jobs: {a: 1}}\n",
            ":2:23: `jobs.a` must be a mapping, found a number",
        ),
        (
            "bundle: {name: d}\ntargets: {qa: {mdoe: x}}\n",
            ":2:16: unknown key `targets.qa.mdoe` (hint: did you mean `mode`?)",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(errors(text), format!("databricks.yml{expected}"), "{text}");
    }
    let mut bytes = tree(&[("databricks.yml", "")]);
    bytes.insert(
        "databricks.yml".into(),
        crate::files::SourceBytes::plain(*b"a: 1\nb: \xff\n"),
    );
    assert_eq!(
        resolve(&bytes, "qa", &BTreeMap::new())
            .unwrap_err()
            .to_string(),
        "databricks.yml:2: is not UTF-8 text"
    );
}

#[test]
fn what_this_version_does_not_do_is_named_and_never_dropped() {
    let with = |more: &str| errors(&format!("bundle: {{name: d}}\ntargets: {{qa: }}\n{more}\n"));
    let cases = [
        (
            "artifacts: {w: {type: whl, build: make}}",
            ":3:35: the artifact `w` is built by a command, which is not allowed here",
        ),
        (
            "python: {resources: [a]}",
            ":3:10: `python.resources` is not",
        ),
        (
            "experimental: {python_wheel_wrapper: true}",
            ":3:16: `experimental.python_wheel_wrapper` is not",
        ),
    ];
    for (more, expected) in cases {
        assert!(
            with(more).starts_with(&format!("databricks.yml{expected}")),
            "{}",
            with(more)
        );
    }
    let nothing = "bundle: {name: d}\ntargets: {qa: }\nexperimental: {python_wheel_wrapper: false}\nartifacts: {}\n";
    assert!(
        resolve(
            &tree(&[("databricks.yml", nothing)]),
            "qa",
            &BTreeMap::new()
        )
        .is_ok()
    );
}

const ROOT: &str = "bundle: {name: d}\ninclude: [resources/*.yml]\ntargets: {qa: }\n";

#[test]
fn included_files_are_part_of_the_bundle_and_of_its_errors() {
    let job = "resources: {jobs: {a: {name: n}}}\n";
    let bundle = resolve(
        &tree(&[
            ("databricks.yml", ROOT),
            ("resources/a.yml", job),
            ("resources/x/b.yml", "}"),
        ]),
        "qa",
        &BTreeMap::new(),
    )
    .unwrap();
    let (_, resource) = bundle.resources.first_key_value().unwrap();
    assert_eq!(
        (resource.file.as_str(), resource.line),
        ("resources/a.yml", 1)
    );
    assert_eq!(
        errors_in(&[
            ("databricks.yml", ROOT),
            ("resources/a.yml", job),
            ("resources/b.yml", job)
        ]),
        "resources/b.yml:1:20: `jobs.a` is already defined in resources/a.yml:1 (hint: give one of them another key)"
    );
    assert_eq!(
        errors_in(&[
            ("databricks.yml", ROOT),
            ("resources/a.yml", "include: [x]\n"),
            ("resources/b.yml", "a: [\n")
        ]),
        "resources/a.yml:1:1: `include` works only in the bundle's first file, and takes in nothing here (hint: list the files there)\nresources/b.yml:1:4: unclosed bracket '['"
    );
}

#[test]
fn an_include_without_match_is_an_error_for_a_path_and_a_warning_for_a_pattern() {
    let plain = ROOT.replace("resources/*.yml", "resources/a.yml");
    assert_eq!(
        errors(&plain),
        "databricks.yml:2:11: `resources/a.yml` in `include` matches no file"
    );
    let bundle = super::bundle(ROOT);
    assert_eq!(bundle.warnings.len(), 1);
    assert_eq!(
        bundle.warnings[0].to_string(),
        "databricks.yml:2:11: `resources/*.yml` in `include` matches no file"
    );
    assert_eq!(
        errors(&ROOT.replace("resources/*.yml", "../a.yml")),
        "databricks.yml:2:11: `../a.yml` leads out of the repository (hint: a package is made of what one repository holds: put the files there)"
    );
    assert!(
        errors_in(&[
            ("databricks.yml", &ROOT.replace("*.yml", "*")),
            ("resources/a.py", "")
        ])
        .contains("neither YAML nor JSON")
    );
}

#[test]
fn there_is_one_bundle() {
    assert!(errors_in(&[("a", "")]).starts_with("databricks.yml: the file is missing"));
    assert_eq!(
        errors_in(&[("databricks.yml", ""), ("bundle.yml", "")]),
        "bundle.yml: `databricks.yml` is a bundle, too (hint: keep one of them)"
    );
}
