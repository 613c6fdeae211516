//! Objects that went away between a list and the request for one of them: some services say so in disguise.

use super::lists::look_closer;
use super::one;
use crate::work::WorkError;
use hodman_clients::databricks::{ApiError, ErrorKind, Pages, Request, Workspace};
use hodman_model::kinds::{Kind, ListCall, Listed, Listing, Paging};
use serde_json::Value;

/// Refusals that services also give for objects that are not there any more: deleted jobs are "not permitted", and some
/// services call an unknown id a wrong parameter.
pub(in crate::work) fn may_be_gone(error: &ApiError) -> bool {
    matches!(error.kind, ErrorKind::PermissionDenied | ErrorKind::Invalid)
}

/// Whether a second look at the list shows that an object went away. What cannot be asked is not known to be gone; the refusal
/// that led here says why.
pub(super) async fn is_unlisted(workspace: &Workspace, list: &ListCall, id: &str) -> bool {
    let mut call = Request::get(&list.path);
    for (name, value) in &list.query {
        call = call.query(name, value);
    }
    let mut there = false;
    let take = |items: Vec<Value>| {
        there |= items
            .iter()
            .any(|item| id_in(list, item).as_deref() == Some(id));
    };
    let pages = pages(list);
    let read = workspace.each_page(&call, list.items_field, pages, take);
    match read.await {
        Ok(()) => !there,
        Err(error) => {
            tracing::warn!(id, "not known whether it is gone: {error}");
            false
        }
    }
}

/// The same of any kind that has one list of all its objects; of the others nothing is known.
pub(super) async fn is_gone(workspace: &Workspace, kind: &dyn Kind, id: &str) -> bool {
    match kind.listing() {
        Listing::All(list) => is_unlisted(workspace, &list, id).await,
        Listing::Below { .. } | Listing::ByName => false,
    }
}

/// What the request for one object said.
pub(in crate::work) enum Asked {
    /// It is there.
    There(Box<Listed>),
    /// There is none.
    Unknown,
    /// It was called wrong, as some services do with an id that they do not know.
    Wrong,
    /// Nothing: it may not be asked, or not here.
    Refused,
}

/// Asks for one object by itself.
///
/// # Errors
/// When asking again may help.
pub(in crate::work) async fn asked_for(
    workspace: &Workspace,
    kind: &dyn Kind,
    id: &str,
) -> Result<Asked, WorkError> {
    match one::asked(workspace, kind, id).await {
        Ok(Some(answer)) => {
            match look_closer(workspace, kind, answer).await {
                Ok(Some(listed)) => Ok(Asked::There(Box::new(listed))),
                Ok(None) => Ok(Asked::Unknown),
                Err(error) if error.is_transient() => Err(error),
                // It is there, and what stands beside it may not be read.
                Err(_) => Ok(Asked::Refused),
            }
        }
        Ok(None) => Ok(Asked::Unknown),
        Err(error) if error.is_transient() => Err(error.into()),
        Err(error) => {
            tracing::info!(kind = kind.name(), id, "asked whether it is there: {error}");
            Ok(match error.kind {
                ErrorKind::Invalid => Asked::Wrong,
                _ => Asked::Refused,
            })
        }
    }
}

/// Whether the lists that tell of the object `id` were read just now, and tell of none: the list of its kind, or of what such objects
/// lie below. A service that has nothing to list, such as a workspace without a metastore for a moment, knows of no object either,
/// and that is not the same.
pub(in crate::work) async fn no_list_has(
    workspace: &Workspace,
    mut kind: &dyn Kind,
    id: &str,
) -> bool {
    loop {
        match kind.listing() {
            Listing::All(list) => return is_unlisted(workspace, &list, id).await,
            Listing::Below { parent, .. } if parent != kind.name() => {
                let Some(above) = hodman_model::kinds::kind(parent) else {
                    return false;
                };
                kind = above;
            }
            Listing::Below { .. } | Listing::ByName => return true,
        }
    }
}

/// How the list goes on.
pub(super) fn pages(list: &ListCall) -> Pages {
    match list.paging {
        Paging::Token => Pages::Token,
        Paging::StartIndex => Pages::StartIndex,
        Paging::None => Pages::Once,
    }
}

/// The id of an item of the list.
pub(super) fn id_in(list: &ListCall, item: &Value) -> Option<String> {
    match item.get(list.id_field) {
        Some(Value::String(id)) => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    }
}
