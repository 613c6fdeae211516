//! By which files a stack is looked at that is there: by those that were applied last, else by those that are wanted now. The former
//! may be of no use any more, when Terraform itself, a lock file or a backend has changed since and nothing in the stack had to.
//!
//! What is wanted may be somebody's who has yet to find anybody that merges it. It is looked at by, where the policy lets it run, and
//! nothing more: it is remembered for no later request, and whoever may change things never runs it.

use super::record::Record;
use super::run::{As, Run};
use super::told::Told;
use super::{Failure, Stacks};
use hodman_clients::terraform::TerraformError;
use hodman_model::kinds::Whose;
use hodman_model::plan::asked_in;
use serde_json::Value;
use std::sync::PoisonError;

impl Told {
    /// What is wanted now, as far as a body says so, with what `self` has for variables whose values are not known yet.
    fn in_place_of(&self, body: &Value) -> Option<Self> {
        let mut wanted = Self::of(body).ok()?;
        let said = std::mem::take(&mut wanted.variables);
        wanted.variables.clone_from(&self.variables);
        let known = said
            .into_iter()
            .filter(|(_, value)| asked_in(value).is_empty());
        wanted.variables.extend(known);
        (wanted != *self).then_some(wanted)
    }
}

impl Stacks {
    /// Makes a stack ready by what was applied last, else by what `body` wants, if its state is the same one; gives by which.
    pub(super) async fn open_either(
        &self,
        name: &str,
        (record, told): (&Record, &Told),
        body: &Value,
        who: As,
    ) -> Result<(Run, Told), Failure> {
        let failed = match Box::pin(self.open(name, told, who)).await {
            Err(Failure::Terraform(failed)) if is_of_files(&failed) => failed,
            opened => return Ok((opened?, told.clone())),
        };
        let whose = Whose::of(body);
        let merged = whose == Whose::Merged;
        let only_looks = who == As::Plan;
        let wanted = told.in_place_of(body).filter(|_| merged || only_looks);
        let wanted = wanted.or_else(|| self.instead(name).filter(|_| only_looks));
        let Some(wanted) = wanted else {
            return Err(failed.into());
        };
        let who = match who {
            As::Plan => As::who_looks(whose),
            other => other,
        };
        let run = Box::pin(self.open(name, &wanted, who)).await?;
        let lineage = run.stack.state().await?.lineage;
        if !record.lineage.is_empty() && record.lineage != lineage {
            return Err(failed.into());
        }
        tracing::info!(
            stack = name,
            "looked at by the files that are wanted now, for those that were applied last are of no use: {failed}"
        );
        if merged {
            self.instead
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(name.to_owned(), wanted.clone());
        }
        Ok((run, wanted))
    }

    /// Forgets it where a stack was applied anew, or is gone.
    pub(super) fn forget_instead(&self, name: &str) {
        let instead = self.instead.lock();
        instead.unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// What a stack was looked at by, where nobody says what is wanted of it: whoever takes its outputs.
    fn instead(&self, name: &str) -> Option<Told> {
        let instead = self.instead.lock();
        instead
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }
}

/// What `init` says of files that it can have nothing to do with, and never of a network or an identity.
const OF_FILES: &[&str] = &[
    "Unsupported Terraform Core version",
    "Unsupported OpenTofu Core version",
    "Unsupported backend type",
    "Invalid backend configuration argument",
];

/// Whether it is certain that Terraform refuses the files: other ones may be taken.
fn is_of_files(error: &TerraformError) -> bool {
    match error {
        TerraformError::LockFile(_) => true,
        TerraformError::Failed {
            command: "init",
            code: Some(_),
            message,
        } => OF_FILES.iter().any(|words| message.contains(words)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hodman_model::kinds::SOURCES;
    use serde_json::json;

    #[test]
    fn other_files_are_taken_only_where_it_is_certain_that_these_are_refused() {
        let init = |message: &str| TerraformError::Failed {
            command: "init",
            code: Some(1),
            message: message.to_owned(),
        };
        assert!(is_of_files(&init(
            "Error: Unsupported Terraform Core version"
        )));
        assert!(is_of_files(&TerraformError::LockFile(String::new())));
        for passing in [
            "Error: Failed to query available provider packages",
            "Error: error configuring S3 Backend: no valid credential sources",
        ] {
            assert!(!is_of_files(&init(passing)), "{passing}");
        }
    }

    #[test]
    fn what_is_not_known_yet_stays_as_it_was_applied() {
        let body = |variables: Value| json!({"source": "sha256:2", "directory": "modules/net", SOURCES: "{}", "variables": variables});
        let mut applied = Told::of(&body(json!({"size": 1, "id": "a"}))).expect("told");
        applied.source = "sha256:1".to_owned();
        let wanted = body(json!({"size": 2, "id": "${resources.aws_roles.r.arn}", "new": true}));
        let wanted = applied.in_place_of(&wanted).expect("another one");
        let variables = Value::Object(wanted.variables.clone());
        assert_eq!(variables, json!({"size": 2, "id": "a", "new": true}));
        assert_eq!(wanted.source, "sha256:2");
        assert_eq!(wanted.in_place_of(&body(variables)), None, "it is the same");
        assert_eq!(applied.in_place_of(&json!({})), None);
    }
}
