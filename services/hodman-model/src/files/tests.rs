use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::digest::{Digest, sha256};

fn digest() -> impl Strategy<Value = Digest> {
    any::<u64>().prop_map(|seed| sha256(&seed.to_be_bytes()))
}

/// Texts that YAML readers stumble over, among arbitrary ones.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just("012".to_owned()),
        Just("1e5".to_owned()),
        Just("~".to_owned()),
        Just("yes".to_owned()),
        Just("a: b # c".to_owned()),
        Just("\u{feff}\u{85}\u{2028}\u{7f}\r\n\t\0".to_owned()),
    ]
}

/// As loadMapping of libs/dyn/yamlloader/loader.go.
#[test]
fn of_several_mappings_that_are_merged_the_last_wins_and_what_stands_beside_them_first() {
    let text = "a: &a {x: 1, y: 1, z: 1}\nb: &b {y: 2, z: 2}\nc:\n  z: 3\n  <<: [*a, *b]\nd: {<<: *a, x: 4}\n";
    let node = node::Node::parse("a.yml", text.as_bytes()).unwrap();
    let value = node.to_value();
    assert_eq!(value["c"], serde_json::json!({"x": 1, "y": 2, "z": 3}));
    assert_eq!(value["d"], serde_json::json!({"x": 4, "y": 1, "z": 1}));
    assert_eq!(crate::yaml_edit::read(text).unwrap(), value);
    let place = &node.get("c").unwrap().get("y").unwrap().place;
    assert_eq!((place.line, place.column), (2, 11));
    let twice = "a: &a {x: 1}\nb:\n  <<: *a\n  <<: *a\n";
    assert!(node::Node::parse("a.yml", twice.as_bytes()).is_err());
}

proptest! {
    #[test]
    fn releases_are_read_as_they_are_written(package in digest(), binding in digest(), plan in digest(), commit in "[0-9a-f]{40}|[0-9]{40}|[0-9]e[0-9]{38}") {
        let release = Release { package, source_commit: commit.parse().unwrap(), binding, plan };
        let written = render_release(&release);
        prop_assert_eq!(&parse_release("release.yaml", &written).unwrap(), &release);
        prop_assert_eq!(render_release(&release), written);
    }

    #[test]
    fn locks_are_read_as_they_are_written(entries in prop::collection::btree_map((text(), text()), (text(), text(), digest()), 0..8), rotate in any::<usize>()) {
        let mut entries: Vec<CapturedEntry> = entries
            .into_iter()
            .map(|((kind, key), (id, file, digest))| CapturedEntry { told: (file.len() % 2 == 0).then(|| digest.clone()), seen: (id.len() % 2 == 0).then_some(Seen { object_id: 7, modified_at: -1 }), found: (id.len() % 3 == 0).then(|| (key.clone(), file.clone())).into_iter().collect(), key, kind, id, file, digest })
            .collect();
        let sorted = CapturedLock { entries: entries.clone(), ..CapturedLock::default() };
        let turn = rotate % entries.len().max(1);
        entries.rotate_left(turn);
        let written = render_captured_lock(&CapturedLock { entries, ..CapturedLock::default() });
        prop_assert_eq!(&written, &render_captured_lock(&sorted));
        prop_assert_eq!(parse_captured_lock("captured.lock", &written).unwrap(), sorted);
    }
}

fn lock_error(text: &str) -> String {
    parse_captured_lock("captured.lock", text)
        .unwrap_err()
        .to_string()
}

#[test]
fn a_release_holds_exactly_four_valid_keys() {
    let good = render_release(&Release {
        package: sha256(b"1"),
        source_commit: "0123456789012345678901234567890123456789".parse().unwrap(),
        binding: sha256(b"2"),
        plan: sha256(b"3"),
    });
    let error = |text: &str| parse_release("r.yaml", text).unwrap_err().to_string();
    assert_eq!(
        error(&format!("{good}note: x\n")),
        "r.yaml:5:1: unknown key `note` (hint: known keys: package, source_commit, binding, plan)"
    );
    assert_eq!(
        error(&good.replace("plan:", "#")),
        "r.yaml:3:1: the key `plan` is missing"
    );
    assert_eq!(
        error(&good.replace("\"0123", "\"012")),
        "r.yaml:2:16: not a commit id: expected 40 lower-case hex digits"
    );
    assert_eq!(
        error(&good.replacen("sha256:", "sha257:", 1)),
        "r.yaml:1:10: not a digest: expected `sha256:` and 64 lower-case hex digits"
    );
    // All of them at once, each at its place.
    assert_eq!(
        error("package: x\nsource_comit: y\nplan: [z]\n"),
        "r.yaml:1:10: not a digest: expected `sha256:` and 64 lower-case hex digits\n\
         r.yaml:2:1: unknown key `source_comit` (hint: did you mean `source_commit`?)\n\
         r.yaml:3:1: the key `binding` is missing\n\
         r.yaml:3:1: the key `source_commit` is missing\n\
         r.yaml:3:7: expected a text, found a list"
    );
}

#[test]
fn the_policy_refuses_builds_unless_it_says_otherwise() {
    assert_eq!(
        parse_policy("p.yaml", "builds: allowed\n").unwrap().builds,
        BuildPolicy::Allowed
    );
    assert_eq!(
        parse_policy("p.yaml", "{}\n").unwrap().builds,
        BuildPolicy::Refused
    );
    assert_eq!(
        parse_policy("p.yaml", "builds: alowed\n")
            .unwrap_err()
            .to_string(),
        "p.yaml:1:9: unknown value `alowed` (hint: did you mean `allowed`?)"
    );
}

#[test]
fn a_lock_of_another_version_or_with_doubles_is_refused() {
    assert_eq!(
        lock_error("version: 2\nentries: []\n"),
        "captured.lock:1:10: version 2 is not one that this program reads"
    );
    let entry = format!(
        "- key: a\n  kind: jobs\n  id: \"1\"\n  file: f\n  digest: {}\n",
        sha256(b"")
    );
    assert_eq!(
        lock_error(&format!("version: 1\nentries:\n{entry}{entry}")),
        "captured.lock:8:3: jobs `a` is listed twice (hint: a merge kept both sides: keep one)"
    );
    assert_eq!(
        parse_captured_lock("captured.lock", "version: 1\n").unwrap(),
        CapturedLock::default()
    );
}

#[test]
fn every_key_of_every_file_is_described() {
    fn undescribed(path: &str, schema: &serde_json::Value, out: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if property.get("description").is_none() {
                out.push(format!("{path}.{name}"));
            }
        }
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            undescribed(&format!("{path}/{name}"), definition, out);
        }
    }
    let mut missing = Vec::new();
    for (name, schema) in schemas() {
        assert_eq!(schema["additionalProperties"], json!(false), "{name}");
        undescribed(name, &schema, &mut missing);
    }
    assert_eq!(missing, Vec::<String>::new());
}
