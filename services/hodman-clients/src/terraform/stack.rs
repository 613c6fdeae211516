//! One directory with its inputs, and the commands over it.
//!
//! Long because each command is one method of the same object, and they share how a run is begun, heard and judged.

use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::process::Command;
use tokio::sync::watch;

use super::child::{self, End, Ended, Limits};
use super::declared::Declared;
use super::heard::{Heard, refusal};
use super::mask::Mask;
use super::passing::Passing;
use super::workdir::{BACKEND_FILE, PLAN_FILE, PUSHED_FILE, VARIABLES_FILE, failed};
use super::{
    Binding, Inputs, PlanKey, SealedPlan, Terraform, TerraformError, Workdir, events, guarded,
};

/// Which state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateVersion {
    /// The same for all states that grew out of each other; empty before the first apply.
    pub lineage: String,
    /// Grows by each change; 0 before the first apply.
    pub serial: u64,
}

impl StateVersion {
    /// Which one a whole state is.
    ///
    /// # Errors
    /// When it is no state.
    pub fn of(state: &SecretString) -> Result<Self, TerraformError> {
        parse(PULL, state)
    }
}

const PULL: &str = "state pull";

/// A plan that was made.
#[derive(Debug)]
pub struct Planned {
    /// Whether there is anything to do, outputs too.
    pub changes: bool,
    /// `show -json` of exactly this plan, secrets in clear; for the model to make rows of.
    pub shown: SecretString,
    /// The plan itself.
    pub saved: SealedPlan,
}

/// Hears each line of output, secrets masked, as it comes.
type Say<'a> = &'a mut (dyn FnMut(&str) + Send);

/// A directory at one commit with its inputs.
#[derive(Debug)]
pub struct Stack {
    terraform: Terraform,
    workdir: Workdir,
    inputs: Inputs,
    mask: Mask,
    stop: watch::Receiver<bool>,
    locks_plans: bool,
    declared: Declared,
    _left: Option<Passing>,
}

/// Where `init` leaves the backend's values for the other commands, below the data folder; secrets among them in clear.
const LEFT_BY_INIT: &str = "terraform.tfstate";

/// How much of that is read: it is a page or two.
const MOST_LEFT_BY_INIT: u64 = 16 << 20;

/// How large a plan may be: one of ten thousand resources has a few megabytes.
const MOST_OF_A_PLAN: u64 = 256 << 20;

impl Stack {
    pub(super) fn new(
        terraform: Terraform,
        workdir: Workdir,
        inputs: Inputs,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, TerraformError> {
        inputs.check()?;
        // With secrets in it; no command comes any more that needs them, and the next `init` writes them anew.
        let left = (!inputs.backend_secrets.is_empty())
            .then(|| Passing::at(workdir.beside("data").join(LEFT_BY_INIT)));
        let declared = Declared::read(workdir.directory());
        Ok(Self {
            terraform,
            workdir,
            declared,
            mask: inputs.mask(),
            inputs,
            stop,
            locks_plans: true,
            _left: left,
        })
    }

    /// The same, planning without the state's lock, as somebody must who may not write where the state is. A plan that is
    /// made while somebody else applies may then start from what is half done; it is stale when that is over.
    #[must_use]
    pub fn without_lock(mut self) -> Self {
        self.locks_plans = false;
        self
    }

    /// Its folder, to be removed after the last command.
    #[must_use]
    pub fn into_workdir(self) -> Workdir {
        self.workdir
    }

    /// The program's version and the machine's kind, such as `1.11.4 on linux_amd64`.
    ///
    /// # Errors
    /// When it cannot be run.
    pub async fn version(&self) -> Result<String, TerraformError> {
        let command = "version";
        let written = self.whole(command, &["version", "-json"]).await?;
        let said: Value = parse(command, &written)?;
        let text = |field: &str| said[field].as_str().map(str::to_owned);
        match (text("terraform_version"), text("platform")) {
            (Some(version), Some(platform)) => Ok(format!("{version} on {platform}")),
            _ => Err(TerraformError::Unreadable { command }),
        }
    }

    /// `init`: providers as the lock file in the directory says, and the backend. Waits for others that use the same cache.
    ///
    /// # Errors
    /// [`TerraformError::LockFile`] when a provider is missing from the lock file or is another one; when the backend refuses, or it
    /// cannot be run.
    pub async fn init(&self, say: Say<'_>) -> Result<(), TerraformError> {
        let mut arguments = vec!["init", "-input=false", "-no-color", "-lockfile=readonly"];
        let backend = match self.inputs.backend.is_empty() {
            true => None,
            false => Some(self.passing(BACKEND_FILE, &self.inputs.whole_backend()?)?),
        };
        let option = backend
            .as_ref()
            .map(|file| format!("-backend-config={}", file.path().display()));
        arguments.extend(option.as_deref());
        let _held = self.terraform.cache.hold().await?;
        self.lines("init", &arguments, &[0], say).await.map(drop)
    }

    /// The backend as `init` understood it, `{"type", "config"}`; null when the directory has no `backend` block, so that the
    /// state would lie in the folder of the run and go with it.
    ///
    /// # Errors
    /// When what `init` left cannot be read.
    pub fn backend(&self) -> Result<Value, TerraformError> {
        let file = self.workdir.beside("data").join(LEFT_BY_INIT);
        let bytes = match guarded::read(&file, MOST_LEFT_BY_INIT) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Value::Null),
            Err(error) => return Err(failed("reading the backend", error)),
        };
        let mut left: Value = serde_json::from_slice(&bytes)
            .map_err(|_| TerraformError::Unreadable { command: "init" })?;
        Ok(left["backend"].take())
    }

    /// `plan`: what would be done, saved and shown. Nothing changes but the lock, which is held meanwhile.
    ///
    /// # Errors
    /// A held lock, a configuration that Terraform refuses, a `prevent_destroy` in the way, a limit.
    pub async fn plan(
        &self,
        commit: &str,
        key: &PlanKey,
        say: Say<'_>,
    ) -> Result<Planned, TerraformError> {
        self.plan_with(&[], commit, key, say).await
    }

    /// A refresh-only plan: what was changed outside Terraform, in `resource_drift`. Applying it would only take note.
    ///
    /// # Errors
    /// As for [`Stack::plan`].
    pub async fn drift(
        &self,
        commit: &str,
        key: &PlanKey,
        say: Say<'_>,
    ) -> Result<Planned, TerraformError> {
        self.plan_with(&["-refresh-only"], commit, key, say).await
    }

    /// A plan that removes everything.
    ///
    /// # Errors
    /// As for [`Stack::plan`].
    pub async fn plan_destroy(
        &self,
        commit: &str,
        key: &PlanKey,
        say: Say<'_>,
    ) -> Result<Planned, TerraformError> {
        self.plan_with(&["-destroy"], commit, key, say).await
    }

    async fn plan_with(
        &self,
        more: &[&str],
        commit: &str,
        key: &PlanKey,
        say: Say<'_>,
    ) -> Result<Planned, TerraformError> {
        let version = self.version().await?;
        // Before the plan: whatever is stored in between makes it stale, never the other way round.
        let state = self.state().await?;
        let file = Passing::at(self.workdir.beside(PLAN_FILE));
        let out = format!("-out={}", file.path().display());
        let lock = match self.locks_plans {
            true => self.lock_option(),
            false => "-lock=false".to_owned(),
        };
        let many = self.parallelism_option();
        let mut arguments = vec![
            "plan",
            "-json",
            "-input=false",
            "-detailed-exitcode",
            &lock,
            &out,
        ];
        arguments.extend(many.as_deref());
        arguments.extend(more);
        let files: Vec<_> = self
            .inputs
            .variable_files
            .iter()
            .map(|file| format!("-var-file={file}"))
            .collect();
        arguments.extend(files.iter().map(String::as_str));
        let variables = self.variables_file()?;
        let option = variables.as_ref().map(variables_option);
        // The last one wins, also over `terraform.tfvars` and `*.auto.tfvars` in the directory.
        arguments.extend(option.as_deref());
        let ended = self.lines("plan", &arguments, &[0, 2], say).await?;
        drop(variables);
        let (bytes, shown) = self.take(file.path()).await?;
        drop(file);
        let binding = Binding {
            commit: commit.to_owned(),
            lineage: state.lineage,
            serial: state.serial,
            plan_sha256: hex::encode(Sha256::digest(&bytes)),
            version,
        };
        Ok(Planned {
            changes: ended.status.code() == Some(2),
            shown,
            saved: SealedPlan::seal(binding, bytes, key)?,
        })
    }

    async fn take(
        &self,
        file: &std::path::Path,
    ) -> Result<(Vec<u8>, SecretString), TerraformError> {
        let bytes = guarded::read(file, MOST_OF_A_PLAN)
            .map_err(|error| failed("reading the plan", error))?;
        let shown = self
            .whole("show", &["show", "-json", &file.display().to_string()])
            .await?;
        Ok((bytes, shown))
    }

    /// Applies exactly this plan, made for `commit`.
    ///
    /// # Errors
    /// [`TerraformError::Stale`] when it was made for another commit, by another version of the program, on another kind of machine,
    /// or for another state, also for a first plan, where Terraform itself does not look. A state that could not be stored,
    /// [`TerraformError::StateNotStored`], is sealed with `key` beside the folder, [`super::LeftState`].
    pub async fn apply(
        &self,
        commit: &str,
        saved: &SealedPlan,
        key: &PlanKey,
        say: Say<'_>,
    ) -> Result<(), TerraformError> {
        let stale = |why: String| Err(TerraformError::Stale(why));
        let binding = &saved.binding;
        if binding.commit != commit {
            return stale(format!("it was made for commit {}", binding.commit));
        }
        let bytes = saved.open(key)?;
        if hex::encode(Sha256::digest(&bytes)) != binding.plan_sha256 {
            return Err(TerraformError::Sealed);
        }
        let version = self.version().await?;
        if binding.version != version {
            return stale(format!(
                "it was made by version {}, this is {version}",
                binding.version
            ));
        }
        let state = self.state().await?;
        if (&state.lineage, state.serial) != (&binding.lineage, binding.serial) {
            return stale(format!(
                "it was made for state {} of lineage {:?}, now it is {} of {:?}",
                binding.serial, binding.lineage, state.serial, state.lineage
            ));
        }
        let file = Passing::with(self.workdir.beside(PLAN_FILE), &bytes)?;
        let lock = self.lock_option();
        let name = file.path().display().to_string();
        let many = self.parallelism_option();
        let mut arguments = vec!["apply", "-json", "-input=false", &lock];
        arguments.extend(many.as_deref());
        // All others stand in the plan; before there were such ones, no file was taken beside a plan.
        let names = self.inputs.variables.keys();
        let variables = match self.declared.any_ephemeral(names) {
            true => self.variables_file()?,
            false => None,
        };
        let option = variables.as_ref().map(variables_option);
        arguments.extend(option.as_deref());
        arguments.push(&name);
        self.workdir.may_leave_state()?;
        match self.lines("apply", &arguments, &[0], say).await {
            Ok(_) => Ok(()),
            // Whatever else went wrong: a state that was kept here is all that knows what was made.
            Err(error) => Err(self.kept_state(error, key)?),
        }
    }

    fn kept_state(
        &self,
        error: TerraformError,
        key: &PlanKey,
    ) -> Result<TerraformError, TerraformError> {
        let kept = self.workdir.keep_left(key).inspect_err(|_| {
            // Whoever opens the folder next has to get over it first.
            tracing::warn!("the state that an apply left cannot be sealed; it failed: {error}");
        })?;
        let message = error.to_string();
        match kept || message.contains("Failed to save state") {
            true => Ok(TerraformError::StateNotStored { message, kept }),
            false => Ok(error),
        }
    }

    /// The outputs, secrets in clear: name to `{"value", "type", "sensitive"}`.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn outputs(&self) -> Result<SecretString, TerraformError> {
        self.whole("output", &["output", "-json", "-no-color"])
            .await
    }

    /// Which state is stored now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn state(&self) -> Result<StateVersion, TerraformError> {
        let written = self.pull().await?;
        if written.expose_secret().trim().is_empty() {
            return Ok(StateVersion::default());
        }
        StateVersion::of(&written)
    }

    /// The whole state, empty before the first apply; what it may hold is secret.
    ///
    /// # Errors
    /// When the backend does not give it.
    pub async fn pull(&self) -> Result<SecretString, TerraformError> {
        self.whole(PULL, &["state", "pull"]).await
    }

    /// Takes a lock away that its holder left behind. For a person who knows that nobody works under it any more: two at
    /// once damage the state. Terraform refuses when another lock is there than `expected`.
    ///
    /// # Errors
    /// When that lock is not there, or the backend cannot unlock from outside (the `local` one cannot).
    pub async fn force_unlock(&self, expected: &str, say: Say<'_>) -> Result<(), TerraformError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_/.".contains(c);
        if expected.is_empty() || expected.starts_with('-') || !expected.chars().all(plain) {
            return Err(TerraformError::Input {
                name: expected.to_owned(),
                why: "it is no id of a lock",
            });
        }
        let arguments = ["force-unlock", "-force", expected];
        self.lines("force-unlock", &arguments, &[0], say)
            .await
            .map(drop)
    }

    /// Stores a state that could not be stored, [`TerraformError::StateNotStored`]. Terraform refuses one of another lineage
    /// or an older one.
    ///
    /// # Errors
    /// [`TerraformError::OlderState`] when the one that is stored is as new or newer; when the backend still refuses it.
    pub async fn push_state(
        &self,
        state: &SecretString,
        say: Say<'_>,
    ) -> Result<(), TerraformError> {
        let file = self.passing(PUSHED_FILE, state)?;
        let (lock, name) = (self.lock_option(), file.path().display().to_string());
        let arguments = ["state", "push", &lock, &name];
        self.lines("state push", &arguments, &[0], say)
            .await
            .map(drop)
    }

    /// A file with these secrets for one command.
    fn passing(&self, name: &str, text: &SecretString) -> Result<Passing, TerraformError> {
        Passing::with(self.workdir.beside(name), text.expose_secret().as_bytes())
    }

    /// The variables as a file for one command; none when there are none.
    fn variables_file(&self) -> Result<Option<Passing>, TerraformError> {
        if self.inputs.variables.is_empty() {
            return Ok(None);
        }
        let text = self.inputs.variables_file(&self.declared);
        self.passing(VARIABLES_FILE, &text).map(Some)
    }

    fn lock_option(&self) -> String {
        format!(
            "-lock-timeout={}s",
            self.terraform.config.lock_timeout.as_secs()
        )
    }

    fn parallelism_option(&self) -> Option<String> {
        let many = self.terraform.config.parallelism?;
        Some(format!("-parallelism={many}"))
    }

    async fn whole(
        &self,
        name: &'static str,
        arguments: &[&str],
    ) -> Result<SecretString, TerraformError> {
        let ended = self.run(name, arguments, &[0], true, &mut |_| {}).await?;
        String::from_utf8(ended.output)
            .map(SecretString::from)
            .map_err(|_| TerraformError::Unreadable { command: name })
    }

    async fn lines(
        &self,
        name: &'static str,
        arguments: &[&str],
        good: &[i32],
        say: Say<'_>,
    ) -> Result<Ended, TerraformError> {
        self.run(name, arguments, good, false, say).await
    }

    async fn run(
        &self,
        name: &'static str,
        arguments: &[&str],
        good: &[i32],
        whole: bool,
        say: Say<'_>,
    ) -> Result<Ended, TerraformError> {
        let config = &self.terraform.config;
        let limits = Limits {
            wall: config.wall,
            silence: config.silence,
            grace: config.grace,
            abort: config.abort,
        };
        let heard = Mutex::new(Heard::default());
        let mut hear = |line: &str| {
            let said = events::read(line);
            let text = self.mask.apply(&said.text);
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.add(&text, said.error.map(|error| self.mask.apply(&error)));
            drop(heard);
            say(&text);
        };
        let run = child::run(
            self.command(arguments)?,
            &limits,
            whole,
            self.stop.clone(),
            &mut hear,
        );
        let ended = run.await.map_err(|source| TerraformError::NotStarted {
            program: config.program.clone(),
            source,
        })?;
        let good_end = ended.status.code().is_some_and(|code| good.contains(&code));
        let heard = heard.into_inner().unwrap_or_else(PoisonError::into_inner);
        match ended.end {
            // It was through before the request to stop reached it.
            _ if good_end => Ok(ended),
            End::Itself => Err(refusal(name, ended.status.code(), &heard.message())),
            End::Stopped => Err(TerraformError::Stopped {
                command: name,
                killed: ended.killed,
            }),
            End::TimedOut => Err(TerraformError::TimedOut {
                command: name,
                after: limits.wall,
                killed: ended.killed,
            }),
            End::Silent => Err(TerraformError::Silent {
                command: name,
                after: limits.silence,
                killed: ended.killed,
            }),
        }
    }

    fn command(&self, arguments: &[&str]) -> Result<Command, TerraformError> {
        let config = &self.terraform.config;
        let wrapper = config.wrapper.iter();
        let wrapper = wrapper.map(|word| word.replace("${folder}", &self.workdir.root()).into());
        let mut words = wrapper.chain([config.program.clone().into_os_string()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        let rc = self.workdir.beside("terraform.rc");
        command
            .args(words)
            .args(arguments)
            .current_dir(self.workdir.directory())
            .env_clear()
            .env("HOME", self.workdir.beside("home"))
            .envs(self.inputs.environment(&self.declared))
            .env("TF_DATA_DIR", self.workdir.beside("data"))
            .env(
                "TF_CLI_CONFIG_FILE",
                config.cli_config.as_ref().unwrap_or(&rc),
            );
        if let Some(folder) = self.terraform.cache.folder() {
            command.env("TF_PLUGIN_CACHE_DIR", folder);
        }
        command.stdin(self.workdir.input()?);
        Ok(command)
    }
}

fn parse<T: for<'de> Deserialize<'de>>(
    command: &'static str,
    written: &SecretString,
) -> Result<T, TerraformError> {
    // The inner error may quote a value and is left out.
    serde_json::from_str(written.expose_secret())
        .map_err(|_| TerraformError::Unreadable { command })
}

fn variables_option(file: &Passing) -> String {
    format!("-var-file={}", file.path().display())
}
