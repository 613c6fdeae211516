//! Stacks of Terraform and OpenTofu, as modules with `engine: terraform` ask for them. A state carries no mark of ours: what was
//! applied and whose it is stands in a record beside the packages, which whoever answers for Terraform keeps.
//!
//! Terraform knows the resources; whether anything is to be done, only its plan says ([`StackPlan::decides`]). What is compared
//! here is what it was told: its files by digest, its variables.
//!
//! [`StackPlan::decides`]: crate::stacks::StackPlan::decides

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cloudformation_stacks::UNMADE;
use super::fields::only;
use super::listed::text;
use super::rules::{Rules, as_map, patterns};
use super::{
    Call, Change, Identity, Kind, Listed, Listing, Marker, Method, ReadError, Reversibility,
};
use crate::digest::Digest;

/// The field with the directory's files, which are sent and never compared.
pub const SOURCES: &str = "sources";

/// What stands where an output's value would, when Terraform calls it sensitive: which one of which stack. Only variables of
/// other stacks take it.
pub const SENSITIVE_OUTPUT: &str = "sensitive_output";

/// The field of a request to say what a stack would do that says whether somebody approved it already.
pub const APPROVED: &str = "approved";

/// The field of a request that says whose words a stack is told now, [`Whose`].
pub const WHOSE: &str = "whose";

/// Whose words a stack is told now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// The promoted branch's: only they are remembered for others, and used by whoever may change things.
    Merged,
    /// Of somebody who asks at this machine.
    Asked,
    /// Of a pull request that nobody merged: run as nobody else is, if at all. Whatever says nothing counts as that.
    #[default]
    Proposed,
}

impl Whose {
    /// What a request says.
    #[must_use]
    pub fn of(body: &Value) -> Self {
        Self::deserialize(&body[WHOSE]).unwrap_or_default()
    }
}

/// Where whoever answers for Terraform takes requests for stacks.
const PATH: &str = "/terraform/stacks";

/// Stacks of Terraform and OpenTofu.
#[derive(Clone, Copy, Debug)]
pub struct TerraformStacks;

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    name_field: "name",
    tags_field: "tags",
    volatile: patterns(
        &[
            SOURCES,
            "directory",
            "uses",
            "stateful",
            "protected",
            "tags",
        ],
        &[],
    ),
    replace_on: patterns(&["name"], &[]),
    field_order: &["name", "source", "variables"],
    ..Rules::default()
});

const SETTABLE: &[&str] = &["name", "source", "variables"];

fn body(config: &Value, marker: &Marker) -> Value {
    let mut body = as_map(config);
    marker.write(&mut body, RULES.tags_field);
    Value::Object(body)
}

/// Whether `value` holds what stands for a sensitive output.
#[must_use]
pub fn holds_sensitive_output(value: &Value) -> bool {
    match value {
        Value::Object(map) => {
            map.contains_key(SENSITIVE_OUTPUT) || map.values().any(holds_sensitive_output)
        }
        Value::Array(items) => items.iter().any(holds_sensitive_output),
        _ => false,
    }
}

impl TerraformStacks {
    /// The request that says what bringing a stack to `config` would do; nothing is changed by it.
    #[must_use]
    pub fn preview(id: &str, config: &Value, marker: &Marker) -> Call {
        let path = format!("{PATH}/{id}/preview");
        Call::with_body(Method::Post, path, body(config, marker), true)
    }

    /// The request that says what removing everything in a stack would do. By what was applied last, else by what is wanted of
    /// it now.
    #[must_use]
    pub fn preview_removal(id: &str, wanted: Option<&Value>) -> Call {
        let body = wanted.cloned().unwrap_or_else(|| json!({}));
        let path = format!("{PATH}/{id}/preview-removal");
        Call::with_body(Method::Post, path, body, true)
    }

    /// Asks for a stack as [`Kind::get`] does, by what was applied last, else by what is wanted of it now.
    #[must_use]
    pub fn look(id: &str, wanted: &Value, whose: Whose) -> Call {
        let mut body = wanted.clone();
        body[WHOSE] = json!(whose);
        Call {
            body: Some(body),
            ..TerraformStacks.get(id)
        }
    }

    /// Says what a stack is told now for which nothing is to be done in it, as it was `shown`.
    #[must_use]
    pub fn note(id: &str, config: &Value, marker: &Marker, shown: &Digest) -> Call {
        let mut body = body(config, marker);
        body["shown"] = json!(shown);
        Call::with_body(Method::Put, format!("{PATH}/{id}/told"), body, true)
    }

    /// Brings a stack to `config` by what was `shown`, and by nothing else.
    #[must_use]
    pub fn bring(id: &str, config: &Value, marker: &Marker, shown: &Digest) -> Call {
        let mut body = body(config, marker);
        body["shown"] = json!(shown);
        Call::with_body(Method::Put, format!("{PATH}/{id}"), body, true)
    }

    /// Removes everything in a stack as it was `shown`. What is `wanted` of it now is merged.
    #[must_use]
    pub fn remove(id: &str, wanted: Option<&Value>, shown: &Digest) -> Call {
        let mut body = wanted.cloned().unwrap_or_else(|| json!({}));
        body[WHOSE] = json!(Whose::Merged);
        body["shown"] = json!(shown);
        Call::with_body(Method::Delete, format!("{PATH}/{id}"), body, true)
    }

    /// Takes the lock with this id from the state.
    #[must_use]
    pub fn unlock(id: &str, lock: &str) -> Call {
        let body = json!({"lock": lock});
        Call::with_body(Method::Post, format!("{PATH}/{id}/unlock"), body, true)
    }

    /// Forgets the state that an apply could not store, where a newer one is stored that has all of it but what is `gone`, by address.
    #[must_use]
    pub fn forget_state(id: &str, gone: &BTreeSet<String>) -> Call {
        let body = json!({"gone": gone});
        let path = format!("{PATH}/{id}/forget-state");
        Call::with_body(Method::Post, path, body, true)
    }

    /// Stores the state that an apply could not store.
    #[must_use]
    pub fn store_state(id: &str) -> Call {
        Call::plain(Method::Post, format!("{PATH}/{id}/store-state"))
    }
}

impl Kind for TerraformStacks {
    fn name(&self) -> &'static str {
        "terraform_stacks"
    }

    fn singular(&self) -> &'static str {
        "terraform_stack"
    }

    fn identity(&self) -> Identity {
        Identity::Tags
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(config, "name")
    }

    fn listing(&self) -> Listing {
        Listing::ByName
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{PATH}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let name = text(answer, "name").ok_or(ReadError {
            kind: self.singular(),
            field: "name",
        })?;
        Ok(Some(Listed {
            id: name.clone(),
            natural: Some(name.clone()),
            name,
            marker: Marker::from_tags(answer.get("tags")),
            config: RULES.normalise(&only(answer, SETTABLE)),
            outputs: only(answer, &["outputs", "uses", UNMADE]),
            creator: None,
            created_at: None,
            modified_at: None,
        }))
    }

    /// Without what was shown it is refused wherever there is anything to do; so are [`Kind::update`] and [`Kind::delete`].
    fn create(&self, config: &Value, marker: &Marker) -> Call {
        Call::post(PATH, body(config, marker), false)
    }

    fn update(&self, id: &str, _live: &Value, config: &Value, marker: &Marker) -> Vec<Call> {
        let body = body(config, marker);
        vec![Call::with_body(
            Method::Put,
            format!("{PATH}/{id}"),
            body,
            true,
        )]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{PATH}/{id}"))]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        text(answer, "name")
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Irreversible {
                loses: "everything in the stack".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_was_told_is_read_back_and_its_files_are_not_compared() {
        let marker = Marker {
            pipeline: "shop".into(),
            env: "qa".into(),
            key: "net".into(),
        };
        let config = json!({
            "name": "s", "source": "sha256:1", "variables": {"size": 1}, "sources": "{}", "directory": "modules/net",
            "uses": ["aws_roles.r"], "stateful": ["x_database"], "protected": ["x_database.y"],
        });
        let create = TerraformStacks.create(&config, &marker);
        let mut answer = create.body.unwrap();
        assert_eq!(answer["sources"], "{}");
        answer["outputs"] = json!({"size": 1});
        let listed = TerraformStacks.read(&answer).unwrap().unwrap();
        assert_eq!(listed.marker, Some(marker));
        assert_eq!(listed.config, RULES.normalise(&config));
        assert_eq!(listed.config.get("sources"), None);
        assert_eq!(listed.outputs["uses"], json!(["aws_roles.r"]));
    }

    #[test]
    fn a_sensitive_output_is_found_wherever_it_stands() {
        let value = json!({"a": [{"b": {SENSITIVE_OUTPUT: {"stack": "s", "output": "o"}}}]});
        assert!(holds_sensitive_output(&value));
        assert!(!holds_sensitive_output(&json!({"a": ["sensitive"]})));
    }
}
