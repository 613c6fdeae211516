//! The statement: which package, built by whom, from what.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::digest::{Digest, canonical_json};
use crate::files::CommitId;

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://slsa.dev/provenance/v1";

/// Names how a package is built: a deterministic archive of declared inputs.
const BUILD_TYPE: &str = "https://github.com/hodman/hodman/package/v1";

/// What a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The pipeline, as the subject's name.
    pub name: String,
    /// The package.
    pub package: Digest,
    /// A URI for the daemon that built it.
    pub builder: String,
    /// The repository's URL, without credentials.
    pub repository: String,
    /// The merged commit.
    pub commit: CommitId,
    /// The digest of the list of inputs, see [`crate::package::inputs_id`].
    pub inputs: Digest,
    /// When it was built.
    pub built_at: DateTime<Utc>,
}

/// An in-toto Statement v1 whose predicate is SLSA Provenance v1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// `https://in-toto.io/Statement/v1`.
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// The package.
    pub subject: Vec<ResourceDescriptor>,
    /// `https://slsa.dev/provenance/v1`.
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// The provenance.
    pub predicate: Predicate,
}

/// A thing, by name or URI, and its digests by algorithm, in hex.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceDescriptor {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Its digests.
    pub digest: BTreeMap<String, String>,
}

/// SLSA Provenance v1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// What went in.
    pub build_definition: BuildDefinition,
    /// Who ran it.
    pub run_details: RunDetails,
}

/// What went into a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildDefinition {
    /// How the rest is to be read.
    pub build_type: String,
    /// What people chose.
    pub external_parameters: ExternalParameters,
    /// The commit, and the list of its files that went in.
    pub resolved_dependencies: Vec<ResourceDescriptor>,
}

/// What people chose: the commit, by merging it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalParameters {
    /// The repository's URL.
    pub repository: String,
    /// The merged commit.
    pub commit: CommitId,
}

/// Who ran a build, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunDetails {
    /// Who.
    pub builder: Builder,
    /// When.
    pub metadata: Metadata,
}

/// Who ran a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Builder {
    /// A URI.
    pub id: String,
}

/// When a build ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// In RFC 3339, whole seconds, UTC.
    pub finished_on: String,
}

/// The statement that says `provenance`.
#[must_use]
pub fn statement(provenance: &Provenance) -> Statement {
    let Provenance {
        name,
        package,
        builder,
        repository,
        commit,
        inputs,
        built_at,
    } = provenance;
    let digest =
        |algorithm: &str, hex: &str| BTreeMap::from([(algorithm.to_owned(), hex.to_owned())]);
    let source = ResourceDescriptor {
        name: None,
        uri: Some(format!("git+{repository}@{commit}")),
        digest: digest("gitCommit", commit.as_str()),
    };
    let list = ResourceDescriptor {
        name: Some("inputs".to_owned()),
        uri: None,
        digest: digest("sha256", inputs.hex()),
    };
    Statement {
        statement_type: STATEMENT_TYPE.to_owned(),
        subject: vec![ResourceDescriptor {
            name: Some(name.clone()),
            uri: None,
            digest: digest("sha256", package.hex()),
        }],
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate: Predicate {
            build_definition: BuildDefinition {
                build_type: BUILD_TYPE.to_owned(),
                external_parameters: ExternalParameters {
                    repository: repository.clone(),
                    commit: commit.clone(),
                },
                resolved_dependencies: vec![source, list],
            },
            run_details: RunDetails {
                builder: Builder {
                    id: builder.clone(),
                },
                metadata: Metadata {
                    finished_on: built_at.to_rfc3339_opts(SecondsFormat::Secs, true),
                },
            },
        },
    }
}

impl Statement {
    /// The statement as it is signed.
    #[must_use]
    pub fn to_json(&self) -> String {
        canonical_json(&json!(self))
    }

    /// Whether it is of the two types that we write, and about `package` alone.
    #[must_use]
    pub fn is_about(&self, package: &Digest) -> bool {
        self.statement_type == STATEMENT_TYPE
            && self.predicate_type == PREDICATE_TYPE
            && matches!(self.subject.as_slice(), [subject] if subject.digest.get("sha256").map(String::as_str) == Some(package.hex()))
    }
}
