//! `environments/<env>/release.yaml`: which package an environment runs, under which binding, by which plan.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::node::Node;
use super::yaml;
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::digest::Digest;

/// The release pin. Promotion pull requests change this file and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The package that the environment runs.
    pub package: Digest,
    /// The merged commit that the package was built from.
    pub source_commit: CommitId,
    /// The digest of the environment's binding that the plan was made under.
    pub binding: Digest,
    /// The digest of the plan that merging approves.
    pub plan: Digest,
}

/// A Git commit id: 40 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitId(String);

/// A text that is not a [`CommitId`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a commit id: expected 40 lower-case hex digits")]
pub struct InvalidCommitId;

impl CommitId {
    /// The 40 hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CommitId {
    type Err = InvalidCommitId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = text.len() == 40
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidCommitId)
        }
    }
}

impl TryFrom<String> for CommitId {
    type Error = InvalidCommitId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CommitId> for String {
    fn from(id: CommitId) -> Self {
        id.0
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for CommitId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CommitId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9a-f]{40}$"})
    }
}

/// Reads a `release.yaml`; `path` is for the errors.
///
/// # Errors
/// Each place where the text is not exactly the four keys with valid values.
pub fn parse_release(path: &str, text: &str) -> Result<Release, Diagnostics> {
    yaml::read(path, text).map_err(|first| problems(path, text, first))
}

const KEYS: [&str; 4] = ["package", "source_commit", "binding", "plan"];

/// The reader stops at its `first` problem; people want all of them, in one round of review.
fn problems(path: &str, text: &str, first: Diagnostic) -> Diagnostics {
    let mut found = Diagnostics::default();
    let node = Node::parse(path, text.as_bytes()).ok();
    if let Some(map) = node.as_ref().and_then(Node::as_map) {
        for (key, entry) in map {
            if !KEYS.contains(&key.as_str()) {
                let hint = did_you_mean(key, KEYS)
                    .unwrap_or_else(|| format!("known keys: {}", KEYS.join(", ")));
                let unknown = entry.place.error(format!("unknown key `{key}`"));
                found.push(unknown.hint(hint));
            } else if let Some(wrong) = wrong_value(key, &entry.node) {
                found.push(entry.node.place.error(wrong));
            }
        }
        let last = map.values().map(|entry| &entry.place);
        let last = last.max_by_key(|place| place.line);
        for key in KEYS.iter().filter(|key| !map.contains_key(key)) {
            let message = format!("the key `{key}` is missing");
            found.push(match last {
                Some(place) => place.error(message),
                None => Diagnostic::error(path, message),
            });
        }
    }
    found.0.sort();
    if found.0.is_empty() {
        first.into()
    } else {
        found
    }
}

fn wrong_value(key: &str, node: &Node) -> Option<String> {
    match (node.as_text(), key) {
        (Some(text), "source_commit") => text
            .parse::<CommitId>()
            .err()
            .map(|wrong| wrong.to_string()),
        (Some(text), _) => text.parse::<Digest>().err().map(|wrong| wrong.to_string()),
        (None, _) => Some(format!("expected a text, found {}", node.kind())),
    }
}

/// Writes a `release.yaml`: the same pin always gives the same bytes, so an unchanged pin is no commit.
///
/// The commit id is quoted because other YAML readers take ids such as `1234…` or `12e3…` for numbers.
#[must_use]
pub fn render_release(release: &Release) -> String {
    let Release {
        package,
        source_commit,
        binding,
        plan,
    } = release;
    format!(
        "package: {package}\nsource_commit: \"{source_commit}\"\nbinding: {binding}\nplan: {plan}\n"
    )
}
