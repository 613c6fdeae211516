//! What a person asks for when a state is in everybody's way.

use super::record::Record;
use super::run::{As, Run, tell};
use super::told::Told;
use super::{Failure, Stacks};
use hodman_clients::terraform::{StateVersion, TerraformError};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::collections::BTreeSet;

/// What a state has, by address, with what the provider calls it: another object at the same address is another.
fn instances(state: &SecretString) -> BTreeSet<String> {
    let state: Value = serde_json::from_str(state.expose_secret()).unwrap_or_default();
    let resources = state["resources"].as_array().into_iter().flatten();
    let managed = resources.filter(|one| one["mode"] == "managed");
    managed
        .flat_map(|one| {
            let module = one["module"].as_str().map(|module| format!("{module}."));
            let (kind, name) = (one["type"].as_str(), one["name"].as_str());
            let address = format!(
                "{}{}.{}",
                module.unwrap_or_default(),
                kind.unwrap_or_default(),
                name.unwrap_or_default()
            );
            let instances = one["instances"].as_array().into_iter().flatten();
            instances.map(move |instance| {
                let key = match &instance["index_key"] {
                    Value::Null => String::new(),
                    key => format!("[{key}]"),
                };
                let id = instance["attributes"]["id"].as_str();
                let id = id.map(|id| format!(" ({id})")).unwrap_or_default();
                format!("{address}{key}{id}")
            })
        })
        .collect()
}

impl Stacks {
    /// Takes a lock away whose holder is gone; Terraform refuses when another lock is there.
    pub(super) async fn unlock(&self, name: &str, body: &Value) -> Result<Value, Failure> {
        let lock = body["lock"].as_str().unwrap_or_default();
        let record = self.record(name).await?;
        let run = self.reach(name, record.as_ref(), body, As::Apply).await?;
        run.stack
            .force_unlock(lock, &mut |line| tell(name, line))
            .await?;
        tracing::warn!(stack = name, lock, "a lock was taken away");
        Ok(Value::Null)
    }

    /// Stores the state that an apply could not store.
    pub(super) async fn store_state(&self, name: &str, body: &Value) -> Result<Value, Failure> {
        let Some(mut record) = self.record(name).await? else {
            return Err(Failure::NoStack(name.to_owned()));
        };
        let Some(unsaved) = record.unsaved.take() else {
            return Err(Failure::Refused(format!(
                "the state of stack {name} is stored: there is nothing to store"
            )));
        };
        if let Some(state) = self.unseal(name, &unsaved)? {
            let run = self.reach(name, Some(&record), body, As::Apply).await?;
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

    /// Forgets the state that an apply could not store, if one is stored that is as new or newer and has all that is in it: somebody
    /// brought what was made there into it. Without such a one, what is in the kept one would be made a second time.
    pub(super) async fn forget_state(&self, name: &str, body: &Value) -> Result<Value, Failure> {
        let Some(mut record) = self.record(name).await? else {
            return Err(Failure::NoStack(name.to_owned()));
        };
        let Some(unsaved) = record.unsaved.take() else {
            return Err(Failure::Refused(format!(
                "the state of stack {name} is stored: there is nothing to forget"
            )));
        };
        let Some(state) = self.unseal(name, &unsaved)? else {
            return Err(Failure::Refused(format!(
                "nobody knows what is in the state of stack {name}, which could not be kept either: bring what was made into the one that \
                 is stored, and say so with `--store-state`"
            )));
        };
        {
            let kept = StateVersion::of(&state)?;
            let run = self.reach(name, Some(&record), body, As::Plan).await?;
            let written = run.stack.pull().await?;
            let stored = match written.expose_secret().trim().is_empty() {
                true => StateVersion::default(),
                false => StateVersion::of(&written)?,
            };
            if stored.lineage != kept.lineage || stored.serial < kept.serial {
                return Err(Failure::Refused(format!(
                    "the state of stack {name} that is stored is older than the one that was kept (serial {} and {}), or another: \
                     `--store-state` stores the kept one",
                    stored.serial, kept.serial
                )));
            }
            let there = instances(&written);
            let lost: Vec<String> = instances(&state).difference(&there).cloned().collect();
            if !lost.is_empty() {
                return Err(Failure::Refused(format!(
                    "the state of stack {name} that is stored does not have what the kept one has, and it would be made a second time: {}; \
                     import it there first",
                    lost.join(", ")
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

    /// Makes a stack ready where its state is: by what is being applied, which left what is in the way, else by what was applied last;
    /// where Terraform refuses those files, or nothing ever was, by what is wanted now.
    async fn reach(
        &self,
        name: &str,
        record: Option<&Record>,
        body: &Value,
        who: As,
    ) -> Result<Run, Failure> {
        let known = record.and_then(|record| {
            let begun = record.begun.as_ref().map(|begun| &begun.told);
            Some((record, begun.or(record.made.as_ref())?))
        });
        match known {
            Some(known) => Ok(Box::pin(self.open_either(name, known, body, who)).await?.0),
            None => Box::pin(self.open(name, &Told::of(body)?, who)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_state_has_is_told_apart_by_address_and_id() {
        let state = r#"{"resources": [
            {"mode": "managed", "module": "module.net", "type": "aws_vpc", "name": "main",
             "instances": [{"index_key": "eu", "attributes": {"id": "vpc-1"}}, {"index_key": 0, "attributes": {}}]},
            {"mode": "data", "type": "aws_vpc", "name": "seen", "instances": [{"attributes": {"id": "vpc-2"}}]}]}"#;
        let found: Vec<String> = instances(&state.into()).into_iter().collect();
        let wanted = [
            "module.net.aws_vpc.main[\"eu\"] (vpc-1)",
            "module.net.aws_vpc.main[0]",
        ];
        assert_eq!(found, wanted);
        assert!(instances(&"".into()).is_empty());
    }
}
