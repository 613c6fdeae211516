//! Buckets of S3, with what Databricks asks of a root bucket.
//!
//! AWS removes no bucket with anything in it. `force_destroy: true` allows to empty it first; it has to be in place, on the
//! bucket itself as a tag, before its removal is asked for: what is to go has no file any more that could say so.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::roles::read;
use super::tags;
use crate::kinds::fields::{defaults, fills};
use crate::kinds::listed::text;
use crate::kinds::rules::{Rules, as_map, patterns};
use crate::kinds::{
    Call, Change, Identity, Kind, Listed, Listing, Marker, Method, ReadError, Reversibility,
};

/// Buckets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buckets;

const PATH: &str = "/aws/s3/buckets";

/// The field that allows a bucket's removal to empty it.
const FORCE: &str = "force_destroy";

/// The tag that says so on the bucket.
const FORCE_TAG: &str = "hodman_force_destroy";

const SETTABLE: &[&str] = &[
    "encryption",
    FORCE,
    "name",
    "ownership",
    "policy",
    "public_access_block",
    "tags",
    "versioning",
];

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    inside: &[
        ("encryption", &["algorithm", "bucket_key", "kms_key_id"]),
        (
            "public_access_block",
            &[
                "block_public_acls",
                "block_public_policy",
                "ignore_public_acls",
                "restrict_public_buckets",
            ],
        ),
    ],
    name_field: "name",
    tags_field: "tags",
    volatile: patterns(
        &["tags.hodman_pipeline", "tags.hodman_env", "tags.hodman_key"],
        &[],
    ),
    // What nobody names is as AWS makes it, which has become safer over the years.
    server_fills: fills(
        &[
            ("encryption", true),
            ("encryption.bucket_key", false),
            ("ownership", true),
            ("public_access_block", true),
            ("versioning", true),
        ],
        &[],
    ),
    defaults: defaults(
        &[
            (FORCE, json!(false)),
            ("public_access_block.block_public_acls", json!(false)),
            ("public_access_block.ignore_public_acls", json!(false)),
            ("public_access_block.block_public_policy", json!(false)),
            ("public_access_block.restrict_public_buckets", json!(false)),
        ],
        &[],
    ),
    // One that blocks nothing is not none: it says that nothing is to be blocked.
    keep_empty: patterns(&["public_access_block"], &[]),
    policy_documents: patterns(&["policy"], &[]),
    replace_on: patterns(&["name"], &[]),
    field_order: &["name", "policy", "encryption", "public_access_block"],
    ..Rules::default()
});

fn body(config: &Value, live: &Value, marker: &Marker) -> Value {
    let allows = |config: &Value| config.get(FORCE) == Some(&json!(true));
    let mut body = as_map(config);
    body.remove(FORCE);
    tags::write(&mut body, config, live);
    marker.write(&mut body, RULES.tags_field);
    let tags = body
        .get_mut(RULES.tags_field)
        .and_then(Value::as_object_mut);
    if let Some(tags) = tags.filter(|_| allows(config) || allows(live)) {
        let force = allows(config).to_string();
        tags.insert(FORCE_TAG.to_owned(), Value::from(force));
    }
    Value::Object(body)
}

/// What AWS answers, with the permission to empty the bucket where it is a field.
fn with_force(answer: &Value) -> Value {
    let mut answer = answer.clone();
    let tags = answer.get_mut("tags").and_then(Value::as_object_mut);
    if let Some(force) = tags.and_then(|tags| tags.remove(FORCE_TAG)) {
        answer[FORCE] = json!(force == "true");
    }
    answer
}

impl Kind for Buckets {
    fn name(&self) -> &'static str {
        "aws_buckets"
    }

    fn singular(&self) -> &'static str {
        "aws_bucket"
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
            &with_force(answer),
            self.singular(),
            SETTABLE,
            &["arn", "region"],
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

    fn delete(&self, id: &str, live: &Value) -> Vec<Call> {
        let path = format!("{PATH}/{id}");
        if live.get(FORCE) == Some(&json!(true)) {
            let body = json!({"empty": true});
            return vec![Call::with_body(Method::Delete, path, body, true)];
        }
        vec![Call::plain(Method::Delete, path)]
    }

    fn delete_seen(&self, seen: &Listed) -> Vec<Call> {
        // The name is all that a bucket has.
        tags::only_if_seen(self.delete(&seen.id, &seen.config), seen, "")
    }

    fn passing(&self, message: &str) -> bool {
        // A role that was made a moment ago, for its logs say, is not known everywhere.
        message.contains("Invalid principal in policy")
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        text(answer, "name")
    }

    fn renames_first(&self) -> bool {
        // A workspace whose root bucket is gone, or a location whose bucket is, is of no use.
        true
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace => Reversibility::Irreversible {
                loses: "everything in the old bucket; it stays while there is anything in it, unless `force_destroy` is in place"
                    .to_owned(),
            },
            Change::Delete => Reversibility::Irreversible {
                loses: "everything in the bucket; refused while there is anything, unless `force_destroy` is in place"
                    .to_owned(),
            },
        }
    }
}
