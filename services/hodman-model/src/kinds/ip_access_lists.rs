//! IP access lists: `/api/2.0/ip-access-lists`. They take effect when `workspace_conf` says `enableIpAccessLists: "true"`.
//!
//! A list that would shut out the address that asks is refused with `INVALID_STATE`: the daemon's own way out of its
//! network has to stand in an `ALLOW` list before the first `BLOCK` list, and before the switch is turned on. Changes
//! take minutes to reach every part of a workspace. All lists together hold at most 1,000 addresses.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::{defaults, only};
use super::listed::{id_text, millis, text};
use super::rules::{Rules, as_map, patterns};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, Paging, ReadError,
    Reversibility,
};

/// IP access lists.
#[derive(Clone, Copy, Debug)]
pub struct IpAccessLists;

const PATH: &str = "/api/2.0/ip-access-lists";

/// The request that replaces one; the one that creates it does not know `enabled`.
const SETTABLE: &[&str] = &["enabled", "ip_addresses", "label", "list_type"];

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "label",
    defaults: defaults(&[("enabled", json!(true))], &[]),
    sets: patterns(&["ip_addresses"], &[]),
    field_order: &["label", "list_type", "enabled", "ip_addresses"],
    ..Rules::default()
});

impl Kind for IpAccessLists {
    fn name(&self) -> &'static str {
        "ip_access_lists"
    }

    fn singular(&self) -> &'static str {
        "ip_access_list"
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    /// Nothing says that labels are unique, but two lists of one label are a mistake.
    fn natural(&self, config: &Value) -> Option<String> {
        text(config, "label")
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall {
            paging: Paging::None,
            ..ListCall::new(PATH, "ip_access_lists", "list_id")
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{PATH}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        // The list has them bare, the request for one in an envelope.
        let list = answer.get("ip_access_list").unwrap_or(answer);
        let id = id_text(list.get("list_id")).ok_or(ReadError {
            kind: "ip_access_list",
            field: "list_id",
        })?;
        Ok(Some(Listed {
            id,
            name: text(list, "label").unwrap_or_default(),
            marker: None,
            natural: self.natural(list),
            config: RULES.normalise(&only(list, SETTABLE)),
            outputs: Value::Null,
            // Who made it is said by a number, which is nobody's name.
            creator: None,
            created_at: millis(list, "created_at"),
            modified_at: millis(list, "updated_at"),
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        Call::post(
            PATH,
            only(config, &["ip_addresses", "label", "list_type"]),
            false,
        )
    }

    fn after_create(&self, id: &str, config: &Value, _marker: &Marker) -> Vec<Call> {
        if config.get("enabled") != Some(&json!(false)) {
            return Vec::new();
        }
        vec![Call::with_body(
            Method::Patch,
            format!("{PATH}/{id}"),
            json!({ "enabled": false }),
            true,
        )]
    }

    fn update(&self, id: &str, _live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let mut body = as_map(&only(config, SETTABLE));
        body.entry("enabled").or_insert(json!(true));
        body.entry("ip_addresses").or_insert(json!([]));
        vec![Call::with_body(
            Method::Put,
            format!("{PATH}/{id}"),
            Value::Object(body),
            true,
        )]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{PATH}/{id}"))]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.pointer("/ip_access_list/list_id"))
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Compensable {
                loses: "its id; who may reach the workspace changes at once".to_owned(),
            },
        }
    }
}
