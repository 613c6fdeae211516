//! What is remembered of a stack beside the packages: a state carries no mark of ours, and what is removed must be known when it is in no
//! package any more. It outlives the database.

use super::told::Told;
use super::{Failure, Stacks};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hodman_clients::terraform::LeftState;
use hodman_model::kinds::{Marker, TAG_ENV, TAG_KEY, TAG_PIPELINE};
use hodman_model::stacks::StackPlan;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;

/// One stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Whose it is.
    pub marker: Marker,
    /// The lineage of its state, once there is one: another one is another state.
    #[serde(default)]
    pub lineage: String,
    /// Where it keeps its state, by a name over that; empty when that was never said.
    #[serde(default)]
    pub place: String,
    /// What was applied to its end last.
    #[serde(default)]
    pub made: Option<Told>,
    /// What is being applied, or was when it was cut off.
    #[serde(default)]
    pub begun: Option<Begun>,
    /// What an apply made and could not store.
    #[serde(default)]
    pub unsaved: Option<Unsaved>,
}

/// An apply that was begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Begun {
    pub told: Told,
    /// Whether it removes everything.
    pub removes: bool,
    /// The plan that was approved.
    pub plan: StackPlan,
}

/// A state that could not be stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Unsaved {
    /// In Terraform's words.
    pub why: String,
    /// Sealed, in base64; none when it could not even be kept.
    pub state: Option<String>,
}

impl Record {
    /// A stack of which nothing was made yet.
    pub fn new(marker: Marker) -> Self {
        Self {
            marker,
            lineage: String::new(),
            place: String::new(),
            made: None,
            begun: None,
            unsaved: None,
        }
    }

    /// What it was told last, as far as it was ever begun.
    pub fn told(&self) -> Option<&Told> {
        let begun = self.begun.as_ref().map(|begun| &begun.told);
        self.made.as_ref().or(begun)
    }

    pub fn tags(&self) -> Value {
        json!({
            TAG_PIPELINE: self.marker.pipeline,
            TAG_ENV: self.marker.env,
            TAG_KEY: self.marker.key,
        })
    }

    /// Refuses while there is a state that is not stored: a plan would make everything in it a second time.
    pub fn must_be_stored(&self) -> Result<(), Failure> {
        match &self.unsaved {
            None => Ok(()),
            Some(unsaved) => Err(Failure::Unsaved {
                stack: self.marker.key.clone(),
                env: self.marker.env.clone(),
                why: unsaved.why.clone(),
                kept: unsaved.state.is_some(),
            }),
        }
    }
}

/// The marker in a request's tags.
pub(super) fn marker_in(body: &Value) -> Result<Marker, Failure> {
    let tag = |name: &str| {
        body["tags"][name]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| Failure::Refused(format!("the stack has no tag `{name}`")))
    };
    Ok(Marker {
        pipeline: tag(TAG_PIPELINE)?,
        env: tag(TAG_ENV)?,
        key: tag(TAG_KEY)?,
    })
}

fn file(name: &str) -> String {
    format!("{name}.terraform.json")
}

impl Stacks {
    /// What is remembered of a stack; none when nothing is.
    pub(super) async fn record(&self, name: &str) -> Result<Option<Record>, Failure> {
        match self.ground.packages.kept(&file(name)).await? {
            None => Ok(None),
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                Failure::Refused(format!(
                    "package store: {} is not understood: {error}",
                    file(name)
                ))
            }),
        }
    }

    /// Remembers it; none is nothing any more.
    pub(super) async fn remember(
        &self,
        name: &str,
        record: Option<&Record>,
    ) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(&record)
            .map_err(|error| Failure::Refused(format!("the record of a stack: {error}")))?;
        self.ground.packages.keep(&file(name), bytes).await?;
        Ok(())
    }

    /// A state that a run left behind, sealed, taken into the record; `why` it is not stored.
    pub(super) async fn gather(&self, name: &str, root: &Path, why: &str) -> Result<(), Failure> {
        let left = LeftState::of(root);
        let Some(sealed) = left.sealed()? else {
            return Ok(());
        };
        let Some(mut record) = self.record(name).await? else {
            let words = format!(
                "{} holds a state that was not stored, of a stack that nobody knows",
                left.path().display()
            );
            return Err(Failure::Refused(words));
        };
        // One that was to be kept and was not found then is none yet.
        let new = record
            .unsaved
            .as_ref()
            .is_none_or(|unsaved| unsaved.state.is_none());
        if new {
            record.unsaved = Some(Unsaved {
                why: why.to_owned(),
                state: Some(STANDARD.encode(sealed)),
            });
            self.remember(name, Some(&record)).await?;
        }
        left.remove()?;
        // Else whoever asks has seen that already, and may be here to mend it.
        if new { record.must_be_stored() } else { Ok(()) }
    }

    /// The state that was kept.
    pub(super) fn unseal(
        &self,
        name: &str,
        unsaved: &Unsaved,
    ) -> Result<Option<SecretString>, Failure> {
        let Some(sealed) = &unsaved.state else {
            return Ok(None);
        };
        let broken = |_| Failure::Refused("the kept state is damaged".to_owned());
        let sealed = STANDARD.decode(sealed).map_err(broken)?;
        Ok(Some(LeftState::open(name, &sealed, &self.key)?))
    }
}
