//! Objects that a variable looks up by name and that are of no kind of ours, or are not read for another reason.

use super::AT_ONCE;
use crate::work::WorkError;
use futures::{StreamExt as _, TryStreamExt as _};
use hodman_clients::databricks::{Pages, Request, Workspace};
use hodman_model::bundle::{CurrentUser, Lookup};
use hodman_model::kinds::kind;
use hodman_model::plan::Desired;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A list that a lookup goes through: path, the field with the items, the field with the name, the field with the id.
struct Names {
    path: &'static str,
    items: &'static str,
    name: &'static str,
    id: &'static str,
    pages: Pages,
}

/// Where the words of the bundle language are looked up that have no kind in the table of kinds.
fn names(word: &str) -> Option<Names> {
    let (path, items, name, id, pages) = match word {
        "metastore" => (
            "/api/2.1/unity-catalog/metastores",
            "metastores",
            "name",
            "metastore_id",
            Pages::Token,
        ),
        "notification_destination" => (
            "/api/2.0/notification-destinations",
            "results",
            "display_name",
            "id",
            Pages::Token,
        ),
        "service_principal" => (
            "/api/2.0/preview/scim/v2/ServicePrincipals",
            "Resources",
            "displayName",
            "applicationId",
            Pages::StartIndex,
        ),
        "cluster_policy" => (
            "/api/2.0/policies/clusters/list",
            "policies",
            "name",
            "policy_id",
            Pages::Token,
        ),
        "instance_pool" => (
            "/api/2.0/instance-pools/list",
            "instance_pools",
            "instance_pool_name",
            "instance_pool_id",
            Pages::Once,
        ),
        "pipeline" => (
            "/api/2.0/pipelines",
            "statuses",
            "name",
            "pipeline_id",
            Pages::Token,
        ),
        "warehouse" => (
            "/api/2.0/sql/warehouses",
            "warehouses",
            "name",
            "id",
            Pages::Token,
        ),
        "dashboard" => (
            "/api/2.0/lakeview/dashboards",
            "dashboards",
            "display_name",
            "dashboard_id",
            Pages::Token,
        ),
        "query" => (
            "/api/2.0/sql/queries",
            "results",
            "display_name",
            "id",
            Pages::Token,
        ),
        "alert" => (
            "/api/2.0/sql/alerts",
            "results",
            "display_name",
            "id",
            Pages::Token,
        ),
        _ => return None,
    };
    Some(Names {
        path,
        items,
        name,
        id,
        pages,
    })
}

/// The ids of what is looked up and not read as objects of a kind, by (word, name).
pub(super) async fn others(
    workspace: &Workspace,
    desired: &Desired,
) -> Result<BTreeMap<(String, String), BTreeSet<String>>, WorkError> {
    let mut words: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let by_name = |lookup: &&Lookup| lookup.kind != Lookup::CURRENT_USER;
    for lookup in desired.lookups.iter().filter(by_name) {
        let table = Lookup::KINDS.iter().find(|(word, _)| *word == lookup.kind);
        if table.is_none_or(|(_, name)| name.and_then(kind).is_none()) {
            words.entry(&lookup.kind).or_default().insert(&lookup.name);
        }
    }
    let mut asked = Vec::with_capacity(words.len());
    for (word, wanted) in words {
        let Some(list) = names(word) else {
            return Err(WorkError::lasting(format!(
                "hodman does not know where to look up a {word}"
            )));
        };
        asked.push(one(workspace, word, wanted, list));
    }
    let found: Vec<BTreeMap<(String, String), BTreeSet<String>>> = futures::stream::iter(asked)
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(found.into_iter().flatten().collect())
}

/// What is asked of hodman's own principal in this workspace, by field.
pub(super) async fn current_user(
    workspace: &Workspace,
    desired: &Desired,
) -> Result<BTreeMap<String, String>, WorkError> {
    let asked: BTreeSet<&str> = desired
        .lookups
        .iter()
        .filter(|lookup| lookup.kind == Lookup::CURRENT_USER)
        .map(|lookup| lookup.name.as_str())
        .collect();
    if asked.is_empty() {
        return Ok(BTreeMap::new());
    }
    let me = workspace.principal().await?;
    let user = CurrentUser {
        user_name: me.user_name.clone(),
        display_name: me.display_name.clone(),
        id: Some(me.id.clone()),
    };
    let told = asked
        .into_iter()
        .filter_map(|field| Some((field.to_owned(), user.field(field)?)));
    Ok(told.collect())
}

async fn one(
    workspace: &Workspace,
    word: &str,
    wanted: BTreeSet<&str>,
    list: Names,
) -> Result<BTreeMap<(String, String), BTreeSet<String>>, WorkError> {
    let mut found: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let take = |items: Vec<Value>| {
        for item in items {
            let (Some(name), Some(id)) = (item[list.name].as_str(), item[list.id].as_str()) else {
                continue;
            };
            if wanted.contains(name) {
                found
                    .entry((word.to_owned(), name.to_owned()))
                    .or_default()
                    .insert(id.to_owned());
            }
        }
    };
    workspace
        .each_page(&Request::get(list.path), list.items, list.pages, take)
        .await
        .map_err(|error| WorkError::from(error).doing(&format!("looking up a {word}")))?;
    Ok(found)
}
