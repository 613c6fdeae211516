//! What the linter says, which knows the types of AWS.

use std::path::PathBuf;

use hodman_model::foundation::templates::Carried;
use hodman_tests::checkout::{files, root};
use hodman_tests::servers::python;

use super::bench::probe;

/// The templates in the examples' modules.
fn of_examples() -> Vec<PathBuf> {
    let yaml = files().into_iter().filter(|path| {
        path.starts_with("examples/foundation/modules/")
            && path.ends_with(".yaml")
            && !path.ends_with("/module.yaml")
    });
    yaml.map(|path| root().join(path)).collect()
}

#[tokio::test]
async fn no_template_has_anything_to_complain_of() {
    let templates = root().join("services/hodman-model/src/foundation/templates");
    let carried = Carried::ALL.map(|one| templates.join(format!("{}.yaml", one.name())));
    let examples = of_examples();
    assert!(!examples.is_empty());
    for file in carried.iter().chain(&examples) {
        let file = file.display().to_string();
        let arguments = [
            "--template",
            &file,
            "--regions",
            "us-east-1",
            "eu-west-1",
            "us-gov-west-1",
        ];
        let linted = python(&probe("cfn_lint.py"), &arguments, &[]).await;
        assert!(linted.ok, "{file}:\n{}", linted.said);
    }
}

#[tokio::test]
async fn the_linter_finds_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.yaml");
    let right = Carried::Network.body();
    let wrong = right.replace("EnableDnsSupport: true", "EnableDnsSuport: true");
    std::fs::write(&file, wrong).expect("written");
    let file = file.display().to_string();
    let linted = python(&probe("cfn_lint.py"), &["--template", &file], &[]).await;
    assert!(
        !linted.ok && linted.said.contains("EnableDnsSuport"),
        "{}",
        linted.said
    );
}
