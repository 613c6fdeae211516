//! Groups and service principals of the account, by SCIM. Workspaces let them in by permission assignments.
//!
//! A group's name is unique. Two service principals may have the same one, so they are claimed by id; the account gives
//! each its `applicationId`, by which others name it.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::ACCOUNT;
use crate::kinds::fields::{defaults, fills, only, references};
use crate::kinds::listed::{id_text, text};
use crate::kinds::rules::{Rules, patterns};
use crate::kinds::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError,
    Reversibility, scim,
};

/// One kind of members, as data.
#[derive(Debug)]
pub(super) struct Members {
    name: &'static str,
    singular: &'static str,
    resource: &'static str,
    schema: &'static str,
    settable: &'static [&'static str],
    /// Fields that are put back to what they are by default when the config is silent.
    reset: fn() -> Value,
    /// The field that no two of them share; empty when there is none.
    unique: &'static str,
    rules: fn() -> &'static Rules,
    loses: &'static str,
}

static GROUP_RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: GROUPS.settable,
    name_field: "displayName",
    volatile: scim::beside_values(&["members", "roles"]),
    // Who says nothing about members leaves them to others, such as an identity provider.
    server_fills: fills(
        &[("members", true), ("roles", true), ("externalId", false)],
        &[],
    ),
    given_back: patterns(&["externalId"], &[]),
    references: references(
        &[
            ("members.*.value", "account_service_principals"),
            ("members.*.value", "account_groups"),
        ],
        &[],
    ),
    sets: patterns(&["members", "roles"], &[]),
    said_empty: &["members", "roles"],
    list_keys: &[("members", "value"), ("roles", "value")],
    field_order: &["displayName", "members", "roles"],
    ..Rules::default()
});

/// Groups of the account.
pub(super) static GROUPS: Members = Members {
    name: "account_groups",
    singular: "account_group",
    resource: "Groups",
    schema: "urn:ietf:params:scim:schemas:core:2.0:Group",
    settable: &["displayName", "externalId", "members", "roles"],
    reset: || json!({}),
    unique: "displayName",
    rules: || &GROUP_RULES,
    loses: "its id, its members and whatever it was let do, in every workspace",
};

static PRINCIPAL_RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SERVICE_PRINCIPALS.settable,
    name_field: "displayName",
    volatile: scim::beside_values(&["roles"]),
    defaults: defaults(&[("active", json!(true))], &[]),
    server_fills: fills(&[("externalId", false), ("roles", true)], &[]),
    given_back: patterns(&["externalId"], &[]),
    sets: patterns(&["roles"], &[]),
    said_empty: &["roles"],
    list_keys: &[("roles", "value")],
    field_order: &["displayName", "active", "roles"],
    ..Rules::default()
});

/// Service principals of the account.
pub(super) static SERVICE_PRINCIPALS: Members = Members {
    name: "account_service_principals",
    singular: "account_service_principal",
    resource: "ServicePrincipals",
    schema: "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal",
    settable: &["active", "displayName", "externalId", "roles"],
    reset: || json!({"active": true}),
    unique: "",
    rules: || &PRINCIPAL_RULES,
    loses: "its application id, its secrets and whatever it was let do, in every workspace",
};

impl Members {
    fn root() -> String {
        format!("{ACCOUNT}/scim/v2")
    }

    fn all(&self) -> String {
        format!("{}/{}", Self::root(), self.resource)
    }
}

impl Kind for Members {
    fn name(&self) -> &'static str {
        self.name
    }

    fn singular(&self) -> &'static str {
        self.singular
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(config, self.unique)
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall {
            // The list of an account's groups does not tell their members.
            whole: self.resource != "Groups",
            ..scim::list(&Self::root(), self.resource)
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{}/{id}", self.all()))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let id = id_text(answer.get("id")).ok_or(ReadError {
            kind: self.singular,
            field: "id",
        })?;
        let outputs = match answer.get("applicationId") {
            Some(application) => json!({ "application_id": application }),
            None => Value::Null,
        };
        Ok(Some(Listed {
            id,
            name: text(answer, "displayName").unwrap_or_default(),
            marker: None,
            natural: self.natural(answer),
            config: self.rules().normalise(&only(answer, self.settable)),
            outputs,
            creator: None,
            created_at: None,
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        scim::create(&self.all(), self.schema, config, self.settable)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let mut before = crate::kinds::rules::as_map(live);
        before.extend(crate::kinds::rules::as_map(&(self.reset)()));
        let before = Value::Object(before);
        vec![scim::replace(
            &self.all(),
            self.schema,
            id,
            (&before, config),
            self.settable,
        )]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{}/{id}", self.all()))]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.get("id"))
    }

    fn rules(&self) -> &'static Rules {
        (self.rules)()
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Irreversible {
                loses: self.loses.to_owned(),
            },
        }
    }
}
