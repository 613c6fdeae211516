//! One action on one object.

use super::super::taken::{Part, Taken};
use super::super::{Job, WorkError, live};
use chrono::{DateTime, TimeDelta, Utc};
use hodman_clients::databricks::ApiError;
use hodman_core::ids::EnvName;
use hodman_model::bundle::ResourceKey;
use hodman_model::kinds::{self, Call, Kind, Marker};
use hodman_model::plan::{Action, Row, substitute};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A create whose answer was lost is looked for this often: a list may lag behind the create by some seconds.
const LOOKS: u32 = 5;

/// What was made lately, by its marker. A list may lag behind a create, and the next try of a failed apply begins after
/// two seconds. Another process needs no such memory: it begins when a lease has ended, which is long enough.
#[derive(Debug, Default)]
pub struct Made(Mutex<BTreeMap<String, (String, DateTime<Utc>)>>);

impl Made {
    /// How long a list may lag; ten times what has been seen.
    const LAG: TimeDelta = TimeDelta::minutes(2);

    fn lately(&self, name: &str, now: DateTime<Utc>) -> Option<String> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, at)| now - *at < Self::LAG);
        known.get(name).map(|(id, _)| id.clone())
    }

    fn note(&self, name: String, id: &str, now: DateTime<Utc>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name, (id.to_owned(), now));
    }
}

pub(super) async fn step(
    job: &Job<'_>,
    env: &EnvName,
    taken: &Taken,
    part: &Part,
    row: &Row,
    outputs: &mut BTreeMap<ResourceKey, String>,
) -> Result<(), WorkError> {
    let kind = kinds::kind(&row.key.kind).ok_or_else(|| {
        WorkError::lasting(format!("hodman does not know the kind `{}`", row.key.kind))
    })?;
    let marker = Marker {
        pipeline: job.pipeline.to_owned(),
        env: env.as_str().to_owned(),
        key: row.key.key.clone(),
    };
    let id = || {
        row.live_id
            .clone()
            .ok_or_else(|| WorkError::lasting(format!("the plan gives no id for {}", row.key)))
    };
    match row.action {
        Action::Create => {
            let id = create(job, part, kind, &config(taken, row, outputs)?, &marker).await?;
            outputs.insert(row.key.clone(), id);
        }
        Action::Update | Action::Resize | Action::Adopt => {
            let id = id()?;
            let config = config(taken, row, outputs)?;
            all(part, &kind.update(&id, &Value::Null, &config, &marker)).await?;
            outputs.insert(row.key.clone(), id);
        }
        Action::Replace => {
            let config = config(taken, row, outputs)?;
            delete(part, kind, &id()?).await?;
            outputs.remove(&row.key);
            // A crash from here on leaves a create, which the approval does not have: a person is asked again.
            job.fence.check().await?;
            let id = create(job, part, kind, &config, &marker).await?;
            outputs.insert(row.key.clone(), id);
        }
        Action::Delete => {
            delete(part, kind, &id()?).await?;
            outputs.remove(&row.key);
        }
    }
    Ok(())
}

fn config(
    taken: &Taken,
    row: &Row,
    outputs: &BTreeMap<ResourceKey, String>,
) -> Result<Value, WorkError> {
    let wanted = taken
        .desired
        .resources
        .get(&row.key)
        .ok_or_else(|| WorkError::lasting(format!("{} is not in the bundle", row.key)))?;
    let folder = taken.folder.as_deref().unwrap_or_default();
    substitute(&wanted.config, folder, outputs)
        .map_err(|missing| WorkError::lasting(missing.to_string()))
}

/// Creates, and finds what a lost answer may have made instead of making a second: names are not unique and creates
/// have no idempotency token, but the marker is ours alone.
async fn create(
    job: &Job<'_>,
    part: &Part,
    kind: &dyn Kind,
    config: &Value,
    marker: &Marker,
) -> Result<String, WorkError> {
    let name = format!(
        "{}/{}/{}/{}/{}",
        part.workspace.name(),
        kind.name(),
        marker.pipeline,
        marker.env,
        marker.key
    );
    if let Some(id) = job.work.made.lately(&name, job.work.clock.now()) {
        // Made a moment ago by an apply that failed further on, and not in the list yet.
        match all(part, &kind.update(&id, &Value::Null, config, marker)).await {
            Ok(()) => return Ok(id),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let id = ask_to_create(part, kind, config, marker).await?;
    job.work.made.note(name, &id, job.work.clock.now());
    if let Err(lost) = job.fence.check().await {
        take_back(part, kind, marker, &id).await?;
        return Err(lost.into());
    }
    Ok(id)
}

/// This machine was asleep between the question for the lease and the create, and another executor went on meanwhile:
/// if it made the object too, the one made here goes again, before two claimants stop everything.
async fn take_back(
    part: &Part,
    kind: &dyn Kind,
    marker: &Marker,
    id: &str,
) -> Result<(), WorkError> {
    let found = live::of_kind(&part.workspace, kind).await?;
    let twice = found
        .iter()
        .any(|object| object.listed.marker.as_ref() == Some(marker) && object.listed.id != id);
    if twice {
        tracing::warn!(kind = kind.name(), id, "made a second time and taken back");
        delete(part, kind, id).await?;
    }
    Ok(())
}

async fn ask_to_create(
    part: &Part,
    kind: &dyn Kind,
    config: &Value,
    marker: &Marker,
) -> Result<String, WorkError> {
    match part
        .workspace
        .call(live::request(&kind.create(config, marker)))
        .await
    {
        Ok(answer) => kind.created_id(&answer, config).ok_or_else(|| {
            WorkError::lasting(format!(
                "the answer to creating a {} has no id",
                kind.singular()
            ))
        }),
        Err(error) if error.may_have_taken_effect() => match find(part, kind, marker).await? {
            Some(id) => Ok(id),
            None => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}

async fn find(part: &Part, kind: &dyn Kind, marker: &Marker) -> Result<Option<String>, WorkError> {
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(200 << look)).await;
        }
        let found = live::of_kind(&part.workspace, kind).await?;
        if let Some(ours) = found
            .into_iter()
            .find(|object| object.listed.marker.as_ref() == Some(marker))
        {
            return Ok(Some(ours.listed.id));
        }
    }
    Ok(None)
}

/// Every call, in order; the first that fails ends it.
async fn all(part: &Part, calls: &[Call]) -> Result<(), ApiError> {
    for call in calls {
        part.workspace.call(live::request(call)).await?;
    }
    Ok(())
}

/// "Does not exist" is what was wanted.
async fn delete(part: &Part, kind: &dyn Kind, id: &str) -> Result<(), WorkError> {
    match all(part, &kind.delete(id, &Value::Null)).await {
        Ok(()) => Ok(()),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error.into()),
    }
}
