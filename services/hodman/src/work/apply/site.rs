//! One workspace while a plan is applied to it.

use super::super::claims::Ledger;
use super::super::taken::{Part, Taken};
use super::super::{Job, WorkError, live};
use super::{bind, patience, wait};
use hodman_core::ids::EnvName;
use hodman_model::bundle::ResourceKey;
use hodman_model::kinds::{Call, Kind, Listed, Listing, Marker};
use hodman_model::plan::{DesiredResource, Known, Row, substitute_known};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A request to a new object that is not known is sent again this often, for some six seconds.
const LOOKS: u32 = 5;

/// What every row needs.
pub(super) struct Site<'a> {
    pub job: &'a Job<'a>,
    pub env: &'a EnvName,
    pub taken: &'a Taken,
    pub part: &'a Part,
    pub ledger: Ledger<'a>,
    known: Mutex<Known>,
    /// By kind: whether the workspace minds the permissions that a create brings. Found out at the first one.
    pub minds: tokio::sync::Mutex<BTreeMap<&'static str, bool>>,
    /// Creates that were sent, whatever came of them.
    sent: Mutex<BTreeSet<ResourceKey>>,
    /// What was found, by kind and id.
    found: BTreeMap<(&'a str, &'a str), &'a Listed>,
}

impl<'a> Site<'a> {
    pub fn new(
        job: &'a Job<'a>,
        env: &'a EnvName,
        taken: &'a Taken,
        part: &'a Part,
        ledger: Ledger<'a>,
        given: &Known,
    ) -> Self {
        let known = Known::of(
            part.desired(taken),
            &part.observed,
            job.pipeline,
            env.as_str(),
        )
        .and(given.clone());
        let found = part.observed.objects.iter().map(|object| {
            let listed = &object.listed;
            ((object.kind.as_str(), listed.id.as_str()), listed)
        });
        Self {
            found: found.collect(),
            job,
            env,
            taken,
            part,
            ledger,
            known: Mutex::new(known),
            minds: tokio::sync::Mutex::default(),
            sent: Mutex::default(),
        }
    }

    /// What placeholders stand for by now. Never held across a wait.
    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn marker(&self, key: &ResourceKey) -> Marker {
        Marker {
            pipeline: self.job.pipeline.to_owned(),
            env: self.env.as_str().to_owned(),
            key: key.key.clone(),
        }
    }

    /// Notes that a create is about to be sent.
    pub fn note_sent(&self, key: &ResourceKey) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.insert(key.clone());
    }

    /// Whether a create was sent.
    pub fn was_sent(&self, key: &ResourceKey) -> bool {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.contains(key)
    }

    /// What the object is called among those that were made lately.
    pub fn made_name(&self, kind: &dyn Kind, key: &ResourceKey) -> String {
        format!(
            "{}/{}/{}/{}/{}",
            self.part.workspace.name(),
            kind.name(),
            self.job.pipeline,
            self.env,
            key.key
        )
    }

    /// After it was removed: the next one of that name is another.
    pub fn forget_made(&self, kind: &dyn Kind, key: &ResourceKey) {
        let name = self.made_name(kind, key);
        self.job.work.made.forget(&name);
    }

    pub fn wanted(&self, row: &Row) -> Result<&'a DesiredResource, WorkError> {
        self.part
            .desired(self.taken)
            .resources
            .get(&row.key)
            .ok_or_else(|| WorkError::lasting(format!("{} is not in the bundle", row.key)))
    }

    /// The fields without placeholders.
    pub fn filled(&self, fields: &Value) -> Result<Value, WorkError> {
        let folder = self.taken.folder.as_deref().unwrap_or_default();
        substitute_known(fields, folder, &self.known())
            .map_err(|missing| WorkError::lasting(missing.to_string()))
    }

    /// The object of the row as it was found.
    pub fn live(&self, row: &Row) -> Result<&'a Listed, WorkError> {
        row.live_id
            .as_deref()
            .and_then(|id| self.found.get(&(row.key.kind.as_str(), id)).copied())
            .ok_or_else(|| WorkError::lasting(format!("the plan gives no object for {}", row.key)))
    }

    /// Every call to an object that was made a moment ago, in order, each after a question for the lease; the first that fails
    /// ends it. Not every part of the service may know the object yet.
    pub async fn send_to_new(&self, calls: &[Call]) -> Result<(), WorkError> {
        for call in calls {
            self.to_new(call).await?;
        }
        Ok(())
    }

    async fn to_new(&self, call: &Call) -> Result<Value, WorkError> {
        let mut looks = 0;
        loop {
            self.job.fence.check().await?;
            match self.part.workspace.call(live::request(call)).await {
                Ok(answer) => return Ok(answer),
                Err(error) if error.is_not_found() && looks < LOOKS => {
                    tokio::time::sleep(Duration::from_millis(200 << looks)).await;
                    looks += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The same for a change of an object, whose refusals may pass and whose work may go on after the answer.
    pub async fn change(&self, kind: &dyn Kind, id: &str, calls: &[Call]) -> Result<(), WorkError> {
        for call in calls {
            bind::before(self, kind, id, call).await?;
            let answer = patience::send(self, kind, call)
                .await?
                .map_err(|error| patience::put_off(self, kind, id, error))?;
            bind::after(self, kind, id, call).await?;
            wait::until_taken(self, kind, id, call, &answer).await?;
        }
        Ok(())
    }

    /// What a create could not say, to the object that it made.
    pub async fn complete(
        &self,
        kind: &dyn Kind,
        id: &str,
        calls: &[Call],
    ) -> Result<(), WorkError> {
        for call in calls {
            bind::before(self, kind, id, call).await?;
            let answer = self.to_new(call).await?;
            bind::after(self, kind, id, call).await?;
            wait::until_taken(self, kind, id, call, &answer).await?;
        }
        Ok(())
    }

    /// Removes an object by `calls`; "does not exist" is what was wanted. A refusal that passes is waited out where nothing else
    /// would come back to it.
    pub async fn remove(
        &self,
        kind: &dyn Kind,
        id: &str,
        calls: Vec<Call>,
        patient: bool,
    ) -> Result<(), WorkError> {
        for call in calls {
            let sent = match patient {
                true => patience::send(self, kind, &call).await?,
                false => {
                    self.job.fence.check().await?;
                    self.part.workspace.call(live::request(&call)).await
                }
            };
            match sent {
                Ok(_) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) if live::may_be_gone(&error) && self.is_gone(kind, id).await => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether the list shows that an object is not there any more, or, of a kind without one, the object itself. What cannot
    /// be asked is not known to be gone; the refusal that led here says why.
    async fn is_gone(&self, kind: &dyn Kind, id: &str) -> bool {
        let Some(kind) = hodman_model::kinds::kind(kind.name()) else {
            return false;
        };
        let workspace = &self.part.workspace;
        let gone = match kind.listing() {
            Listing::ByName => live::by_id(workspace, kind, id)
                .await
                .map(|found| found.is_none()),
            Listing::All(_) | Listing::Below { .. } => live::of_kind(workspace, kind)
                .await
                .map(|found| found.iter().all(|object| object.listed.id != id)),
        };
        match gone {
            Ok(gone) => gone,
            Err(error) => {
                tracing::warn!(
                    kind = kind.name(),
                    id,
                    "not known whether it is gone: {error}"
                );
                false
            }
        }
    }

    /// Notes an object that is there now, with the fields that others ask of it.
    pub async fn note(
        &self,
        kind: &dyn Kind,
        key: &ResourceKey,
        id: &str,
        config: &Value,
    ) -> Result<(), WorkError> {
        let asked = self.part.desired(self.taken).asked.contains_key(key);
        let read = if asked || kind.identity() == hodman_model::kinds::Identity::Claim {
            live::by_id(&self.part.workspace, kind, id).await?
        } else {
            None
        };
        // A read may lag behind the create; what the bundle itself says is known without it.
        let name = config.get(kind.rules().name_field).and_then(Value::as_str);
        let listed = read.unwrap_or_else(|| Listed {
            id: id.to_owned(),
            name: name.unwrap_or_default().to_owned(),
            marker: None,
            natural: kind.natural(config),
            config: config.clone(),
            outputs: Value::Null,
            creator: None,
            created_at: None,
            modified_at: None,
        });
        self.known()
            .made(self.part.desired(self.taken), key, &listed);
        self.ledger.made(key, &listed).await
    }
}
