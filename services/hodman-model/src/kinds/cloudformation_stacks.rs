//! Stacks of CloudFormation, as modules with `engine: cloudformation` ask for them. Names are unique in an account and region;
//! tags say whose a stack is.
//!
//! AWS keeps the order, the way back and the resources; what is compared here is what the stack was told: its template by
//! digest, its parameters. What a change would do to the resources stands in the plan's row, from the change set.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::aws::tags;
use super::fields::{fills, only};
use super::listed::text;
use super::rules::{Rules, as_map, patterns};
use super::{
    Call, Change, Identity, Kind, Listed, Listing, Marker, Method, ReadError, Reversibility,
};
use crate::digest::Digest;

/// The field with the template's text, which is sent and never compared.
pub const TEMPLATE_BODY: &str = "template_body";

/// The field with the resources that exist and become the stack's, which is sent and never compared: those that are in it are no
/// longer asked for.
pub const IMPORT: &str = "import";

/// The output that says what protects an object where it lives.
pub const HELD_BY: &str = "held_by";

/// The output that says of a stack that there is nothing of it but what was about to make it.
pub const UNMADE: &str = "unmade";

/// The output that says of a stack that others may lie in it.
pub const NESTS: &str = "nests";

/// Where whoever answers for AWS takes requests for stacks.
const PATH: &str = "/aws/cloudformation/stacks";

/// The state of a stack of which there is but a change set.
const ONLY_REVIEWED: &str = "REVIEW_IN_PROGRESS";

/// Stacks of CloudFormation.
#[derive(Clone, Copy, Debug)]
pub struct CloudformationStacks;

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    name_field: "stack_name",
    tags_field: "tags",
    volatile: patterns(
        &[
            "template_body",
            "import",
            "tags.hodman_pipeline",
            "tags.hodman_env",
            "tags.hodman_key",
        ],
        &[],
    ),
    texts: patterns(&["parameters.*", "tags.*"], &[]),
    sets: patterns(&["capabilities"], &[]),
    // Those that nobody names have the template's defaults.
    server_fills: fills(&[("parameters.*", false)], &[]),
    replace_on: patterns(&["stack_name"], &[]),
    field_order: &[
        "stack_name",
        "template",
        "parameters",
        "tags",
        "capabilities",
    ],
    ..Rules::default()
});

const SETTABLE: &[&str] = &[
    "capabilities",
    "parameters",
    "stack_name",
    "tags",
    "template",
];

fn body(config: &Value, marker: &Marker) -> Value {
    let config = RULES.as_sent(config);
    let mut body = as_map(&config);
    // Which of ours go, whoever asks AWS sees in the stack: AWS takes all tags or none.
    tags::write(&mut body, &config, &Value::Null);
    marker.write(&mut body, RULES.tags_field);
    Value::Object(body)
}

impl CloudformationStacks {
    /// The request that says what bringing a stack to `config` would do; nothing is changed by it.
    #[must_use]
    pub fn preview(id: &str, config: &Value, marker: &Marker) -> Call {
        let path = format!("{PATH}/{id}/preview");
        Call::with_body(Method::Post, path, body(config, marker), true)
    }

    /// Brings a stack to `config` by what was `shown`, and by nothing else.
    #[must_use]
    pub fn bring(id: &str, config: &Value, marker: &Marker, shown: &Digest) -> Call {
        let mut body = body(config, marker);
        body["shown"] = json!(shown);
        Call::with_body(Method::Put, format!("{PATH}/{id}"), body, true)
    }

    /// Makes a stack by what was `shown`, and by nothing else: one that takes over what exists.
    #[must_use]
    pub fn make(config: &Value, marker: &Marker, shown: &Digest) -> Call {
        let mut body = body(config, marker);
        body["shown"] = json!(shown);
        Call::post(PATH, body, false)
    }

    /// Goes on with the way back of a stack that failed, and leaves the resources as they are that `skip` names.
    #[must_use]
    pub fn go_back(id: &str, marker: &Marker, skip: &BTreeSet<String>) -> Call {
        let mut body = as_map(&json!({"skip": skip}));
        marker.write(&mut body, RULES.tags_field);
        let path = format!("{PATH}/{id}/go-back");
        Call::with_body(Method::Post, path, Value::Object(body), true)
    }

    /// The request that says what people changed inside of a stack that was seen; nothing is changed by it.
    #[must_use]
    pub fn look_inside(seen: &Listed) -> Call {
        let nests = seen.outputs.get(NESTS) == Some(&json!(true));
        let path = format!("{PATH}/{}/drift", seen.id);
        Call::get(&path, NESTS, &nests.to_string())
    }
}

impl Kind for CloudformationStacks {
    fn name(&self) -> &'static str {
        "cloudformation_stacks"
    }

    fn singular(&self) -> &'static str {
        "cloudformation_stack"
    }

    fn identity(&self) -> Identity {
        Identity::Tags
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(config, "stack_name")
    }

    fn listing(&self) -> Listing {
        Listing::ByName
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{PATH}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let name = text(answer, "stack_name").ok_or(ReadError {
            kind: self.singular(),
            field: "stack_name",
        })?;
        let mut config = RULES.normalise(&only(&tags::ours(answer), SETTABLE));
        // Its first creation failed: it can only be removed and made anew, which an update does.
        if let (Some(failed), Some(map)) = (text(answer, "failed"), config.as_object_mut()) {
            map.insert("failed".to_owned(), Value::from(failed));
        }
        Ok(Some(Listed {
            id: name.clone(),
            natural: Some(name.clone()),
            name,
            marker: Marker::from_tags(answer.get("tags")),
            config,
            outputs: only(
                answer,
                &["outputs", "stack_id", "resources", HELD_BY, UNMADE, NESTS],
            ),
            creator: None,
            created_at: None,
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, marker: &Marker) -> Call {
        // The name is its own token: a second create finds the first.
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

    fn delete_seen(&self, seen: &Listed) -> Vec<Call> {
        tags::only_if_seen(self.delete(&seen.id, &seen.config), seen, "stack_id")
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        text(answer, "stack_name")
    }

    fn passing(&self, message: &str) -> bool {
        // A key's policy names a role that was made a moment ago: in KMS's words, as the stack's events pass them on.
        message.contains("one or more invalid principals")
            || message.contains("Invalid principal in policy")
    }

    fn renames_first(&self) -> bool {
        // The network of a workspace is in one, and AWS removes none of it while something runs there.
        true
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            // There is nothing in it.
            Change::Delete if config.get("failed") == Some(&json!(ONLY_REVIEWED)) => {
                Reversibility::Reversible
            }
            Change::Replace => Reversibility::Irreversible {
                loses: "everything in the old stack that its template does not retain".to_owned(),
            },
            Change::Delete => Reversibility::Irreversible {
                loses: "everything in the stack that its template does not retain".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_was_told_is_read_back_and_the_text_is_not_compared() {
        let marker = Marker {
            pipeline: "shop".into(),
            env: "qa".into(),
            key: "vpc".into(),
        };
        let config = json!({
            "stack_name": "s", "template": "sha256:1", "template_body": "Resources: {}",
            "parameters": {"Bits": 12, "Dns": true}, "capabilities": [], "import": {"Vpc": {"VpcId": "vpc-1"}},
        });
        let create = CloudformationStacks.create(&config, &marker);
        let sent = create.body.unwrap();
        assert_eq!(sent["parameters"], json!({"Bits": "12", "Dns": "true"}));
        assert_eq!(sent["template_body"], "Resources: {}");
        assert_eq!(sent["import"]["Vpc"]["VpcId"], "vpc-1");
        let mut answer = sent.clone();
        answer["parameters"]["Other"] = json!("default");
        answer["outputs"] = json!({"VpcId": "vpc-1"});
        let listed = CloudformationStacks.read(&answer).unwrap().unwrap();
        assert_eq!(listed.marker, Some(marker));
        let wanted = RULES.normalise(&config);
        assert_eq!(wanted.get("template_body"), None);
        assert_eq!(wanted.get("import"), None);
        assert_eq!(RULES.without_fills(&listed.config, Some(&wanted)), wanted);
        assert_eq!(listed.outputs["outputs"]["VpcId"], "vpc-1");
    }

    #[test]
    fn tags_of_ours_come_and_go_and_those_of_others_are_no_difference() {
        let marker = Marker {
            pipeline: "shop".into(),
            env: "qa".into(),
            key: "vpc".into(),
        };
        let config = json!({"stack_name": "s", "tags": {"team": "data", "cost": 1}});
        let sent = CloudformationStacks.create(&config, &marker).body.unwrap();
        assert_eq!(sent["tags"]["cost"], "1");
        let mut there = sent["tags"].clone();
        there["theirs"] = json!("kept");
        there["aws:cloudformation:stack-name"] = json!("s");
        let read = |tags: &Value| {
            let answer = json!({"stack_name": "s", "tags": tags, "stack_id": "arn:1"});
            CloudformationStacks.read(&answer).unwrap().unwrap()
        };
        let live = read(&there);
        assert_eq!(live.config["tags"], json!({"team": "data", "cost": "1"}));
        let others = serde_json::from_value(there.clone()).unwrap();
        let others = crate::kinds::tags_of_others(&others);
        assert_eq!(others, [("theirs".to_owned(), "kept".to_owned())].into());
        // One that is not said any more is a difference; where we said none, nothing of theirs is.
        let wanted = RULES.normalise(&json!({"stack_name": "s", "tags": {"team": "data"}}));
        let left = RULES.without_fills(&live.config, Some(&wanted));
        assert_eq!(left["tags"], json!({"team": "data", "cost": "1"}));
        let none = read(&json!({"theirs": "kept", "hodman_env": "qa"}));
        let wanted = RULES.normalise(&json!({"stack_name": "s"}));
        assert_eq!(RULES.without_fills(&none.config, Some(&wanted)), wanted);
    }

    #[test]
    fn stacks_in_a_stack_are_looked_for_only_where_its_template_may_have_any() {
        let look = |nests: Value| {
            let answer = json!({"stack_name": "s", "stack_id": "arn:1", NESTS: nests});
            let seen = CloudformationStacks.read(&answer).unwrap().unwrap();
            CloudformationStacks::look_inside(&seen).query[NESTS].clone()
        };
        assert_eq!(look(json!(true)), "true");
        assert_eq!(look(json!(false)), "false");
    }

    #[test]
    fn only_the_stack_that_was_looked_at_is_removed() {
        let tags = json!({"hodman_pipeline": "shop", "hodman_env": "qa", "hodman_key": "vpc"});
        let answer = json!({"stack_name": "s", "stack_id": "arn:1", "tags": tags});
        let seen = CloudformationStacks.read(&answer).unwrap().unwrap();
        let calls = CloudformationStacks.delete_seen(&seen);
        let only = &calls[0].body.as_ref().unwrap()["only"];
        assert_eq!(only, &json!({"tags": tags, "stack_id": "arn:1"}));
    }
}
