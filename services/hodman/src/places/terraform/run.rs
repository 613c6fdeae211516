//! One run: the stack's folder to ourselves, its files in it, the backend known.

use super::keys::Desk;
use super::place::place_of;
use super::told::Told;
use super::{Failure, RUNS, Stacks, UNMERGED_RUNS, keys};
pub(super) use crate::config::TerraformAs as As;
use crate::config::backend_secrets;
use crate::places::at_work::Working;
use hodman_clients::terraform::{Input, LateSecrets, Stack, Workdir};
use hodman_model::kinds::Whose;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// How long another run of the same stack is waited for at least.
const AT_LEAST: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(100);

/// Why a state is found that nobody was left to hear of.
const LEFT_ALONE: &str = "the run that made it was left alone when the daemon ended";

impl As {
    /// Who looks at what somebody says of a stack.
    pub fn who_looks(whose: Whose) -> Self {
        match whose {
            Whose::Merged | Whose::Asked => Self::Plan,
            Whose::Proposed => Self::Propose,
        }
    }
}

/// A stack that commands can be given to.
pub(super) struct Run {
    pub stack: Stack,
    /// Where its state is, by a name over that.
    pub place: String,
    /// The names of variables whose values are secrets.
    pub secret_names: Vec<String>,
    /// Every secret that it was given.
    secrets: Vec<SecretString>,
    /// What secret objects and lists have in them.
    pub(super) parts: Vec<SecretString>,
    /// Those that it gets while it runs.
    later: LateSecrets,
    _desk: Option<Desk>,
    _permit: OwnedSemaphorePermit,
    _working: Working,
}

impl Run {
    /// Every secret that it was given so far.
    pub fn secrets(&self) -> Vec<SecretString> {
        let mut all = self.secrets.clone();
        all.extend(self.later.all());
        all
    }
}

impl Stacks {
    /// The folder of a stack's runs: the same for all of them, because paths stand in saved plans. What nobody merged runs in another
    /// one, so that a sandbox may show it that and no more.
    pub(super) fn root(&self, name: &str, who: As) -> PathBuf {
        let runs = match who {
            As::Plan | As::Apply => RUNS,
            As::Propose => UNMERGED_RUNS,
        };
        self.ground.folder.join(runs).join(name)
    }

    /// Waits until the stack's folder is free, and makes it ready.
    pub(super) async fn open(&self, name: &str, told: &Told, who: As) -> Result<Run, Failure> {
        // Before its folder is held: secrets may come from other stacks.
        let (inputs, desk) = self.inputs(name, told, who).await?;
        let permit = self
            .turns
            .of(who)
            .clone()
            .acquire_owned()
            .await
            .map_err(|error| Failure::Later(error.to_string()))?;
        let working = self.at_work.begin();
        let files = told.files()?;
        let root = self.root(name, who);
        let workdir = self.folder(name, &root, &told.directory, &files).await?;
        keys::remember(&root, desk.as_ref())?;
        if who != As::Propose {
            self.gather(name, &root, LEFT_ALONE).await?;
        }
        let given = inputs
            .identity
            .values()
            .chain(inputs.backend_secrets.values());
        let mut secrets: Vec<SecretString> = given.cloned().collect();
        let (mut secret_names, mut parts) = (Vec::new(), Vec::new());
        for (variable, input) in &inputs.variables {
            if let Input::Secret(secret) = input {
                secret_names.push(variable.clone());
                let inside = hodman_clients::terraform::parts(secret.expose_secret());
                parts.extend(inside.into_iter().map(SecretString::from));
                secrets.push(secret.clone());
            }
        }
        let later = inputs.later.clone();
        let terraform = match who {
            As::Plan | As::Apply => &self.terraform,
            As::Propose => &self.unmerged,
        };
        let mut stack = terraform.stack(workdir, inputs, self.stop.clone())?;
        let locks = match who {
            As::Apply => true,
            As::Plan => self.place.lock_plans,
            // Nobody has to wait for it, and it writes nothing.
            As::Propose => false,
        };
        if !locks {
            stack = stack.without_lock();
        }
        stack.init(&mut |line| tell(name, line)).await?;
        let mut backend = stack.backend()?;
        lasting_backend(&backend, &told.directory)?;
        for at in backend_secrets(&self.backend_for(who)).keys() {
            if let Some(secret) = backend["config"].pointer_mut(at) {
                *secret = Value::Null;
            }
        }
        Ok(Run {
            stack,
            place: place_of(&json!([backend["type"], backend["config"]])),
            secret_names,
            secrets,
            parts,
            later,
            _desk: desk,
            _permit: permit,
            _working: working,
        })
    }

    async fn folder(
        &self,
        name: &str,
        root: &Path,
        directory: &str,
        files: &BTreeMap<String, (Vec<u8>, bool)>,
    ) -> Result<Workdir, Failure> {
        let patience = self.place.client().lock_timeout.max(AT_LEAST);
        let began = Instant::now();
        loop {
            let files = files
                .iter()
                .map(|(path, (content, runs))| (path.as_str(), content.as_slice(), *runs));
            if let Some(workdir) = Workdir::alone(root, directory, files, &self.key)? {
                return Ok(workdir);
            }
            self.stand_in(name, root).await;
            if began.elapsed() > patience {
                return Err(Failure::AtWork(format!(
                    "another run of stack {name} is at work still, perhaps one that the daemon left behind when it ended; it is waited for"
                )));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Says a line of Terraform's, masked, in the log.
pub(super) fn tell(name: &str, line: &str) {
    tracing::debug!(stack = name, "{line}");
}

/// Refuses a state that would lie in the folder of the run, and go with it.
fn lasting_backend(backend: &Value, directory: &str) -> Result<(), Failure> {
    let hint = "give the directory a `backend \"s3\" {}` or another block, and its values under `terraform:` of the daemon's settings";
    if backend.is_null() {
        return Err(Failure::Refused(format!(
            "{directory} has no `backend` block: its state would be lost with the folder of the run; {hint}"
        )));
    }
    let path = backend["config"]["path"].as_str().unwrap_or_default();
    if backend["type"] == "local" && !Path::new(path).is_absolute() {
        return Err(Failure::Refused(format!(
            "{directory} keeps its state in the folder of the run, where it would be lost: a local backend needs an absolute `path`; {hint}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_would_go_with_its_folder_is_refused() {
        let of = |backend| lasting_backend(&backend, "modules/net").map_err(|no| no.to_string());
        assert_eq!(of(json!({"type": "s3", "config": {}})), Ok(()));
        let local = |path: &str| json!({"type": "local", "config": {"path": path}});
        assert_eq!(of(local("/var/lib/states/net")), Ok(()));
        for backend in [
            json!(null),
            local("net.tfstate"),
            json!({"type": "local", "config": {"path": null}}),
        ] {
            let refused = of(backend).expect_err("refused");
            assert!(refused.contains("modules/net"), "{refused}");
        }
    }
}
