//! Makes one object, and finds what a lost answer may have made instead of making a second: names are seldom unique and
//! creates have no idempotency token, but our marker, or the name that we claimed before, is ours alone.

use super::super::secrets::Values;
use super::super::{WorkError, live};
use super::find::{begun, find, formerly, is_of, left, left_in_part, may_be_there};
use super::folder::folder;
use super::patience::{self, Patience};
use super::site::Site;
use super::{access, bind, leaving, stack, wait};
use hodman_clients::databricks::{ApiError, ErrorKind};
use hodman_model::claims::is_made_in_steps;
use hodman_model::kinds::{Call, Identity, Kind, Listed, Marker, Method};
use hodman_model::plan::{Action, ObservedObject, Row};
use serde_json::Value;
use std::time::Duration;

/// What was made a moment ago may not be known everywhere: a create that names it is sent again this often.
const TRIES: u32 = 4;

pub(super) async fn make(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    row: &Row,
    values: &Values,
) -> Result<(), WorkError> {
    let wanted = site.wanted(row)?;
    let config = site.filled(&wanted.config)?;
    if let Some(name) = kind.natural(&config) {
        site.ledger.name(&row.key, &name).await?;
    }
    let sending = values.put_into(kind, &config);
    let list = access::at_create(site, kind, wanted).await?;
    let object = object(site, kind, row, &sending, list.as_deref()).await?;
    let (id, answer) = (object.id, object.answer);
    let marker = site.marker(&row.key);
    let mut calls = kind.after_create(&id, &sending, &marker);
    if object.brought {
        // What was found had all of that said to it just now.
        let said = kind.update(&id, &Value::Null, &sending, &marker);
        calls.retain(|call| !said.contains(call));
    }
    if !calls.is_empty() {
        // An app that still starts takes no deployment.
        wait::until_ready(site, kind, &id, answer.as_ref()).await?;
        site.complete(kind, &id, &calls).await?;
    }
    wait::until_ready(site, kind, &id, answer.as_ref()).await?;
    site.note(kind, &row.key, &id, &config).await?;
    if wanted.stopped
        && let Some(stop) = kind.stop(&id)
    {
        site.send_to_new(&[stop]).await?;
    }
    // What was made just now is as its create said; what was found after a lost answer may be another try's.
    let made_with_them = answer.is_some() && list.is_some();
    if wanted.permissions.is_some() {
        let listed = listed(site, kind, &id, &config).await?;
        if !made_with_them || !access::came_along(site, kind, wanted, &listed).await? {
            access::permissions(site, kind, wanted, &listed, None).await?;
        }
    }
    access::grants(site, kind, wanted, &id, None).await
}

/// The object as far as its permissions need it.
async fn listed(
    site: &Site<'_>,
    kind: &dyn Kind,
    id: &str,
    config: &Value,
) -> Result<Listed, WorkError> {
    let bare = Listed {
        id: id.to_owned(),
        name: String::new(),
        marker: None,
        natural: None,
        config: config.clone(),
        outputs: Value::Null,
        creator: None,
        created_at: None,
        modified_at: None,
    };
    if kind
        .permissions()
        .is_none_or(|known| known.id_output.is_none())
    {
        return Ok(bare);
    }
    Ok(live::by_id(&site.part.workspace, kind, id)
        .await?
        .unwrap_or(bare))
}

/// The object that a row asked for.
struct Object {
    id: String,
    /// What its create said; none when it was made before.
    answer: Option<Value>,
    /// Whether it was made before and brought to what is wanted.
    brought: bool,
}

async fn object(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    row: &Row,
    config: &Value,
    list: Option<&[Value]>,
) -> Result<Object, WorkError> {
    let job = site.job;
    let brought = |id| Object {
        id,
        answer: None,
        brought: true,
    };
    let marker = site.marker(&row.key);
    let name = site.made_name(kind, &row.key);
    let lately = job.work.made.lately(&name, job.work.clock.now());
    // What is replaced is not what was made.
    if let Some(id) = lately.filter(|id| row.live_id.as_ref() != Some(id)) {
        // Made a moment ago by an apply that failed further on, and not in the list yet.
        if is_that(site, kind, &id, config, &marker).await?
            && again(site, kind, &id, config, &marker).await?
        {
            return Ok(brought(id));
        }
    }
    let made = match begun(site, kind, row, config) {
        // A try before this one claimed it and did not live to complete the claim: its create may have worked.
        true => left(site, kind, config, &marker).await?,
        false => formerly(site, kind, row, config, &marker).await?,
    };
    let object = match made {
        Some(id) if again(site, kind, &id, config, &marker).await? => brought(id),
        _ => match ask(site, kind, row, config, &marker, list).await? {
            // Its name and tags are there, and perhaps nothing else of it: an answer to a part of its create was lost or refused.
            (id, None) if is_made_in_steps(kind) => {
                if !again(site, kind, &id, config, &marker).await? {
                    let words = format!("{} {id} is gone again", kind.singular());
                    return Err(WorkError::transient(words));
                }
                brought(id)
            }
            (id, answer) => Object {
                id,
                answer,
                brought: false,
            },
        },
    };
    job.work.made.note(name, &object.id, job.work.clock.now());
    if let Err(lost) = job.fence.check().await {
        take_back(site, kind, &marker, &object.id, config).await?;
        return Err(lost.into());
    }
    Ok(object)
}

/// Whether the object with the remembered id is what was made: in a workspace that was emptied, or made anew at the same
/// address, another one may have that id, and nobody's may be written to.
async fn is_that(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    id: &str,
    config: &Value,
    marker: &Marker,
) -> Result<bool, WorkError> {
    let Some(there) = live::by_id(&site.part.workspace, kind, id).await? else {
        return Ok(false);
    };
    Ok(match kind.identity() {
        Identity::Tags => there.marker.as_ref() == Some(marker),
        Identity::Claim => there.natural == kind.natural(config),
    })
}

/// Whether the object is there, brought to `config`.
async fn again(
    site: &Site<'_>,
    kind: &dyn Kind,
    id: &str,
    config: &Value,
    marker: &Marker,
) -> Result<bool, WorkError> {
    let mut calls = kind.update(id, &Value::Null, config, marker);
    if calls.is_empty() {
        // Nothing of it can be changed: looked at instead.
        calls.push(kind.get(id));
    }
    for call in calls {
        bind::before(site, kind, id, &call).await?;
        match patience::send(site, kind, &call).await? {
            Ok(answer) => {
                bind::after(site, kind, id, &call).await?;
                wait::until_taken(site, kind, id, &call, &answer).await?;
            }
            // What is to go from it is gone: a dashboard that nobody published yet.
            Err(error) if error.is_not_found() && call.method == Method::Delete => {}
            Err(error) if error.is_not_found() => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

/// This machine was asleep between the question for the lease and the create, and another executor went on meanwhile:
/// if it made the object too, the one made here goes again, before two claimants stop everything. Where the name is
/// unique there cannot be two.
async fn take_back(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    marker: &Marker,
    id: &str,
    config: &Value,
) -> Result<(), WorkError> {
    if kind.identity() != Identity::Tags {
        return Ok(());
    }
    let found = live::of_kind(&site.part.workspace, kind).await?;
    let twice = found
        .iter()
        .any(|object| is_of(site, kind, marker, &object.listed) && object.listed.id != id);
    if twice {
        tracing::warn!(kind = kind.name(), id, "made a second time and taken back");
        // Without the lease: what is removed here is what was made here, and nobody knows of it.
        for call in kind.delete(id, config) {
            match site.part.workspace.call(live::request(&call)).await {
                Ok(_) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

async fn ask(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    row: &Row,
    config: &Value,
    marker: &Marker,
    list: Option<&[Value]>,
) -> Result<(String, Option<Value>), WorkError> {
    let mut tries = 0;
    let mut patience = Patience::new();
    loop {
        site.job.fence.check().await?;
        let shown = stack::make(site, row, config);
        let shown = shown.or_else(|| over(site, kind, config));
        let mut create = shown.unwrap_or_else(|| kind.create(config, marker));
        if let (Some(list), Some(body)) = (list, &mut create.body) {
            body["access_control_list"] = Value::from(list.to_vec());
        }
        let request = live::request(&create);
        site.note_sent(&row.key);
        let error = match site.part.workspace.call(request).await {
            Ok(answer) => {
                let id = kind.created_id(&answer, config).ok_or_else(|| {
                    WorkError::lasting(format!(
                        "the answer to creating a {} has no id",
                        kind.singular()
                    ))
                })?;
                return Ok((id, Some(answer)));
            }
            Err(error) => error,
        };
        tries += 1;
        if error.may_have_taken_effect() {
            return match find(site, kind, config, marker).await? {
                Some(id) => Ok((id, None)),
                None => Err(error.into()),
            };
        }
        if error.kind == ErrorKind::AlreadyExists {
            match leaving::is_free(site, kind, config).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    if error.is_waiting() {
                        // Nothing was made, and until then anybody may take the name.
                        site.ledger.unmade(&row.key).await;
                    }
                    return Err(error);
                }
            }
            return taken(site, kind, row, config, marker, error).await;
        }
        // The folder that it lies in: in a workspace that was just made nobody has made it yet.
        if tries == 1 && names_something_missing(&error) && folder(site, kind, config).await? {
            continue;
        }
        if patience.after(kind, &error).await {
            continue;
        }
        if tries >= TRIES || row.after.is_empty() || !names_something_missing(&error) {
            if !may_be_there(site, kind, row, config, marker).await
                && !left_in_part(site, kind, config, marker).await
            {
                // Nothing was made: whoever makes something of that name now makes it for themselves.
                site.ledger.unmade(&row.key).await;
            }
            return Err(error.into());
        }
        tokio::time::sleep(Duration::from_millis(200 << tries)).await;
    }
}

/// The request for what every account has, as it was read.
fn over(site: &Site<'_>, kind: &dyn Kind, config: &Value) -> Option<Call> {
    let name = kind.natural(config)?;
    let mut objects = site.part.observed.objects.iter();
    let is_it = |object: &&ObservedObject| {
        object.kind == kind.name() && object.listed.natural.as_ref() == Some(&name)
    };
    let there = objects.find(is_it)?;
    kind.create_over(&there.listed.config, config)
}

fn names_something_missing(error: &ApiError) -> bool {
    error.is_not_found() || error.message().contains("does not exist")
}

/// Whether the plan saw an object with that id and did not know it as this one.
fn was_anothers(site: &Site<'_>, kind: &dyn Kind, id: &str, marker: &Marker) -> bool {
    let mut seen = site.part.observed.objects.iter();
    seen.any(|object| {
        object.kind == kind.name()
            && object.listed.id == id
            && object.listed.marker.as_ref() != Some(marker)
    })
}

/// The name is taken: by an earlier try of ours whose answer was lost, or by somebody else.
async fn taken(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    row: &Row,
    config: &Value,
    marker: &Marker,
    error: ApiError,
) -> Result<(String, Option<Value>), WorkError> {
    let ours = match kind.identity() {
        Identity::Tags => find(site, kind, config, marker).await?,
        // Claimed before this apply began, not by it: then only our own earlier create can be what is there, because the
        // plan saw nothing under that name when the claim was written. What this apply's plan saw as another's is another's.
        Identity::Claim if site.part.ledgers.own.claims.contains_key(&row.key) => {
            let there = find(site, kind, config, marker).await?;
            there.filter(|id| !was_anothers(site, kind, id, marker))
        }
        Identity::Claim => None,
    };
    match ours {
        Some(id) => Ok((id, None)),
        None => {
            // What was to be replaced, now or by a try before this one, may be there still, and is the object then.
            let replaces = row.action == Action::Replace;
            match replaces || site.part.observed.formerly(&row.key).is_some() {
                true => site.ledger.unmade(&row.key).await,
                false => site.ledger.gone(&row.key).await,
            }
            Err(WorkError::from(error).doing(
                "there is one of that name that hodman did not make (`hodman adopt` takes it over)",
            ))
        }
    }
}
