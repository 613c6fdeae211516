//! Buckets of S3, with what Databricks asks of a root bucket.

use std::sync::LazyLock;

use serde_json::Value;

use super::roles::read;
use crate::kinds::fields::fills;
use crate::kinds::listed::text;
use crate::kinds::permissions::Permissions;
use crate::kinds::rules::{Rules, as_map, patterns};
use crate::kinds::{
    Call, Change, Identity, Kind, Listed, Listing, Marker, Method, ReadError, Reversibility,
};

/// Buckets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buckets;

const PATH: &str = "/aws/s3/buckets";

const SETTABLE: &[&str] = &[
    "encryption",
    "name",
    "ownership",
    "policy",
    "public_access_block",
    "tags",
    "versioning",
];

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    name_field: "name",
    tags_field: "tags",
    volatile: patterns(
        &["tags.hodman_pipeline", "tags.hodman_env", "tags.hodman_key"],
        &[],
    ),
    // What nobody names is as AWS makes it, which has become safer over the years; tags of others are theirs.
    server_fills: fills(
        &[
            ("encryption", true),
            ("encryption.bucket_key", false),
            ("ownership", true),
            ("public_access_block", true),
            ("versioning", true),
            ("tags.*", true),
        ],
        &[],
    ),
    policy_documents: patterns(&["policy"], &[]),
    replace_on: patterns(&["name"], &[]),
    field_order: &["name", "policy", "encryption", "public_access_block"],
    ..Rules::default()
});

fn body(config: &Value, marker: &Marker) -> Value {
    let mut body = as_map(config);
    marker.write(&mut body, RULES.tags_field);
    Value::Object(body)
}

impl Kind for Buckets {
    fn name(&self) -> &'static str {
        "aws_buckets"
    }

    fn singular(&self) -> &'static str {
        "aws_bucket"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        None
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
            &["arn", "region"],
            &RULES,
        )
    }

    fn create(&self, config: &Value, marker: &Marker) -> Call {
        Call::post(PATH, body(config, marker), false)
    }

    fn update(&self, id: &str, _live: &Value, config: &Value, marker: &Marker) -> Vec<Call> {
        let path = format!("{PATH}/{id}");
        vec![Call::with_body(
            Method::Put,
            path,
            body(config, marker),
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
                loses: "everything in the bucket; refused by AWS while there is anything"
                    .to_owned(),
            },
        }
    }
}
