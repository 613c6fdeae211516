//! What the tests of all kinds ask in the same words.

use serde_json::{Value, json};

use crate::field_path::FieldPath;
use crate::kinds::pattern::Keep;
use crate::kinds::{Call, Identity, Kind, Listed, Marker, Method, Reversibility};
use crate::plan::{FieldChange, differences};

/// The kind of that name.
pub(super) fn kind(name: &str) -> &'static dyn Kind {
    crate::kinds::kind(name).unwrap_or_else(|| panic!("no kind {name}"))
}

/// A marker.
pub(super) fn marker() -> Marker {
    Marker {
        pipeline: "p".into(),
        env: "qa".into(),
        key: "k".into(),
    }
}

/// The marker as tags.
pub(super) fn tags() -> Value {
    json!({"hodman_pipeline": "p", "hodman_env": "qa", "hodman_key": "k"})
}

/// What a request created, with what the server adds.
pub(super) fn with(body: Option<&Value>, added: Value) -> Value {
    let mut answer = body.cloned().unwrap_or_default();
    let (Value::Object(answer_map), Value::Object(added)) = (&mut answer, added) else {
        panic!("both are mappings");
    };
    answer_map.extend(added);
    answer
}

/// The fields in which what `answer` says differs from what `config` asks for.
pub(super) fn changes(kind: &dyn Kind, config: &Value, answer: &Value) -> Vec<String> {
    let rules = kind.rules();
    let mut wanted = rules.normalise(config);
    for field in &rules.write_only {
        field.visit(&mut wanted, &mut |_| Keep::No);
    }
    let listed = kind.read(answer).unwrap().unwrap();
    let live = rules.without_fills(&listed.config, Some(&wanted));
    differences(rules, &live, &wanted)
        .iter()
        .map(|change| change.path.to_string())
        .collect()
}

/// `answer` is what `config` asked for, ours, and found again; gives it.
pub(super) fn comes_back(kind: &dyn Kind, config: &Value, answer: &Value) -> Listed {
    assert_eq!(
        changes(kind, config, answer),
        Vec::<String>::new(),
        "{}",
        kind.name()
    );
    let listed = kind.read(answer).unwrap().unwrap();
    match kind.identity() {
        Identity::Tags => assert_eq!(listed.marker, Some(marker()), "{}", kind.name()),
        Identity::Claim => assert_eq!(listed.natural, kind.natural(config), "{}", kind.name()),
    }
    listed
}

/// Whether another value of the field at the top, or below it, needs another object.
pub(super) fn replaces(kind: &dyn Kind, path: &str) -> bool {
    let path = path
        .split('.')
        .fold(FieldPath::default(), |path, key| path.key(key.to_owned()));
    kind.rules().replaces(&FieldChange {
        path,
        before: Some(json!("a")),
        after: Some(json!("b")),
        redacted: false,
    })
}

/// Method, path with query, and body.
pub(super) fn said(call: &Call) -> (Method, String, Value) {
    let query: Vec<String> = call
        .query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let path = if query.is_empty() {
        call.path.clone()
    } else {
        format!("{}?{}", call.path, query.join("&"))
    };
    (call.method, path, call.body.clone().unwrap_or_default())
}

/// Whether what is lost cannot be made again.
pub(super) fn irreversible(reversibility: &Reversibility) -> bool {
    matches!(reversibility, Reversibility::Irreversible { .. })
}
