//! Git credentials of the principal that we apply with: `/api/2.0/git-credentials`. The token is a reference, as the value
//! of a secret is ([`super::secrets`]), and never comes back.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::{fills, only};
use super::listed::{id_text, text};
use super::rules::{Rules, patterns, spelled};
use super::{
    Call, Captured, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, Paging,
    ReadError, Reversibility, git_providers,
};

/// Git credentials.
#[derive(Clone, Copy, Debug)]
pub struct GitCredentials;

const PATH: &str = "/api/2.0/git-credentials";

/// What the API answers of the create request.
const ANSWERED: &[&str] = &[
    "git_email",
    "git_provider",
    "git_username",
    "is_default_for_provider",
    "name",
];

const SETTABLE: &[&str] = &[
    "git_email",
    "git_provider",
    "git_username",
    "is_default_for_provider",
    "name",
    "personal_access_token",
    "principal_id",
];

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "name",
    // Whose credential it is: taken with the request, never answered.
    volatile: patterns(&["principal_id"], &[]),
    server_fills: fills(
        &[
            ("git_email", false),
            ("git_username", false),
            // The first one of a provider.
            ("is_default_for_provider", false),
            ("name", false),
        ],
        &[],
    ),
    given_back: patterns(&["is_default_for_provider", "name"], &[]),
    spellings: spelled(&patterns(&["git_provider"], &[]), git_providers::spelled),
    write_only: patterns(&["personal_access_token"], &[]),
    replace_on: patterns(&["git_provider"], &[]),
    ..Rules::default()
});

impl Kind for GitCredentials {
    fn name(&self) -> &'static str {
        "git_credentials"
    }

    fn singular(&self) -> &'static str {
        "git_credential"
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    /// Several credentials of one provider differ by name; one without a name is found by its id only.
    fn natural(&self, config: &Value) -> Option<String> {
        let provider = text(config, "git_provider")?.to_lowercase();
        Some(format!("{provider}/{}", text(config, "name")?))
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall {
            paging: Paging::None,
            ..ListCall::new(PATH, "credentials", "credential_id")
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{PATH}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let id = id_text(answer.get("credential_id")).ok_or(ReadError {
            kind: "git_credential",
            field: "credential_id",
        })?;
        Ok(Some(Listed {
            id,
            name: text(answer, "name")
                .or_else(|| text(answer, "git_provider"))
                .unwrap_or_default(),
            marker: None,
            natural: self.natural(answer),
            config: RULES.normalise(&only(answer, ANSWERED)),
            outputs: Value::Null,
            creator: None,
            created_at: None,
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        Call::post(PATH, only(config, SETTABLE), false)
    }

    fn update(&self, id: &str, _live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let mut body = only(config, SETTABLE);
        // What is left out stays: these words are none.
        for (field, none) in [
            ("is_default_for_provider", json!(false)),
            ("name", json!("")),
        ] {
            if body.get(field).is_some_and(Value::is_null) {
                body[field] = none;
            }
        }
        let path = format!("{PATH}/{id}");
        vec![Call::with_body(Method::Patch, path, body, true)]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{PATH}/{id}"))]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.get("credential_id"))
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create => Reversibility::Reversible,
            Change::Update => Reversibility::Compensable {
                loses: "the token that was there: it cannot be read back".to_owned(),
            },
            Change::Replace | Change::Delete => Reversibility::Irreversible {
                loses: "its token: it cannot be read back".to_owned(),
            },
        }
    }

    fn captured(&self) -> Captured {
        Captured::Never("it belongs to the one who reads it, and its token cannot be read")
    }
}
