//! Private endpoint rules of network connectivity configurations: where serverless compute gets to without the internet.
//!
//! Whoever owns the other end accepts the connection, in seconds or never, so nothing waits for that, only for the end of
//! what the service does by itself; `connection_state` tells. An established rule that is removed is kept for some days, deactivated, and is nobody's then.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::ACCOUNT;
use crate::kinds::fields::{defaults, only, references};
use crate::kinds::listed::{id_text, millis, text};
use crate::kinds::rules::{Rules, patterns};
use crate::kinds::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError, Readiness,
    Reversibility, Said,
};

/// Private endpoint rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndpointRules;

const CONFIG: &str = "network_connectivity_config_id";
const CONFIGS: &str = "account_network_connectivity_configs";

/// The request of a create.
const SETTABLE: &[&str] = &["domain_names", "endpoint_service", "resource_names"];

/// What may change.
const CHANGES: [&str; 3] = ["domain_names", "enabled", "resource_names"];

const FIELDS: &[&str] = &[
    "domain_names",
    "enabled",
    "endpoint_service",
    CONFIG,
    "resource_names",
];

const OUTPUTS: &[&str] = &[
    "rule_id",
    "connection_state",
    "error_message",
    "vpc_endpoint_id",
];

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: FIELDS,
    name_field: "endpoint_service",
    defaults: defaults(&[("enabled", json!(true))], &[]),
    sets: patterns(&["domain_names", "resource_names"], &[]),
    references: references(&[(CONFIG, CONFIGS)], &[]),
    replace_on: patterns(&["endpoint_service", CONFIG], &[]),
    field_order: &[CONFIG, "endpoint_service", "domain_names", "resource_names"],
    ..Rules::default()
});

/// Of a rule, or of what stands beside it: how its connection is, where it will not become one.
fn broken(answer: &Value) -> Option<String> {
    let state = text(answer, "connection_state")?;
    let words = match state.as_str() {
        "CREATE_FAILED" => "it could not be made",
        "REJECTED" => "the other side rejected it",
        "DISCONNECTED" => "the other side took it away",
        "EXPIRED" => "the other side did not accept it in time",
        _ => return None,
    };
    let more = text(answer, "error_message").filter(|more| !more.is_empty());
    let more = more.map_or_else(String::new, |more| format!(": {more}"));
    Some(format!("the connection is {state}, {words}{more}"))
}

fn all(config: &str) -> String {
    format!("{ACCOUNT}/network-connectivity-configs/{config}/private-endpoint-rules")
}

/// The configuration in an id, and the rule.
fn split(id: &str) -> (&str, &str) {
    id.split_once('/').unwrap_or(("", id))
}

fn one(id: &str) -> String {
    let (config, rule) = split(id);
    format!("{}/{rule}", all(config))
}

fn change(id: &str, body: Map<String, Value>) -> Option<Call> {
    if body.is_empty() {
        return None;
    }
    let mask: Vec<&str> = body.keys().map(String::as_str).collect();
    let mask = mask.join(",");
    let call = Call::with_body(Method::Patch, one(id), Value::Object(body), true);
    Some(call.and_query("update_mask", &mask))
}

impl Kind for EndpointRules {
    fn name(&self) -> &'static str {
        "account_private_endpoint_rules"
    }

    fn singular(&self) -> &'static str {
        "account_private_endpoint_rule"
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn listing(&self) -> Listing {
        Listing::Below {
            parent: CONFIGS,
            list: |config| ListCall {
                adds: vec![(CONFIG, json!(config))],
                ..ListCall::new(&all(config), "items", "rule_id")
            },
        }
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, one(id))
    }

    fn pick(&self, id: &str, mut answer: Value) -> Option<Value> {
        let map = answer.as_object_mut()?;
        map.insert(CONFIG.to_owned(), json!(split(id).0));
        Some(answer)
    }

    fn below(&self, id: &str) -> Option<String> {
        Some(split(id).0.to_owned())
    }

    fn needs(&self, config: &Value) -> Vec<(&'static str, String)> {
        let config = text(config, CONFIG);
        config.map(|id| (CONFIGS, id)).into_iter().collect()
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let missing = |field| ReadError {
            kind: "account_private_endpoint_rule",
            field,
        };
        let config = text(answer, CONFIG).ok_or(missing(CONFIG))?;
        let rule = id_text(answer.get("rule_id")).ok_or(missing("rule_id"))?;
        if answer.get("deactivated") == Some(&json!(true)) {
            return Ok(None);
        }
        Ok(Some(Listed {
            id: format!("{config}/{rule}"),
            name: text(answer, "endpoint_service").unwrap_or_default(),
            marker: None,
            natural: None,
            config: RULES.normalise(&only(answer, FIELDS)),
            outputs: only(answer, OUTPUTS),
            creator: None,
            created_at: millis(answer, "creation_time"),
            modified_at: millis(answer, "updated_time"),
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        let id = text(config, CONFIG).unwrap_or_default();
        Call::post(&all(&id), only(config, SETTABLE), false)
    }

    /// A new rule is on, and its create cannot say otherwise.
    fn after_create(&self, id: &str, config: &Value, _marker: &Marker) -> Vec<Call> {
        let off = config.get("enabled") == Some(&json!(false));
        let body = only(config, &["enabled"]);
        let body = body.as_object().filter(|_| off).cloned();
        body.and_then(|body| change(id, body)).into_iter().collect()
    }

    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let (before, after) = (RULES.normalise(live), RULES.normalise(config));
        let wanted = CHANGES
            .into_iter()
            .filter(|field| live.is_null() || before.get(*field) != after.get(*field))
            .filter_map(|field| {
                let silent = match field {
                    "enabled" => Some(json!(true)),
                    // An empty list where there was one; nothing where there was none.
                    _ => before.get(field).map(|_| json!([])),
                };
                let value = config.get(field).cloned().or(silent)?;
                Some((field.to_owned(), value))
            });
        change(id, wanted.collect()).into_iter().collect()
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, one(id))]
    }

    fn created_id(&self, answer: &Value, config: &Value) -> Option<String> {
        let rule = id_text(answer.get("rule_id"))?;
        Some(format!("{}/{rule}", text(config, CONFIG)?))
    }

    /// `PENDING` is the other side's to end.
    fn readiness(&self, answer: &Value) -> Readiness {
        let state = text(answer, "connection_state");
        match (state.as_deref(), broken(answer)) {
            (_, Some(words)) => Readiness::Failed(words),
            (Some(state @ "CREATING"), None) => Readiness::Pending(state.to_owned()),
            (_, None) => Readiness::Ready,
        }
    }

    fn says(&self, outputs: &Value) -> Option<Said> {
        broken(outputs).map(Said::Broken)
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Compensable {
                loses: "the connection, which the other side has to accept again".to_owned(),
            },
        }
    }
}
