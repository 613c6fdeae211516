//! What the kinds of Unity Catalog have in common: `/api/2.1/unity-catalog/…`.
//!
//! Their full name is their id, and unique in the metastore. None of them is ours by tags: some have `properties`, others
//! nothing, so all are claimed by full name. A rename is a new id, so the name is among the fields that force a
//! replacement: what still has something in it is then refused by the server, never carried away.

use serde_json::{Map, Value, json};

use super::fields::only;
use super::listed::{millis, text};
use super::pattern::Pattern;
use super::rules::{Rules, without_nulls};
use super::{Call, Change, ListCall, Listed, Method, ReadError, Reversibility};
use crate::field_path::FieldPath;

/// The requests of one kind.
#[derive(Debug)]
pub(super) struct Securable {
    /// The word for one.
    pub singular: &'static str,
    /// The path of the collection.
    pub path: &'static str,
    /// The field of a list's answer with the objects.
    pub items_field: &'static str,
    /// The fields of the create request.
    pub create: &'static [&'static str],
    /// The fields of the PATCH request.
    pub change: &'static [&'static str],
    /// What only the server knows and others may refer to.
    pub outputs: &'static [&'static str],
}

impl Securable {
    /// One list of whole objects.
    pub(super) fn list(&self, id_field: &'static str) -> ListCall {
        ListCall::new(self.path, self.items_field, id_field)
    }

    /// The request for the object of that full name.
    pub(super) fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, self.one(id))
    }

    /// Reads an answer.
    pub(super) fn read(&self, rules: &Rules, answer: &Value) -> Result<Listed, ReadError> {
        let name = text(answer, "name").ok_or(ReadError {
            kind: self.singular,
            field: "name",
        })?;
        let id = text(answer, "full_name").unwrap_or_else(|| name.clone());
        Ok(Listed {
            natural: Some(id.to_lowercase()),
            id,
            name,
            marker: None,
            config: rules.normalise(&only(answer, rules.settable)),
            outputs: only(answer, self.outputs),
            creator: text(answer, "created_by"),
            created_at: millis(answer, "created_at"),
            modified_at: millis(answer, "updated_at"),
        })
    }

    /// Names are unique: a second create is refused, it makes no second object.
    pub(super) fn create(&self, config: &Value) -> Call {
        Call::post(self.path, only(config, self.create), false)
    }

    /// What the create request has no room for: the owner, most often.
    pub(super) fn after_create(&self, id: &str, config: &Value) -> Vec<Call> {
        let rest: Vec<&str> = self
            .change
            .iter()
            .filter(|field| !self.create.contains(field))
            .copied()
            .collect();
        self.patch(id, only(config, &rest)).into_iter().collect()
    }

    /// Sends what differs, and nothing when nothing does: an empty PATCH is refused ("Nothing to update").
    pub(super) fn update(
        &self,
        rules: &Rules,
        id: &str,
        live: &Value,
        config: &Value,
    ) -> Option<Call> {
        self.patch(id, Value::Object(changes(rules, self.change, live, config)))
    }

    fn patch(&self, id: &str, body: Value) -> Option<Call> {
        let something = body.as_object().is_some_and(|body| !body.is_empty());
        something.then(|| Call::with_body(Method::Patch, self.one(id), body, true))
    }

    /// The request that removes the object. Without `force`, so what still holds something stays.
    pub(super) fn delete(&self, id: &str) -> Call {
        Call::plain(Method::Delete, self.one(id))
    }

    /// The id in the answer to a create.
    pub(super) fn created_id(&self, answer: &Value) -> Option<String> {
        text(answer, "full_name").or_else(|| text(answer, "name"))
    }

    fn one(&self, id: &str) -> String {
        format!("{}/{id}", self.path)
    }
}

/// Of `fields`, those in which `config` differs from `live` (all that it says when that is not known): with the new value, or
/// with what means "none" when only `live` has one. What goes back to the server ([`Rules::given_back`]) has no value.
pub(super) fn changes(
    rules: &Rules,
    fields: &[&str],
    live: &Value,
    config: &Value,
) -> Map<String, Value> {
    let live = rules.normalise(live);
    let wanted = rules.normalise_over(config, &live);
    let live = rules.without_fills(&live, Some(&wanted));
    fields
        .iter()
        .filter_map(|field| {
            let differs = wanted.get(*field) != live.get(*field);
            let goes_back = rules.gives_back(field, config);
            if !differs && !goes_back {
                return None;
            }
            let value = config.get(*field).filter(|value| !value.is_null());
            let mut value = value.cloned().unwrap_or_else(|| none(rules, field, &live));
            if goes_back {
                without_nulls(&mut value);
            }
            Some(((*field).to_owned(), value))
        })
        .collect()
}

/// What is sent for a field that was there and shall be there no more.
fn none(rules: &Rules, field: &str, live: &Value) -> Value {
    let path = FieldPath::default().key(field.to_owned());
    let default = rules.defaults.iter().find(|rule| rule.at.matches(&path));
    match (default, live.get(field)) {
        (Some(rule), _) => rule.value.clone(),
        (None, Some(Value::String(_))) => json!(""),
        (None, Some(Value::Object(_))) => json!({}),
        (None, Some(Value::Array(_))) => json!([]),
        (None, Some(Value::Bool(_))) => json!(false),
        _ => Value::Null,
    }
}

/// The rules that all have: names in lower case, also those of others that they stand on, an owner that the server fills with whoever makes the object.
pub(super) fn rules(settable: &'static [&'static str], replace_on: &[&str]) -> Rules {
    let names = ["name", "catalog_name", "schema_name"];
    Rules {
        settable,
        name_field: "name",
        lower_case: names
            .iter()
            .chain(&["connection_name", "credential_name"])
            .map(|name| Pattern::new(name))
            .collect(),
        server_fills: super::fields::fills(&[("owner", true)], &[]),
        replace_on: names
            .iter()
            .chain(replace_on)
            .map(|field| Pattern::new(field))
            .collect(),
        own_entries: &[("properties", "unity.catalog.managed.")],
        field_order: &[
            "name",
            "catalog_name",
            "schema_name",
            "comment",
            "owner",
            "volume_type",
            "connection_type",
            "url",
            "credential_name",
        ],
        ..Rules::default()
    }
}

/// `parts` of `config` as a full name; none when one of them is not there yet.
pub(super) fn full_name(config: &Value, parts: &[&str]) -> Option<String> {
    let parts: Option<Vec<String>> = parts
        .iter()
        .map(|part| text(config, part).map(|name| name.to_lowercase()))
        .collect();
    Some(parts?.join("."))
}

/// `patch`, checked by the server as `config` asks.
pub(super) fn with_validation(mut patch: Call, config: &Value) -> Call {
    if let (Some(Value::Object(body)), Value::Object(said)) =
        (&mut patch.body, only(config, &["skip_validation"]))
    {
        body.extend(said);
    }
    patch
}

/// The list of what stands in the schema of that full name.
pub(super) fn below_schema(api: &Securable, schema: &str) -> ListCall {
    let (catalog, schema) = schema.split_once('.').unwrap_or((schema, ""));
    ListCall {
        query: vec![
            ("catalog_name".to_owned(), catalog.to_owned()),
            ("schema_name".to_owned(), schema.to_owned()),
        ],
        ..api.list("full_name")
    }
}

/// Creates and updates can be taken back; a replacement or a delete is as `gone` says.
pub(super) fn reversibility(change: Change, gone: Reversibility) -> Reversibility {
    match change {
        Change::Create | Change::Update => Reversibility::Reversible,
        Change::Replace | Change::Delete => gone,
    }
}

/// It can be made again, but loses something.
pub(super) fn compensable(loses: &str) -> Reversibility {
    Reversibility::Compensable {
        loses: loses.to_owned(),
    }
}

/// It cannot be made again.
pub(super) fn irreversible(loses: &str) -> Reversibility {
    Reversibility::Irreversible {
        loses: loses.to_owned(),
    }
}
