//! What a person asks for when a state is in everybody's way.

use super::run::{As, tell};
use super::told::Told;
use super::{Failure, Stacks};
use hodman_clients::terraform::{StateVersion, TerraformError};
use serde_json::Value;

impl Stacks {
    /// Takes a lock away whose holder is gone; Terraform refuses when another lock is there.
    pub(super) async fn unlock(&self, name: &str, body: &Value) -> Result<Value, Failure> {
        let lock = body["lock"].as_str().unwrap_or_default();
        let told = self.told(name, body).await?;
        let run = self.open(name, &told, As::Apply).await?;
        run.stack
            .force_unlock(lock, &mut |line| tell(name, line))
            .await?;
        tracing::warn!(stack = name, lock, "a lock was taken away");
        Ok(Value::Null)
    }

    /// Stores the state that an apply could not store.
    pub(super) async fn store_state(&self, name: &str, body: &Value) -> Result<Value, Failure> {
        let told = self.told(name, body).await?;
        let Some(mut record) = self.record(name).await? else {
            return Err(Failure::NoStack(name.to_owned()));
        };
        let Some(unsaved) = record.unsaved.take() else {
            return Err(Failure::Refused(format!(
                "the state of stack {name} is stored: there is nothing to store"
            )));
        };
        if let Some(state) = self.unseal(name, &unsaved)? {
            let run = self.open(name, &told, As::Apply).await?;
            let mut say = |line: &str| tell(name, line);
            match run.stack.push_state(&state, &mut say).await {
                Err(error @ TerraformError::OlderState(_)) => {
                    let call = self.call_of(name, body);
                    return Err(Failure::Refused(format!(
                        "{error}; where everything that the kept one has is in that one, too, `hodman unlock {} {call} --forget-state` \
                         forgets the kept one",
                        self.env
                    )));
                }
                pushed => pushed?,
            }
            record.lineage = run.stack.state().await?.lineage;
        }
        self.remember(name, Some(&record)).await?;
        Ok(Value::Null)
    }

    /// Forgets the state that an apply could not store, if one is stored that is as new or newer: somebody brought what was made
    /// there into it. Without such a one, what is in the kept one would be made a second time.
    pub(super) async fn forget_state(&self, name: &str, body: &Value) -> Result<Value, Failure> {
        let told = self.told(name, body).await?;
        let Some(mut record) = self.record(name).await? else {
            return Err(Failure::NoStack(name.to_owned()));
        };
        let Some(unsaved) = record.unsaved.take() else {
            return Err(Failure::Refused(format!(
                "the state of stack {name} is stored: there is nothing to forget"
            )));
        };
        if let Some(state) = self.unseal(name, &unsaved)? {
            let kept = StateVersion::of(&state)?;
            let run = self.open(name, &told, As::Plan).await?;
            let stored = run.stack.state().await?;
            if stored.lineage != kept.lineage || stored.serial < kept.serial {
                return Err(Failure::Refused(format!(
                    "the state of stack {name} that is stored is older than the one that was kept (serial {} and {}), or another: \
                     `--store-state` stores the kept one",
                    stored.serial, kept.serial
                )));
            }
            record.lineage = stored.lineage;
        }
        tracing::warn!(
            stack = name,
            "a state that could not be stored is forgotten"
        );
        self.remember(name, Some(&record)).await?;
        Ok(Value::Null)
    }

    /// Where the stack's state is: as it was applied, else as it would be.
    async fn told(&self, name: &str, body: &Value) -> Result<Told, Failure> {
        let record = self.record(name).await?;
        match record.as_ref().and_then(|record| record.told()) {
            Some(told) => Ok(told.clone()),
            None => Told::of(body),
        }
    }
}
