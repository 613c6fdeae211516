//! Values that a package names by reference: at planning they are read, told apart and dropped at once; at applying they
//! are read again and put into the one request that wants them.

use super::{Job, WorkError};
use crate::secrets::Reference;
use futures::{StreamExt as _, TryStreamExt as _};
use hodman_core::ids::EnvName;
use hodman_model::bundle::ResourceKey;
use hodman_model::digest::canonical_json;
use hodman_model::kinds::pattern::Keep;
use hodman_model::kinds::{Kind, kind, written_out};
use hodman_model::plan::{Desired, DesiredResource, Sent};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Resources whose values are read at once.
const AT_ONCE: usize = 8;

/// What would be sent now, by resource.
pub(super) async fn sent(
    job: &Job<'_>,
    env: &EnvName,
    desired: &Desired,
) -> Result<BTreeMap<ResourceKey, Sent>, WorkError> {
    let mut reads = Vec::new();
    for (key, wanted) in &desired.resources {
        let Some(kind) = kind(&key.kind) else {
            continue;
        };
        if kind.rules().write_only_field(&wanted.config).is_some() {
            reads.push(async move {
                let read = Values::read(job, env, kind, key, wanted).await;
                // The values go here, before anything else is read.
                Ok::<_, WorkError>(read.map(|values| (key.clone(), values.sent)))
            });
        }
    }
    let read: Vec<Result<_, WorkError>> = futures::stream::iter(reads)
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let (mut found, mut failed) = (BTreeMap::new(), Vec::new());
    for one in read {
        match one {
            Ok((key, sent)) => drop(found.insert(key, sent)),
            Err(error) => failed.push(error),
        }
    }
    if failed.is_empty() {
        return Ok(found);
    }
    let words: Vec<String> = failed.iter().map(ToString::to_string).collect();
    let words = words.join("; ");
    Err(if failed.iter().all(WorkError::is_transient) {
        WorkError::transient(words)
    } else {
        WorkError::lasting(words)
    })
}

/// The values of one resource.
pub(super) struct Values {
    pub sent: Sent,
    values: BTreeMap<Reference, SecretString>,
}

impl Values {
    /// None at all, for what holds none.
    pub fn none() -> Self {
        Self {
            sent: Sent::default(),
            values: BTreeMap::new(),
        }
    }

    /// Reads them where they come from.
    pub async fn read(
        job: &Job<'_>,
        env: &EnvName,
        kind: &dyn Kind,
        key: &ResourceKey,
        wanted: &DesiredResource,
    ) -> Result<Self, WorkError> {
        let at = |what: String| format!("{}:{}: {key} {what}", wanted.file, wanted.line);
        let mut fields = wanted.write_only(kind);
        let mut references = BTreeSet::new();
        for field in &mut fields {
            collect(field, &mut references)
                .map_err(|error| WorkError::lasting(at(error.to_string())))?;
            if written_out::is_of_secrets(kind) && written_out::is_written_out(field) {
                return Err(WorkError::lasting(at(
                    "has a secret written out in the bundle: say where it is instead, such as {env: NAME}".to_owned(),
                )));
            }
        }
        let sources = &job.work.secrets;
        let mut values = BTreeMap::new();
        for reference in &references {
            let value = sources.value(job.whose(env), reference).await;
            let value = value.map_err(|error| {
                let words = at(format!(
                    "asks for a secret: {}",
                    super::error::chain(&error)
                ));
                if error.is_transient() {
                    WorkError::transient(words)
                } else {
                    WorkError::lasting(words)
                }
            })?;
            values.insert(reference.clone(), value);
        }
        let said: Vec<String> = references.iter().map(ToString::to_string).collect();
        let mut read = Self {
            sent: Sent {
                version: String::new(),
                reference: (!said.is_empty()).then(|| said.join(", ")),
            },
            values,
        };
        for field in &mut fields {
            read.fill(field);
        }
        if kind.rules().open && references.is_empty() {
            read.sent.version = Sent::open_version(&json!(fields));
            return Ok(read);
        }
        // The same value elsewhere has another version, or two rows would tell that their secrets are the same one.
        let whole = json!({"pipeline": job.pipeline, "env": env, "key": key, "fields": fields});
        read.sent.version = sources.version(&SecretString::from(canonical_json(&whole)));
        Ok(read)
    }

    /// The config of a request, every reference replaced by its value.
    pub fn put_into(&self, kind: &dyn Kind, config: &Value) -> Value {
        let mut config = config.clone();
        if !self.values.is_empty() {
            for pattern in &kind.rules().write_only {
                pattern.visit(&mut config, &mut |value| {
                    self.fill(value);
                    Keep::Yes
                });
            }
        }
        config
    }

    fn fill(&self, value: &mut Value) {
        match value {
            Value::Object(map) => {
                let known = Reference::read(map).ok().flatten();
                match known.and_then(|reference| self.values.get(&reference)) {
                    Some(secret) => *value = Value::String(secret.expose_secret().to_owned()),
                    None => map.values_mut().for_each(|value| self.fill(value)),
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.fill(item)),
            _ => {}
        }
    }

    /// A failure that does not repeat a value, should the service have done so.
    pub fn hide(&self, error: WorkError) -> WorkError {
        self.values
            .values()
            .fold(error, |error, value| error.without(value.expose_secret()))
    }
}

/// The references in a value.
fn collect(
    value: &Value,
    found: &mut BTreeSet<Reference>,
) -> Result<(), crate::secrets::BadReference> {
    match value {
        Value::Object(map) => match Reference::read(map)? {
            Some(reference) => drop(found.insert(reference)),
            None => {
                for inner in map.values() {
                    collect(inner, found)?;
                }
            }
        },
        Value::Array(items) => {
            for item in items {
                collect(item, found)?;
            }
        }
        _ => {}
    }
    Ok(())
}
