//! What a person asks for when a state is in everybody's way.

use super::record::Record;
use super::run::{As, Run, tell};
use super::told::Told;
use super::{Failure, Stacks};
use hodman_clients::terraform::{StateVersion, TerraformError};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// One object of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Instance {
    kind: String,
    address: String,
    /// What its provider calls it, where it does.
    id: Option<String>,
    /// Whether another one took its place, and it is only still to be destroyed.
    deposed: bool,
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)?;
        match &self.id {
            Some(id) => write!(f, " ({id})"),
            None => Ok(()),
        }
    }
}

/// What a state has.
fn instances(state: &SecretString) -> Vec<Instance> {
    let state: Value = serde_json::from_str(state.expose_secret()).unwrap_or_default();
    let resources = state["resources"].as_array().into_iter().flatten();
    let managed = resources.filter(|one| one["mode"] == "managed");
    managed
        .flat_map(|one| {
            let module = one["module"].as_str().map(|module| format!("{module}."));
            let kind = one["type"].as_str().unwrap_or_default();
            let name = one["name"].as_str().unwrap_or_default();
            let address = format!("{}{kind}.{name}", module.unwrap_or_default());
            let instances = one["instances"].as_array().into_iter().flatten();
            instances.map(move |instance| {
                let key = match &instance["index_key"] {
                    Value::Null => String::new(),
                    key => format!("[{key}]"),
                };
                Instance {
                    kind: kind.to_owned(),
                    address: format!("{address}{key}"),
                    id: instance["attributes"]["id"].as_str().map(str::to_owned),
                    deposed: instance["deposed"].is_string(),
                }
            })
        })
        .collect()
}

/// What one state has and another does not. What has an id may have moved to another address; the same id at the same address is the
/// same object, and one there stands for one here only, for what two providers made may be called alike.
fn missing(kept: Vec<Instance>, mut there: Vec<Instance>) -> Vec<Instance> {
    let mut take = |is: &dyn Fn(&Instance) -> bool| {
        let found = there.iter().position(is);
        found.map(|at| there.swap_remove(at)).is_some()
    };
    let mut left = kept;
    left.retain(|one| !take(&|other| (&other.address, &other.id) == (&one.address, &one.id)));
    left.retain(|one| {
        let same = |other: &Instance| (&other.kind, &other.id) == (&one.kind, &one.id);
        one.id.is_none() || !take(&same)
    });
    left
}

/// The texts of a list in a request.
fn names_in(body: &Value, field: &str) -> BTreeSet<String> {
    let names = body[field].as_array().into_iter().flatten();
    names
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

/// Refuses where the stored state lacks something that nobody says is `gone`, or somebody says so of what it does not lack.
fn must_be_gone(name: &str, lost: &[Instance], gone: &BTreeSet<String>) -> Result<(), Failure> {
    let lacks = |address: &String| lost.iter().any(|one| one.address == *address);
    let there: Vec<&str> = gone
        .iter()
        .filter(|address| !lacks(address))
        .map(String::as_str)
        .collect();
    if !there.is_empty() {
        return Err(Failure::Refused(format!(
            "the state of stack {name} that is stored lacks nothing of the kept one that is called so: {}; `--gone` takes only what it \
             lacks{}",
            there.join(", "),
            match lost {
                [] => ", and that is nothing".to_owned(),
                lost => format!(": {}", list(lost)),
            }
        )));
    }
    let missing: Vec<Instance> = lost
        .iter()
        .filter(|one| !gone.contains(&one.address))
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "the state of stack {name} that is stored does not have what the kept one has, and it would be made a second time: {}; import it \
         there first, at whatever address; what is not there any more, because somebody removed it by hand, say by `--gone ADDRESS`",
        list(&missing)
    )))
}

/// In words.
fn list(instances: &[Instance]) -> String {
    let all: Vec<String> = instances.iter().map(ToString::to_string).collect();
    all.join(", ")
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
    /// brought what was made there into it. Without such a one, what is in the kept one would be made a second time, unless
    /// somebody says of just that that it is gone.
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
            let missing = missing(instances(&state), instances(&written));
            let (deposed, lost): (Vec<_>, Vec<_>) =
                missing.into_iter().partition(|one| one.deposed);
            let gone = names_in(body, "gone");
            must_be_gone(name, &lost, &gone)?;
            if !gone.is_empty() {
                tracing::warn!(
                    stack = name,
                    "somebody says that it is gone: {}",
                    list(&lost)
                );
            }
            if !deposed.is_empty() {
                // Nobody makes them anew: they were to be destroyed, and that may have been done.
                tracing::warn!(
                    stack = name,
                    "replaced objects of the forgotten state may still be there, and are in no state: {}",
                    list(&deposed)
                );
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
    use serde_json::json;

    fn texts(instances: &[Instance]) -> Vec<String> {
        instances.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_a_state_has_is_told_by_address_and_id() {
        let state = r#"{"resources": [
            {"mode": "managed", "module": "module.net", "type": "aws_vpc", "name": "main",
             "instances": [{"index_key": "eu", "attributes": {"id": "vpc-1"}}, {"index_key": 0, "attributes": {}}]},
            {"mode": "data", "type": "aws_vpc", "name": "seen", "instances": [{"attributes": {"id": "vpc-2"}}]}]}"#;
        let found = instances(&state.into());
        let wanted = [
            "module.net.aws_vpc.main[\"eu\"] (vpc-1)",
            "module.net.aws_vpc.main[0]",
        ];
        assert_eq!(texts(&found), wanted);
        assert!(instances(&"".into()).is_empty());
    }

    #[test]
    fn what_moved_to_another_address_is_not_missing_and_one_stands_for_one_only() {
        let state = |named: &[(&str, &str, Value)]| {
            let resources: Vec<Value> = named
                .iter()
                .map(|(kind, name, instance)| {
                    json!({"mode": "managed", "type": kind, "name": name, "instances": [instance]})
                })
                .collect();
            instances(&json!({"resources": resources}).to_string().into())
        };
        let id = |id: &str| json!({"attributes": {"id": id}});
        let kept = state(&[
            ("aws_vpc", "old", id("vpc-1")),
            ("aws_vpc", "same", id("vpc-2")),
            ("aws_subnet", "old", id("vpc-3")),
            ("aws_vpc", "twin", id("alike")),
            ("aws_vpc", "other", id("alike")),
            ("aws_vpc", "bare", json!({"attributes": {}})),
            (
                "aws_vpc",
                "was",
                json!({"deposed": "0a", "attributes": {"id": "vpc-4"}}),
            ),
        ]);
        let there = state(&[
            ("aws_vpc", "new", id("vpc-1")),
            ("aws_vpc", "same", id("vpc-2")),
            // Called alike, and of another type.
            ("aws_vpc", "old", id("vpc-3")),
            ("aws_vpc", "twin", id("alike")),
            ("aws_vpc", "elsewhere", json!({"attributes": {}})),
        ]);
        assert_eq!(missing(there.clone(), there.clone()), []);
        let missing = missing(kept, there);
        let wanted = [
            "aws_subnet.old (vpc-3)",
            "aws_vpc.other (alike)",
            "aws_vpc.bare",
            "aws_vpc.was (vpc-4)",
        ];
        assert_eq!(texts(&missing), wanted);
        let deposed: Vec<bool> = missing.iter().map(|one| one.deposed).collect();
        assert_eq!(deposed, [false, false, false, true]);
    }

    #[test]
    fn what_is_said_to_be_gone_is_exactly_what_is_missing() {
        let one = |address: &str| Instance {
            kind: "aws_vpc".to_owned(),
            address: address.to_owned(),
            id: Some("vpc-1".to_owned()),
            deposed: false,
        };
        let lost = [one("aws_vpc.old"), one("module.net.aws_vpc.main[\"eu\"]")];
        let said = |gone: &[&str]| {
            let gone = gone.iter().map(|name| (*name).to_owned()).collect();
            must_be_gone("net", &lost, &gone).map_err(|no| no.to_string())
        };
        let all = ["aws_vpc.old", "module.net.aws_vpc.main[\"eu\"]"];
        assert_eq!(said(&all), Ok(()));
        let refused = said(&["aws_vpc.old"]).expect_err("one is left");
        assert!(refused.contains("second time: module.net.aws_vpc.main[\"eu\"] (vpc-1);"));
        // The whole module is no object, and what is there is not gone.
        for other in ["module.net", "aws_vpc", "aws_vpc.there", "vpc-1"] {
            let refused = said(&[all[0], all[1], other]).expect_err("not missing");
            assert!(
                refused.contains(&format!("called so: {other};")),
                "{refused}"
            );
        }
        assert!(must_be_gone("net", &[], &BTreeSet::new()).is_ok());
    }
}
