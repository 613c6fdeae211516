//! Model serving endpoints: `/api/2.0/serving-endpoints`. Names are unique in the workspace, and the paths want them.
//!
//! Secrets in a config are references, `{{secrets/scope/key}}`. What is given in clear (`…_plaintext`) is never returned.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::fields::{defaults, fills, only};
use super::listed::{id_text, millis, text};
use super::pattern::Pattern;
use super::permissions::Permissions;
use super::rules::{Form, Rules, Spelling, Unnamed, as_map, patterns};
use super::unity::{changes, compensable};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError, Readiness,
    Reversibility, served_entities, tag_list,
};

/// Model serving endpoints.
#[derive(Clone, Copy, Debug)]
pub struct ModelServingEndpoints;

const SETTABLE: &[&str] = &[
    "ai_gateway",
    "budget_policy_id",
    "config",
    "description",
    "email_notifications",
    "name",
    "rate_limits",
    "route_optimized",
    "tags",
    "telemetry_config",
];

const ROOT: &str = "/api/2.0/serving-endpoints";

/// The request that changes a field in place: method, end of the path, and the field of its body when it is not the
/// value itself. Each starts work of its own, so only what differs is sent.
const IN_PLACE: &[(&str, Method, &str, Option<&str>)] = &[
    ("config", Method::Put, "config", None),
    ("ai_gateway", Method::Put, "ai-gateway", None),
    (
        "email_notifications",
        Method::Patch,
        "notifications",
        Some("email_notifications"),
    ),
    (
        "telemetry_config",
        Method::Patch,
        "telemetry-config",
        Some("telemetry_config"),
    ),
    (
        "rate_limits",
        Method::Put,
        "rate-limits",
        Some("rate_limits"),
    ),
];

/// Secrets of external models that can be given in clear, below `external_model`.
const PLAINTEXT: &[&str] = &[
    "ai21labs_config.ai21labs_api_key_plaintext",
    "amazon_bedrock_config.aws_access_key_id_plaintext",
    "amazon_bedrock_config.aws_secret_access_key_plaintext",
    "anthropic_config.anthropic_api_key_plaintext",
    "cohere_config.cohere_api_key_plaintext",
    "custom_provider_config.api_key_auth.value_plaintext",
    "custom_provider_config.bearer_token_auth.token_plaintext",
    "databricks_model_serving_config.databricks_api_token_plaintext",
    "google_cloud_vertex_ai_config.private_key_plaintext",
    "openai_config.openai_api_key_plaintext",
    "openai_config.microsoft_entra_client_secret_plaintext",
    "palm_config.palm_api_key_plaintext",
];

static PERMISSIONS: Permissions = Permissions {
    object_type: "serving-endpoints",
    levels: &["CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"],
    one_owner: false,
    id_output: Some("endpoint_id"),
};

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let plaintext: Vec<String> = PLAINTEXT
        .iter()
        .map(|field| format!("config.served_entities.*.external_model.{field}"))
        .collect();
    let mut write_only: Vec<&str> = plaintext.iter().map(String::as_str).collect();
    // Taken and never returned; the limits are of before `ai_gateway`.
    write_only.extend([
        "config.served_entities.*.burst_scaling_enabled",
        "rate_limits",
        "telemetry_config.table_names",
    ]);
    Rules {
        settable: SETTABLE,
        name_field: "name",
        tags_field: "tags",
        volatile: patterns(
            &[
                "config.config_version",
                "config.name",
                "config.auto_capture_config.state",
                "config.served_entities.*.creation_timestamp",
                "config.served_entities.*.creator",
                "config.served_entities.*.foundation_model",
                "config.served_entities.*.state",
                // Taken once, when the endpoint is made, and never returned.
                "budget_policy_id",
                "telemetry_config.inference_table_config.name",
            ],
            &[],
        ),
        defaults: defaults(
            &[
                ("route_optimized", json!(false)),
                (
                    "config.served_entities.*.scale_to_zero_enabled",
                    json!(false),
                ),
            ],
            &[],
        ),
        spellings: vec![Spelling {
            at: Pattern::new("config.traffic_config.routes.*"),
            form: Form::Any(served_entities::name_route),
        }],
        server_fills: fills(
            &[
                ("config.served_entities.*.name", false),
                ("config.served_entities.*.workload_type", true),
                // Where neither it nor a throughput is said (terraform-provider-databricks, serving/resource_model_serving.go).
                ("config.served_entities.*.workload_size", true),
                ("config.auto_capture_config.enabled", true),
                // The endpoint's name (the same file: computed).
                ("config.auto_capture_config.table_name_prefix", true),
                ("config.traffic_config", true),
                ("telemetry_config", false),
            ],
            &[],
        ),
        given_back: patterns(
            &[
                "config.served_entities.*.workload_type",
                "config.served_entities.*.workload_size",
                "config.auto_capture_config.enabled",
                "config.traffic_config",
                "telemetry_config",
            ],
            &[],
        ),
        write_only: patterns(&write_only, &[]),
        replace_on: patterns(
            &[
                "name",
                "description",
                "route_optimized",
                "config.auto_capture_config.catalog_name",
                "config.auto_capture_config.schema_name",
                "config.auto_capture_config.table_name_prefix",
            ],
            &[],
        ),
        list_keys: &[
            ("tags", "key"),
            ("served_entities", "name"),
            ("routes", "served_model_name"),
        ],
        unnamed: &[Unnamed {
            list: "/config/served_entities",
            field: "name",
            known_by: &["/entity_name", "/entity_version", "/external_model/name"],
            name: served_entities::name,
        }],
        field_order: &["name", "description", "config"],
        ..Rules::default()
    }
});

impl Kind for ModelServingEndpoints {
    fn name(&self) -> &'static str {
        "model_serving_endpoints"
    }

    fn singular(&self) -> &'static str {
        "model_serving_endpoint"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Tags
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(config, "name")
    }

    fn listing(&self) -> Listing {
        // Lists cut the config down to names and versions.
        Listing::All(ListCall {
            whole: false,
            paging: super::Paging::None,
            ..ListCall::new(ROOT, "endpoints", "name")
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{ROOT}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let name = text(answer, "name").ok_or(ReadError {
            kind: "model_serving_endpoint",
            field: "name",
        })?;
        // Endpoints of foundation models that every workspace has; nobody else may use the prefix.
        if name.starts_with("databricks-") {
            return Ok(None);
        }
        let mut config = as_map(&only(answer, SETTABLE));
        // While an update runs, what was asked for stands apart.
        let coming = answer
            .get("pending_config")
            .filter(|_| update(answer) == Some("IN_PROGRESS"));
        if let Some(coming) = coming {
            let mut coming = as_map(coming);
            coming.remove("start_time");
            config.insert("config".to_owned(), Value::Object(coming));
        }
        // The old form of the same, which the API repeats.
        if let Some(config) = config.get_mut("config").and_then(Value::as_object_mut)
            && config.contains_key("served_entities")
        {
            config.remove("served_models");
        }
        config.insert(
            "tags".to_owned(),
            tag_list::without_marker(answer.get("tags"), |_, _| false),
        );
        let mut outputs = as_map(&only(answer, &["endpoint_url"]));
        if let Some(id) = id_text(answer.get("id")) {
            outputs.insert("endpoint_id".to_owned(), json!(id));
        }
        Ok(Some(Listed {
            id: name.clone(),
            natural: Some(name.clone()),
            name,
            marker: tag_list::marker(answer.get("tags")),
            config: RULES.normalise(&Value::Object(config)),
            outputs: Value::Object(outputs),
            creator: text(answer, "creator"),
            created_at: millis(answer, "creation_timestamp"),
            modified_at: millis(answer, "last_updated_timestamp"),
        }))
    }

    fn create(&self, config: &Value, marker: &Marker) -> Call {
        let mut body = as_map(&only(config, SETTABLE));
        if let Some(config) = body.get_mut("config") {
            served_entities::say_scaling(config);
        }
        body.insert(
            "tags".to_owned(),
            tag_list::with_marker(config.get("tags"), marker),
        );
        Call::post(ROOT, Value::Object(body), false)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, marker: &Marker) -> Vec<Call> {
        let mut calls = Vec::new();
        let (set, gone) = tag_list::changes(live.get("tags"), config.get("tags"), marker);
        calls.push(Call::with_body(
            Method::Patch,
            format!("{ROOT}/{id}/tags"),
            json!({ "add_tags": set, "delete_tags": gone }),
            true,
        ));
        for (field, method, part, inside) in IN_PLACE {
            let changed = changes(&RULES, &[field], live, config);
            let Some(mut value) = changed.get(*field).cloned() else {
                continue;
            };
            // The config is said as a whole, and a body without the field takes it away.
            let inside = inside.filter(|_| !value.is_null());
            served_entities::say_scaling(&mut value);
            let body = match inside {
                Some(inside) => Map::from_iter([((*inside).to_owned(), value)]),
                None => as_map(&value),
            };
            let path = format!("{ROOT}/{id}/{part}");
            calls.push(Call::with_body(*method, path, Value::Object(body), true));
        }
        calls
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{ROOT}/{id}"))]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        text(answer, "name")
    }

    fn follow(&self, id: &str, call: &Call, _answer: &Value) -> Option<Call> {
        (call.path == format!("{ROOT}/{id}/config")).then(|| self.get(id))
    }

    fn passing(&self, message: &str) -> bool {
        message.contains("being updated") || message.contains("update in progress")
    }

    fn readiness(&self, answer: &Value) -> Readiness {
        match update(answer) {
            Some(state @ ("UPDATE_FAILED" | "UPDATE_CANCELED")) => {
                Readiness::Failed(format!("{state}{}", why(answer)))
            }
            Some(state @ "IN_PROGRESS") => Readiness::Pending(state.to_owned()),
            Some(_) => Readiness::Ready,
            None => Readiness::Pending("NOT_READY".to_owned()),
        }
    }

    fn needs(&self, config: &Value) -> Vec<(&'static str, String)> {
        let served = config.pointer("/config/served_entities");
        served
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|entity| text(entity, "entity_name"))
            .map(|name| {
                if name.contains('.') {
                    ("registered_models", name.to_lowercase())
                } else {
                    ("models", name)
                }
            })
            .collect()
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        let gone = compensable("its id, and answers until another is ready");
        super::unity::reversibility(change, gone)
    }
}

/// What the API says about the last update of the config.
fn update(answer: &Value) -> Option<&str> {
    answer.pointer("/state/config_update")?.as_str()
}

/// What the served entities of the config that failed say, with a colon in front; nothing when none says anything.
fn why(answer: &Value) -> String {
    let failed = answer.get("pending_config").or(answer.get("config"));
    let entities = failed.and_then(|config| config.get("served_entities")?.as_array());
    let words: Vec<String> = entities
        .into_iter()
        .flatten()
        .filter_map(|entity| {
            let words = text(entity.get("state")?, "deployment_state_message")?;
            let name = text(entity, "name").unwrap_or_default();
            (!words.is_empty()).then(|| format!("{name}: {words}"))
        })
        .collect();
    match words.is_empty() {
        true => String::new(),
        false => format!(": {}", words.join("; ")),
    }
}
