//! Claims: whose an object is when its kind has no tags for our marker.
//!
//! One file for each pipeline and environment in every workspace, beside the file sets. A row is written before the create
//! (key, natural name) and completed after it (id), so that a lost database or a crash in between loses nothing: what is
//! there under the natural name and claimed is ours, what is there and not claimed is not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bundle::ResourceKey;
use crate::kinds::{Identity, Marker, files, kind};
use crate::plan::ObservedObject;

/// The claims of one pipeline in one environment on the objects of one workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The form of the file; 1.
    pub version: u32,
    /// By resource.
    pub claims: BTreeMap<ResourceKey, Claim>,
}

/// One claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The name that is unique in the workspace, or the path; none for kinds whose names are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub natural: Option<String>,
    /// The id, once the object was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// For values that cannot be read back: what was put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub put: Option<Put>,
}

/// A value that was put and cannot be read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Put {
    /// A keyed digest of the value; its key is outside of every database and workspace.
    pub version: String,
    /// What the service said about when it was changed last, right after our put, in milliseconds since 1970. Another
    /// time means that somebody else put something.
    pub at: i64,
}

/// A file of claims that does not hold any.
#[derive(Debug, thiserror::Error)]
#[error("the claims in {path} cannot be read")]
pub struct BadClaims {
    /// Where it lies in the workspace.
    pub path: String,
    /// What is wrong with it.
    #[source]
    pub source: serde_json::Error,
}

/// Where the claims of a pipeline in an environment lie.
#[must_use]
pub fn path(pipeline: &str, env: &str) -> String {
    format!("{}/claims.json", files::root(pipeline, env))
}

impl Claims {
    /// Reads a file of claims.
    ///
    /// # Errors
    /// When it holds anything else.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Self, BadClaims> {
        serde_json::from_slice(bytes).map_err(|source| BadClaims {
            path: path.to_owned(),
            source,
        })
    }

    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let file = Self {
            version: 1,
            claims: self.claims.clone(),
        };
        // Texts and numbers in mappings with text keys: none of it can fail to be JSON.
        let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Gives every object that is claimed here, and whose kind has no tags, the marker.
    pub fn mark(&self, objects: &mut [ObservedObject], pipeline: &str, env: &str) {
        for object in objects.iter_mut() {
            if object.listed.marker.is_some()
                || kind(&object.kind).is_none_or(|kind| kind.identity() != Identity::Claim)
            {
                continue;
            }
            let ours = self.claims.iter().find(|(key, claim)| {
                key.kind == object.kind
                    && match &claim.id {
                        Some(id) => *id == object.listed.id,
                        None => claim.natural.is_some() && claim.natural == object.listed.natural,
                    }
            });
            if let Some((key, _)) = ours {
                object.listed.marker = Some(Marker {
                    pipeline: pipeline.to_owned(),
                    env: env.to_owned(),
                    key: key.key.clone(),
                });
            }
        }
    }
}
