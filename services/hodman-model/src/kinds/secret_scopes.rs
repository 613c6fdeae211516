//! Secret scopes: `/api/2.0/secrets/scopes`. A scope is known by its name, has no answer of its own but the list's, and
//! nothing of it can change.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::{defaults, only};
use super::listed::text;
use super::permissions::Permissions;
use super::rules::{Rules, patterns};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Paging, ReadError,
    Reversibility, secret_acls,
};

/// Secret scopes.
#[derive(Clone, Copy, Debug)]
pub struct SecretScopes;

/// As bundles and the list's answer say it; the create request has other words for the same.
const SETTABLE: &[&str] = &["backend_type", "keyvault_metadata", "name"];

static PERMISSIONS: Permissions = Permissions {
    object_type: secret_acls::TYPE,
    levels: &["READ", "WRITE", "MANAGE"],
    one_owner: false,
    id_output: None,
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "name",
    defaults: defaults(&[("backend_type", json!("DATABRICKS"))], &[]),
    // Only the one who creates a scope can say it, and nobody reads it back: access is what `permissions` say.
    volatile: patterns(&["initial_manage_principal"], &[]),
    replace_on: patterns(&["backend_type", "keyvault_metadata", "name"], &[]),
    ..Rules::default()
});

impl Kind for SecretScopes {
    fn name(&self) -> &'static str {
        "secret_scopes"
    }

    fn singular(&self) -> &'static str {
        "secret_scope"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(config, "name")
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall {
            paging: Paging::None,
            ..ListCall::new("/api/2.0/secrets/scopes/list", "scopes", "name")
        })
    }

    /// No request tells one scope; this one fails when there is none of that name.
    fn get(&self, id: &str) -> Call {
        Call::get("/api/2.0/secrets/list", "scope", id)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let Some(name) = text(answer, "name") else {
            // The answer to `get`: what the scope holds, nothing of itself.
            return match answer.get("backend_type") {
                None => Ok(None),
                Some(_) => Err(ReadError {
                    kind: "secret_scope",
                    field: "name",
                }),
            };
        };
        Ok(Some(Listed {
            id: name.clone(),
            natural: Some(name.clone()),
            name,
            marker: None,
            config: RULES.normalise(&only(answer, SETTABLE)),
            outputs: Value::Null,
            creator: None,
            created_at: None,
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        let mut body = json!({ "scope": config.get("name") });
        for (field, word) in [
            ("backend_type", "scope_backend_type"),
            ("keyvault_metadata", "backend_azure_keyvault"),
            ("initial_manage_principal", "initial_manage_principal"),
        ] {
            if let Some(value) = config.get(field) {
                body[word] = value.clone();
            }
        }
        // A second request is refused: the name is taken.
        Call::post("/api/2.0/secrets/scopes/create", body, false)
    }

    fn update(&self, _id: &str, _live: &Value, _config: &Value, _marker: &Marker) -> Vec<Call> {
        Vec::new()
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::post(
            "/api/2.0/secrets/scopes/delete",
            json!({ "scope": id }),
            true,
        )]
    }

    fn created_id(&self, _answer: &Value, config: &Value) -> Option<String> {
        self.natural(config)
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Irreversible {
                loses: "every secret in it: values cannot be read back".to_owned(),
            },
        }
    }
}
