//! Connections to other databases: `/api/2.1/unity-catalog/connections`. Names are unique in the metastore.
//!
//! The server never returns passwords, tokens and keys; should one do so after all, it is dropped before anybody sees it.

use std::sync::LazyLock;

use serde_json::Value;

use super::fields::{fills, only};
use super::rules::{Rules, patterns};
use super::unity::{self, Securable, compensable};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError,
    Reversibility, redaction,
};

/// Connections.
#[derive(Clone, Copy, Debug)]
pub struct Connections;

const SETTABLE: &[&str] = &[
    "comment",
    "connection_type",
    "name",
    "options",
    "owner",
    "properties",
    "read_only",
    "secrets",
];

const API: Securable = Securable {
    singular: "connection",
    path: "/api/2.1/unity-catalog/connections",
    items_field: "connections",
    create: &[
        "comment",
        "connection_type",
        "name",
        "options",
        "properties",
        "read_only",
        "secrets",
    ],
    change: &["owner"],
    outputs: &["connection_id", "metastore_id", "url"],
};

/// Options that are secrets, of all connection types.
const SECRET_OPTIONS: &[&str] = &[
    "access_token",
    "bearer_token",
    "client_secret",
    "GoogleServiceAccountKeyJson",
    "password",
    "pem_private_key",
    "personalAccessToken",
    "refresh_token",
    "token",
];

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let hidden: Vec<String> = SECRET_OPTIONS
        .iter()
        .map(|option| format!("options.{option}"))
        .chain(["secrets".to_owned()])
        .collect();
    let hidden: Vec<&str> = hidden.iter().map(String::as_str).collect();
    let mut rules = Rules {
        write_only: patterns(&hidden, &[]),
        ..unity::rules(
            SETTABLE,
            &["connection_type", "comment", "properties", "read_only"],
        )
    };
    rules.server_fills.extend(fills(
        &[
            // Whatever the type of the connection has as defaults.
            ("options.*", true),
            ("properties.*", true),
            ("read_only", false),
        ],
        &[],
    ));
    rules
});

impl Kind for Connections {
    fn name(&self) -> &'static str {
        "connections"
    }

    fn singular(&self) -> &'static str {
        API.singular
    }

    fn securable(&self) -> Option<&'static str> {
        Some("connection")
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        unity::full_name(config, &["name"])
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall {
            query: vec![("max_results".to_owned(), "0".to_owned())],
            ..API.list("name")
        })
    }

    fn get(&self, id: &str) -> Call {
        API.get(id)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let mut listed = API.read(&RULES, answer)?;
        // `full_name` of a connection may hold its metastore; the path wants the name.
        listed.id.clone_from(&listed.name);
        listed.natural = Some(listed.name.to_lowercase());
        if let Some(config) = listed.config.as_object_mut() {
            config.remove("secrets");
            if let Some(options) = config.get_mut("options").and_then(Value::as_object_mut) {
                options.retain(|option, value| {
                    !SECRET_OPTIONS.contains(&option.as_str())
                        && !redaction::looks_secret(option, value.as_str().unwrap_or_default())
                });
            }
        }
        Ok(Some(listed))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        API.create(config)
    }

    fn after_create(&self, id: &str, config: &Value, _marker: &Marker) -> Vec<Call> {
        let mut calls = API.after_create(id, config);
        for body in calls.iter_mut().filter_map(|call| call.body.as_mut()) {
            if let (Value::Object(body), Value::Object(said)) = (body, asked_for(config)) {
                body.extend(said);
            }
        }
        calls
    }

    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let mut body = unity::changes(&RULES, API.change, live, config);
        if let Value::Object(said) = asked_for(config) {
            body.extend(said);
        }
        let path = format!("{}/{id}", API.path);
        vec![Call::with_body(
            Method::Patch,
            path,
            Value::Object(body),
            true,
        )]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![API.delete(id)]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        answer.get("name")?.as_str().map(str::to_owned)
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        unity::reversibility(
            change,
            compensable("secrets that were set by hand; refused while catalogs use it"),
        )
    }
}

/// The options are asked for in every PATCH, and with them their secrets.
fn asked_for(config: &Value) -> Value {
    only(config, &["options", "secrets"])
}
