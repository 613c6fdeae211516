//! Changes that nothing may run on: what runs is stopped before, and nothing starts for a while after.
//!
//! What was stopped, and until when nothing starts, stands in the claims before it is done. So the wait is no sleep: the
//! apply is put off and comes again, also after a crash and in another process, until the time is over.

use super::super::claims::Ledger;
use super::super::taken::Taken;
use super::super::{Job, WorkError};
use super::compute::{self, Running};
use super::site::Site;
use chrono::{DateTime, Utc};
use hodman_clients::databricks::Workspace;
use hodman_core::ids::EnvName;
use hodman_model::bundle::ResourceKey;
use hodman_model::claims::Still;
use hodman_model::kinds::{Kind, Listed, kind};
use hodman_model::plan::Row;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// What stops within this is waited for at once. For the rest the apply is put off: what waits must not hold the lane, and
/// is to be seen.
const STOPS_WITHIN: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The client of the workspace whose account object is `live`; none when it is none of the environment's own, so that
/// nobody gave us a key to it.
fn inside<'t>(taken: &'t Taken, outputs: &Value) -> Option<&'t Workspace> {
    let host = outputs.get("host")?.as_str()?.trim_end_matches('/');
    let mut workspaces = taken.parts.iter().filter(|part| !part.is_foundation());
    workspaces
        .find(|part| part.workspace.host() == host)
        .map(|part| &part.workspace)
}

/// Stops what runs in the workspace that is about to change, as the row says. Nothing when nothing has to stand still.
pub(super) async fn begin(site: &Site<'_>, row: &Row, live: &Listed) -> Result<(), WorkError> {
    if row.maintenance.is_none() {
        return Ok(());
    }
    let Some(workspace) = inside(site.taken, &live.outputs) else {
        tracing::info!(key = %row.key, "what runs there cannot be looked at: it is none of the environment's workspaces");
        return Ok(());
    };
    if !site.taken.environment.allow_destroy.contains(&row.key) {
        let runs = compute::runs(workspace).await?;
        if !runs.is_empty() {
            return Err(WorkError::waits(format!(
                "waits for {} in workspace {}, which would be cut off (`allow_destroy: [{}]` in the environment's file lets it go on)",
                runs.join(", "),
                workspace.name(),
                row.key
            )));
        }
    }
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let running = compute::running(workspace).await?;
        if running.is_empty() {
            return Ok(());
        }
        if began.elapsed() > STOPS_WITHIN {
            let what: Vec<&str> = running.iter().map(|one| one.what.as_str()).collect();
            return Err(WorkError::waits(format!(
                "waits until {} in workspace {} has stopped, for {}",
                what.join(", "),
                workspace.name(),
                row.key
            )));
        }
        stop(site, row, workspace, running).await?;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Asks each to stop; how a pool was set is remembered before.
async fn stop(
    site: &Site<'_>,
    row: &Row,
    workspace: &Workspace,
    running: Vec<Running>,
) -> Result<(), WorkError> {
    for one in running {
        let Some(stop) = one.stop else { continue };
        if let Some((id, keeps)) = one.pool {
            let remember = |still: &mut Still| {
                still.pools.entry(id).or_insert(keeps);
            };
            site.ledger.stand_still(&row.key, remember).await?;
        }
        site.job.fence.check().await?;
        tracing::info!(key = %row.key, workspace = workspace.name(), "stopping {}", one.what);
        match workspace.call(stop).await {
            Ok(_) => {}
            Err(error) if error.is_not_found() => {}
            Err(error) => {
                return Err(WorkError::from(error).doing(&format!("stopping {}", one.what)));
            }
        }
    }
    Ok(())
}

/// Right before the request that changes it: from now on nothing starts for as long as the kind says. A crash after the
/// request would forget it else.
pub(super) async fn hold(
    site: &Site<'_>,
    kind: &dyn Kind,
    row: &Row,
    live: &Listed,
) -> Result<(), WorkError> {
    let fields: Vec<&str> = row.fields().collect();
    let Some(wanted) = kind.maintenance(&live.config, &fields) else {
        return Ok(());
    };
    if inside(site.taken, &live.outputs).is_none() {
        return Ok(());
    }
    let until = site.job.work.clock.now() + wanted.hold;
    let until = until.timestamp_millis();
    site.ledger
        .stand_still(&row.key, |still| still.until = until)
        .await
}

/// After a change that was refused or taken back: nothing has to stand still for it.
pub(super) async fn give_up(site: &Site<'_>, row: &Row, live: &Listed) -> Result<(), WorkError> {
    let still = site.ledger.still().await.remove(&row.key);
    let Some(still) = still else { return Ok(()) };
    if let Some(workspace) = inside(site.taken, &live.outputs) {
        compute::refill(workspace, &still.pools).await?;
    }
    site.ledger.goes_on(&row.key).await
}

/// Waits, by being put off, until things may start again where something changed, and lets them.
pub(super) async fn over(site: &Site<'_>) -> Result<(), WorkError> {
    for (key, still) in site.ledger.still().await {
        let now = site.job.work.clock.now();
        let until = DateTime::<Utc>::from_timestamp_millis(still.until).unwrap_or_default();
        if now < until {
            return Err(WorkError::waits(format!(
                "nothing starts on {key} until {} UTC: it changed, and what starts earlier may not find its network",
                until.format("%H:%M:%S")
            )));
        }
        if let Some(workspace) = of_claim(site, &key) {
            compute::refill(workspace, &still.pools).await?;
        }
        site.ledger.goes_on(&key).await?;
    }
    Ok(())
}

/// Something that stands still for a change which has not ended; what it gives to others is not known until then. An apply
/// that was cut off right there comes again before.
pub(super) fn unsettled(job: &Job<'_>, env: &EnvName, taken: &Taken) -> Option<String> {
    let part = taken.parts.iter().find(|part| part.is_foundation())?;
    let still = part.ledgers.own.still();
    let changing = part.observed.objects.iter().find(|object| {
        let marker = object.listed.marker.as_ref();
        let ours = marker.is_some_and(|marker| {
            marker.pipeline == job.pipeline
                && marker.env == env.as_str()
                && still.contains_key(&ResourceKey::new(&object.kind, &marker.key))
        });
        let state = object.listed.outputs.get("state").and_then(Value::as_str);
        ours && state.is_some_and(|state| !matches!(state, "RUNNING" | "FAILED" | "BANNED"))
    })?;
    Some(format!(
        "{} {} is still being changed",
        changing.kind, changing.listed.name
    ))
}

/// The client of the workspace that the resource is.
fn of_claim<'s>(site: &'s Site<'_>, key: &ResourceKey) -> Option<&'s Workspace> {
    kind(&key.kind)?;
    let marker = site.marker(key);
    let mut objects = site.part.observed.objects.iter();
    let object = objects
        .find(|object| object.kind == key.kind && object.listed.marker.as_ref() == Some(&marker))?;
    inside(site.taken, &object.listed.outputs)
}

/// How things stand still, written at once.
impl Ledger<'_> {
    async fn stand_still(
        &self,
        key: &ResourceKey,
        note: impl FnOnce(&mut Still),
    ) -> Result<(), WorkError> {
        let mut still = self.still().await.remove(key).unwrap_or_default();
        note(&mut still);
        self.note_still(key, Some(still)).await
    }

    async fn goes_on(&self, key: &ResourceKey) -> Result<(), WorkError> {
        self.note_still(key, None).await
    }
}
