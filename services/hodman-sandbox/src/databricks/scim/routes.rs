//! The calls on members.

use axum::Router;
use serde_json::{Map, Value, json};

use super::{HasDirectory, Kind, patch as patches};
use crate::databricks::call::{Call, Shared, delete, get, patch, post, put};
use crate::databricks::error::ApiError;

/// The three kinds below `root`, and `Me`.
pub(crate) fn router<W: HasDirectory>(root: &str) -> Router<Shared<W>> {
    Router::new()
        .route(&format!("{root}/Me"), get(me::<W>))
        .route(&format!("{root}/{{kind}}"), get(list::<W>))
        .route(&format!("{root}/{{kind}}"), post(create::<W>))
        .route(&format!("{root}/{{kind}}/{{id}}"), get(show::<W>))
        .route(&format!("{root}/{{kind}}/{{id}}"), put(replace::<W>))
        .route(&format!("{root}/{{kind}}/{{id}}"), patch(change::<W>))
        .route(&format!("{root}/{{kind}}/{{id}}"), delete(remove::<W>))
}

fn me<W: HasDirectory>(world: &mut W, call: &Call) -> Result<Value, ApiError> {
    world.directory().me(&call.caller.login)
}

fn kind(call: &Call) -> Result<Kind, ApiError> {
    match call.param("kind") {
        "Users" => Ok(Kind::User),
        "Groups" => Ok(Kind::Group),
        "ServicePrincipals" => Ok(Kind::ServicePrincipal),
        other => Err(ApiError::scim(
            404,
            "",
            format!("There is no resource type {other}."),
        )),
    }
}

fn id(call: &Call) -> Result<u64, ApiError> {
    let id = call.param("id");
    id.parse()
        .map_err(|_| ApiError::scim(404, "", format!("There is no member with id {id}.")))
}

fn create<W: HasDirectory>(world: &mut W, call: &Call) -> Result<Value, ApiError> {
    let (kind, directory) = (kind(call)?, world.directory());
    if kind != Kind::ServicePrincipal && call.text(kind.unique()).is_none() {
        return Err(ApiError::scim(
            400,
            "invalidValue",
            format!("Missing required attribute {}", kind.unique()),
        ));
    }
    if let Some(name) = call.text(kind.unique())
        && directory.find(kind, kind.unique(), name).is_some()
    {
        return Err(ApiError::scim(
            409,
            "uniqueness",
            format!(
                "{} with {} {name} already exists.",
                kind.word(),
                kind.unique()
            ),
        ));
    }
    let id = directory.insert(kind, call.body.clone());
    directory.view(kind, id)
}

fn show<W: HasDirectory>(world: &mut W, call: &Call) -> Result<Value, ApiError> {
    world.directory().view(kind(call)?, id(call)?)
}

fn replace<W: HasDirectory>(world: &mut W, call: &Call) -> Result<Value, ApiError> {
    let (kind, id) = (kind(call)?, id(call)?);
    let row = world.directory().row(kind, id)?;
    let mut new: Map<String, Value> = call.body.clone();
    for kept in ["id", kind.unique()] {
        if let Some(value) = row.get(kept) {
            new.entry(kept).or_insert_with(|| value.clone());
        }
    }
    new.remove("schemas");
    *row = new;
    Ok(json!({}))
}

fn change<W: HasDirectory>(world: &mut W, call: &Call) -> Result<Value, ApiError> {
    let (kind, id) = (kind(call)?, id(call)?);
    let row = world.directory().row(kind, id)?;
    let mut changed = row.clone();
    for operation in call
        .body
        .get("Operations")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        patches::apply(&mut changed, operation)?;
    }
    *row = changed;
    Ok(json!({}))
}

fn remove<W: HasDirectory>(world: &mut W, call: &Call) -> Result<Value, ApiError> {
    let (kind, id) = (kind(call)?, id(call)?);
    world.directory().row(kind, id)?;
    world.directory().forget(kind, id);
    Ok(json!({}))
}

fn list<W: HasDirectory>(world: &mut W, call: &Call) -> Result<Value, ApiError> {
    let (kind, directory) = (kind(call)?, world.directory());
    let filter = call.query("filter").map(Filter::parse).transpose()?;
    let start = call.query_number("startIndex")?.unwrap_or(1).max(1);
    let count = call.query_number("count")?.unwrap_or(100).clamp(0, 100);
    let mut found = Vec::new();
    for ((of, id), row) in &directory.members {
        if *of == kind && filter.as_ref().is_none_or(|filter| filter.matches(row)) {
            found.push(directory.view(kind, *id)?);
        }
    }
    let total = found.len();
    let skip = usize::try_from(start - 1).unwrap_or(usize::MAX);
    let page: Vec<Value> = found
        .into_iter()
        .skip(skip)
        .take(usize::try_from(count).unwrap_or(0))
        .collect();
    Ok(json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": page.len(),
        "Resources": page,
    }))
}

/// `attribute eq "value"`, with `co` and `sw` besides `eq`.
struct Filter {
    attribute: String,
    operator: String,
    value: String,
}

impl Filter {
    fn parse(text: &str) -> Result<Self, ApiError> {
        let mut parts = text.splitn(3, ' ');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(attribute), Some(operator @ ("eq" | "co" | "sw")), Some(value)) => Ok(Self {
                attribute: attribute.to_owned(),
                operator: operator.to_owned(),
                value: value.trim_matches(['"', '\'']).to_owned(),
            }),
            _ => Err(ApiError::scim(
                400,
                "invalidFilter",
                format!("Cannot read the filter {text}"),
            )),
        }
    }

    fn matches(&self, row: &Map<String, Value>) -> bool {
        let held = row
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&self.attribute))
            .and_then(|(_, value)| value.as_str());
        held.is_some_and(|held| match self.operator.as_str() {
            "co" => held.contains(&self.value),
            "sw" => held.starts_with(&self.value),
            _ => held == self.value,
        })
    }
}
