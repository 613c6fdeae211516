//! Which tags of an object are ours. Others tag objects of AWS, too, and theirs stay; ours come and go as the module says.
//!
//! A tag of its own tells: of the key of each of ours the first four letters of a digest, since a tag's value has room for that of
//! all fifty that an object may have.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

use crate::kinds::{Call, Listed, TAG_ENV, TAG_KEY, TAG_PIPELINE};

/// The tag that tells.
const OURS: &str = "hodman_tags";

/// The field of a request with the keys of tags that are to go.
const UNTAGGED: &str = "untagged";

/// The field of a request with what the object must still be.
const ONLY: &str = "only";

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

/// The keys that are ours, in short.
fn told(ours: &str) -> Vec<String> {
    let letters: Vec<char> = ours.chars().collect();
    let fours = letters.chunks(LETTERS);
    fours.map(|four| four.iter().collect()).collect()
}

/// Says in the body of a request which tags are ours and which of those that are ours now, as `live` shows them, are to go.
pub(in crate::kinds) fn write(body: &mut Map<String, Value>, config: &Value, live: &Value) {
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
pub(in crate::kinds) fn ours(answer: &Value) -> Value {
    let mut answer = answer.clone();
    let Some(tags) = answer.get_mut("tags").and_then(Value::as_object_mut) else {
        return answer;
    };
    let ours = tags.get(OURS).and_then(Value::as_str).unwrap_or_default();
    let ours = told(ours);
    tags.retain(|key, _| ours.contains(&short(key)));
    answer
}

/// The tags of an object that are others': neither ours nor AWS's own, which nobody may write.
#[must_use]
pub fn tags_of_others(tags: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let ours = told(tags.get(OURS).map_or("", String::as_str));
    let marks = [OURS, TAG_PIPELINE, TAG_ENV, TAG_KEY];
    let is_others = |key: &str| {
        !key.starts_with("aws:") && !marks.contains(&key) && !ours.contains(&short(key))
    };
    let all = tags.iter().filter(|(key, _)| is_others(key));
    all.map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Says in removals of `seen` by its name what must still be there: what carries our mark, and the same `id` where AWS gives one. A
/// plan may be applied hours after it was made.
pub(in crate::kinds) fn only_if_seen(mut calls: Vec<Call>, seen: &Listed, id: &str) -> Vec<Call> {
    let mut only = Map::new();
    if let Some(marker) = &seen.marker {
        let tags = json!({
            TAG_PIPELINE: marker.pipeline, TAG_ENV: marker.env, TAG_KEY: marker.key,
        });
        only.insert("tags".to_owned(), tags);
    }
    if let Some(known) = seen.outputs.get(id).filter(|known| !known.is_null()) {
        only.insert(id.to_owned(), known.clone());
    }
    for call in &mut calls {
        call.body.get_or_insert_with(|| json!({}))[ONLY] = Value::Object(only.clone());
    }
    calls
}
