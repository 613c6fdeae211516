//! What was looked at and never executed: whose it is, and that it goes. And that what goes is still what was looked at.

use super::Stacks;
use hodman_clients::cloudformation::{StackError, StackInfo};
use hodman_model::kinds::{TAG_ENV, TAG_KEY, TAG_PIPELINE, UNMADE};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the change sets of a stack say of whose it is. A stack that was never made has no tags yet.
pub(super) fn description(marker: &BTreeMap<String, String>) -> Option<String> {
    (!marker.is_empty()).then(|| json!(marker).to_string())
}

/// The same, read.
fn marker(description: &str) -> Option<BTreeMap<String, String>> {
    let marker: BTreeMap<String, String> = serde_json::from_str(description).ok()?;
    let whole = [TAG_PIPELINE, TAG_ENV, TAG_KEY];
    (whole.len() == marker.len() && whole.iter().all(|tag| marker.contains_key(*tag)))
        .then_some(marker)
}

/// Whether what is there has the id and the tags of what was looked at.
pub(super) fn is_still(only: &Value, there: &Value) -> bool {
    let tags = only["tags"].as_object().into_iter().flatten();
    let mut tags = tags.map(|(tag, value)| there["tags"].get(tag) == Some(value));
    let id = only.get("stack_id").unwrap_or(&there["stack_id"]);
    *id == there["stack_id"] && tags.all(|same| same)
}

impl Stacks {
    /// A stack of which there is but a change set, when that is ours and nobody else has one there: what was cut off before it was
    /// executed must be found again, also when nobody wants it any more.
    pub(super) async fn unmade(&self, info: &StackInfo) -> Result<Option<Value>, StackError> {
        let sets = match self.client.sets(&info.name).await {
            Ok(sets) => sets,
            Err(error) => {
                // Who may not ask leaves it there, as before.
                tracing::warn!(stack = info.name, "its change sets are not known: {error}");
                return Ok(None);
            }
        };
        let mut markers = sets.iter().map(|set| {
            let told = set.description.as_deref().filter(|_| set.is_ours());
            told.and_then(marker)
        });
        let Some(Some(first)) = markers.next() else {
            return Ok(None);
        };
        if !markers.all(|other| other.as_ref() == Some(&first)) {
            return Ok(None);
        }
        Ok(Some(json!({
            "stack_id": info.id,
            "stack_name": info.name,
            "failed": info.status,
            "tags": first,
            UNMADE: true,
        })))
    }

    /// Removes change sets of ours that nobody executed, but the one of this name. That they stay is no reason to fail.
    pub(super) async fn tidy(&self, stack: &str, keep: Option<&str>) {
        if let Err(error) = self.client.discard_old(stack, keep).await {
            tracing::warn!(stack, "old change sets stay: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_a_change_set_is_stands_in_its_description() {
        let whose = [(TAG_PIPELINE, "shop"), (TAG_ENV, "qa"), (TAG_KEY, "net")];
        let whose = whose.map(|(tag, value)| (tag.to_owned(), value.to_owned()));
        let whose = BTreeMap::from(whose);
        let told = description(&whose).expect("a marker");
        assert_eq!(marker(&told), Some(whose));
        assert_eq!(description(&BTreeMap::new()), None);
        for other in ["", "for release 2", "{}", "{\"hodman_env\":\"qa\"}"] {
            assert_eq!(marker(other), None, "{other}");
        }
    }

    #[test]
    fn what_somebody_made_anew_is_not_what_was_looked_at() {
        let there = json!({"stack_id": "arn:1", "tags": {TAG_ENV: "qa", "theirs": "x"}});
        let seen = json!({"stack_id": "arn:1", "tags": {TAG_ENV: "qa"}});
        assert!(is_still(&seen, &there));
        assert!(is_still(&json!({"tags": {TAG_ENV: "qa"}}), &there));
        for other in [
            json!({"stack_id": "arn:2", "tags": {TAG_ENV: "qa"}}),
            json!({"stack_id": "arn:1", "tags": {TAG_ENV: "prod"}}),
            json!({"stack_id": "arn:1", "tags": {TAG_KEY: "one"}}),
        ] {
            assert!(!is_still(&other, &there), "{other}");
        }
    }
}
