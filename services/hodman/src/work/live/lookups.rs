//! Objects that a variable looks up by name and that are of no kind of ours, or are not read for another reason.

use super::AT_ONCE;
use super::lists::no_such_api;
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

/// Where the words of the bundle language are looked up that have no kind in the table of kinds, or have more than that.
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
        // Those of before, beside the ones that are a kind of ours: the CLI looks among these only
        // (databricks/cli, bundle/config/variable/resolve_alert.go).
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
        if names(&lookup.kind).is_some() || !is_of_a_kind(&lookup.kind) {
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
    let call = Request::get(list.path);
    let read = workspace.each_page(&call, list.items, list.pages, take);
    match read.await {
        Ok(()) => Ok(found),
        // Whoever has no such list any more has the other one.
        Err(error) if is_of_a_kind(word) && no_such_api(&error) => Ok(found),
        Err(error) => Err(WorkError::from(error).doing(&format!("looking up a {word}"))),
    }
}

/// Whether objects of a kind of ours are called so, which are read anyway.
fn is_of_a_kind(word: &str) -> bool {
    let table = Lookup::KINDS.iter().find(|(known, _)| *known == word);
    table.is_some_and(|(_, name)| name.and_then(kind).is_some())
}
