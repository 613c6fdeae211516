//! Storage credentials: `/api/2.1/unity-catalog/storage-credentials`. Names are unique in the metastore.
//!
//! Of AWS: a role, or a Cloudflare token. The role's trust policy wants the `external_id` that the server makes, an output.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::fields::defaults;
use super::rules::{Rules, patterns};
use super::unity::{self, Securable, compensable};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, ReadError, Reversibility,
};

/// Storage credentials.
#[derive(Clone, Copy, Debug)]
pub struct StorageCredentials;

const SETTABLE: &[&str] = &[
    "aws_iam_role",
    "cloudflare_api_token",
    "comment",
    "isolation_mode",
    "name",
    "owner",
    "read_only",
    "skip_validation",
];

const API: Securable = Securable {
    singular: "storage_credential",
    path: "/api/2.1/unity-catalog/storage-credentials",
    items_field: "storage_credentials",
    create: &[
        "aws_iam_role",
        "cloudflare_api_token",
        "comment",
        "name",
        "read_only",
        "skip_validation",
    ],
    change: &[
        "aws_iam_role",
        "cloudflare_api_token",
        "comment",
        "isolation_mode",
        "owner",
        "read_only",
    ],
    outputs: &[],
};

/// What the server says about a role, for its trust policy.
const ROLE_OUTPUTS: &[&str] = &["external_id", "unity_catalog_iam_arn"];

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    volatile: patterns(
        &[
            "skip_validation",
            "aws_iam_role.external_id",
            "aws_iam_role.unity_catalog_iam_arn",
        ],
        &[],
    ),
    defaults: defaults(
        &[
            ("isolation_mode", json!("ISOLATION_MODE_OPEN")),
            ("read_only", json!(false)),
        ],
        &[],
    ),
    write_only: patterns(&["cloudflare_api_token.secret_access_key"], &[]),
    ..unity::rules(SETTABLE, &[])
});

impl Kind for StorageCredentials {
    fn name(&self) -> &'static str {
        "storage_credentials"
    }

    fn singular(&self) -> &'static str {
        API.singular
    }

    fn securable(&self) -> Option<&'static str> {
        Some("storage_credential")
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
        // Those have an id of their own, but every path wants the name.
        let mut outputs = Map::new();
        for field in ROLE_OUTPUTS {
            if let Some(value) = answer.pointer(&format!("/aws_iam_role/{field}")) {
                outputs.insert((*field).to_owned(), value.clone());
            }
        }
        listed.outputs = Value::Object(outputs);
        if let Some(token) = listed.config.get_mut("cloudflare_api_token")
            && let Some(token) = token.as_object_mut()
        {
            token.remove("secret_access_key");
        }
        Ok(Some(listed))
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
            compensable(
                "its external id, which the role's trust policy names; refused while locations use it",
            ),
        )
    }
}
