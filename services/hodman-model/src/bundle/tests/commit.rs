use std::collections::BTreeMap;

use super::super::{COMMIT_FILE, Options, inputs, lint, note_commit, resolve};
use super::{job, tree};

const ASKS: &str = "bundle: {name: d}\ntargets: {qa: }\nresources: {jobs: {j: {tasks: [{task_key: t, python_wheel_task: {parameters: [\"git:${bundle.git.commit}\"]}}]}}}\n";
const ELSEWHERE: &str = "bundle: {name: d}\ntargets: {qa: }\n# ${bundle.git.commit}\nresources: {jobs: {j: {name: n}}}\n";

#[test]
fn the_commit_is_an_input_where_the_bundle_refers_to_it() {
    let mut asks = tree(&[("databricks.yml", ASKS)]);
    assert!(inputs(&asks).unwrap().contains(COMMIT_FILE));
    note_commit(&mut asks, "abc123");
    let qa = resolve(&asks, "qa", &BTreeMap::new()).unwrap();
    let parameters = &job(&qa, "j")["tasks"][0]["python_wheel_task"]["parameters"];
    assert_eq!(parameters[0], "git:abc123");
    assert!(qa.files.is_empty(), "the note itself is not uploaded");

    let mut elsewhere = tree(&[("databricks.yml", ELSEWHERE)]);
    note_commit(&mut elsewhere, "abc123");
    assert!(!inputs(&elsewhere).unwrap().contains(COMMIT_FILE));
    let mut nothing = tree(&[
        ("databricks.yml", "bundle: {name: d}\n"),
        ("a.py", "# bundle.git.commit"),
    ]);
    note_commit(&mut nothing, "abc123");
    assert!(!nothing.contains_key(COMMIT_FILE));
}

#[test]
fn it_is_told_that_each_commit_is_a_release() {
    let rules = |text: &str| -> Vec<String> {
        let mut files = tree(&[("databricks.yml", text)]);
        note_commit(&mut files, "abc123");
        let found = lint(&files, None, &Options::default()).into_iter();
        let found = found.filter(|finding| finding.rule == "every-commit");
        found
            .map(|finding| finding.diagnostic.to_string())
            .collect()
    };
    assert_eq!(
        rules(ASKS),
        [
            "databricks.yml:3:79: `${bundle.git.commit}` makes every commit a release, whatever it changes (hint: without it equal files are one package; the pin in release.yaml names the commit)"
        ]
    );
    assert_eq!(rules(ELSEWHERE), Vec::<String>::new());
}
