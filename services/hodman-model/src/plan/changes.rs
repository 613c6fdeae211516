//! The fields that a row changes, kept as text.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

use super::row::FieldChange;

/// The fields that a row changes, in order. They are JSON until somebody reads them: of ten thousand rows that is ten
/// megabytes, and as values a hundred.
#[derive(Clone, PartialEq, Eq)]
pub struct Changes(Box<str>);

impl Changes {
    /// What changes.
    #[must_use]
    pub fn read(&self) -> Vec<FieldChange> {
        // Written by us, and every field of it can be read.
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// What changes, one after the other.
    pub fn iter(&self) -> impl Iterator<Item = FieldChange> {
        self.read().into_iter()
    }

    /// Whether nothing does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        &*self.0 == "[]"
    }
}

impl From<&[FieldChange]> for Changes {
    fn from(changes: &[FieldChange]) -> Self {
        // A list of texts and values: none of it can fail to be JSON.
        let text = serde_json::to_string(changes).unwrap_or_else(|_| "[]".to_owned());
        Self(text.into())
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Changes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Changes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(Vec::deserialize(deserializer)?.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_read_is_what_was_kept_in_whatever_form_it_was_stored_between() {
        let said = json!([
            {"path": "tasks[task_key=a].max_retries", "before": 3, "after": [{"x": null}]},
            {"path": "name", "after": "\"quoted\"\n", "redacted": true},
            {"path": "size", "before": null, "after": 1.5},
        ]);
        let changes: Changes = serde_json::from_value(said.clone()).unwrap();
        let read = changes.read();
        assert_eq!(read.len(), 3);
        // What is null is there, and what is not there is not null.
        assert_eq!(
            (&read[1].before, &read[2].before),
            (&None, &Some(json!(null)))
        );
        assert_eq!(serde_json::to_value(&changes).unwrap(), said);
        let text = serde_json::to_string(&changes).unwrap();
        assert_eq!(serde_json::from_str::<Changes>(&text).unwrap(), changes);
        assert_eq!(Changes::from(changes.read().as_slice()), changes);
    }

    #[test]
    fn nothing_is_empty_and_what_is_no_change_is_refused() {
        assert!(Changes::from(&[][..]).is_empty() && Changes::from(&[][..]).read().is_empty());
        assert!(serde_json::from_value::<Changes>(json!([{"path": 3}])).is_err());
    }
}
