//! Groups of a workspace, by SCIM. Their `displayName` is unique.
//!
//! Members are ids (`members: [{value: "…"}]`), best written as references: a person's id is not the same in every
//! workspace. Groups that come from the account can be seen in a workspace but not changed there; the API says so.

use std::sync::LazyLock;

use serde_json::Value;

use super::fields::{fills, only, references};
use super::listed::{id_text, text};
use super::rules::{Rules, patterns};
use super::{
    Call, Change, Identity, Kind, Listed, Listing, Marker, Method, ReadError, Reversibility, scim,
};

/// Groups.
#[derive(Clone, Copy, Debug)]
pub struct Groups;

const PATH: &str = "/api/2.0/preview/scim/v2/Groups";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The request to create one.
const SETTABLE: &[&str] = &[
    "displayName",
    "entitlements",
    "externalId",
    "members",
    "roles",
];

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "displayName",
    volatile: scim::beside_values(&["members", "entitlements", "roles"]),
    // Who says nothing about members leaves them to others.
    server_fills: fills(
        &[
            ("members", true),
            ("entitlements", true),
            ("roles", true),
            ("externalId", false),
        ],
        &[],
    ),
    given_back: patterns(&["externalId"], &[]),
    references: references(
        &[
            ("members.*.value", "service_principals"),
            ("members.*.value", "groups"),
        ],
        &[],
    ),
    sets: patterns(&["members", "entitlements", "roles"], &[]),
    said_empty: &["members", "entitlements", "roles"],
    list_keys: &[
        ("members", "value"),
        ("entitlements", "value"),
        ("roles", "value"),
    ],
    field_order: &["displayName", "members", "entitlements", "roles"],
    ..Rules::default()
});

impl Kind for Groups {
    fn name(&self) -> &'static str {
        "groups"
    }

    fn singular(&self) -> &'static str {
        "group"
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(config, "displayName")
    }

    fn listing(&self) -> Listing {
        Listing::All(scim::list(scim::ROOT, "Groups"))
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{PATH}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let id = id_text(answer.get("id")).ok_or(ReadError {
            kind: "group",
            field: "id",
        })?;
        let name = text(answer, "displayName").unwrap_or_default();
        // The two that every workspace has; one holds everybody, the other decides who may do everything.
        if matches!(name.as_str(), "users" | "admins") {
            return Ok(None);
        }
        Ok(Some(Listed {
            id,
            name,
            marker: None,
            natural: self.natural(answer),
            config: RULES.normalise(&only(answer, SETTABLE)),
            outputs: Value::Null,
            creator: None,
            created_at: None,
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        scim::create(PATH, SCHEMA, config, SETTABLE)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        vec![scim::replace(PATH, SCHEMA, id, (live, config), SETTABLE)]
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
                loses: "its id, its members and every permission that was given to it".to_owned(),
            },
        }
    }
}
