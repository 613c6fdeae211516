//! What stands beside an object's own fields: details, permissions and grants, a request each.

use super::gone::{is_gone, may_be_gone};
use super::missed::Missed;
use super::turns::Turns;
use super::{AT_ONCE, Question, request};
use crate::work::WorkError;
use hodman_clients::databricks::{ApiError, Workspace};
use hodman_model::bundle::ResourceKey;
use hodman_model::kinds::{Detail, Kind, Listed, grants, kind, permissions};
use hodman_model::plan::{DesiredResource, ObservedObject};
use serde_json::Value;
use std::collections::BTreeSet;

/// The answer to a detail; none when there is no such thing.
pub(super) async fn detail(
    workspace: &Workspace,
    detail: &Detail,
) -> Result<Option<Value>, WorkError> {
    let call = request(&detail.call);
    let answer = match detail.items_field {
        Some(field) => {
            let query: Vec<(&str, &str)> = call
                .query
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            workspace
                .list_all(&call.path, &query, field)
                .await
                .map(Value::Array)
        }
        None => workspace.call(call).await,
    };
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Puts live permissions and grants into the objects of ours whose package says something about them. What it is silent
/// about is nobody's to compare, so nobody asks.
pub(in crate::work) async fn add_access(
    workspace: &Workspace,
    objects: &mut Vec<ObservedObject>,
    question: &Question<'_>,
) -> Result<(), WorkError> {
    let wanted = |object: &ObservedObject| {
        resource(object, question).map_or((false, false), |resource| {
            (resource.permissions.is_some(), resource.grants.is_some())
        })
    };
    add(workspace, objects, wanted, None).await
}

/// What ought to be in the place of the object.
fn resource<'q>(
    object: &ObservedObject,
    question: &'q Question<'_>,
) -> Option<&'q DesiredResource> {
    let key = match &object.listed.marker {
        Some(marker) if marker.pipeline == question.pipeline && marker.env == question.env => {
            ResourceKey::new(&object.kind, &marker.key)
        }
        Some(_) => return None,
        None => {
            let mut adopted = question.adopt.iter();
            let is_this = |(key, id): &(&ResourceKey, &String)| {
                key.kind == object.kind && **id == object.listed.id
            };
            adopted.find(is_this)?.0.clone()
        }
    };
    question.desired.resources.get(&key)
}

/// Whether somebody manages one of the objects whom its package does not name, so that it matters who we are.
pub(super) fn may_be_us(objects: &[ObservedObject], question: &Question<'_>) -> bool {
    objects.iter().any(|object| {
        let known = kind(&object.kind).and_then(|kind| kind.permissions());
        let live = object.listed.config.get(permissions::FIELD);
        let (Some(known), Some(live)) = (known, live) else {
            return false;
        };
        let wanted = resource(object, question).and_then(|wanted| wanted.permissions.as_ref());
        wanted.is_some_and(|wanted| {
            let live = known.comparable(live, wanted, None);
            let mut live = live.as_object().into_iter().flatten();
            live.any(|(principal, level)| {
                permissions::manages(level) && wanted.get(principal).is_none()
            })
        })
    })
}

/// The same for all of the objects that `wanted` names; for those that a capture has selected.
pub(super) async fn add_access_to_all(
    workspace: &Workspace,
    objects: &mut Vec<ObservedObject>,
    wanted: &(dyn Fn(&ObservedObject) -> bool + Sync),
    missed: &Missed,
) -> Result<(), WorkError> {
    let both = |object: &ObservedObject| {
        let wanted = wanted(object);
        (wanted, wanted)
    };
    add(workspace, objects, both, Some(missed)).await
}

async fn add(
    workspace: &Workspace,
    objects: &mut Vec<ObservedObject>,
    wanted: impl Fn(&ObservedObject) -> (bool, bool),
    missed: Option<&Missed>,
) -> Result<(), WorkError> {
    let mut reads = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        let Some(kind) = kind(&object.kind) else {
            continue;
        };
        let (permissions, grants) = wanted(object);
        let permissions = permissions && kind.permissions().is_some();
        let grants = grants && kind.securable().is_some();
        if permissions || grants {
            reads.push((index, kind, (permissions, grants)));
        }
    }
    let at_once = reads.len().min(AT_ONCE);
    let open = Turns::new(reads.into_iter());
    let mut readers = Vec::with_capacity(at_once);
    for _ in 0..at_once {
        readers.push(async {
            let mut found = Vec::new();
            while let Some((index, kind, what)) = open.next() {
                let listed = &objects[index].listed;
                let read = one(workspace, kind, listed, what, missed.is_some()).await;
                let access = match (read, missed) {
                    // What nobody may see of an object is left as the repository says it.
                    (Err(error), Some(missed)) => missed
                        .access(kind, &listed.name, error)
                        .map(|()| Some((None, None))),
                    (read, _) => read,
                };
                found.push((index, access?));
            }
            Ok::<_, WorkError>(found)
        });
    }
    let found: Vec<Vec<(usize, Option<Access>)>> = futures::future::try_join_all(readers).await?;
    let mut gone = BTreeSet::new();
    for (index, access) in found.into_iter().flatten() {
        let Some((permissions, grants)) = access else {
            gone.insert(index);
            continue;
        };
        let Value::Object(config) = &mut objects[index].listed.config else {
            continue;
        };
        for (field, value) in [(permissions::FIELD, permissions), (grants::FIELD, grants)] {
            if let Some(value) = value {
                config.insert(field.to_owned(), value);
            }
        }
    }
    let mut index = 0;
    objects.retain(|_| {
        index += 1;
        !gone.contains(&(index - 1))
    });
    Ok(())
}

/// Permissions and grants.
type Access = (Option<Value>, Option<Value>);

/// None when the object went away: a second look at the list says so where permissions are refused. `once` takes a refusal as
/// it is.
async fn one(
    workspace: &Workspace,
    kind: &dyn Kind,
    listed: &Listed,
    (permissions, grants): (bool, bool),
    once: bool,
) -> Result<Option<Access>, WorkError> {
    let permissions = match permissions {
        true => match read_permissions(workspace, kind, listed).await {
            Ok(read) => read,
            Err(error)
                if !once && may_be_gone(&error) && is_gone(workspace, kind, &listed.id).await =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        },
        false => None,
    };
    let grants = match grants {
        true => live_grants(workspace, kind, &listed.id).await?,
        false => None,
    };
    Ok(Some((permissions, grants)))
}

/// The direct permissions of an object in managed form; none when its kind has none, or it went away.
pub(in crate::work) async fn live_permissions(
    workspace: &Workspace,
    kind: &dyn Kind,
    listed: &Listed,
) -> Result<Option<Value>, WorkError> {
    Ok(read_permissions(workspace, kind, listed).await?)
}

async fn read_permissions(
    workspace: &Workspace,
    kind: &dyn Kind,
    listed: &Listed,
) -> Result<Option<Value>, ApiError> {
    let Some(known) = kind.permissions() else {
        return Ok(None);
    };
    let Some(id) = permission_id(known, listed) else {
        return Ok(None);
    };
    match workspace.call(request(&known.get(&id))).await {
        Ok(answer) => Ok(Some(known.read(&answer))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The id that the permissions API wants.
pub(in crate::work) fn permission_id(
    known: &permissions::Permissions,
    listed: &Listed,
) -> Option<String> {
    match known.id_output {
        None => Some(listed.id.clone()),
        Some(output) => match listed.outputs.get(output)? {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        },
    }
}

/// The grants on an object in managed form; none when its kind has none, or it went away.
pub(in crate::work) async fn live_grants(
    workspace: &Workspace,
    kind: &dyn Kind,
    id: &str,
) -> Result<Option<Value>, WorkError> {
    let Some(securable) = kind.securable() else {
        return Ok(None);
    };
    let found = detail(workspace, &grants::get(securable, id)).await?;
    Ok(found.map(|answer| grants::read(&answer)))
}
