//! Saved plans between their being shown and their being applied: sealed, in the database, under a name that says what they are for.
//! With the database lost they are made anew.

use super::look::Looked;
use super::{Failure, Stacks, named};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hodman_clients::terraform::{Binding, SealedPlan, StateVersion};
use hodman_model::digest::Digest;
use hodman_model::stacks::StackPlan;
use serde::{Deserialize, Serialize};

const KIND: &str = "terraform-plan";

#[derive(Serialize, Deserialize)]
struct Kept {
    binding: Binding,
    sealed: String,
    plan: StackPlan,
}

/// What a saved plan is for: the stack as it was told, the rows that were shown, the state that they start from.
fn name(stack: &str, commit: &str, shown: &Digest, state: &StateVersion) -> String {
    let serial = state.serial.to_string();
    named(&[stack, commit, shown.as_str(), &state.lineage, &serial]).to_string()
}

impl Stacks {
    /// Keeps a plan that is being shown. The first of its name stays.
    pub(super) async fn keep(&self, stack: &str, looked: &Looked) -> Result<(), Failure> {
        let binding = &looked.saved.binding;
        let state = StateVersion {
            lineage: binding.lineage.clone(),
            serial: binding.serial,
        };
        let name = name(stack, &binding.commit, &looked.plan.digest(), &state);
        let kept = Kept {
            binding: binding.clone(),
            sealed: STANDARD.encode(&looked.saved.sealed),
            plan: looked.plan.clone(),
        };
        let bytes = serde_json::to_vec(&kept).map_err(|error| {
            Failure::Refused(format!("a saved plan cannot be written: {error}"))
        })?;
        let put = self
            .ground
            .store
            .put_blob(KIND, &name, &bytes, self.now())
            .await;
        put.map_err(|error| Failure::Work(error.into()))
    }

    /// The plan with these rows that still fits, if it was kept.
    pub(super) async fn kept(
        &self,
        stack: &str,
        commit: &str,
        shown: &Digest,
        state: &StateVersion,
    ) -> Result<Option<Looked>, Failure> {
        let name = name(stack, commit, shown, state);
        let found = self.ground.store.get_blob(KIND, &name).await;
        let Some(bytes) = found.map_err(|error| Failure::Work(error.into()))? else {
            return Ok(None);
        };
        let Ok(kept) = serde_json::from_slice::<Kept>(&bytes) else {
            return Ok(None);
        };
        let Ok(sealed) = STANDARD.decode(&kept.sealed) else {
            return Ok(None);
        };
        if kept.plan.digest() != *shown {
            return Ok(None);
        }
        Ok(Some(Looked {
            plan: kept.plan,
            saved: SealedPlan {
                binding: kept.binding,
                sealed,
            },
            foreign: None,
        }))
    }
}
