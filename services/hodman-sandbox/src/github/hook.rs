//! Webhooks of repositories, organisations and Apps, and what was delivered to them.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::world::{World, stamp};

/// Whose events a hook hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HookTarget {
    Repository(u64),
    App(u64),
}

/// A webhook.
#[derive(Debug)]
pub(crate) struct Hook {
    pub id: u64,
    pub target: HookTarget,
    pub url: String,
    pub secret: Option<String>,
    pub events: Vec<String>,
    pub active: bool,
    pub content_type: String,
    pub deliveries: Vec<Delivery>,
}

/// One delivery: what was sent and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub id: u64,
    /// `X-GitHub-Delivery`; a redelivery keeps it.
    pub guid: String,
    pub event: String,
    pub action: Option<String>,
    pub redelivery: bool,
    pub delivered_at: DateTime<Utc>,
    pub installation: Option<u64>,
    pub repository: Option<u64>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub outcome: Outcome,
}

/// What came of a delivery.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// `OK`, `Invalid HTTP Response: 500`, `failed to connect to host`, `timed out`, or `pending`.
    pub status: String,
    /// Status of the receiver's answer, 0 without one.
    pub code: u16,
    /// Seconds.
    pub duration: f64,
    pub response: String,
}

/// The status of a delivery that is on its way.
const PENDING: &str = "pending";

impl Outcome {
    /// Of a delivery that is on its way.
    pub(crate) fn pending() -> Self {
        Self {
            status: PENDING.to_owned(),
            ..Self::default()
        }
    }

    /// Whether the delivery is on its way.
    pub(crate) fn is_pending(&self) -> bool {
        self.status == PENDING
    }

    /// Whether it was taken.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.code)
    }
}

impl Hook {
    pub(crate) fn new(
        id: u64,
        target: HookTarget,
        url: &str,
        secret: Option<String>,
        events: Vec<String>,
    ) -> Self {
        Self {
            id,
            target,
            url: url.to_owned(),
            secret: secret.filter(|secret| !secret.is_empty()),
            events,
            active: true,
            content_type: "json".to_owned(),
            deliveries: Vec::new(),
        }
    }

    pub(crate) fn repository(&self) -> Option<u64> {
        if let HookTarget::Repository(id) = self.target {
            Some(id)
        } else {
            None
        }
    }

    /// Apps always hear of their installations, whatever they subscribed to; `ping` reaches every hook.
    pub(crate) fn hears(&self, event: &str) -> bool {
        self.active
            && (self
                .events
                .iter()
                .any(|wanted| wanted == "*" || wanted == event)
                || event == "ping"
                || matches!(self.target, HookTarget::App(_)) && event.starts_with("installation"))
    }

    pub(crate) fn json(&self, api: &str, full_name: &str) -> Value {
        let mut config = Map::new();
        config.insert("url".into(), json!(self.url));
        config.insert("content_type".into(), json!(self.content_type));
        config.insert("insecure_ssl".into(), json!("0"));
        if self.secret.is_some() {
            config.insert("secret".into(), json!("********"));
        }
        let own = format!("{api}/repos/{full_name}/hooks/{}", self.id);
        let last = self
            .deliveries
            .last()
            .map(|delivery| delivery.outcome.clone())
            .unwrap_or_default();
        json!({
            "type": "Repository", "id": self.id, "name": "web", "active": self.active, "events": self.events, "config": config,
            "updated_at": "2026-01-01T00:00:00Z", "created_at": "2026-01-01T00:00:00Z", "url": own,
            "test_url": format!("{own}/test"), "ping_url": format!("{own}/pings"), "deliveries_url": format!("{own}/deliveries"),
            "last_response": {"code": (last.code != 0).then_some(last.code), "status": last.status, "message": null},
        })
    }
}

impl Delivery {
    /// As in the list of deliveries.
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id, "guid": self.guid, "delivered_at": stamp(self.delivered_at), "redelivery": self.redelivery,
            "duration": self.outcome.duration, "status": self.outcome.status, "status_code": self.outcome.code,
            "event": self.event, "action": self.action, "installation_id": self.installation,
            "repository_id": self.repository, "throttled_at": null,
        })
    }

    /// With request and response.
    pub(crate) fn full_json(&self) -> Value {
        let headers: Map<String, Value> = self
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let mut full = self.json();
        let payload: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        full["url"] = json!("");
        full["request"] = json!({"headers": headers, "payload": payload});
        full["response"] = json!({"headers": {}, "payload": self.outcome.response});
        full
    }
}

impl World {
    pub(crate) fn add_hook(
        &mut self,
        repo: u64,
        url: &str,
        secret: Option<String>,
        events: Vec<String>,
    ) -> u64 {
        let id = self.next_id();
        self.hooks.insert(
            id,
            Hook::new(id, HookTarget::Repository(repo), url, secret, events),
        );
        self.ping(id);
        id
    }

    /// Sends `ping` to one hook.
    pub(crate) fn ping(&mut self, hook: u64) {
        let Some(found) = self.hooks.get(&hook) else {
            return;
        };
        let repo = found.repository();
        let full_name = repo
            .and_then(|id| self.repo(id).ok())
            .map_or_else(String::new, super::world::Repo::full_name);
        let mut payload = json!({"zen": "Keep it logically awesome.", "hook_id": hook, "hook": found.json(&self.base_url, &full_name)});
        if let Some(repo) = repo.and_then(|id| self.repo_json(id).ok()) {
            payload["repository"] = repo;
        }
        payload["sender"] = self.user_json("ghost");
        self.send(hook, "ping", None, &payload, repo, None);
    }

    pub(crate) fn delivery(&self, hook: u64, delivery: u64) -> Option<&Delivery> {
        self.hooks
            .get(&hook)?
            .deliveries
            .iter()
            .find(|found| found.id == delivery)
    }

    /// Sends an earlier delivery again, with the same GUID and body; the new delivery's id.
    pub(crate) fn redeliver(&mut self, hook: u64, delivery: u64) -> Option<u64> {
        let mut again = self.delivery(hook, delivery)?.clone();
        again.id = self.next_id();
        again.redelivery = true;
        again.delivered_at = self.now();
        let id = again.id;
        self.hand_over(hook, again);
        Some(id)
    }
}
