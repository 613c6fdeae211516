//! The objects of one kind: its list, page by page, and a request each only for what the list leaves out.

use super::gone::{id_in, is_unlisted, may_be_gone, pages};
use super::named::by_name;
use super::one::get;
use super::scope::Scope;
use super::turns::Turns;
use super::{AT_ONCE, beside, policies, request};
use crate::work::WorkError;
use futures::{StreamExt as _, TryStreamExt as _};
use hodman_clients::databricks::{ApiError, ErrorKind, Request, Workspace};
use hodman_model::kinds::{Identity, Kind, ListCall, Listed, Listing};
use hodman_model::plan::ObservedObject;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What was learned from the kinds that were read before.
pub(super) struct Parents {
    /// By kind: ids of the objects that lists below them are asked for.
    ids: BTreeMap<&'static str, BTreeSet<String>>,
    /// By kind: names of wanted objects with the ids of others in them.
    names: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Parents {
    /// For the kinds that are read next, as far as their parents were read before.
    pub fn new(kinds: &[&'static dyn Kind], objects: &[ObservedObject], scope: &Scope) -> Self {
        let mut found = BTreeMap::new();
        let mut names: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        for kind in kinds {
            names.insert(kind.name(), scope.symbols.names(*kind, objects).collect());
            let Listing::Below { parent, .. } = kind.listing() else {
                continue;
            };
            let live = objects.iter().filter(|object| object.kind == parent);
            let ids = if scope.whole {
                live.map(|object| object.listed.id.clone()).collect()
            } else {
                let was_read = scope.kinds.iter().any(|kind| kind.name() == parent);
                let id_of = |name: &String| {
                    let mut known = live.clone();
                    let by_name = known.find(|object| {
                        object.listed.natural.as_ref() == Some(name) || object.listed.id == *name
                    });
                    match by_name {
                        Some(object) => Some(object.listed.id.clone()),
                        // What is not there has nothing below it; what nobody looked for is asked by its name.
                        None => (!was_read).then(|| name.clone()),
                    }
                };
                let mut ids: BTreeSet<String> = scope.parents(parent).filter_map(id_of).collect();
                ids.extend(scope.symbols.parents(*kind, parent, objects));
                ids
            };
            found.insert(kind.name(), ids);
        }
        Self { ids: found, names }
    }

    fn of(&self, kind: &dyn Kind) -> impl Iterator<Item = &String> {
        self.ids.get(kind.name()).into_iter().flatten()
    }

    fn names(&self, kind: &dyn Kind) -> impl Iterator<Item = &String> {
        self.names.get(kind.name()).into_iter().flatten()
    }
}

/// All objects of one kind, ours and others', in full. Kinds below others are listed below all of those.
pub(in crate::work) async fn of_kind(
    workspace: &Workspace,
    kind: &'static dyn Kind,
) -> Result<Vec<ObservedObject>, WorkError> {
    let mut kinds = vec![kind];
    while let Some(Listing::Below { parent, .. }) = kinds.last().map(|kind| kind.listing())
        && let Some(parent) = hodman_model::kinds::kind(parent)
        && kinds.iter().all(|known| known.name() != parent.name())
    {
        kinds.push(parent);
    }
    let mut found = super::read(workspace, &Scope::all(kinds.into_iter())).await?;
    found.retain(|object| object.kind == kind.name());
    Ok(found)
}

/// One object, in full; none when it is not there.
pub(in crate::work) async fn by_id(
    workspace: &Workspace,
    kind: &dyn Kind,
    id: &str,
) -> Result<Option<Listed>, WorkError> {
    match get(workspace, kind, id).await? {
        Some(answer) => look_closer(workspace, kind, answer).await,
        None => Ok(None),
    }
}

/// The objects of one kind, as far as the scope asks for them.
pub(super) async fn in_scope(
    workspace: &Workspace,
    kind: &'static dyn Kind,
    scope: &Scope,
    parents: &Parents,
) -> Result<Vec<ObservedObject>, WorkError> {
    let lists: Vec<ListCall> = match kind.listing() {
        Listing::All(list) => vec![list],
        Listing::Below { list, .. } => parents.of(kind).map(|id| list(id)).collect(),
        Listing::ByName => Vec::new(),
    };
    let mut read = Vec::with_capacity(lists.len());
    for list in lists {
        read.push(one_list(workspace, kind, scope, list));
    }
    let found: Vec<Vec<Listed>> = futures::stream::iter(read)
        .buffered(AT_ONCE)
        .try_collect()
        .await
        .map_err(|error: WorkError| error.doing(&format!("reading {}", kind.name())))?;
    let mut found: Vec<Listed> = found.into_iter().flatten().collect();
    if !matches!(kind.listing(), Listing::All(_)) {
        let named = named(workspace, kind, (scope, parents), &found).await?;
        found.extend(named);
    }
    Ok(found
        .into_iter()
        .map(|listed| ObservedObject {
            kind: kind.name().to_owned(),
            listed,
        })
        .collect())
}

/// What is wanted or claimed and no list showed: asked for by its id or name.
async fn named(
    workspace: &Workspace,
    kind: &'static dyn Kind,
    (scope, parents): (&Scope, &Parents),
    found: &[Listed],
) -> Result<Vec<Listed>, WorkError> {
    let seen: BTreeSet<&str> = found
        .iter()
        .flat_map(|listed| [Some(listed.id.as_str()), listed.natural.as_deref()])
        .flatten()
        .collect();
    // A list below a parent that was read shows everything; only kinds without a list, and claims on what nobody wants
    // any more, are asked for one by one.
    let unlisted = matches!(kind.listing(), Listing::ByName);
    let ids: BTreeSet<&String> = scope.ids(kind).collect();
    let names = scope.names(kind).filter(|_| unlisted || ids.is_empty());
    let names = names.chain(parents.names(kind).filter(|_| unlisted));
    let wanted: BTreeSet<&String> = ids
        .iter()
        .copied()
        .chain(names)
        .filter(|name| !seen.contains(name.as_str()))
        .collect();
    let mut asked = Vec::with_capacity(wanted.len());
    for name in wanted {
        asked.push(by_name(workspace, kind, name, scope));
    }
    let more: Vec<Option<Listed>> = futures::stream::iter(asked)
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let mut fresh: Vec<Listed> = more.into_iter().flatten().collect();
    // An id and a name may have named the same object.
    fresh.sort_by(|a, b| a.id.cmp(&b.id));
    fresh.dedup_by(|a, b| a.id == b.id);
    Ok(fresh)
}

/// One list.
async fn one_list(
    workspace: &Workspace,
    kind: &'static dyn Kind,
    scope: &Scope,
    list: ListCall,
) -> Result<Vec<Listed>, WorkError> {
    let list = &complete(kind, list);
    let mut call = Request::get(&list.path);
    for (name, value) in &list.query {
        call = call.query(name, value);
    }
    let pages = pages(list);
    let detailed = !kind.details("0").is_empty();
    let mut entries = Vec::new();
    let mut broken = None;
    let take = |items: Vec<Value>| {
        for mut item in items {
            add(&mut item, &list.adds);
            scope.policies.note(kind, &item);
            match Entry::of(kind, scope, list, detailed, item) {
                Ok(entry) => entries.extend(entry),
                Err(error) => broken = Some(error),
            }
        }
    };
    match workspace
        .each_page(&call, list.items_field, pages, take)
        .await
    {
        Ok(()) => {}
        // The parent went away in between, or has no such thing.
        Err(error)
            if error.is_not_found()
                && error.kind != ErrorKind::Unsupported
                && matches!(kind.listing(), Listing::Below { .. }) => {}
        Err(error)
            if scope
                .missed
                .as_ref()
                .is_some_and(|missed| missed.list(kind, &error)) => {}
        Err(error) if no_such_api(&error) && !scope.needs(kind) => {}
        Err(error)
            if scope.policies_told_only && policies::is_policies(kind) && !error.is_transient() => {
        }
        Err(error) => return Err(error.into()),
    }
    if let Some(error) = broken {
        let error = WorkError::lasting(error);
        match &scope.missed {
            Some(missed) => missed.part(kind, error)?,
            None => return Err(error),
        }
    }
    let at_once = entries.len().min(AT_ONCE);
    let open = Turns::new(entries.into_iter().enumerate());
    let mut readers = Vec::with_capacity(at_once);
    for _ in 0..at_once {
        readers.push(async {
            let once = scope.missed.is_some();
            let mut found = Vec::new();
            while let Some((at, entry)) = open.next() {
                let read = match (entry.read(workspace, kind, list, once).await, &scope.missed) {
                    (Err(error), Some(missed)) => missed.part(kind, error).map(|()| None),
                    (read, _) => read,
                };
                found.extend(read?.map(|listed| (at, listed)));
            }
            Ok::<_, WorkError>(found)
        });
    }
    let found = futures::future::try_join_all(readers).await?;
    let mut found: Vec<(usize, Listed)> = found.into_iter().flatten().collect();
    found.sort_by_key(|(at, _)| *at);
    Ok(found.into_iter().map(|(_, listed)| listed).collect())
}

/// The list of jobs shows whole jobs when it is asked to, up to a hundred tasks each: ten thousand jobs are a hundred
/// requests and not ten thousand.
fn complete(kind: &dyn Kind, mut list: ListCall) -> ListCall {
    let expand = "expand_tasks";
    if kind.name() == "jobs" {
        if list.query.iter().all(|(name, _)| name != expand) {
            list.query.push((expand.to_owned(), "true".to_owned()));
        }
        list.whole = true;
    }
    list
}

/// One item of a list and what is still to be asked.
enum Entry {
    /// Nothing.
    Done(Box<Listed>),
    /// The whole object.
    Get(String, Vec<(&'static str, Value)>),
    /// What stands beside it.
    Closer(Box<Value>),
}

impl Entry {
    fn of(
        kind: &dyn Kind,
        scope: &Scope,
        list: &ListCall,
        detailed: bool,
        item: Value,
    ) -> Result<Option<Self>, String> {
        let cut = !list.paged_fields.is_empty() && item["has_more"] == json!(true);
        let id = id_in(list, &item);
        let read = kind.read(&item);
        let wanted = |listed: &Listed| {
            let may_be_ours = kind.identity() == Identity::Tags
                && (!list.tags || listed.marker.as_ref().is_some_and(|of| scope.is_ours(of)));
            scope.whole
                || may_be_ours
                || scope.speaks_of(kind, &listed.id, listed.natural.as_deref())
                || scope.may_speak_of(kind, listed)
        };
        if list.whole && !cut {
            return match read {
                Ok(Some(listed)) if detailed && wanted(&listed) => {
                    Ok(Some(Self::Closer(Box::new(item))))
                }
                Ok(listed) => Ok(listed.map(|listed| Self::Done(Box::new(listed)))),
                Err(error) => Err(error.to_string()),
            };
        }
        match read {
            // Others' are only to be named.
            Ok(Some(listed)) if !wanted(&listed) => Ok(Some(Self::Done(Box::new(listed)))),
            Ok(None) => Ok(None),
            _ => Ok(id.map(|id| Self::Get(id, list.adds.clone()))),
        }
    }

    async fn read(
        self,
        workspace: &Workspace,
        kind: &dyn Kind,
        list: &ListCall,
        once: bool,
    ) -> Result<Option<Listed>, WorkError> {
        match self {
            Self::Done(listed) => Ok(Some(*listed)),
            Self::Closer(item) => look_closer(workspace, kind, *item).await,
            Self::Get(id, adds) => {
                let call = request(&kind.get(&id));
                let answer = match workspace.whole(&call, list.paged_fields).await {
                    Ok(answer) => Some(answer),
                    // It went away in between.
                    Err(error) if error.is_not_found() => None,
                    // Where many may be refused, as for a capture, each is only noted.
                    Err(error)
                        if !once
                            && may_be_gone(&error)
                            && is_unlisted(workspace, list, &id).await =>
                    {
                        None
                    }
                    Err(error) => return Err(error.into()),
                };
                match answer {
                    Some(mut answer) => {
                        add(&mut answer, &adds);
                        look_closer(workspace, kind, answer).await
                    }
                    None => Ok(None),
                }
            }
        }
    }
}

/// Adds what only other requests tell, and reads the object.
pub(super) async fn look_closer(
    workspace: &Workspace,
    kind: &dyn Kind,
    mut answer: Value,
) -> Result<Option<Listed>, WorkError> {
    let read = |answer: &Value| {
        kind.read(answer)
            .map_err(|error| WorkError::lasting(error.to_string()))
    };
    let Some(listed) = read(&answer)? else {
        return Ok(None);
    };
    let details = kind.details(&listed.id);
    if details.is_empty() {
        return Ok(Some(listed));
    }
    for detail in details {
        if let Some(value) = beside::detail(workspace, &detail).await? {
            answer[detail.field] = value;
        }
    }
    read(&answer)
}

/// Puts into an item what its list was asked for.
pub(in crate::work) fn add(item: &mut Value, adds: &[(&'static str, Value)]) {
    if let Value::Object(map) = item {
        for (field, value) in adds {
            map.entry(*field).or_insert_with(|| value.clone());
        }
    }
}

/// Whether the workspace has no such API at all: then it has no such objects either.
pub(in crate::work) fn no_such_api(error: &ApiError) -> bool {
    error.kind == ErrorKind::Unsupported
        || error.is_not_found()
        || (error.kind == ErrorKind::Html && matches!(error.status, Some(404 | 405 | 501)))
        || error.status == Some(405)
}
