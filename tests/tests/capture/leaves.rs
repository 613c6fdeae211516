//! Nothing that was declared is lost: each field of every kind's samples, made in a workspace, stands with its value in a file that a
//! capture of it writes, or the pull request says in words that it does not.

use std::collections::{BTreeMap, BTreeSet};

use super::identity::{ENVIRONMENT, EXAMPLE, Start, captured, restore};
use super::stage::Stage;
use hodman_model::bundle::{self, ResolvedBundle as Bundle, Resource, ResourceKey};
use hodman_model::files::{SourceBytes, Tree};
use hodman_model::kinds::{Captured, KINDS, kind};
use hodman_sandbox::github::PullView;
use hodman_tests::harness::Options;
use hodman_tests::kinds::{Leaf, declared_in_turns, placed_leaves};
use serde_json::{Value, json};

const PROOF: &str = "resources/proof.yml";
/// Together they say every value of every optional field, but of kinds of which there is one, and give a job every shape: a field of `n`
/// values is left out where a turn modulo `n + 1` is `n`, and `n` is at most four.
const TURNS: &[u16] = &[2, 3, 4, 5, 11];
/// The rules of the capture: the folders in which samples lie, one for each turn, and not the principals as which hodman comes.
const RULES: &str = "    - /Shared/shop
    - /Shared/proof
    - /Shared/proof-folder
    - /Shared/proof-folder2
    - /Shared/proof-folder3
    - /Shared/proof-folder4
    - /Shared/proof-folder5
    - /Shared/proof-folder11
  service_principals:
    include: [\"*\"]
    exclude: [\"hodman for *\"]
";

fn resolved(files: &BTreeMap<String, Vec<u8>>) -> Bundle {
    let plain =
        |(path, bytes): (&String, &Vec<u8>)| (path.clone(), SourceBytes::plain(bytes.clone()));
    let tree: Tree = files.iter().map(plain).collect();
    bundle::resolve(&tree, "dev", &BTreeMap::new()).unwrap_or_else(|found| panic!("{found}"))
}

/// What a resource says, in the one spelling of each value, and who may do what with it.
fn said(key: &ResourceKey, resource: &Resource) -> Vec<Leaf> {
    let known = kind(&key.kind).expect("a kind");
    let mut found = vec![];
    placed_leaves("", &known.rules().normalise(&resource.config), &mut found);
    for one in resource.permissions.iter().flatten() {
        let name = one.principal.name().to_owned();
        found.push((format!("permissions.{name}"), json!(one.level)));
    }
    for one in resource.grants.iter().flatten() {
        for privilege in &one.privileges {
            found.push((format!("grants.{}", one.principal), json!(privilege)));
        }
    }
    found
}

/// What an object is called, or that there is but one.
fn name(key: &ResourceKey, resource: &Resource) -> String {
    let rules = kind(&key.kind).expect("a kind").rules();
    let name = rules.normalise(&resource.config)[rules.name_field].clone();
    name.as_str().map(str::to_lowercase).unwrap_or_default()
}

/// `text` with the full names of schemas, which are their ids, in the place of references to them.
fn with_schemas(text: &str, declared: &Bundle) -> String {
    let schemas = declared
        .resources
        .iter()
        .filter(|(key, _)| key.kind == "schemas");
    schemas.fold(text.to_owned(), |text, (key, schema)| {
        let part = |field: &str| schema.config[field].as_str().unwrap_or_default().to_owned();
        let full = format!("{}.{}", part("catalog_name"), part("name"));
        text.replace(&format!("${{resources.schemas.{}.id}}", key.key), &full)
    })
}

/// The captured key of each declared resource: they are called the same.
fn counterparts(declared: &Bundle, came: &Bundle) -> BTreeMap<ResourceKey, ResourceKey> {
    let named = |(key, resource): (&ResourceKey, &Resource)| {
        ((key.kind.clone(), name(key, resource)), key.clone())
    };
    let there: BTreeMap<(String, String), ResourceKey> = came.resources.iter().map(named).collect();
    let found = declared.resources.iter().filter_map(|(key, resource)| {
        let name = with_schemas(&name(key, resource), declared);
        Some((key.clone(), there.get(&(key.kind.clone(), name))?.clone()))
    });
    found.collect()
}

/// What is as good as what was declared: the server keeps it in other words, or gives it by itself.
const AS_GOOD: &[AsGood] = &[
    // It answers what it chose.
    ("clusters", "data_security_mode", |value, _| {
        *value == json!("DATA_SECURITY_MODE_AUTO")
    }),
    // Of the model itself, as it stands in the file.
    (
        "model_serving_endpoints",
        "config.served_entities.name",
        |value, there| {
            let model = "config.served_entities.external_model.name".to_owned();
            there.contains(&(model, value.clone()))
        },
    ),
    // The newer word.
    ("queries", "permissions.users", |value, there| {
        *value == json!("CAN_VIEW")
            && there.contains(&("permissions.users".to_owned(), json!("CAN_READ")))
    }),
];

/// Kind, field, and whether `value` goes without saying beside the rest.
type AsGood = (&'static str, &'static str, fn(&Value, &[Leaf]) -> bool);

fn goes_without_saying(kind: &str, (field, value): &Leaf, there: &[Leaf]) -> bool {
    let mut all = AS_GOOD.iter();
    all.any(|(of, at, is)| *of == kind && at == field && is(value, there))
}

/// A value as the captured files refer to the same.
fn in_their_words(
    value: &Value,
    declared: &Bundle,
    keys: &BTreeMap<ResourceKey, ResourceKey>,
) -> Value {
    let Some(text) = value.as_str() else {
        return value.clone();
    };
    let mut text = with_schemas(text, declared);
    if text.contains("${resources.") {
        for (ours, theirs) in keys {
            let start = |key: &ResourceKey| format!("${{resources.{}.{}.", key.kind, key.key);
            if text.contains(&start(ours)) {
                text = text.replace(&start(ours), &start(theirs));
                break;
            }
        }
    }
    json!(text)
}

/// Whether a row of the pull request says of `key` that `field` is not in its file.
fn is_told(pull: &PullView, key: &ResourceKey, field: &str) -> bool {
    let last = field.rsplit('.').next().unwrap_or(field);
    pull.body.lines().any(|line| {
        let row = line.replace(&format!("`{key}`"), "");
        let names = [format!("`{last}`"), format!(".{last}`")];
        row != line && row.contains("not captured") && names.iter().any(|name| row.contains(name))
    })
}

/// Whether a capture has nothing to say of it: a kind that is never captured, as `hodman kinds` says, and a folder in which nothing lies
/// and of which nobody says who may do what in it.
fn is_nothing(key: &ResourceKey, resource: &Resource) -> bool {
    let never = matches!(
        kind(&key.kind).map(|kind| kind.captured()),
        Some(Captured::Never(_))
    );
    never || key.kind == "directories" && resource.permissions.is_none()
}

/// What was declared and neither came nor is told.
fn lost(declared: &Bundle, came: &Bundle, pull: &PullView) -> Vec<String> {
    let keys = counterparts(declared, came);
    let mut lost = vec![];
    for (key, resource) in &declared.resources {
        let Some(other) = keys.get(key) else {
            if is_nothing(key, resource) {
                continue;
            }
            let names = came
                .resources
                .iter()
                .filter(|(other, _)| other.kind == key.kind);
            let names: Vec<String> = names.map(|(key, resource)| name(key, resource)).collect();
            lost.push(format!(
                "{key}: no such object came: {}, {names:?}",
                name(key, resource)
            ));
            continue;
        };
        let all = said(other, &came.resources[other]);
        let mut there = all.clone();
        for (field, value) in said(key, resource) {
            let wanted = (field.clone(), in_their_words(&value, declared, &keys));
            // Each stands for one of its own: what is said twice comes twice.
            match there.iter().position(|leaf| *leaf == wanted) {
                Some(at) => drop(there.swap_remove(at)),
                None if goes_without_saying(&key.kind, &wanted, &all) => {}
                None if is_told(pull, other, &field) => {}
                None => lost.push(format!("{key}: {field}: {}; there: {there:?}", wanted.1)),
            }
        }
    }
    lost
}

/// Of the kinds that are captured whole none is missing.
fn covers_every_kind(declared: &Bundle) {
    let kinds: BTreeSet<&str> = declared
        .resources
        .keys()
        .map(|key| key.kind.as_str())
        .collect();
    let unsampled = hodman_tests::kinds::UNSAMPLED;
    for kind in KINDS
        .iter()
        .filter(|kind| kind.captured() == Captured::Whole)
    {
        let excused = unsampled.iter().any(|(name, _)| *name == kind.name());
        assert!(excused || kinds.contains(kind.name()), "{}", kind.name());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_declared_field_is_in_a_file_or_told() {
    let options = Options::short().edit(ENVIRONMENT, "    - /Shared/shop\n", RULES);
    let stage = Stage::start(options).await;
    let text = json!({"resources": declared_in_turns(TURNS)}).to_string();
    stage.commit("main", "resources/nightly.job.yml", None);
    stage.commit("main", "resources/smoke.job.yml", None);
    stage.commit("main", PROOF, Some(&text));
    restore(&stage, "dev").await;
    let main = |path: &&str| {
        let text = stage.main(path).expect("a file of the example");
        ((*path).to_owned(), text.into_bytes())
    };
    let files = ["databricks.yml", PROOF, "src/load.py", "src/smoke.py"];
    let declared = resolved(&files.iter().map(main).collect());
    covers_every_kind(&declared);

    let start = Start::of(&stage);
    let mut came: BTreeSet<String> = EXAMPLE.iter().map(|path| (*path).to_owned()).collect();
    came.insert(PROOF.to_owned());
    start.again(&stage, &came, "dev");
    let first = captured(&stage).await;
    let pulls = stage.scene.forge.pulls(hodman_tests::harness::REPOSITORY);
    let mut pulls = pulls.iter();
    let pull = pulls.rfind(|pull| pull.head_ref.starts_with("hodman/capture/"));
    let pull = pull.expect("a pull request");
    let lost = lost(&declared, &resolved(&first), pull);
    assert!(lost.is_empty(), "{} lost:\n{}", lost.len(), lost.join("\n"));
    stage.stop().await;
}
