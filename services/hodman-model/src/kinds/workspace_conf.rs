//! Switches of a workspace: `/api/2.0/workspace-conf`. Config is the mapping itself, `{enableIpAccessLists: "true"}`; all
//! values are texts. Only the keys that it names are asked for, compared and set; they are what it is known by, so two
//! resources may each have keys of their own. Nothing can be removed: a key that is no longer named stays as it is.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

use super::rules::{Rules, as_map, patterns};
use super::{
    Call, Captured, Change, Identity, Kind, Listed, Listing, Marker, Method, ReadError,
    Reversibility,
};

/// Switches of a workspace.
#[derive(Clone, Copy, Debug)]
pub struct WorkspaceConf;

const PATH: &str = "/api/2.0/workspace-conf";

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    texts: patterns(&["*"], &[]),
    // Nothing is lost: a removal asks for nothing, and making it sets every key that is named.
    known_by_fields: true,
    ..Rules::default()
});

impl Kind for WorkspaceConf {
    fn name(&self) -> &'static str {
        "workspace_conf"
    }

    fn singular(&self) -> &'static str {
        "workspace_conf"
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    /// Its keys, sorted, with commas between them.
    fn natural(&self, config: &Value) -> Option<String> {
        let config = config.as_object()?;
        let keys: BTreeSet<&str> = config.keys().map(String::as_str).collect();
        (!keys.is_empty()).then(|| keys.into_iter().collect::<Vec<_>>().join(","))
    }

    fn always_there(&self) -> bool {
        true
    }

    fn listing(&self) -> Listing {
        Listing::ByName
    }

    fn get(&self, id: &str) -> Call {
        Call::get(PATH, "keys", id)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        // The answer repeats every key that was asked for; null was never set.
        let Some(keys) = self.natural(answer) else {
            return Ok(None);
        };
        Ok(Some(Listed {
            id: keys.clone(),
            name: keys.clone(),
            marker: None,
            natural: Some(keys),
            config: RULES.normalise(answer),
            outputs: Value::Null,
            creator: None,
            created_at: None,
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        set(config)
    }

    fn update(&self, _id: &str, _live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        vec![set(config)]
    }

    fn delete(&self, _id: &str, _live: &Value) -> Vec<Call> {
        Vec::new()
    }

    fn created_id(&self, _answer: &Value, config: &Value) -> Option<String> {
        self.natural(config)
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, _change: Change, _config: &Value) -> Reversibility {
        Reversibility::Reversible
    }

    fn captured(&self) -> Captured {
        Captured::Never("no request tells which keys are set")
    }
}

fn set(config: &Value) -> Call {
    let mut body = as_map(&RULES.as_sent(config));
    body.retain(|_, value| !value.is_null());
    Call::with_body(Method::Patch, PATH, Value::Object(body), true)
}
