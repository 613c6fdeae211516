//! Where packages are kept: a directory or an S3 bucket. A package is written once, under its digest, and never again.

mod directory;

use crate::config::{PackageStore, aws_objects};
use crate::work::WorkError;
use directory::Directory;
use hodman_clients::aws::{AwsError, Content, Objects, PutOutcome};
use hodman_core::ids::{InputsId, PackageDigest};
use hodman_model::digest::Digest;
use hodman_model::files::Tree;
use hodman_model::package;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Opened packages kept in memory: the one in place and the one on its way, for each of a few environments.
const OPEN: usize = 4;

/// The package store.
#[derive(Debug)]
pub struct Packages {
    place: Place,
    open: Mutex<BTreeMap<PackageDigest, Arc<Tree>>>,
}

#[derive(Debug)]
enum Place {
    Directory(Directory),
    S3(Objects),
}

impl Packages {
    /// Opens the store.
    ///
    /// # Errors
    /// When the directory cannot be made, or the settings of S3 make no sense.
    pub async fn open(config: &PackageStore) -> anyhow::Result<Self> {
        let place = match config {
            PackageStore::Directory(path) => Place::Directory(Directory::open(path)?),
            PackageStore::S3(s3) => Place::S3(aws_objects(s3).await),
        };
        Ok(Self {
            place,
            open: Mutex::default(),
        })
    }

    /// Whether a package is stored.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn has(&self, digest: &PackageDigest) -> Result<bool, WorkError> {
        let name = name(digest)?;
        match &self.place {
            Place::Directory(directory) => Ok(directory.has(&name)),
            Place::S3(objects) => Ok(objects.head(&name).await.map_err(from_s3)?.is_some()),
        }
    }

    /// Stores a package and the attestation beside it. One that is there already stays as it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put(
        &self,
        digest: &PackageDigest,
        bytes: Vec<u8>,
        attestation: &[u8],
    ) -> Result<(), WorkError> {
        let name = name(digest)?;
        let beside = format!("{name}.attestation.json");
        match &self.place {
            Place::Directory(directory) => {
                let (directory, attestation) = (directory.clone(), attestation.to_vec());
                // The attestation first: a package that can be seen can be checked.
                blocking(move || {
                    directory.put(&beside, &attestation)?;
                    directory.put(&name, &bytes)
                })
                .await?;
            }
            Place::S3(objects) => {
                let _: PutOutcome = objects
                    .put(&beside, Content::Bytes(attestation.to_vec().into()), true)
                    .await
                    .map_err(from_s3)?;
                let _: PutOutcome = objects
                    .put(&name, Content::Bytes(bytes.into()), true)
                    .await
                    .map_err(from_s3)?;
            }
        }
        Ok(())
    }

    /// The package that commands built of these inputs the first time, if they did.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn first_built(
        &self,
        pipeline: &str,
        inputs: &InputsId,
    ) -> Result<Option<PackageDigest>, WorkError> {
        let name = note(pipeline, inputs)?;
        let bytes = match &self.place {
            Place::Directory(directory) => directory.get(&name)?,
            Place::S3(objects) => objects
                .get(&name)
                .await
                .map_err(from_s3)?
                .map(|bytes| bytes.to_vec()),
        };
        Ok(bytes.map(|bytes| PackageDigest(String::from_utf8_lossy(&bytes).trim().to_owned())))
    }

    /// Notes what commands built of these inputs, unless that is noted already; gives what is noted. Commands may give
    /// other bytes each time, and a package that is on its way must not change because a database was lost.
    ///
    /// # Errors
    /// When it cannot be written or read.
    pub async fn keep_first(
        &self,
        pipeline: &str,
        inputs: &InputsId,
        built: &PackageDigest,
    ) -> Result<PackageDigest, WorkError> {
        let name = note(pipeline, inputs)?;
        let bytes = built.as_str().as_bytes().to_vec();
        match &self.place {
            Place::Directory(directory) => directory.put(&name, &bytes)?,
            Place::S3(objects) => {
                let _: PutOutcome = objects
                    .put(&name, Content::Bytes(bytes.into()), true)
                    .await
                    .map_err(from_s3)?;
            }
        }
        let kept = self.first_built(pipeline, inputs).await?;
        Ok(kept.unwrap_or_else(|| built.clone()))
    }

    /// What was kept under `name` by [`Packages::keep`].
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn kept(&self, name: &str) -> Result<Option<Vec<u8>>, WorkError> {
        match &self.place {
            Place::Directory(directory) => directory.get(name),
            Place::S3(objects) => {
                let bytes = objects.get(name).await.map_err(from_s3)?;
                Ok(bytes.map(|bytes| bytes.to_vec()))
            }
        }
    }

    /// Keeps what must outlive the database and has no other place, such as whose the objects of an account are: beside the
    /// packages, and the only thing there that changes. `name` is a plain file name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn keep(&self, name: &str, bytes: Vec<u8>) -> Result<(), WorkError> {
        match &self.place {
            Place::Directory(directory) => directory.replace(name, &bytes),
            Place::S3(objects) => {
                let _: PutOutcome = objects
                    .put(name, Content::Bytes(bytes.into()), false)
                    .await
                    .map_err(from_s3)?;
                Ok(())
            }
        }
    }

    /// A package's files, checked against its digest.
    ///
    /// # Errors
    /// When it is not stored, or its bytes are not what its name says.
    pub async fn tree(&self, digest: &PackageDigest) -> Result<Arc<Tree>, WorkError> {
        if let Some(tree) = self.lock().get(digest) {
            return Ok(Arc::clone(tree));
        }
        let name = name(digest)?;
        let bytes = match &self.place {
            Place::Directory(directory) => {
                let directory = directory.clone();
                blocking(move || directory.get(&name)).await?
            }
            Place::S3(objects) => objects
                .get(&name)
                .await
                .map_err(from_s3)?
                .map(|bytes| bytes.to_vec()),
        }
        .ok_or_else(|| {
            WorkError::lasting(format!(
                "package {} is not in the package store",
                digest.short()
            ))
        })?;
        let wanted: Digest = digest
            .as_str()
            .parse()
            .map_err(|_| WorkError::lasting(format!("{digest} is not a digest")))?;
        let opened = tokio::task::spawn_blocking(move || package::open(&bytes, Some(&wanted)))
            .await
            .map_err(|error| WorkError::transient(format!("opening a package: {error}")))?
            .map_err(|error| WorkError::lasting(format!("package {}: {error}", digest.short())))?;
        let tree = Arc::new(opened.tree);
        let mut open = self.lock();
        if open.len() >= OPEN {
            open.clear();
        }
        open.insert(digest.clone(), Arc::clone(&tree));
        Ok(tree)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<PackageDigest, Arc<Tree>>> {
        self.open
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Writing and syncing hundreds of megabytes must not keep webhooks waiting.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WorkError> + Send + 'static,
) -> Result<T, WorkError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| WorkError::transient(format!("the package store: {error}")))?
}

/// Where it is noted what was built of inputs; by pipeline, so that none decides for another.
fn note(pipeline: &str, inputs: &InputsId) -> Result<String, WorkError> {
    let digest: Digest = inputs
        .as_str()
        .parse()
        .map_err(|_| WorkError::lasting(format!("{inputs} is not a digest")))?;
    Ok(format!("{pipeline}.{}.built", digest.hex()))
}

fn name(digest: &PackageDigest) -> Result<String, WorkError> {
    let digest: Digest = digest
        .as_str()
        .parse()
        .map_err(|_| WorkError::lasting(format!("{digest} is not a digest")))?;
    Ok(format!("{}.tar.zst", digest.hex()))
}

fn from_s3(error: AwsError) -> WorkError {
    let words = format!("package store: {error}");
    if error.is_transient() {
        WorkError::transient(words)
    } else {
        WorkError::lasting(words)
    }
}
