//! Every example file of the project is what the program reads: the daemon's settings, and the worked example.

use std::collections::BTreeSet;
use std::sync::Arc;

use hodman::config::{Config, Purpose};
use hodman_model::bundle::resolve;
use hodman_model::files::{Environment, SourceBytes, Tree, parse_environment};
use hodman_tests::checkout::{files, root};

const BUNDLE: &str = "services/hodman/example/";

/// The worked example as a user's repository has it: the bundle lies with the program, which carries it, the environments
/// at the top.
fn example() -> Tree {
    let ours = files().into_iter().filter_map(|path| {
        let inside = match path.strip_prefix(BUNDLE) {
            Some(inside) => inside.to_owned(),
            None => path.starts_with("environments/").then(|| path.clone())?,
        };
        let bytes: Arc<[u8]> = std::fs::read(root().join(&path)).expect("a file").into();
        Some((inside, SourceBytes::plain(bytes)))
    });
    ours.collect()
}

fn environments() -> Vec<(String, Environment)> {
    let tree = example();
    let read = tree.iter().filter_map(|(path, file)| {
        let name = path
            .strip_prefix("environments/")?
            .strip_suffix("/environment.yaml")?;
        let text = std::str::from_utf8(&file.bytes).expect("text");
        let environment = parse_environment(path, text).unwrap_or_else(|wrong| panic!("{wrong}"));
        Some((name.to_owned(), environment))
    });
    read.collect()
}

#[test]
fn the_settings_of_the_daemon_are_right() {
    let text = std::fs::read_to_string(root().join("config/hodman.yaml")).expect("the settings");
    let read = Config::read("config/hodman.yaml", &text, Purpose::Serve, |_| None);
    read.unwrap_or_else(|wrong| panic!("{wrong}"));
}

#[test]
fn every_environment_of_the_example_is_right() {
    let names: BTreeSet<String> = environments().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        BTreeSet::from(["dev", "qa", "prod"].map(str::to_owned))
    );
}

#[test]
fn the_program_carries_every_file_of_the_example() {
    let embedded: BTreeSet<&str> = hodman::example::FILES
        .iter()
        .map(|(path, _)| *path)
        .collect();
    let tree = example();
    let there: BTreeSet<&str> = tree.keys().map(String::as_str).collect();
    assert_eq!(embedded, there);
}

#[test]
fn the_bundle_of_the_example_resolves_for_every_environment() {
    let tree = example();
    for (name, environment) in environments() {
        let target = environment.bundle_target.as_deref().unwrap_or(&name);
        let bundle = resolve(&tree, target, &environment.variables)
            .unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        assert!(
            !bundle.resources.is_empty() && !bundle.files.is_empty(),
            "{name}"
        );
        assert!(bundle.warnings.is_empty(), "{name}: {:?}", bundle.warnings);
    }
}

#[test]
fn nothing_in_the_example_asks_for_a_hint() {
    let found = hodman_model::bundle::lint(&example(), None, &Default::default());
    assert!(found.is_empty(), "{found:?}");
}
