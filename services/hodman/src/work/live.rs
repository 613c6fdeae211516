//! Reads what a workspace has: lists, not one request for each object.
//!
//! A plan asks only for the kinds that it may need (see [`scope`]) and looks closer only at what is ours or wanted; a
//! capture asks for everything.

mod beside;
mod folder;
mod gone;
mod leaving;
mod lists;
mod lookups;
mod missed;
mod named;
mod one;
mod policies;
mod scope;
mod symbols;
mod tags;
mod turns;

pub(super) use beside::{live_grants, live_permissions, permission_id};
pub(super) use folder::{
    InFolder, bare, close, folder_state, holds, listed, other_content, unlike,
};
pub(super) use gone::{Asked, asked_for, may_be_gone, no_list_has};
pub(super) use lists::{add, by_id, no_such_api, of_kind};
pub(super) use named::Wanted;
pub(super) use tags::id_of;

use super::claims::{Ledgers, elsewhere};
use super::in_place::Manifest;
use super::{Job, WorkError, filesets};
use chrono::{DateTime, Utc};
use futures::{StreamExt as _, TryStreamExt as _};
use hodman_clients::databricks::{Request, Retry, Workspace};
use hodman_model::bundle::{Lookup, ResourceKey};
use hodman_model::capture::{AccessUnread, Unread};
use hodman_model::claims::is_of_account;
use hodman_model::digest::Digest;
use hodman_model::files::Environment;
use hodman_model::kinds::files as file_sets;
use hodman_model::kinds::{Call, KINDS, Kind, Listing, Method, foundation_kinds, permissions};
use hodman_model::plan::{Desired, FileSetState, Known, Observed, ObservedObject};
use lists::Parents;
use missed::Missed;
use scope::Scope;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Lists and objects that are asked for at once; the limiter has the last word for each API family.
const AT_ONCE: usize = 32;

/// What a plan wants to know of a workspace.
pub(super) struct Question<'a> {
    /// What ought to be there.
    pub desired: &'a Desired,
    /// The pipeline's name.
    pub pipeline: &'a str,
    /// The environment's name.
    pub env: &'a str,
    /// The folder of the environment's file sets.
    pub root: &'a str,
    /// The groups that are to read the files, in managed form; beside them read those whom anything runs as.
    pub readers: BTreeSet<String>,
    /// What the modules below made, as far as anybody asks for it.
    pub given: Option<&'a Known>,
    /// When the last apply ended, as far as anybody knows.
    pub applied: Option<DateTime<Utc>>,
    /// Objects that are to be taken over.
    pub adopt: &'a BTreeMap<ResourceKey, String>,
    /// What stacks of Terraform are told now, where that may be run.
    pub told: Option<Wanted<'a>>,
}

/// What was found in a workspace.
pub(super) struct Found {
    /// What a plan compares.
    pub observed: Observed,
    /// Whose is what among the objects without tags.
    pub ledgers: Ledgers,
}

/// Objects of every kind that matters, whose they are, and the state of the file set that is wanted.
pub(super) async fn observe(
    workspace: &Workspace,
    question: &Question<'_>,
) -> Result<Found, WorkError> {
    let mut ledgers =
        Ledgers::read(workspace, question.pipeline, question.env, question.desired).await?;
    let user = lookups::current_user(workspace, question.desired).await?;
    let scope = Scope::of(question, &ledgers, &user);
    let files = async {
        let mut files = BTreeMap::new();
        let mut known_sets = BTreeMap::new();
        let mut strangers = BTreeSet::new();
        if let Some(set) = &question.desired.files {
            let folder = file_sets::folder(question.root, &set.folder);
            let found = if set.folder == file_sets::in_place() {
                let there = Manifest::read(workspace, question.root).await?;
                known_sets.insert(set.folder.clone(), there.known(set));
                there.state(workspace, set, &folder).await?
            } else {
                folder_state(workspace, set, &folder).await?
            };
            files.insert(set.digest.clone(), found.state);
            strangers.extend(
                found
                    .strangers
                    .into_iter()
                    .map(|path| format!("{folder}/{path}")),
            );
        }
        Ok::<_, WorkError>((files, known_sets, strangers))
    };
    let others = lookups::others(workspace, question.desired);
    let (mut objects, (files, known_sets, strangers), mut others) =
        tokio::try_join!(read(workspace, &scope), files, others)?;
    for (field, told) in user {
        let asked = (Lookup::CURRENT_USER.to_owned(), field);
        others.insert(asked, BTreeSet::from([told]));
    }
    let marked = ledgers.mark(&mut objects);
    let tags = tags::look(&mut ledgers, &mut objects, question);
    for object in &mut objects {
        scope.lean(object, question);
    }
    beside::add_access(workspace, &mut objects, question).await?;
    let me = match beside::may_be_us(&objects, question) {
        true => {
            let me = &workspace.principal().await?.user_name;
            Some(permissions::managed_principal("user", me))
        }
        false => None,
    };
    let mut observed = Observed {
        objects,
        me,
        files,
        known_sets,
        strangers,
        puts: ledgers.own.puts(),
        taken_over: ledgers.own.taken_over(question.adopt),
        claimed_elsewhere: marked.elsewhere(question.pipeline, question.env),
        contested: marked.contested,
        tags,
        others,
        ..Observed::default()
    };
    scope.policies.take().tell(question.desired, &mut observed);
    // While files are still to come, whoever uploads them lets readers in, too.
    let set = question.desired.files.as_ref();
    if set.is_some_and(|set| observed.files.get(&set.digest) == Some(&FileSetState::Complete)) {
        let mut known = Known::of(question.desired, &observed, question.pipeline, question.env);
        if let Some(given) = question.given {
            known = known.and(given.clone());
        }
        let mut readers = question.readers.clone();
        readers.extend(filesets::run_as(question.desired, &known));
        observed.readers_missing = filesets::shut_out(workspace, question.root, &readers).await?;
    }
    Ok(Found { observed, ledgers })
}

/// What workspaces stand on: the same without files, lookups, permissions and grants.
pub(super) async fn observe_foundation(
    job: &Job<'_>,
    place: &Workspace,
    environment: &Environment,
    question: &Question<'_>,
) -> Result<Found, WorkError> {
    let ledgers = Ledgers::of_foundation(job, question.env).await?;
    let keys = question
        .desired
        .resources
        .keys()
        .chain(question.adopt.keys());
    let others = elsewhere(job, question.env, environment, keys).await?;
    let ledgers = ledgers.beside(others);
    observe_among(place, question, ledgers, |_| true).await
}

/// The same of what `question` wants, and of nothing else that is ours.
pub(super) async fn observe_single(
    job: &Job<'_>,
    place: &Workspace,
    question: &Question<'_>,
) -> Result<Found, WorkError> {
    let wanted = &question.desired.resources;
    let mut ledgers = Ledgers::of_foundation(job, question.env).await?;
    ledgers.own.claims.retain(|key, _| wanted.contains_key(key));
    let of_wanted = |kind: &dyn Kind| wanted.keys().any(|key| key.kind == kind.name());
    let mut found = observe_among(place, question, ledgers, of_wanted).await?;
    found.observed.objects.retain(|object| {
        let marker = object.listed.marker.as_ref();
        marker
            .is_none_or(|marker| wanted.contains_key(&ResourceKey::new(&object.kind, &marker.key)))
    });
    Ok(found)
}

async fn observe_among(
    place: &Workspace,
    question: &Question<'_>,
    mut ledgers: Ledgers,
    of_interest: impl Fn(&dyn Kind) -> bool,
) -> Result<Found, WorkError> {
    ledgers.own_moved |= ledgers.own.take_back_names(question.desired);
    let kinds = foundation_kinds()
        .filter(|kind| place.has_account() || !is_of_account(*kind))
        .filter(|kind| of_interest(*kind));
    let scope = Scope::among(kinds, question, &ledgers);
    let mut objects = read(place, &scope).await?;
    let leaving = leaving::taken_out(&mut objects, question, &ledgers.own);
    let outlived = leaving::outlived(&objects, &ledgers.own);
    if let Some(account) = place.account_id() {
        ledgers.own_moved |= ledgers.own.note_accounts(account, &objects);
    }
    let marked = ledgers.mark(&mut objects);
    for object in &mut objects {
        scope.lean(object, question);
    }
    Ok(Found {
        observed: Observed {
            objects,
            leaving,
            outlived,
            puts: ledgers.own.puts(),
            taken_over: ledgers.own.taken_over(question.adopt),
            claimed_elsewhere: marked.elsewhere(question.pipeline, question.env),
            contested: marked.contested,
            ..Observed::default()
        },
        ledgers,
    })
}

/// All objects of the kinds that `wanted` names, ours and others', each in full but for permissions and grants; see
/// [`add_access_to_all`].
pub(super) async fn everything(
    workspace: &Workspace,
    wanted: &(dyn Fn(&dyn Kind) -> bool + Sync),
) -> Result<Vec<ObservedObject>, WorkError> {
    let kinds = KINDS.iter().copied().filter(|kind| wanted(*kind));
    read(workspace, &Scope::all(kinds)).await
}

/// Objects that no list of their kind shows.
#[derive(Default)]
pub(super) struct Unlisted {
    /// Those that are asked for by their names, by kind.
    pub named: BTreeMap<&'static str, BTreeSet<String>>,
    /// Those that were seen elsewhere.
    pub seen: Vec<ObservedObject>,
}

/// What a workspace served.
pub(super) struct Served {
    /// Its objects.
    pub objects: Vec<ObservedObject>,
    /// Kinds that it does not serve, in whole or in part.
    pub unread: BTreeMap<String, Unread>,
    /// Objects whose permissions or grants it refuses.
    pub access_unread: BTreeMap<String, AccessUnread>,
    /// The names of objects that come with every workspace, by kind and id: they can be looked up.
    pub built_in: BTreeMap<(String, String), String>,
}

/// The same as far as the workspace serves it, and which kinds it does not serve, in whole or in part: what is not seen
/// of those is not known to be gone. Permissions and grants of the objects are asked for where `access` says so.
///
/// # Errors
/// When the workspace does not answer, refuses the credentials, or serves nothing at all.
pub(super) async fn as_far_as_served(
    workspace: &Workspace,
    wanted: &(dyn Fn(&dyn Kind) -> bool + Sync),
    access: &(dyn Fn(&ObservedObject) -> bool + Sync),
    unlisted: Unlisted,
) -> Result<Served, WorkError> {
    let kinds: Vec<_> = KINDS.iter().copied().filter(|kind| wanted(*kind)).collect();
    let mut scope = Scope::all(kinds.iter().copied());
    scope.missed = Some(Missed::default());
    scope.ask_for(unlisted.named);
    let mut objects = read(workspace, &scope).await?;
    objects.extend(unlisted.seen);
    let missed = scope.missed.unwrap_or_default();
    if let Some(why) = missed.everything(&kinds) {
        return Err(WorkError::transient(why));
    }
    beside::add_access_to_all(workspace, &mut objects, access, &missed).await?;
    let (unread, access_unread) = missed.into_parts();
    Ok(Served {
        objects,
        unread,
        access_unread,
        built_in: scope.policies.take().built_in(),
    })
}

/// The kinds of a scope, lists of different kinds beside each other, parents before what lies below them.
async fn read(workspace: &Workspace, scope: &Scope) -> Result<Vec<ObservedObject>, WorkError> {
    let mut objects: Vec<ObservedObject> = Vec::new();
    let mut rest: Vec<&'static dyn Kind> = scope.kinds.clone();
    while !rest.is_empty() {
        let waits = |kind: &dyn Kind| match kind.listing() {
            Listing::Below { parent, .. } => rest
                .iter()
                .any(|other| other.name() == parent && other.name() != kind.name()),
            // Its name has ids in it, which what is read before may tell.
            Listing::ByName if scope.symbols.waits(kind) => {
                let by_name = |other: &&dyn Kind| matches!(other.listing(), Listing::ByName);
                !rest.iter().all(by_name)
            }
            Listing::All(_) | Listing::ByName => false,
        };
        let (later, now): (Vec<_>, Vec<_>) = rest.iter().copied().partition(|kind| waits(*kind));
        if now.is_empty() {
            return Err(WorkError::lasting("kinds lie below each other in a circle"));
        }
        let parents = Parents::new(&now, &objects, scope);
        let mut reads = Vec::with_capacity(now.len());
        for kind in &now {
            reads.push(lists::in_scope(workspace, *kind, scope, &parents));
        }
        let found: Vec<Vec<ObservedObject>> = futures::stream::iter(reads)
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        objects.extend(found.into_iter().flatten());
        rest = later;
    }
    Ok(objects)
}

/// The file sets that a config points to.
pub(super) fn folders(config: &Value, root: &str, found: &mut BTreeSet<Digest>) {
    match config {
        Value::String(text) => {
            found.extend(
                file_sets::folders_in(root, text)
                    .into_iter()
                    .map(|(_, digest)| digest),
            );
        }
        Value::Array(items) => items.iter().for_each(|item| folders(item, root, found)),
        Value::Object(map) => map.values().for_each(|item| folders(item, root, found)),
        _ => {}
    }
}

/// A model's request as the client's.
pub(super) fn request(call: &Call) -> Request {
    Request {
        method: match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        },
        path: call.path.clone(),
        query: call
            .query
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        body: call.body.clone(),
        retry: if call.idempotent {
            Retry::Idempotent
        } else {
            Retry::NotIdempotent
        },
    }
}

#[cfg(test)]
pub(super) mod tests;
