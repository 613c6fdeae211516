//! External locations: `/api/2.1/unity-catalog/external-locations`. Names are unique in the metastore.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::{defaults, fills};
use super::rules::{Rules, patterns};
use super::unity::{self, Securable, compensable};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, ReadError, Reversibility,
};

/// External locations.
#[derive(Clone, Copy, Debug)]
pub struct ExternalLocations;

const SETTABLE: &[&str] = &[
    "comment",
    "credential_name",
    "enable_file_events",
    "encryption_details",
    "fallback",
    "file_event_queue",
    "isolation_mode",
    "name",
    "owner",
    "read_only",
    "skip_validation",
    "url",
];

const API: Securable = Securable {
    singular: "external_location",
    path: "/api/2.1/unity-catalog/external-locations",
    items_field: "external_locations",
    create: &[
        "comment",
        "credential_name",
        "enable_file_events",
        "encryption_details",
        "fallback",
        "file_event_queue",
        "name",
        "read_only",
        "skip_validation",
        "url",
    ],
    // The PATCH takes the credential, the encryption and the queue, too. Changing them in place keeps the volumes and
    // tables below the location; a replacement would be refused because of them.
    change: &[
        "comment",
        "credential_name",
        "enable_file_events",
        "encryption_details",
        "fallback",
        "file_event_queue",
        "isolation_mode",
        "owner",
        "read_only",
        "url",
    ],
    outputs: &["credential_id", "effective_file_event_queue"],
};

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let mut rules = Rules {
        // Says how a request is checked; nothing of the location.
        volatile: patterns(&["skip_validation"], &[]),
        defaults: defaults(
            &[
                ("fallback", json!(false)),
                ("isolation_mode", json!("ISOLATION_MODE_OPEN")),
                ("read_only", json!(false)),
            ],
            &[],
        ),
        locations: patterns(&["url"], &[]),
        ..unity::rules(SETTABLE, &[])
    };
    rules.server_fills.extend(fills(
        &[
            // On by default in newer metastores; then the server makes a queue.
            ("enable_file_events", true),
            ("file_event_queue", false),
        ],
        &[],
    ));
    rules
});

impl Kind for ExternalLocations {
    fn name(&self) -> &'static str {
        "external_locations"
    }

    fn singular(&self) -> &'static str {
        API.singular
    }

    fn securable(&self) -> Option<&'static str> {
        Some("external_location")
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
        API.read(&RULES, answer).map(Some)
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        API.create(config)
    }

    fn after_create(&self, id: &str, config: &Value, _marker: &Marker) -> Vec<Call> {
        API.after_create(id, config)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let patch = API.update(&RULES, id, live, config);
        patch
            .map(|patch| unity::with_validation(patch, config))
            .into_iter()
            .collect()
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![API.delete(id)]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        API.created_id(answer)
    }

    fn needs(&self, config: &Value) -> Vec<(&'static str, String)> {
        unity::full_name(config, &["credential_name"])
            .map(|credential| ("storage_credentials", credential))
            .into_iter()
            .collect()
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn passing(&self, message: &str) -> bool {
        // The server tries the role, which is not known everywhere yet when it was made a moment ago.
        message.contains("AWS IAM role does not have")
            || message.contains("Failed to get credentials")
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        unity::reversibility(
            change,
            compensable("nothing in the bucket; refused while tables or volumes stand below it"),
        )
    }
}
