//! Roles of IAM: who may take them, and what they may do.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::tags;
use crate::kinds::fields::{defaults, only};
use crate::kinds::listed::text;
use crate::kinds::rules::{Rules, as_map, patterns};
use crate::kinds::{
    Call, Change, Identity, Kind, Listed, Listing, Marker, Method, ReadError, Reversibility,
};

/// Roles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roles;

const PATH: &str = "/aws/iam/roles";

const SETTABLE: &[&str] = &[
    "attached",
    "description",
    "max_session_duration",
    "name",
    "path",
    "permissions_boundary",
    "policies",
    "tags",
    "trust",
];

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "name",
    tags_field: "tags",
    volatile: patterns(
        &["tags.hodman_pipeline", "tags.hodman_env", "tags.hodman_key"],
        &[],
    ),
    defaults: defaults(
        &[
            ("path", json!("/")),
            ("description", json!("")),
            ("max_session_duration", json!(3600)),
        ],
        &[],
    ),
    policy_documents: patterns(&["trust", "policies.*"], &[]),
    sets: patterns(&["attached"], &[]),
    replace_on: patterns(&["name", "path"], &[]),
    field_order: &["name", "description", "trust", "policies", "attached"],
    ..Rules::default()
});

fn body(config: &Value, live: &Value, marker: &Marker) -> Value {
    let mut body = as_map(config);
    tags::write(&mut body, config, live);
    marker.write(&mut body, RULES.tags_field);
    Value::Object(body)
}

impl Kind for Roles {
    fn name(&self) -> &'static str {
        "aws_roles"
    }

    fn singular(&self) -> &'static str {
        "aws_role"
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
        read(
            answer,
            self.singular(),
            SETTABLE,
            &["arn", "role_id"],
            &RULES,
        )
    }

    fn create(&self, config: &Value, marker: &Marker) -> Call {
        Call::post(PATH, body(config, &Value::Null, marker), false)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, marker: &Marker) -> Vec<Call> {
        let path = format!("{PATH}/{id}");
        vec![Call::with_body(
            Method::Put,
            path,
            body(config, live, marker),
            true,
        )]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{PATH}/{id}"))]
    }

    fn delete_seen(&self, seen: &Listed) -> Vec<Call> {
        tags::only_if_seen(self.delete(&seen.id, &seen.config), seen, "role_id")
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        text(answer, "name")
    }

    fn renames_first(&self) -> bool {
        // A workspace whose role is gone can start nothing, and waits for its runs may take hours.
        true
    }

    fn passing(&self, message: &str) -> bool {
        // A principal that was made a moment ago is not known everywhere.
        message.contains("Invalid principal in policy")
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Compensable {
                loses: "what others allow this very role: a new one of its name is another"
                    .to_owned(),
            },
        }
    }
}

/// One object of AWS, known by its name.
pub(super) fn read(
    answer: &Value,
    singular: &'static str,
    settable: &[&str],
    outputs: &[&str],
    rules: &Rules,
) -> Result<Option<Listed>, ReadError> {
    let name = text(answer, "name").ok_or(ReadError {
        kind: singular,
        field: "name",
    })?;
    Ok(Some(Listed {
        id: name.clone(),
        natural: Some(name.clone()),
        name,
        marker: Marker::from_tags(answer.get("tags")),
        config: rules.normalise(&only(&tags::ours(answer), settable)),
        outputs: only(answer, outputs),
        creator: None,
        created_at: None,
        modified_at: None,
    }))
}
