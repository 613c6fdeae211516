//! The differences that the last comparison found, each with whose doing it is.

use super::{configured, no_environment, state};
use crate::web::WebParts;
use crate::web::trouble::Trouble;
use crate::work::{DRIFT_BLOB, DriftReport};
use chrono::{DateTime, Utc};
use hodman_core::ids::{EnvName, PlanDigest};
use hodman_core::state::Found;
use serde::{Deserialize, Serialize};

/// What is known of an environment's differences.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DriftView {
    /// When it was compared last.
    pub compared_at: Option<DateTime<Utc>>,
    /// Why it could not be compared.
    pub error: Option<String>,
    /// Since when it differs.
    pub since: Option<DateTime<Utc>>,
    /// The plan that would put it right.
    pub plan: Option<PlanDigest>,
    /// Until when it counts as proposed.
    pub proposed_until: Option<DateTime<Utc>>,
    /// Who asked for it to be put back.
    #[serde(default)]
    pub heal_asked_by: Option<String>,
    /// Why nothing is done about it.
    pub note: Option<String>,
    /// The differences, those included of which nothing becomes; none when it was not compared since the last apply.
    pub report: Option<DriftReport>,
}

pub(in crate::web) async fn view(
    web: &WebParts,
    pipeline: &str,
    env: &str,
) -> Result<DriftView, Trouble> {
    configured(web, pipeline)?;
    let state = state(web, pipeline).await?.unwrap_or_default();
    let drift = &state
        .environments
        .get(&EnvName::from(env))
        .ok_or_else(|| no_environment(&state, env))?
        .drift;
    let found = drift.found.as_ref();
    let plan = found.and_then(|found| found.plan.digest.clone());
    let report = match &drift.report {
        Some(name) => {
            let bytes = web.store.get_blob(DRIFT_BLOB, name).await?;
            bytes
                .map(|bytes| serde_json::from_slice(&bytes))
                .transpose()?
        }
        None => None,
    };
    Ok(DriftView {
        compared_at: drift.last,
        error: drift.error.clone(),
        since: found.map(|found| found.since),
        plan,
        proposed_until: found.and_then(|found| found.until),
        heal_asked_by: drift.asked.as_ref().map(|asked| asked.by.clone()),
        note: found.and_then(|found: &Found| found.note.clone()),
        report,
    })
}
