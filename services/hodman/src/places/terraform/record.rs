//! What is remembered of a stack beside the packages: a state carries no mark of ours, and what is removed must be known when it is in no
//! package any more. It outlives the database.

use super::told::Told;
use super::{Failure, Stacks};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hodman_clients::terraform::Workdir;
use hodman_model::kinds::{Marker, TAG_ENV, TAG_KEY, TAG_PIPELINE};
use hodman_model::stacks::StackPlan;
use secrecy::{ExposeSecret as _, SecretString};
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

    /// A state that a run left behind which nobody waited for any more, taken into the record.
    pub(super) async fn gather(&self, name: &str, root: &Path) -> Result<(), Failure> {
        let left = Workdir::left_state(root);
        let state = match std::fs::read_to_string(&left) {
            Ok(state) => SecretString::from(state),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                let words = format!("reading {}: {error}", left.display());
                return Err(Failure::Later(words));
            }
        };
        let Some(mut record) = self.record(name).await? else {
            let words = format!(
                "{} holds a state that was not stored, of a stack that nobody knows",
                left.display()
            );
            return Err(Failure::Refused(words));
        };
        let new = record.unsaved.is_none();
        if new {
            let why = "the run that made it was left alone when the daemon ended";
            record.unsaved = Some(self.seal(name, why, Some(&state))?);
            self.remember(name, Some(&record)).await?;
        }
        std::fs::remove_file(&left)
            .map_err(|error| Failure::Later(format!("removing {}: {error}", left.display())))?;
        // Else whoever asks has seen that already, and may be here to mend it.
        if new { record.must_be_stored() } else { Ok(()) }
    }

    /// Keeps a state that could not be stored, as no reader of the record can read it.
    pub(super) fn seal(
        &self,
        name: &str,
        why: &str,
        state: Option<&SecretString>,
    ) -> Result<Unsaved, Failure> {
        let sealed = match state {
            Some(state) => {
                let bytes = state.expose_secret().as_bytes().to_vec();
                Some(STANDARD.encode(self.key.seal(about(name).as_bytes(), bytes)?))
            }
            None => None,
        };
        Ok(Unsaved {
            why: why.to_owned(),
            state: sealed,
        })
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
        let broken = || Failure::Refused("the kept state is damaged".to_owned());
        let bytes = STANDARD.decode(sealed).map_err(|_| broken())?;
        let bytes = self.key.open(about(name).as_bytes(), &bytes)?;
        let text = String::from_utf8(bytes).map_err(|_| broken())?;
        Ok(Some(SecretString::from(text)))
    }
}

fn about(name: &str) -> String {
    format!("state of {name}")
}
