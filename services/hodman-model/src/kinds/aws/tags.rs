//! Which tags of an object are ours. Others tag objects of AWS, too, and theirs stay; ours come and go as the module says.
//!
//! A tag of its own tells: of the key of each of ours the first four letters of a digest, since a tag's value has room for that of
//! all fifty that an object may have.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// The tag that tells.
const OURS: &str = "hodman_tags";

/// The field of a request with the keys of tags that are to go.
const UNTAGGED: &str = "untagged";

const LETTERS: usize = 4;

fn short(key: &str) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(Sha256::digest(key));
    text.truncate(LETTERS);
    text
}

fn of(config: &Value) -> Map<String, Value> {
    let tags = config.get("tags").and_then(Value::as_object);
    tags.cloned().unwrap_or_default()
}

/// Says in the body of a request which tags are ours and which of those that are ours now, as `live` shows them, are to go.
pub(super) fn write(body: &mut Map<String, Value>, config: &Value, live: &Value) {
    let (mut wanted, before) = (of(config), of(live));
    let gone: Vec<&String> = before
        .keys()
        .filter(|key| !wanted.contains_key(*key))
        .collect();
    let ours: String = wanted.keys().map(|key| short(key)).collect();
    if ours.is_empty() && gone.is_empty() {
        return;
    }
    if !gone.is_empty() {
        body.insert(UNTAGGED.to_owned(), json!(gone));
    }
    wanted.insert(OURS.to_owned(), Value::from(ours));
    body.insert("tags".to_owned(), Value::Object(wanted));
}

/// The object as AWS shows it, without the tags of others.
pub(super) fn ours(answer: &Value) -> Value {
    let mut answer = answer.clone();
    let Some(tags) = answer.get_mut("tags").and_then(Value::as_object_mut) else {
        return answer;
    };
    let ours = tags.get(OURS).and_then(Value::as_str).unwrap_or_default();
    let letters: Vec<char> = ours.chars().collect();
    let ours: Vec<String> = letters
        .chunks(LETTERS)
        .map(|four| four.iter().collect())
        .collect();
    tags.retain(|key, _| ours.contains(&short(key)));
    answer
}
