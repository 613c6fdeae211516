//! Secrets of a scope: `/api/2.0/secrets`. Config is `{scope, key, value}`, where `value` says where the value comes from
//! (`{env: NAME}`, `{file: …}`, `{aws_secrets_manager: …}`, `{aws_ssm: …}`); who applies it puts the text in its place, for
//! [`Kind::create`] and [`Kind::update`] only. The API never gives a value back, only when it was put last.
//!
//! Unity Catalog's secrets, which bundles have under the same word, are something else and not this.

pub use super::redaction::{REDACTED, is_secret_flag, looks_secret, masked, redact};

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::references;
use super::listed::{millis, text};
use super::permissions::Permissions;
use super::rules::{Rules, patterns};
use super::{
    Call, Captured, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Paging, ReadError,
    Reversibility,
};

/// Secrets.
#[derive(Clone, Copy, Debug)]
pub struct Secrets;

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: &["scope", "key", "value"],
    name_field: "key",
    write_only: patterns(&["value"], &[]),
    replace_on: patterns(&["scope", "key"], &[]),
    references: references(&[("scope", "secret_scopes")], &[]),
    field_order: &["scope", "key", "value"],
    ..Rules::default()
});

impl Kind for Secrets {
    fn name(&self) -> &'static str {
        "secrets"
    }

    fn singular(&self) -> &'static str {
        "secret"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        // Those of its scope.
        None
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        Some(format!(
            "{}/{}",
            text(config, "scope")?,
            text(config, "key")?
        ))
    }

    fn listing(&self) -> Listing {
        Listing::Below {
            parent: "secret_scopes",
            list: |scope| ListCall {
                query: vec![("scope".to_owned(), scope.to_owned())],
                paging: Paging::None,
                adds: vec![("scope", json!(scope))],
                ..ListCall::new("/api/2.0/secrets/list", "secrets", "key")
            },
        }
    }

    /// The list of its scope: the request for one secret would answer the value, which nobody wants to know.
    fn get(&self, id: &str) -> Call {
        Call::get("/api/2.0/secrets/list", "scope", split(id).0)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let missing = |field| ReadError {
            kind: "secret",
            field,
        };
        // The answer to `get` is a list, and empty without a word when there is none: it says that the scope is there,
        // not which secret was meant.
        if answer.get("key").is_none() {
            return Ok(None);
        }
        let scope = text(answer, "scope").ok_or(missing("scope"))?;
        let key = text(answer, "key").ok_or(missing("key"))?;
        let id = format!("{scope}/{key}");
        Ok(Some(Listed {
            natural: Some(id.clone()),
            id,
            config: json!({ "scope": scope, "key": key }),
            name: key,
            marker: None,
            outputs: json!({ "last_updated_timestamp": answer.get("last_updated_timestamp") }),
            creator: None,
            created_at: None,
            modified_at: millis(answer, "last_updated_timestamp"),
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        put(config)
    }

    fn update(&self, _id: &str, _live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        vec![put(config)]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        let (scope, key) = split(id);
        vec![Call::post(
            "/api/2.0/secrets/delete",
            json!({ "scope": scope, "key": key }),
            true,
        )]
    }

    fn created_id(&self, _answer: &Value, config: &Value) -> Option<String> {
        self.natural(config)
    }

    fn lies_in(&self, natural: &str) -> Option<(&'static str, String)> {
        Some(("secret_scopes", split(natural).0.to_owned()))
    }

    fn needs(&self, config: &Value) -> Vec<(&'static str, String)> {
        text(config, "scope")
            .map(|scope| ("secret_scopes", scope))
            .into_iter()
            .collect()
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create => Reversibility::Reversible,
            Change::Update => Reversibility::Compensable {
                loses: "the value that was there: it cannot be read back".to_owned(),
            },
            Change::Replace | Change::Delete => Reversibility::Irreversible {
                loses: "its value: it cannot be read back".to_owned(),
            },
        }
    }

    fn captured(&self) -> Captured {
        Captured::NameOnly
    }
}

/// Makes or changes it.
fn put(config: &Value) -> Call {
    Call::post(
        "/api/2.0/secrets/put",
        json!({
            "scope": config.get("scope"),
            "key": config.get("key"),
            "string_value": config.get("value"),
        }),
        true,
    )
}

/// Scope and key; a key has no slash in it.
fn split(id: &str) -> (&str, &str) {
    id.rsplit_once('/').unwrap_or((id, ""))
}
