//! The calls on the plain kinds: create, get, list, delete; only private access settings can be replaced.

use axum::Router;
use serde_json::{Map, Value, json};

use super::{Account, Kind, checks};
use crate::databricks::call::{Call, Shared, delete, get, post, put};
use crate::databricks::error::ApiError;
use crate::databricks::table::{fill, overlay};

pub(super) fn router(root: &str) -> Router<Shared<Account>> {
    Kind::ALL.into_iter().fold(Router::new(), |router, kind| {
        let all = format!("{root}/{}", kind.path());
        let one = format!("{all}/{{id}}");
        let router = router
            .route(&all, get(list))
            .route(&all, post(create))
            .route(&one, get(show))
            .route(&one, delete(remove));
        match kind {
            Kind::PrivateAccess | Kind::NetworkPolicy => router.route(&one, put(replace)),
            _ => router,
        }
    })
}

fn kind(call: &Call) -> Result<Kind, ApiError> {
    let word = call.path.split('/').nth(5).unwrap_or_default();
    let found = Kind::ALL.into_iter().find(|kind| kind.path() == word);
    found.ok_or_else(|| ApiError::invalid(format!("{word} is not a kind of account object.")))
}

pub(super) fn check_required(kind: Kind, body: &Map<String, Value>) -> Result<(), ApiError> {
    match kind
        .required()
        .iter()
        .find(|field| !body.contains_key(**field))
    {
        Some(field) => Err(ApiError::malformed(format!(
            "Missing required field: {field}"
        ))),
        None => Ok(()),
    }
}

fn create(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let kind = kind(call)?;
    check_required(kind, &call.body)?;
    checks::check(kind, &call.body)?;
    check_world(account, kind, call)?;
    let id = match call.text(kind.id_field()) {
        Some(chosen) => chosen.to_owned(),
        None => uuid::Uuid::new_v4().to_string(),
    };
    let mut row = call.body.clone();
    for (key, value) in kind.additions() {
        fill(&mut row, &key, value);
    }
    if kind == Kind::Key {
        tell_region(&mut row);
    }
    row.insert(kind.id_field().into(), json!(id));
    row.insert("account_id".into(), json!(account.id));
    row.insert("creation_time".into(), json!(account.clock.millis()));
    if kind == Kind::PrivateAccess {
        in_capitals(&mut row, "private_access_level");
    }
    let states = account.switches.endpoint_states.clone();
    let (Kind::VpcEndpoint, Some(first)) = (kind, states.first()) else {
        account.table(kind).insert(&id, row.clone());
        return Ok(Value::Object(row));
    };
    row.insert("state".into(), json!(first));
    account.table(kind).insert(&id, row.clone());
    account.switches.states_left.insert(id, states);
    row.remove("state");
    Ok(Value::Object(row))
}

/// The service answers some words in capitals, in whatever they were sent.
pub(super) fn in_capitals(row: &mut Map<String, Value>, field: &str) {
    if let Some(Value::String(word)) = row.get_mut(field) {
        *word = word.to_uppercase();
    }
}

/// The state of the endpoint at this look.
fn next_state(account: &mut Account, id: &str) -> Result<(), ApiError> {
    let Some(left) = account.switches.states_left.get_mut(id) else {
        return Ok(());
    };
    let state = match left.len() {
        1 => left.first().cloned(),
        _ => Some(left.remove(0)),
    };
    let kind = Kind::VpcEndpoint;
    let row = account.table(kind).get_mut(kind.word(), id)?;
    row.insert("state".into(), json!(state));
    Ok(())
}

/// The service says where a key is, as its ARN does.
fn tell_region(row: &mut Map<String, Value>) {
    let key = row.get_mut("aws_key_info").and_then(Value::as_object_mut);
    if let Some(key) = key {
        let arn = key.get("key_arn").and_then(Value::as_str);
        let region = arn.and_then(|arn| arn.split(':').nth(3)).map(str::to_owned);
        fill(key, "key_region", json!(region));
    }
}

/// What is checked of the world outside: the role is tried when credentials are made, endpoints and ids must exist.
fn check_world(account: &mut Account, kind: Kind, call: &Call) -> Result<(), ApiError> {
    match kind {
        Kind::Credentials if account.switches.unknown_role > 0 => {
            account.switches.unknown_role -= 1;
            Err(ApiError::malformed(
                "Failed credentials validation checks: please use a valid cross account IAM role with permissions setup correctly",
            ))
        }
        Kind::Network => {
            let named = call.body.get("vpc_endpoints").and_then(Value::as_object);
            let lists = named.into_iter().flat_map(Map::values);
            let ids = lists.filter_map(Value::as_array).flatten();
            for id in ids.filter_map(Value::as_str) {
                let endpoint = account
                    .table(Kind::VpcEndpoint)
                    .get(Kind::VpcEndpoint.word(), id)
                    .map_err(|missing| ApiError::malformed(missing.message))?;
                let state = endpoint.get("state").and_then(Value::as_str);
                if !state.is_some_and(|state| state.eq_ignore_ascii_case("available")) {
                    return Err(ApiError::malformed(format!(
                        "VPC endpoint {id} is not available."
                    )));
                }
            }
            Ok(())
        }
        Kind::NetworkPolicy => match call.text("network_policy_id") {
            Some(id) if account.table(kind).contains(id) => Err(ApiError::exists(format!(
                "Network policy {id} already exists"
            ))),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn replace(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let kind = kind(call)?;
    check_required(kind, &call.body)?;
    checks::check(kind, &call.body)?;
    let row = account.table(kind).get_mut(kind.word(), call.param("id"))?;
    let kept: Vec<(String, Value)> = row
        .iter()
        .filter(|(key, _)| [kind.id_field(), "account_id", "creation_time"].contains(&key.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    *row = kind.additions();
    overlay(row, &call.body);
    in_capitals(row, "private_access_level");
    row.extend(kept);
    Ok(Value::Object(row.clone()))
}

fn show(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let kind = kind(call)?;
    if kind == Kind::VpcEndpoint {
        next_state(account, call.param("id"))?;
    }
    Ok(Value::Object(
        account
            .table(kind)
            .get(kind.word(), call.param("id"))?
            .clone(),
    ))
}

fn list(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let kind = kind(call)?;
    let rows = account.table(kind).list();
    Ok(if kind.lists_items() {
        json!({ "items": rows })
    } else {
        json!(rows)
    })
}

/// Refused while a workspace uses it.
fn remove(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let (kind, id) = (kind(call)?, call.param("id"));
    let uses = |row: &&Map<String, Value>| {
        kind.references()
            .iter()
            .any(|field| row.get(*field).and_then(Value::as_str) == Some(id))
    };
    if let Some(workspace) = account.workspaces.rows().find(uses) {
        return Err(ApiError::state(format!(
            "Unable to delete, {} is being used by active workspace {}",
            kind.word(),
            workspace.get("workspace_id").cloned().unwrap_or_default()
        )));
    }
    if account.switches.lingering > 0 && !kind.references().is_empty() {
        account.switches.lingering -= 1;
        return Err(ApiError::state(format!(
            "Unable to delete, {} is being used by active workspace 8000000000000001",
            kind.word()
        )));
    }
    if kind == Kind::VpcEndpoint {
        let names = |network: &&Map<String, Value>| {
            let named = network.get("vpc_endpoints").and_then(Value::as_object);
            let lists = named.into_iter().flat_map(Map::values);
            lists
                .filter_map(Value::as_array)
                .flatten()
                .any(|one| one.as_str() == Some(id))
        };
        if let Some(network) = account.table(Kind::Network).rows().find(names) {
            return Err(ApiError::state(format!(
                "Unable to delete, VPC endpoint is being used by network {}",
                network.get("network_id").cloned().unwrap_or_default()
            )));
        }
    }
    account.table(kind).remove(kind.word(), id)?;
    Ok(json!({}))
}
