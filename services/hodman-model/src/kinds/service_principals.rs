//! Service principals of a workspace, by SCIM. The server gives each an `applicationId`, by which permissions and `run_as`
//! name it; `displayName` is what it is found by, so two of one name are ambiguous.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::{defaults, fills, only};
use super::listed::{id_text, text};
use super::rules::{Rules, patterns};
use super::{
    Call, Change, Identity, Kind, Listed, Listing, Marker, Method, ReadError, Reversibility, scim,
};

/// Service principals.
#[derive(Clone, Copy, Debug)]
pub struct ServicePrincipals;

const PATH: &str = "/api/2.0/preview/scim/v2/ServicePrincipals";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal";

/// The request to create one. With an `applicationId`, one of the account is let into the workspace.
const SETTABLE: &[&str] = &[
    "active",
    "applicationId",
    "displayName",
    "entitlements",
    "externalId",
    "roles",
];

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "displayName",
    volatile: scim::beside_values(&["entitlements", "roles"]),
    defaults: defaults(&[("active", json!(true))], &[]),
    server_fills: fills(
        &[
            // Another one in every workspace that makes its own.
            ("applicationId", false),
            ("externalId", false),
            ("entitlements", true),
            ("roles", true),
        ],
        &[],
    ),
    given_back: patterns(&["externalId"], &[]),
    sets: patterns(&["entitlements", "roles"], &[]),
    replace_on: patterns(&["applicationId"], &[]),
    said_empty: &["entitlements", "roles"],
    list_keys: &[("entitlements", "value"), ("roles", "value")],
    field_order: &["displayName", "applicationId", "active", "entitlements"],
    ..Rules::default()
});

impl Kind for ServicePrincipals {
    fn name(&self) -> &'static str {
        "service_principals"
    }

    fn singular(&self) -> &'static str {
        "service_principal"
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(config, "displayName")
    }

    fn listing(&self) -> Listing {
        Listing::All(scim::list(scim::ROOT, "ServicePrincipals"))
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{PATH}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let id = id_text(answer.get("id")).ok_or(ReadError {
            kind: "service_principal",
            field: "id",
        })?;
        Ok(Some(Listed {
            id,
            name: text(answer, "displayName").unwrap_or_default(),
            marker: None,
            natural: self.natural(answer),
            config: RULES.normalise(&only(answer, SETTABLE)),
            // The name that bundles and the account API have for it.
            outputs: json!({ "application_id": answer.get("applicationId") }),
            creator: None,
            created_at: None,
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        scim::create(PATH, SCHEMA, config, SETTABLE)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let mut call = scim::replace(PATH, SCHEMA, id, (live, config), SETTABLE);
        // What is not said is the default, whatever it was before.
        if config.get("active").is_none()
            && let Some(body) = &mut call.body
        {
            body["active"] = json!(true);
        }
        vec![call]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{PATH}/{id}"))]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.get("id"))
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Irreversible {
                loses: "its application id, its secrets and every permission that was given to it"
                    .to_owned(),
            },
        }
    }
}
