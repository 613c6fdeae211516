//! Changes that nothing may run on: what runs is stopped before, and nothing starts for a while after.
//!
//! What was stopped, and until when nothing starts, stands in the claims before it is done. So the wait is no sleep: the
//! apply is put off and comes again, also after a crash and in another process, until the time is over.

mod over;

use super::super::claims::Ledger;
use super::super::taken::{Part, Taken};
use super::super::{Job, WorkError};
use super::asleep;
use super::compute::{self, Running};
use super::settle;
use super::site::Site;
use hodman_clients::databricks::Workspace;
use hodman_core::ids::EnvName;
use hodman_model::bundle::ResourceKey;
use hodman_model::claims::Still;
use hodman_model::kinds::{AWS_KINDS, Kind, Listed, STACK_KINDS};
use hodman_model::plan::{ObservedObject, Row};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

pub(super) use over::{left, over, over_though};

/// What stops within this is waited for at once. For the rest the apply is put off: what waits must not hold the lane, and
/// is to be seen.
const STOPS_WITHIN: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What is in the workspace whose account object says this; none when it is none of the environment's own, so that nobody gave
/// us a key to it.
fn inside<'t>(taken: &'t Taken, outputs: &Value) -> Option<&'t Part> {
    let mut workspaces = taken.parts.iter().filter(|part| !part.is_foundation());
    workspaces.find(|part| is_at(&part.workspace, outputs))
}

/// Whether the workspace is where its account object says.
fn is_at(workspace: &Workspace, outputs: &Value) -> bool {
    let host = outputs.get("host").and_then(Value::as_str);
    host.is_some_and(|host| host.trim_end_matches('/') == workspace.host())
}

/// Shows what was paused in the workspace for a change as it was before: it is no difference to anybody.
pub(in super::super) fn show_as_before(
    ground: Option<&Part>,
    workspace: &Workspace,
    objects: &mut [ObservedObject],
) {
    let Some(ground) = ground else { return };
    for (key, still) in ground.ledgers.own.still() {
        let mut grounds = ground.observed.objects.iter();
        let here = grounds.any(|object| {
            let marker = object.listed.marker.as_ref();
            object.kind == key.kind
                && marker.is_some_and(|marker| marker.key == key.key)
                && is_at(workspace, &object.listed.outputs)
        });
        if here {
            still.show_as_before(objects);
        }
    }
}

/// Stops what runs in the workspace that is about to change, as the row says. Nothing when nothing has to stand still.
pub(super) async fn begin(site: &Site<'_>, row: &Row, live: &Listed) -> Result<(), WorkError> {
    if row.maintenance.is_none() {
        return Ok(());
    }
    let Some(part) = inside(site.taken, &live.outputs) else {
        tracing::info!(key = %row.key, "what runs there cannot be looked at: it is none of the environment's workspaces");
        return Ok(());
    };
    let workspace = &part.workspace;
    // Whoever waits for hours for the end of a run has not paused anything meanwhile.
    no_runs(site, row, workspace, &asleep::endless(site, part)).await?;
    asleep::fall(site, row, part).await?;
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        // Each time anew: one that began while the rest was stopped would be cut off.
        no_runs(site, row, workspace, &BTreeSet::new()).await?;
        let running = compute::running(workspace).await?;
        if running.is_empty() {
            return Ok(());
        }
        if began.elapsed() > STOPS_WITHIN {
            let what: Vec<&str> = running.iter().map(|one| one.what.as_str()).collect();
            return Err(WorkError::stands_still(format!(
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

/// That nobody's run would be cut off, unless the environment lets it, or the run is one of those that `never_end`.
async fn no_runs(
    site: &Site<'_>,
    row: &Row,
    workspace: &Workspace,
    never_end: &BTreeSet<String>,
) -> Result<(), WorkError> {
    if site.taken.environment.allow_destroy.contains(&row.key) {
        return Ok(());
    }
    let runs = compute::runs(workspace, never_end).await?;
    if runs.is_empty() {
        return Ok(());
    }
    let words = format!(
        "waits for {} in workspace {}, which would be cut off (`allow_destroy: [{}]` in the environment's file lets it go on)",
        runs.join(", "),
        workspace.name(),
        row.key
    );
    Err(match site.ledger.still().await.contains_key(&row.key) {
        true => WorkError::stands_still(words),
        false => WorkError::waits(words),
    })
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

/// Right before the request that changes it: until that has ended, and for as long after it as the kind says, nothing starts. A
/// crash after the request would forget it else.
pub(super) async fn hold(
    site: &Site<'_>,
    kind: &dyn Kind,
    row: &Row,
    live: &Listed,
    config: &Value,
) -> Result<(), WorkError> {
    let fields: Vec<String> = row.fields().collect();
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let Some(wanted) = kind.maintenance(&live.config, &fields) else {
        return Ok(());
    };
    if inside(site.taken, &live.outputs).is_none() {
        return Ok(());
    }
    site.ledger
        .stand_still(&row.key, |still| still.changing(config, wanted.hold))
        .await
}

/// Before a change is asked for: that the very same one was not seen to be in place already and taken back since, while nothing
/// started. It would be asked for again and again.
pub(super) async fn kept(
    site: &Site<'_>,
    kind: &dyn Kind,
    row: &Row,
    live: &Listed,
    config: &Value,
) -> Result<(), WorkError> {
    let still = site.ledger.still().await.remove(&row.key);
    if !still.is_some_and(|still| still.was_seen_as(config)) {
        return Ok(());
    }
    let fields: Vec<String> = row.fields().collect();
    let error = settle::went_back(site, kind, &live.id, &fields, config).await;
    Err(give_up(site, row, live, error).await)
}

/// Before something goes that a workspace may stand on: that none may go back any more to what it had. One that changed its ground
/// does that without a word, as long as nothing starts there.
pub(super) async fn settled(site: &Site<'_>, row: &Row) -> Result<(), WorkError> {
    if !is_ground(&row.key.kind) {
        return Ok(());
    }
    let now = site.job.work.clock.now().timestamp_millis();
    let mut still = site.ledger.still().await.into_iter();
    let open = still.find(|(_, still)| still.until == 0 || now < still.until);
    match open {
        Some((key, _)) => Err(WorkError::stands_still(format!(
            "stays until it is known that {key} keeps its change"
        ))),
        None => Ok(()),
    }
}

/// Whether workspaces stand on objects of that kind, directly or by what they stand on.
fn is_ground(kind: &str) -> bool {
    let workspaces = hodman_model::kinds::kind("account_workspaces");
    let references = workspaces.map(|kind| kind.rules().references.as_slice());
    let mut named = references.into_iter().flatten();
    let mut below = AWS_KINDS.iter().chain(STACK_KINDS);
    named.any(|reference| reference.kind == kind) || below.any(|of| of.name() == kind)
}

/// Right after the change was seen to have ended: it may have taken as long as the time that nothing starts after it.
pub(super) async fn ended(site: &Site<'_>, row: &Row) -> Result<(), WorkError> {
    if !site.ledger.still().await.contains_key(&row.key) {
        return Ok(());
    }
    let now = site.job.work.clock.now().timestamp_millis();
    let counts = |still: &mut Still| still.changed(now);
    site.ledger.stand_still(&row.key, counts).await
}

/// After a change that was refused or taken back, as `error` says: nothing has to stand still for it. Gives what is to be told.
pub(super) async fn give_up(
    site: &Site<'_>,
    row: &Row,
    live: &Listed,
    error: WorkError,
) -> WorkError {
    let still = site.ledger.still().await.remove(&row.key);
    let Some(still) = still else { return error };
    let given_back = async {
        if let Some(part) = inside(site.taken, &live.outputs) {
            asleep::wake(&part.workspace, &still).await?;
        }
        site.ledger.goes_on(&row.key).await
    };
    match given_back.await {
        Ok(()) => error,
        Err(left) if left.is_lease_lost() => left,
        Err(left) => WorkError::lasting(format!("{error}; {left}")),
    }
}

/// Whether anything is stopped by what the claims say.
pub(super) fn stands(taken: &Taken) -> bool {
    let ground = taken.parts.iter().find(|part| part.is_foundation());
    ground.is_some_and(|part| !part.ledgers.own.still().is_empty())
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
    Some(&inside(site.taken, &claimed(site, key)?.outputs)?.workspace)
}

/// The object that the resource is.
fn claimed<'s>(site: &'s Site<'_>, key: &ResourceKey) -> Option<&'s Listed> {
    let marker = site.marker(key);
    // What was taken over just now carried no mark when it was looked at.
    let mut rows = site.taken.plan.rows().map(|(_, row)| row);
    let id = rows
        .find(|row| row.key == *key)
        .and_then(|row| row.live_id.as_deref());
    let mut objects = site.part.observed.objects.iter();
    let object = objects.find(|object| {
        let listed = &object.listed;
        let is_it = listed.marker.as_ref() == Some(&marker) || Some(listed.id.as_str()) == id;
        object.kind == key.kind && is_it
    })?;
    Some(&object.listed)
}

/// How things stand still, written at once.
impl Ledger<'_> {
    pub(super) async fn stand_still(
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
