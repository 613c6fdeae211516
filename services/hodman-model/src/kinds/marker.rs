//! The tags by which hodman finds its own objects again.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The tag with the pipeline.
pub const TAG_PIPELINE: &str = "hodman_pipeline";
/// The tag with the environment.
pub const TAG_ENV: &str = "hodman_env";
/// The tag with the key of the resource under its kind.
pub const TAG_KEY: &str = "hodman_key";

/// What stands for the environment in the marks of objects that were restored. They are their workspace's own: a capture
/// takes them as people's work.
pub const RESTORED: &str = "restore";

/// Whose object this is: which resource of which pipeline in which environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Marker {
    /// The pipeline's name.
    pub pipeline: String,
    /// The environment's name.
    pub env: String,
    /// The resource's key under its kind: `nightly` of `jobs.nightly`.
    pub key: String,
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.pipeline, self.env, self.key)
    }
}

impl Marker {
    /// Reads the marker from an object's tags. Two of the three are none: somebody copied or cut tags by hand, and
    /// nothing is ours on half a word.
    pub(super) fn from_tags(tags: Option<&Value>) -> Option<Self> {
        let tag = |name: &str| tags?.get(name)?.as_str().map(str::to_owned);
        Some(Self {
            pipeline: tag(TAG_PIPELINE)?,
            env: tag(TAG_ENV)?,
            key: tag(TAG_KEY)?,
        })
    }

    /// Writes the marker among the tags in `config[field]`.
    pub(super) fn write(&self, config: &mut Map<String, Value>, field: &str) {
        let tags = config.entry(field).or_insert(Value::Null);
        if !tags.is_object() {
            *tags = Value::Object(Map::new());
        }
        if let Value::Object(tags) = tags {
            for (name, value) in [
                (TAG_PIPELINE, &self.pipeline),
                (TAG_ENV, &self.env),
                (TAG_KEY, &self.key),
            ] {
                tags.insert(name.to_owned(), Value::String(value.clone()));
            }
        }
    }
}
