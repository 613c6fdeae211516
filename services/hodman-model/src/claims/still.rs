//! What stands still for a change, as the claims remember it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Claims;
use crate::bundle::ResourceKey;
use crate::digest::{Digest, canonical_json, sha256};

/// What stands still for a change of an object: remembered here, so that a crash neither forgets what was stopped nor starts
/// it too early.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Still {
    /// When things may start again, in milliseconds since 1970; 0 while the change is yet to be made or not yet seen to have ended.
    pub until: i64,
    /// How long nothing may start once the change is seen to have ended, in milliseconds; 0 when `until` says it already, or
    /// before the change was asked for.
    #[serde(default)]
    pub holds: i64,
    /// The digest of what was asked for; none before the change was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Digest>,
    /// By workspace and pool: how the pools were set that were emptied for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pools: BTreeMap<String, Value>,
    /// By job of ours: the settings by which it starts by itself, as they were before it was paused for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub jobs: BTreeMap<String, Value>,
    /// Continuous pipelines of ours that were stopped for it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub pipelines: BTreeSet<String>,
    /// Whether people were told that they have to give it back themselves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

impl Still {
    /// The change to `config` was asked for: from its end on nothing starts for so long.
    pub fn changing(&mut self, config: &Value, holds: std::time::Duration) {
        (self.until, self.holds) = (0, i64::try_from(holds.as_millis()).unwrap_or(i64::MAX));
        self.asked = Some(digest_of(config));
    }

    /// Whether the object was seen to be as `config` says: when it is not any more, the change was taken back since.
    #[must_use]
    pub fn was_seen_as(&self, config: &Value) -> bool {
        self.until != 0 && self.asked.as_ref() == Some(&digest_of(config))
    }

    /// How everything was that stands still, for people; empty when nothing does.
    #[must_use]
    pub fn words(&self) -> String {
        let pools = self
            .pools
            .iter()
            .map(|(id, keeps)| format!("pool {id}: {keeps}"));
        let jobs = self
            .jobs
            .iter()
            .map(|(id, starts)| format!("job {id}: {starts}"));
        let pipelines = self
            .pipelines
            .iter()
            .map(|id| format!("pipeline {id}: running"));
        let all: Vec<String> = pools.chain(jobs).chain(pipelines).collect();
        all.join("; ")
    }

    /// The change is seen to have ended at `now`, in milliseconds since 1970: the time runs from here on, unless it does already.
    pub fn changed(&mut self, now: i64) {
        if self.until == 0 {
            self.until = now.saturating_add(self.holds);
            self.holds = 0;
        }
    }
}

fn digest_of(config: &Value) -> Digest {
    sha256(canonical_json(config).as_bytes())
}

impl Claims {
    /// What stands still, by the resource that it is for.
    #[must_use]
    pub fn still(&self) -> BTreeMap<ResourceKey, Still> {
        self.claims
            .iter()
            .filter_map(|(key, claim)| Some((key.clone(), claim.still.clone()?)))
            .collect()
    }

    /// Notes what stands still for a change of a resource; none when everything may go on.
    pub fn stand_still(&mut self, key: &ResourceKey, still: Option<Still>) {
        self.claims.entry(key.clone()).or_default().still = still;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_runs_from_when_the_change_is_seen_to_have_ended_and_only_once() {
        let mut still = Still::default();
        let config = serde_json::json!({"network_id": "n"});
        still.changing(&config, std::time::Duration::from_mins(20));
        assert_eq!(still.until, 0, "the change is under way");
        assert!(!still.was_seen_as(&config), "nobody knows yet");
        let written = serde_json::to_value(&still).unwrap();
        assert_eq!(
            serde_json::from_value::<Still>(written).unwrap(),
            still,
            "a crash forgets nothing"
        );
        still.changed(5_000);
        assert_eq!((still.until, still.holds), (5_000 + 1_200_000, 0));
        assert!(still.was_seen_as(&config));
        let other = serde_json::json!({"network_id": "m"});
        assert!(
            !still.was_seen_as(&other),
            "another change is no going back"
        );
        still.changed(9_000);
        assert_eq!(still.until, 5_000 + 1_200_000);
        assert_eq!(still.words(), "");
        still
            .pools
            .insert("p".to_owned(), serde_json::json!({"min_idle_instances": 2}));
        still.pipelines.insert("l".to_owned());
        assert_eq!(
            still.words(),
            r#"pool p: {"min_idle_instances":2}; pipeline l: running"#
        );
        // What was stopped for a change that was never asked for need not wait.
        let mut stopped = Still::default();
        stopped.changed(7_000);
        assert_eq!(stopped.until, 7_000);
    }
}
