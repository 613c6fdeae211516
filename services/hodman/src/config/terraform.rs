//! How Terraform is run, and as whom.

mod backend;
mod pulls;

use std::collections::BTreeMap;
use std::path::PathBuf;

use hodman_clients::terraform::TerraformConfig;
use hodman_model::files::Span;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{AwsPlace, SecretRef, TerraformAs};
pub use backend::{BackendValue, backend_secrets};
pub use pulls::TerraformPulls;

/// How modules of Terraform are run. `environment.yaml` names it by `terraform`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TerraformPlace {
    /// `terraform` or `tofu`: a name found through `PATH`, or a path.
    #[serde(default = "terraform")]
    pub program: PathBuf,
    /// Where downloaded providers are kept for the next run; each run downloads them when absent.
    #[serde(default)]
    pub plugin_cache: Option<PathBuf>,
    /// A CLI configuration, such as one with a provider mirror.
    #[serde(default)]
    pub cli_config: Option<PathBuf>,
    /// What completes the `backend` block of each directory. `${stack}` in a text is the stack's own name, so that each has a
    /// state of its own. A secret is written as elsewhere: `password: {env: NAME}`.
    #[serde(default)]
    pub backend: BTreeMap<String, BackendValue>,
    /// Variables that every stack gets which declares them, as sensitive: secrets that stand in no repository. A list or
    /// an object is written as JSON.
    #[serde(default)]
    pub variables: BTreeMap<String, SecretRef>,
    /// Who plans: may read what the stacks manage, and their states.
    pub plan: TerraformIdentity,
    /// Who applies.
    pub apply: TerraformIdentity,
    /// The longest that one command may take.
    #[serde(default = "two_hours")]
    pub wall: Span,
    /// The longest that a command may say nothing.
    #[serde(default = "a_quarter")]
    pub silence: Span,
    /// How long a command that is asked to stop may finish what it is at, before it is killed; so long the daemon waits for
    /// it when it ends.
    #[serde(default = "ten_minutes")]
    pub grace: Span,
    /// How long a state that somebody else has locked is waited for.
    #[serde(default = "five_minutes")]
    pub lock_timeout: Span,
    /// Whether planning what is merged takes the state's lock. Without it whoever plans needs to write nothing where the state is (`use_lockfile`
    /// of S3 is a write, too); but while somebody else than hodman applies, a pull request may show what is half done. It is
    /// never applied: with another state a plan is made anew, under the lock.
    #[serde(default = "yes")]
    pub lock_plans: bool,
    /// Runs for pull requests that nobody merged yet; none when absent, whatever the policy on the promoted branch says.
    #[serde(default)]
    pub pull_requests: Option<TerraformPulls>,
    /// How many resources each works at (`-parallelism`), Terraform's own ten when absent: fewer where an API says that it is called too often.
    #[serde(default)]
    pub parallelism: Option<u32>,
    /// How many run at once; each takes some hundred megabytes with a large provider. As many more may for pull requests that nobody
    /// merged: nothing else waits for those.
    #[serde(default = "two")]
    pub at_once: usize,
    /// The environments that may use it, each as `qa`, or `shop/qa` where there are several pipelines; no other gets anything,
    /// whatever its file says.
    pub environments: Vec<String>,
}

/// Who Terraform is. Nothing of the daemon's own identity reaches it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TerraformIdentity {
    /// Variables of its environment, such as `AWS_ACCESS_KEY_ID` or `DATABRICKS_CLIENT_SECRET`.
    #[serde(default)]
    pub env: BTreeMap<String, SecretRef>,
    /// A role that is taken for each run. Tools of AWS ask us for its keys on the loopback interface, as they do in a container, and
    /// again before they end.
    #[serde(default)]
    pub aws: Option<AwsRole>,
}

/// A role of AWS, and who takes it: fixed keys, else the daemon.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsRole {
    /// The role.
    pub role_arn: String,
    /// What the role's trust asks for, when it does.
    #[serde(default)]
    pub external_id: Option<String>,
    /// The region, such as `eu-central-1`.
    pub region: String,
    /// How long one set of keys lasts. The next is handed out in time, so it is no limit for a run; it is how long a run can go on whose
    /// daemon was killed and was not started again. From 15m up to the maximum of the role; an hour at most where whoever takes it is a role, too.
    #[serde(default = "an_hour")]
    pub session: Span,
    /// Fixed keys with which it is taken.
    #[serde(default)]
    pub access_key_id: Option<SecretRef>,
    /// The secret half of the fixed keys.
    #[serde(default)]
    pub secret_access_key: Option<SecretRef>,
    /// Something other than AWS that speaks the same.
    #[serde(default)]
    pub endpoint: Option<String>,
}

/// What of Terraform's and OpenTofu's own variables is a secret to sign in with or to read states with.
const WHO: &[&str] = &["TF_HTTP_USERNAME", "TF_HTTP_PASSWORD", "TF_ENCRYPTION"];

/// How long AWS lets a role be taken for, in seconds.
const SESSIONS: std::ops::RangeInclusive<u64> = 900..=43_200;

fn terraform() -> PathBuf {
    "terraform".into()
}

const fn two_hours() -> Span {
    Span::from_secs(2 * 3600)
}

const fn an_hour() -> Span {
    Span::from_secs(3600)
}

const fn a_quarter() -> Span {
    Span::from_secs(15 * 60)
}

const fn ten_minutes() -> Span {
    Span::from_secs(10 * 60)
}

const fn five_minutes() -> Span {
    Span::from_secs(5 * 60)
}

const fn yes() -> bool {
    true
}

const fn two() -> usize {
    2
}

fn time(span: Span) -> std::time::Duration {
    std::time::Duration::from_secs(span.as_secs())
}

impl TerraformPlace {
    /// The client's settings.
    #[must_use]
    pub fn client(&self) -> TerraformConfig {
        TerraformConfig {
            program: self.program.clone(),
            plugin_cache: self.plugin_cache.clone(),
            cli_config: self.cli_config.clone(),
            wall: time(self.wall),
            silence: time(self.silence),
            grace: time(self.grace),
            lock_timeout: time(self.lock_timeout),
            parallelism: self.parallelism,
            ..TerraformConfig::default()
        }
    }

    /// How long one that is asked to stop takes at most.
    #[must_use]
    pub fn longest_end(&self) -> std::time::Duration {
        let client = self.client();
        client.grace + client.abort
    }

    /// Its identities.
    pub(crate) fn identities(&self) -> Vec<(TerraformAs, &TerraformIdentity)> {
        let pulls = self.pull_requests.as_ref();
        let pulls = pulls.map(|pulls| (TerraformAs::Propose, &pulls.plan));
        let own = [
            (TerraformAs::Plan, &self.plan),
            (TerraformAs::Apply, &self.apply),
        ];
        own.into_iter().chain(pulls).collect()
    }

    /// What is wrong with it; none when nothing is.
    pub(super) fn problem(&self) -> Option<String> {
        if self.parallelism == Some(0) {
            return Some("parallelism: nothing would ever be done".to_owned());
        }
        if self.at_once == 0 {
            return Some("at_once: none would ever run".to_owned());
        }
        for (name, limit) in [("silence", self.silence), ("wall", self.wall)] {
            if self.lock_timeout.as_secs() >= limit.as_secs() {
                return Some(format!(
                    "lock_timeout: who waits for a lock says nothing, and would be stopped by `{name}` before it says whose lock it is; \
                     shorter than `{name}`, such as 5m"
                ));
            }
        }
        for (name, identity) in self.identities() {
            let keys = identity.env.keys();
            if let Some(key) = keys.into_iter().find(|key| is_how(key)) {
                return Some(format!(
                    "{name}.env: {key} is how Terraform runs, not who it is; of its own variables only {} and \
                     TF_TOKEN_… may stand here",
                    WHO.join(", ")
                ));
            }
            let session = identity.aws.as_ref().map(|role| role.session.as_secs());
            if session.is_some_and(|seconds| !SESSIONS.contains(&seconds)) {
                return Some(format!(
                    "{name}.aws.session: AWS gives keys for 15m at least and 12h at most, and for no longer than the role's own maximum"
                ));
            }
            if identity.aws.is_some() && identity.env.keys().any(|key| key.starts_with("AWS_")) {
                return Some(format!(
                    "{name}: either a role of AWS or keys of it in `env`, not both"
                ));
            }
        }
        None
    }
}

/// Whether a variable of the environment says how Terraform runs, and not who it is.
fn is_how(key: &str) -> bool {
    let who = WHO.contains(&key) || key.starts_with("TF_TOKEN_");
    key.starts_with("TF_") && !who
}

impl AwsRole {
    /// The same as a place of AWS.
    #[must_use]
    pub fn place(&self) -> AwsPlace {
        AwsPlace {
            region: self.region.clone(),
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret_access_key.clone(),
            role_arn: Some(self.role_arn.clone()),
            plan_role_arn: None,
            external_id: self.external_id.clone(),
            endpoint: self.endpoint.clone(),
            templates: None,
            environments: Vec::new(),
        }
    }
}
