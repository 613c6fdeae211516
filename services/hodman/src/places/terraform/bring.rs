//! Brings a stack to what it is told, or removes it: by the plan that was shown, or by one with the same rows.

use super::look::{Looked, rest_of_begun};
use super::record::{Begun, Record, Unsaved, marker_in};
use super::run::{As, Run, tell};
use super::told::Told;
use super::{Failure, Stacks, digest_in};
use hodman_clients::terraform::TerraformError;
use hodman_model::digest::Digest;
use serde_json::Value;

/// Another plan is made when the kept one is stale, and once more when somebody was faster again.
const TRIES: u32 = 3;

/// What is done to a stack.
struct Doing<'a> {
    name: &'a str,
    told: &'a Told,
    removes: bool,
    /// The rows that somebody was shown.
    shown: Option<Digest>,
}

impl Stacks {
    pub(super) async fn bring(&self, name: &str, body: &Value) -> Result<Value, Failure> {
        let told = Told::of(body)?;
        let marker = marker_in(body)?;
        let record = self.record(name).await?;
        if let Some(other) = record.as_ref().filter(|record| record.marker != marker) {
            let marker = &other.marker;
            return Err(Failure::Refused(format!(
                "stack {name} belongs to {}/{}/{}",
                marker.pipeline, marker.env, marker.key
            )));
        }
        let mut record = record.unwrap_or_else(|| Record::new(marker));
        record.must_be_stored()?;
        let run = self.open(name, &told, As::Apply).await?;
        self.take_place(name, &run).await?;
        record.place.clone_from(&run.place);
        let doing = Doing {
            name,
            told: &told,
            removes: false,
            shown: digest_in(body, "shown"),
        };
        let mut record = self.carry_out(&run, &doing, record).await?;
        record.lineage = run.stack.state().await?.lineage;
        record.made = Some(told);
        record.begun = None;
        self.remember(name, Some(&record)).await?;
        self.forget_instead(name);
        drop(run);
        self.show(name, &Value::Null).await
    }

    /// Remembers what a stack is told that has nothing to do for it, if that is so: what was applied last may be of no use soon.
    pub(super) async fn note(&self, name: &str, body: &Value) -> Result<Value, Failure> {
        let told = Told::of(body)?;
        let record = self.record(name).await?;
        let is_known = |record: &Record| record.made.as_ref() == Some(&told);
        if !record.is_some_and(|record| is_known(&record) && record.begun.is_none()) {
            Box::pin(self.bring(name, body)).await?;
        }
        Ok(Value::Null)
    }

    pub(super) async fn remove(&self, name: &str, body: &Value) -> Result<Value, Failure> {
        let Some(record) = self.record(name).await? else {
            return Err(Failure::NoStack(name.to_owned()));
        };
        record.must_be_stored()?;
        let told = record.told().cloned();
        let told = told.ok_or_else(|| Failure::NoStack(name.to_owned()))?;
        let known = (&record, &told);
        let (run, told) = Box::pin(self.open_either(name, known, body, As::Apply)).await?;
        let doing = Doing {
            name,
            told: &told,
            removes: true,
            shown: digest_in(body, "shown"),
        };
        self.own_place(name, &run).await?;
        self.carry_out(&run, &doing, record).await?;
        self.leave_place(&run).await?;
        self.remember(name, None).await?;
        self.forget_instead(name);
        // With its providers it is not small, and nobody comes back to it.
        if let Err(error) = run.stack.into_workdir().remove() {
            tracing::warn!(stack = name, "its folder stays: {error:#}");
        }
        Ok(Value::Null)
    }

    async fn carry_out(
        &self,
        run: &Run,
        doing: &Doing<'_>,
        mut record: Record,
    ) -> Result<Record, Failure> {
        let name = doing.name;
        let commit = doing.told.commit(doing.removes);
        let mut kept = match &doing.shown {
            Some(shown) => {
                let state = run.stack.state().await?;
                self.take(name, &commit, shown, &state).await?
            }
            None => None,
        };
        for _ in 0..TRIES {
            let was_kept = kept.is_some();
            let looked = match kept.take() {
                Some(mut kept) => {
                    rest_of_begun(&mut kept.plan, Some(&record), &commit);
                    kept
                }
                None => {
                    let what = (doing.told, doing.removes);
                    let looked = self.look(name, run, what, Some(&record)).await;
                    match doing.shown {
                        Some(_) => looked.map_err(Failure::on_the_way)?,
                        None => looked?,
                    }
                }
            };
            if looked.plan.is_empty() {
                return Ok(record);
            }
            may_be_done(doing, &looked)?;
            // Known before it begins: a crash from here on is gone on with, and its rest was approved.
            record.begun = Some(Begun {
                told: doing.told.clone(),
                removes: doing.removes,
                plan: looked.plan.approved_as().clone(),
            });
            self.remember(name, Some(&record)).await?;
            let mut say = |line: &str| tell(name, line);
            let applied = run.stack.apply(&commit, &looked.saved, &self.key, &mut say);
            match applied.await {
                Ok(()) => return Ok(record),
                Err(error @ (TerraformError::Stale(_) | TerraformError::Sealed)) => {
                    tracing::info!(stack = name, "planned anew: {error}");
                }
                // Keys that were changed since it was made, or a token whose time is over: where it did nothing, one that was
                // just made may do it.
                Err(error @ TerraformError::Failed { code: Some(_), .. })
                    if was_kept && did_nothing(run, &looked).await =>
                {
                    tracing::warn!(stack = name, "a plan that was kept is made anew: {error}");
                }
                Err(TerraformError::StateNotStored { message, kept }) => {
                    if kept {
                        let root = self.root(name, As::Apply);
                        self.gather(name, &root, &message).await?;
                    }
                    record.unsaved = Some(Unsaved {
                        why: message,
                        state: None,
                    });
                    self.remember(name, Some(&record)).await?;
                    record.must_be_stored()?;
                }
                Err(other) => return Err(other.into()),
            }
        }
        Err(Failure::Later(format!(
            "somebody else changes the state of stack {name} all the time"
        )))
    }
}

/// Whether the state is still the one that a plan started from.
async fn did_nothing(run: &Run, looked: &Looked) -> bool {
    let binding = &looked.saved.binding;
    let state = run.stack.state().await;
    state.is_ok_and(|now| (&now.lineage, now.serial) == (&binding.lineage, binding.serial))
}

/// Refuses what nobody was shown.
fn may_be_done(doing: &Doing<'_>, looked: &Looked) -> Result<(), Failure> {
    let now = looked.plan.digest();
    if doing.shown.as_ref() == Some(&now) {
        return Ok(());
    }
    let rows: Vec<String> = looked
        .plan
        .rows
        .iter()
        .map(|row| format!("{} {}", row.action.word(), row.address))
        .collect();
    Err(Failure::Later(format!(
        "stack {} would be changed otherwise than it was shown ({}): somebody changed it meanwhile, and it is looked at anew",
        doing.name,
        rows.join(", ")
    )))
}
