//! Whose the place of a state is: two stacks that keep theirs in one would remove what the other made, each in its turn.
//!
//! It is remembered beside the packages under a name over the backend's values, before anything is made there.

use super::run::Run;
use super::{Failure, Stacks, named};
use hodman_model::digest::canonical_json;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Of all environments: two that begin at once would both find the place free.
static CLAIMING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[derive(Serialize, Deserialize)]
struct Claim {
    stack: String,
}

/// What a place is called: by all that the backend was told, but for secrets. What it was not told it has other words for in each
/// version.
pub(super) fn place_of(backend: &Value) -> String {
    named(&[&canonical_json(&said(backend))]).hex().to_owned()
}

fn said(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), said(value)))
            .collect(),
        Value::Array(items) => items.iter().map(said).collect(),
        other => other.clone(),
    }
}

fn file(run: &Run) -> String {
    format!("{}.terraform-state.json", run.place)
}

impl Stacks {
    /// Refuses a place where another stack keeps its state.
    pub(super) async fn own_place(&self, name: &str, run: &Run) -> Result<(), Failure> {
        let file = file(run);
        let claim: Option<Claim> = match self.ground.packages.kept(&file).await? {
            None => None,
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                Failure::Refused(format!("package store: {file} is not understood: {error}"))
            })?,
        };
        let Some(Claim { stack }) = claim.filter(|claim| claim.stack != name) else {
            return Ok(());
        };
        let other = self.record(&stack).await?;
        if other.is_some_and(|other| !other.place.is_empty() && other.place != run.place) {
            // It moved out.
            return Ok(());
        }
        Err(Failure::Refused(format!(
            "stack {name} would keep its state where stack {stack} keeps its own, and each would remove what the other made: give each a \
             place of its own by `${{stack}}` under `backend` of the daemon's settings, such as `key: states/${{stack}}.tfstate`"
        )))
    }

    /// Takes the place for a stack.
    pub(super) async fn take_place(&self, name: &str, run: &Run) -> Result<(), Failure> {
        let _alone = CLAIMING.lock().await;
        self.own_place(name, run).await?;
        let stack = name.to_owned();
        self.write_claim(run, Some(&Claim { stack })).await
    }

    /// Gives it back with an empty state.
    pub(super) async fn leave_place(&self, run: &Run) -> Result<(), Failure> {
        self.write_claim(run, None).await
    }

    async fn write_claim(&self, run: &Run, claim: Option<&Claim>) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(&claim)
            .map_err(|error| Failure::Refused(format!("the claim of a place: {error}")))?;
        self.ground.packages.keep(&file(run), bytes).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_place_is_named_by_what_was_said_of_it() {
        let of = |config: Value| place_of(&json!(["s3", config]));
        let one = of(json!({"bucket": "b", "key": "one", "assume_role": {"arn": "r"}}));
        let more =
            json!({"bucket": "b", "key": "one", "assume_role": {"arn": "r", "x": null}, "y": null});
        assert_eq!(of(more), one);
        assert_ne!(
            of(json!({"bucket": "b", "key": "two", "assume_role": {"arn": "r"}})),
            one
        );
    }
}
