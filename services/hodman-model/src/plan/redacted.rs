//! Secrets leave a plan as soon as its digests are taken, and stand in those under a key only: a digest of a plan is public, and
//! whoever knows the rest of an action could try values for what is hidden in it.

use std::fmt;

use serde_json::{Value, json};

use super::row::FieldChange;
use crate::digest::{Hasher, canonical_json};
use crate::field_path::PathSegment;
use crate::kinds::secrets::redact;

/// What stands between digests and guesses; outside of every database and workspace.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NamingKey([u8; 32]);

impl fmt::Debug for NamingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamingKey")
    }
}

impl NamingKey {
    /// The key with these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The change as it stands in a name: what is hidden where it is shown, as what is shown of it and a digest under the key.
    pub(crate) fn named(&self, change: &FieldChange) -> FieldChange {
        let key = key_of(change);
        let side = |value: &Option<Value>| {
            let value = value.as_ref()?;
            let (shown, hidden) = redact(&key, value);
            Some(match hidden {
                true => json!({"shown": shown, "under_key": self.digest(value)}),
                false => shown,
            })
        };
        FieldChange {
            path: change.path.clone(),
            before: side(&change.before),
            after: side(&change.after),
            redacted: change.redacted,
        }
    }

    /// A digest that says nothing to whoever does not have the key.
    fn digest(&self, value: &Value) -> String {
        let under_key = |bytes: &[u8]| {
            let mut hasher = Hasher::default();
            hasher.field(&self.0);
            hasher.field(bytes);
            hasher.finish()
        };
        // Twice, so that nothing can be told of a longer value by the digest of a shorter one.
        let inner = under_key(canonical_json(value).as_bytes());
        under_key(inner.as_str().as_bytes()).to_string()
    }
}

/// The changes as they may be stored and shown.
pub(crate) fn redacted(changes: Vec<FieldChange>) -> Vec<FieldChange> {
    changes
        .into_iter()
        .map(|change| {
            let key = key_of(&change);
            let hide = |value: Option<Value>| match value {
                Some(value) => {
                    let (value, secret) = redact(&key, &value);
                    (Some(value), secret)
                }
                None => (None, false),
            };
            let ((before, hid_before), (after, hid_after)) =
                (hide(change.before), hide(change.after));
            FieldChange {
                path: change.path,
                before,
                after,
                redacted: hid_before || hid_after,
            }
        })
        .collect()
}

/// The key that says whether the value is a secret. `parameters[name=db_password].default` says it by the element.
fn key_of(change: &FieldChange) -> String {
    let mut segments = change.path.0.iter().rev();
    match (segments.next(), segments.next()) {
        (Some(PathSegment::Key(key)), Some(PathSegment::Element { value, .. }))
            if matches!(key.as_str(), "default" | "value") =>
        {
            value.clone()
        }
        (Some(PathSegment::Key(key)), _) => key.clone(),
        (Some(PathSegment::Index(_)), Some(PathSegment::Key(list))) => list.clone(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::World;

    fn change(path: &str, after: Value) -> FieldChange {
        FieldChange {
            path: path.parse().unwrap(),
            before: None,
            after: Some(after),
            redacted: false,
        }
    }

    #[test]
    fn a_secret_stands_in_names_under_the_key_and_everything_else_as_it_is() {
        let (one, other) = (NamingKey::new([1; 32]), NamingKey::new([2; 32]));
        let plain = change("name", json!("nightly"));
        assert_eq!(one.named(&plain), plain);
        let secret = |value: &str| change("spark_conf", json!({"db_password": value, "x": "1"}));
        let named = one.named(&secret("hunter2"));
        assert_eq!(named, one.named(&secret("hunter2")), "the same again");
        assert_ne!(named, one.named(&secret("hunter3")), "two are two");
        assert_ne!(named, other.named(&secret("hunter2")));
        let text = json!(named).to_string();
        assert!(
            !text.contains("hunter2") && text.contains("under_key"),
            "{text}"
        );
        assert_eq!(format!("{one:?}"), "NamingKey");
    }

    #[test]
    fn a_plan_with_a_secret_has_another_name_under_another_key() {
        let names = |config: Value| {
            let mut world = World::new().resource("clusters.c", config);
            [1, 2].map(|key| {
                world.context.naming = NamingKey::new([key; 32]);
                world.plan().digest()
            })
        };
        let [one, other] = names(json!({"cluster_name": "c", "num_workers": 1}));
        assert_eq!(one, other);
        let secret = json!({"cluster_name": "c", "spark_env_vars": {"DB_PASSWORD": "hunter2"}});
        let [one, other] = names(secret);
        assert_ne!(one, other);
    }
}
