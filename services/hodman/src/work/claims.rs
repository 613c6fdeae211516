//! The claims files of a workspace: whose the objects without tags are. Ours is written before a create and completed
//! after it; others' are read, so that two claimants are an error that names both.

mod elsewhere;

pub(super) use elsewhere::elsewhere;

use super::{Job, WorkError};
use futures::{StreamExt as _, TryStreamExt as _};
use hodman_clients::databricks::{EntryKind, ErrorKind, ImportFormat, Workspace};
use hodman_model::bundle::ResourceKey;
use hodman_model::claims::{self, Claim, Claims, Put, Still};
use hodman_model::kinds::{Identity, Listed, files, kind};
use hodman_model::plan::{Desired, ObservedObject, WorkspacePart};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::Mutex;

/// Folders and files that are read at once.
const AT_ONCE: usize = 8;

/// The claims files of one workspace.
#[derive(Debug, Default)]
pub(super) struct Ledgers {
    /// Ours.
    pub own: Claims,
    /// Whether ours is there.
    pub own_found: bool,
    /// Whether ours says another thing by now than its file.
    pub own_moved: bool,
    /// All of them, ours first.
    all: Vec<claims::Ledger>,
}

impl Ledgers {
    /// Reads ours, and others' where something without tags is wanted or claimed.
    pub async fn read(
        workspace: &Workspace,
        pipeline: &str,
        env: &str,
        desired: &Desired,
    ) -> Result<Self, WorkError> {
        let own = own(workspace, pipeline, env).await?;
        let own_found = own.is_some();
        let own = own.unwrap_or_default();
        let mut all = vec![claims::Ledger {
            pipeline: pipeline.to_owned(),
            env: env.to_owned(),
            claims: own.clone(),
        }];
        let untagged = |key: &ResourceKey| is_untagged(&key.kind);
        if desired.resources.keys().any(untagged) || own.claims.keys().any(untagged) {
            all.extend(foreign(workspace, pipeline, env).await?);
        }
        Ok(Self {
            own,
            own_found,
            own_moved: false,
            all,
        })
    }

    /// Ours of what workspaces stand on. It lies beside the packages: an account has no folder for it, and it must outlive
    /// the database. Others' are [`elsewhere`].
    pub async fn of_foundation(job: &Job<'_>, env: &str) -> Result<Self, WorkError> {
        let own = elsewhere::kept(job, job.pipeline, env).await?;
        Ok(Self {
            own_found: own.is_some(),
            own_moved: false,
            all: vec![claims::Ledger {
                pipeline: job.pipeline.to_owned(),
                env: env.to_owned(),
                claims: own.clone().unwrap_or_default(),
            }],
            own: own.unwrap_or_default(),
        })
    }

    /// Whether anything is ours.
    pub fn claims_any(&self) -> bool {
        !self.own.claims.is_empty()
    }

    /// Gives every claimed object its marker, and says what is claimed twice, and which names others claim.
    pub fn mark(&self, objects: &mut [ObservedObject]) -> claims::Marked {
        claims::mark(&self.all, objects)
    }
}

/// Where the claims on what workspaces stand on are kept in the package store.
fn foundation_file(pipeline: &str, env: &str) -> String {
    format!("{pipeline}.{env}.foundation-claims.json")
}

fn is_untagged(name: &str) -> bool {
    kind(name).is_some_and(|kind| kind.identity() == Identity::Claim)
}

/// Ours; none where there are none yet.
pub(super) async fn own(
    workspace: &Workspace,
    pipeline: &str,
    env: &str,
) -> Result<Option<Claims>, WorkError> {
    load(workspace, &claims::path(pipeline, env)).await
}

async fn load(workspace: &Workspace, path: &str) -> Result<Option<Claims>, WorkError> {
    match workspace.files().export_file(path).await {
        Ok(bytes) => Claims::parse(path, &bytes).map(Some).map_err(|error| {
            WorkError::lasting(format!(
                "workspace {}: {error}: {}",
                workspace.name(),
                error.source
            ))
        }),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(WorkError::from(error).doing("reading the claims")),
    }
}

/// The claims files of everybody else in the workspace.
async fn foreign(
    workspace: &Workspace,
    pipeline: &str,
    env: &str,
) -> Result<Vec<claims::Ledger>, WorkError> {
    let own = files::root(pipeline, env);
    let base = own
        .strip_suffix(&format!("/{pipeline}/{env}"))
        .unwrap_or(&own)
        .to_owned();
    let pipelines = folders(workspace, base.clone()).await?;
    let environments: Vec<(String, Vec<String>)> = futures::stream::iter(pipelines)
        .map(|name| {
            let folder = format!("{base}/{name}");
            async move { Ok::<_, WorkError>((name, folders(workspace, folder).await?)) }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let others = environments.into_iter().flat_map(|(name, environments)| {
        environments
            .into_iter()
            .map(move |environment| (name.clone(), environment))
    });
    let others: Vec<(String, String)> = others
        .filter(|(other, environment)| (other.as_str(), environment.as_str()) != (pipeline, env))
        .collect();
    let mut reads = Vec::with_capacity(others.len());
    for (other, environment) in others {
        reads.push(async move {
            let found = load(workspace, &claims::path(&other, &environment)).await?;
            Ok::<_, WorkError>(found.map(|claims| claims::Ledger {
                pipeline: other,
                env: environment,
                claims,
            }))
        });
    }
    let found: Vec<Option<claims::Ledger>> = futures::stream::iter(reads)
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(found.into_iter().flatten().collect())
}

/// The names of the folders in a folder.
async fn folders(workspace: &Workspace, path: String) -> Result<Vec<String>, WorkError> {
    match workspace.files().list(&path).await {
        Ok(entries) => Ok(entries
            .into_iter()
            .filter(|entry| entry.kind == EntryKind::Directory)
            .filter_map(|entry| Some(entry.path.rsplit_once('/')?.1.to_owned()))
            .collect()),
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Our claims while a plan is applied. Rows run beside each other; the file is written by one at a time, each time in
/// full, and only after the lease was asked for.
pub(super) struct Ledger<'a> {
    job: &'a Job<'a>,
    workspace: &'a Workspace,
    path: String,
    held: Mutex<Held>,
}

struct Held {
    claims: Claims,
    /// What the file says; none when there is none.
    written: Option<Claims>,
}

impl<'a> Ledger<'a> {
    /// Goes on from what was read, and claims what `rows` are going to make, before the first of them begins.
    pub async fn begin(
        job: &'a Job<'a>,
        env: &str,
        workspace: &'a Workspace,
        ledgers: &Ledgers,
        rows: &WorkspacePart,
        desired: &Desired,
    ) -> Result<Self, WorkError> {
        let as_written = ledgers.own_found && !ledgers.own_moved;
        let mut claims = ledgers.own.before(rows, desired);
        claims.note_since(rows, job.work.clock.now().timestamp_millis());
        name_kinds(&mut claims, rows);
        let ledger = Self {
            job,
            workspace,
            path: if workspace.is_foundation() {
                foundation_file(job.pipeline, env)
            } else {
                claims::path(job.pipeline, env)
            },
            held: Mutex::new(Held {
                claims,
                written: as_written.then(|| ledgers.own.clone()),
            }),
        };
        ledger.flush().await?;
        Ok(ledger)
    }

    /// Before a create under a name that has the id of something in it that was made just now: at once, or what a crash
    /// leaves behind would be nobody's.
    pub async fn name(&self, key: &ResourceKey, natural: &str) -> Result<(), WorkError> {
        let mut held = self.held.lock().await;
        match held.claims.name(key, natural) {
            true => self.write(&mut held).await,
            false => Ok(()),
        }
    }

    /// After a create or an adoption. Written with the next [`Ledger::flush`], but at once where nothing but the id finds
    /// the object again, and for what workspaces stand on: whoever is cut off again and again would begin with the same writes each
    /// time and come no further, and those are few and cost no request to Databricks.
    pub async fn made(&self, key: &ResourceKey, listed: &Listed) -> Result<(), WorkError> {
        let mut held = self.held.lock().await;
        held.claims.with_id(key, listed);
        if let Some(account) = self.workspace.account_id() {
            held.claims.note_account(key, account);
        }
        let only_by_id = is_untagged(&key.kind) && listed.natural.is_none();
        if only_by_id || self.workspace.is_foundation() {
            self.write(&mut held).await?;
        }
        Ok(())
    }

    /// After a put of what cannot be read back. Written with the next [`Ledger::flush`]: what a crash loses is put again.
    pub async fn put(&self, key: &ResourceKey, put: Put) {
        self.held.lock().await.claims.put(key, put);
    }

    /// Before a create that takes the place of an object that goes later: at once, or a crash would lose one of the two.
    pub async fn retire(&self, key: &ResourceKey) -> Result<(), WorkError> {
        let mut held = self.held.lock().await;
        held.claims.retire(key);
        self.write(&mut held).await
    }

    /// After the removal of an object that is made anew next, at once: after a crash the claim must not name the old one.
    pub async fn removed(&self, key: &ResourceKey) -> Result<(), WorkError> {
        let mut held = self.held.lock().await;
        held.claims.removed(key);
        self.write(&mut held).await
    }

    /// After a create that was not sent, or was refused for certain.
    pub async fn unmade(&self, key: &ResourceKey) {
        self.held.lock().await.claims.unmade(key);
    }

    /// What stands still, by the resource that it is for.
    pub async fn still(&self) -> BTreeMap<ResourceKey, Still> {
        self.held.lock().await.claims.still()
    }

    /// Notes what stands still for a change, at once: a crash would forget what was stopped.
    pub async fn note_still(
        &self,
        key: &ResourceKey,
        still: Option<Still>,
    ) -> Result<(), WorkError> {
        let mut held = self.held.lock().await;
        held.claims.stand_still(key, still);
        self.write(&mut held).await
    }

    /// Objects whose place another has taken; see [`Claims::retired`].
    pub async fn retired(
        &self,
        is_there: impl Fn(&ResourceKey, &str) -> bool,
    ) -> Vec<(ResourceKey, String)> {
        self.held.lock().await.claims.retired(is_there)
    }

    /// After such an object could not be removed when all was done.
    pub async fn keep(&self, key: &ResourceKey, id: &str, why: &str) {
        self.held.lock().await.claims.keep(key, id, why);
    }

    /// Whether such an object could not be removed before.
    pub async fn is_kept(&self, key: &ResourceKey, id: &str) -> bool {
        let held = self.held.lock().await;
        let claim = held.claims.claims.get(key);
        claim.is_some_and(|claim| claim.kept.contains_key(id))
    }

    /// After such an object went.
    pub async fn went(&self, key: &ResourceKey, id: &str) {
        self.held.lock().await.claims.went(key, id);
    }

    /// After a removal, or a create that found somebody else's object there.
    pub async fn gone(&self, key: &ResourceKey) {
        self.held.lock().await.claims.forget(key);
    }

    /// Writes what is not written yet.
    pub async fn flush(&self) -> Result<(), WorkError> {
        let mut held = self.held.lock().await;
        self.write(&mut held).await
    }

    async fn write(&self, held: &mut Held) -> Result<(), WorkError> {
        let same = match &held.written {
            Some(written) => *written == held.claims,
            None => held.claims.claims.is_empty(),
        };
        if same {
            return Ok(());
        }
        self.job.fence.check().await?;
        if self.workspace.is_foundation() {
            let bytes = held.claims.to_bytes();
            self.job.work.packages.keep(&self.path, bytes).await?;
            held.written = Some(held.claims.clone());
            return Ok(());
        }
        let files = self.workspace.files();
        if held.written.is_none() {
            let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            files.mkdirs(folder).await?;
        }
        let bytes = held.claims.to_bytes();
        let imported = match files
            .import(&self.path, bytes.clone(), ImportFormat::Raw, true)
            .await
        {
            // A server without RAW takes a file with AUTO, as older workspaces do.
            Err(error) if error.kind == ErrorKind::Unsupported => {
                files
                    .import(&self.path, bytes, ImportFormat::Auto, true)
                    .await
            }
            other => other,
        };
        imported.map_err(|error| WorkError::from(error).doing("writing the claims"))?;
        held.written = Some(held.claims.clone());
        Ok(())
    }
}

/// One row for each kind with tags that is made here, so that the file says which kinds to look through: which objects
/// are ours, their tags say.
fn name_kinds(claims: &mut Claims, rows: &WorkspacePart) {
    let mut named: BTreeSet<String> = claims.kinds().into_iter().map(str::to_owned).collect();
    let keys = rows.rows.iter().map(|row| &row.key).chain(&rows.unchanged);
    for key in keys {
        if kind(&key.kind).is_some() && named.insert(key.kind.clone()) {
            claims.claims.insert(key.clone(), Claim::default());
        }
    }
}
