//! Saved plans between their being shown and their being applied: sealed, in the database, under a name that says what they are for.
//! With the database lost they are made anew; so they are when their time is over, for they hold secrets, and when one was taken, for
//! a name does not say what keys are sealed in it: whatever failed with them once would fail with them again.

use super::look::Looked;
use super::{Failure, Stacks, named};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hodman_clients::terraform::{Binding, SealedPlan, StateVersion};
use hodman_model::digest::Digest;
use hodman_model::stacks::StackPlan;
use hodman_store::Store;
use serde::{Deserialize, Serialize};

const KIND: &str = "terraform-plan";

/// How long a plan is kept for its approval. Later another one with the same rows is applied.
const LIFE: TimeDelta = TimeDelta::days(1);

/// Forgets the saved plans whose time is over; gives how many.
pub(in crate::places) async fn forget_old(
    store: &Store,
    now: DateTime<Utc>,
) -> hodman_store::Result<u64> {
    store.forget_blobs(KIND, now - LIFE).await
}

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
        let old = forget_old(&self.ground.store, self.now()).await;
        old.map_err(|error| Failure::Work(error.into()))?;
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

    /// Takes the plan with these rows that still fits, if it was kept: nobody gets it a second time.
    pub(super) async fn take(
        &self,
        stack: &str,
        commit: &str,
        shown: &Digest,
        state: &StateVersion,
    ) -> Result<Option<Looked>, Failure> {
        let name = name(stack, commit, shown, state);
        let store = &self.ground.store;
        let found = async {
            forget_old(store, self.now()).await?;
            let found = store.get_blob(KIND, &name).await?;
            store.forget_blob(KIND, &name).await?;
            Ok::<_, hodman_store::StoreError>(found)
        };
        let found = found.await;
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

#[cfg(test)]
mod tests {
    use super::*;
    use hodman_store::StoreUrl;

    #[tokio::test]
    async fn a_saved_plan_is_forgotten_when_its_time_is_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let now: DateTime<Utc> = "2026-11-24T02:21:00Z".parse().expect("a moment");
        let url = StoreUrl::sqlite(folder.path().join("hodman.db"));
        let store = Store::open(&url, now).await.expect("a store");
        let put = store.put_blob(KIND, "name", b"sealed", now);
        put.await.expect("kept");
        let other = store.put_blob("plan", "name", b"shown", now);
        other.await.expect("kept");
        let forget = async |after| forget_old(&store, now + after).await.expect("forgotten");
        assert_eq!(forget(LIFE).await, 0);
        assert_eq!(forget(LIFE + TimeDelta::seconds(1)).await, 1);
        assert_eq!(store.get_blob(KIND, "name").await.expect("read"), None);
        let shown = store.get_blob("plan", "name").await.expect("read");
        assert!(shown.is_some());
    }
}
