//! Names and digests, each its own type so that none can stand where another belongs.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}:{}", stringify!($name), self.0)
            }
        }
    };
}

text_id!(
    /// One repository (or a folder of one) with its ordered environments.
    PipelineName
);
text_id!(
    /// An environment's name: the folder below `environments/`.
    EnvName
);
text_id!(
    /// `sha256:…` of a package's bytes.
    PackageDigest
);
text_id!(
    /// `sha256:…` of the part of `environment.yaml` that changes what is applied.
    BindingDigest
);
text_id!(
    /// `sha256:…` over a plan's ordered action digests.
    PlanDigest
);
text_id!(
    /// `sha256:…` of one action: key, kind, before and after of managed fields.
    ActionDigest
);
text_id!(
    /// A git commit id, 40 hex digits.
    CommitSha
);
text_id!(
    /// Identity of the declared inputs by their git blob ids: equal means equal package bytes.
    InputsId
);

impl EnvName {
    /// What folders, branches, markers and addresses take without being quoted: lower-case letters, digits and hyphens.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let name = &self.0;
        (1..=63).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('-')
    }
}

impl PackageDigest {
    /// The first twelve hex digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        short(&self.0)
    }
}

impl PlanDigest {
    /// The first twelve hex digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        short(&self.0)
    }
}

impl CommitSha {
    /// The first seven digits, as git shows them.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

fn short(digest: &str) -> &str {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    hex.get(..12).unwrap_or(hex)
}

/// The number of an effect within its pipeline. The state counts them, so deciding twice gives the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Op(pub u64);

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "op{}", self.0)
    }
}

/// A pull request's number in its repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PullNumber(pub u64);

impl fmt::Display for PullNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}
