//! Whether the lists of who may reach the account console are heeded: one switch for the account, beside the lists.
//!
//! It has a version, which a change has to name: somebody else's change in between is refused, not written over. Nothing is asked for
//! when it leaves Git: whoever takes the lists away lets everybody in, and with the switch nobody would be shut out by that.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::ACCOUNT;
use crate::kinds::fields::{defaults, references};
use crate::kinds::rules::{Rules, patterns};
use crate::kinds::{
    Call, Change, Identity, Kind, Listed, Listing, Marker, Method, ReadError, Reversibility,
};

/// The switch.
#[derive(Clone, Copy, Debug)]
pub(super) struct IpAccessEnforcements;

const SETTING: &str = "acct_ip_acl_enable";

/// There is one for each account.
const ID: &str = "default";

/// In the managed form of a live one, and in no comparison.
const VERSION: &str = "etag";

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: &["enabled", "lists"],
    name_field: "enabled",
    defaults: defaults(&[("enabled", json!(true))], &[]),
    // The lists are named so that they are there first: heeded without them, or with half of them, it shuts people out.
    volatile: patterns(&["lists", VERSION], &[]),
    references: references(&[("lists.*", "account_ip_access_lists")], &[]),
    field_order: &["enabled", "lists"],
    ..Rules::default()
});

fn path() -> String {
    format!("{ACCOUNT}/settings/types/{SETTING}/names/{ID}")
}

/// The change of one that was read as `live`; null where nobody knows.
fn set(live: &Value, config: &Value) -> Call {
    let enabled = config.get("enabled").cloned().unwrap_or(json!(true));
    let mut setting = Map::new();
    setting.insert(SETTING.to_owned(), json!({ "value": enabled }));
    if let Some(version) = live.get(VERSION) {
        setting.insert(VERSION.to_owned(), version.clone());
    }
    let mask = format!("{SETTING}.value");
    let body = json!({"allow_missing": true, "setting": setting, "field_mask": mask});
    Call::with_body(Method::Patch, path(), body, true)
}

impl Kind for IpAccessEnforcements {
    fn name(&self) -> &'static str {
        "account_ip_access_enforcements"
    }

    fn singular(&self) -> &'static str {
        "account_ip_access_enforcement"
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, _config: &Value) -> Option<String> {
        Some(ID.to_owned())
    }

    fn always_there(&self) -> bool {
        true
    }

    fn listing(&self) -> Listing {
        Listing::ByName
    }

    fn get(&self, _id: &str) -> Call {
        Call::plain(Method::Get, path())
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let enabled = answer.pointer(&format!("/{SETTING}/value"));
        let enabled = enabled.cloned().unwrap_or(json!(false));
        let mut config = json!({ "enabled": enabled });
        if let Some(version) = answer.get(VERSION) {
            config[VERSION] = version.clone();
        }
        Ok(Some(Listed {
            id: ID.to_owned(),
            name: ID.to_owned(),
            marker: None,
            natural: Some(ID.to_owned()),
            config,
            outputs: Value::Null,
            creator: None,
            created_at: None,
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        set(&Value::Null, config)
    }

    fn create_over(&self, live: &Value, config: &Value) -> Option<Call> {
        Some(set(live, config))
    }

    fn update(&self, _id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        vec![set(live, config)]
    }

    fn delete(&self, _id: &str, _live: &Value) -> Vec<Call> {
        Vec::new()
    }

    fn created_id(&self, _answer: &Value, _config: &Value) -> Option<String> {
        Some(ID.to_owned())
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, _change: Change, _config: &Value) -> Reversibility {
        Reversibility::Reversible
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_the_version_that_was_read_and_versions_make_no_difference() {
        let kind = IpAccessEnforcements;
        let answer = |etag: &str| json!({"etag": etag, "setting_name": "default", SETTING: {"value": false}});
        let live = kind.read(&answer("v-1")).unwrap().unwrap().config;
        let later = kind.read(&answer("v-2")).unwrap().unwrap().config;
        assert_eq!(RULES.normalise(&live), RULES.normalise(&later));
        let wanted =
            json!({"enabled": true, "lists": ["${resources.account_ip_access_lists.a.id}"]});
        assert_ne!(RULES.normalise(&live), RULES.normalise(&wanted));
        // Heeded is what it is where nobody says anything.
        assert_eq!(RULES.normalise(&wanted), json!({}));
        for call in [
            kind.create_over(&live, &wanted).unwrap(),
            kind.update(ID, &live, &wanted, &marker())[0].clone(),
        ] {
            let body = call.body.unwrap();
            assert_eq!(body["setting"]["etag"], "v-1");
            assert_eq!(body["setting"][SETTING], json!({"value": true}));
            assert_eq!(body["setting"].get("lists"), None);
        }
    }

    fn marker() -> Marker {
        Marker {
            pipeline: "p".into(),
            env: "e".into(),
            key: "k".into(),
        }
    }
}
