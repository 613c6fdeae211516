//! Stacks of Terraform behind requests of the same form as those to Databricks: looked at by the identity for plans, applied by the
//! other one, always by a plan that was shown.

mod bring;
mod either;
mod failure;
mod free;
mod inputs;
mod keys;
mod look;
mod place;
mod record;
mod run;
mod saved;
mod told;
mod turns;

use super::Ground;
use super::at_work::AtWork;
use crate::config::TerraformPlace;
use failure::{Failure, refusal};
use hodman_clients::databricks::{ApiError, Elsewhere, ErrorKind, Request};
use hodman_clients::terraform::{PlanKey, Terraform, TerraformError, Workdir};
use hodman_model::digest::{Digest, sha256};
use hodman_model::kinds::{SENSITIVE_OUTPUT, TAG_KEY};
use run::As;
pub(super) use saved::forget_old;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Mutex;
use tokio::sync::watch;
pub(super) use turns::Turns;

/// Where requests for stacks go.
pub(super) const PATH: &str = "/terraform/stacks";

/// The folder of all runs, below the daemon's own.
const RUNS: &str = "terraform";

/// The same of runs of what nobody merged.
const UNMERGED_RUNS: &str = "terraform-unmerged";

/// Sweeps the folders of runs below the daemon's own; gives how many.
pub(super) fn sweep(ground: &Ground) -> Result<usize, TerraformError> {
    let key = key(ground);
    let sweep = |runs| Workdir::sweep(&ground.folder.join(runs), &key);
    let unmerged = sweep(UNMERGED_RUNS);
    Ok(sweep(RUNS)? + unmerged?)
}

/// What seals saved plans, and states that could not be stored.
fn key(ground: &Ground) -> PlanKey {
    PlanKey::new(ground.secrets.derived("saved plans of Terraform"))
}

/// The stacks of one environment.
#[derive(Debug)]
pub(super) struct Stacks {
    env: String,
    place: TerraformPlace,
    terraform: Terraform,
    /// The same for what nobody merged.
    unmerged: Terraform,
    ground: Ground,
    key: PlanKey,
    turns: Turns,
    stop: watch::Receiver<bool>,
    at_work: AtWork,
    /// What stacks were looked at by in place of what was applied last.
    instead: Mutex<BTreeMap<String, told::Told>>,
}

impl Stacks {
    /// Nothing is run yet.
    pub fn new(
        env: &str,
        place: TerraformPlace,
        turns: Turns,
        ground: Ground,
        stop: watch::Receiver<bool>,
        at_work: AtWork,
    ) -> Self {
        Self {
            env: env.to_owned(),
            terraform: Terraform::new(place.client()),
            unmerged: Terraform::new(place.client_of_pulls()),
            key: key(&ground),
            turns,
            ground,
            place,
            stop,
            at_work,
            instead: Mutex::default(),
        }
    }

    async fn answer(&self, request: &Request) -> Result<Value, ApiError> {
        let rest = request.path.strip_prefix(PATH).unwrap_or_default();
        let rest = rest.trim_start_matches('/');
        let (name, what) = rest.split_once('/').unwrap_or((rest, ""));
        let body = request.body.clone().unwrap_or_default();
        let done = match (request.method.as_str(), name, what) {
            ("GET", name, "") => self.show(name, &body).await,
            ("POST", "", "") => match body["name"].as_str() {
                Some(name) => self.bring(name, &body).await,
                None => Err(Failure::Refused("a stack needs a name".to_owned())),
            },
            ("PUT", name, "") => self.bring(name, &body).await,
            ("PUT", name, "told") => Box::pin(self.note(name, &body)).await,
            ("DELETE", name, "") => self.remove(name, &body).await,
            ("POST", name, "preview") => self.preview(name, &body).await,
            ("POST", name, "preview-removal") => self.preview_removal(name, &body).await,
            ("POST", name, "unlock") => self.unlock(name, &body).await,
            ("POST", name, "store-state") => self.store_state(name, &body).await,
            ("POST", name, "forget-state") => self.forget_state(name, &body).await,
            _ => {
                let words = "no such request";
                return Err(super::error(request, ErrorKind::Unsupported, words));
            }
        };
        let call = self.call_of(name, &body);
        done.map_err(|failure| refusal(request, (&self.env, &call), &self.now(), failure))
    }

    /// The call of a stack, as people name it.
    fn call_of(&self, name: &str, body: &Value) -> String {
        let tagged = body["tags"][TAG_KEY].as_str();
        let inside = || Some(name.split_once(&format!("-{}-", self.env))?.1);
        tagged.or_else(inside).unwrap_or(name).to_owned()
    }

    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.ground.clock.now()
    }

    /// What is known of a stack, and what it gives; the body may say what is wanted of it now.
    async fn show(&self, name: &str, body: &Value) -> Result<Value, Failure> {
        let record = self.record(name).await?;
        let Some((record, told)) = record
            .as_ref()
            .and_then(|record| Some((record, record.told()?)))
        else {
            return Err(Failure::NoStack(name.to_owned()));
        };
        let mut shown = json!({
            "name": name,
            "source": told.source,
            "variables": told.variables,
            "uses": told.uses,
            "tags": record.tags(),
        });
        if record.made.is_none() {
            shown["unmade"] = json!(true);
            return Ok(shown);
        }
        let mut outputs = Map::new();
        for (output, given) in Box::pin(self.outputs(name, (record, told), body)).await? {
            let value = match given.sensitive {
                true => json!({SENSITIVE_OUTPUT: {"stack": name, "output": output}}),
                false => given.value,
            };
            outputs.insert(output, value);
        }
        shown["outputs"] = Value::Object(outputs);
        Ok(shown)
    }

    /// What a stack gives, secrets in clear.
    async fn outputs(
        &self,
        name: &str,
        known: (&record::Record, &told::Told),
        body: &Value,
    ) -> Result<Vec<(String, Given)>, Failure> {
        let (run, _) = Box::pin(self.open_either(name, known, body, As::Plan)).await?;
        let written = run.stack.outputs().await?;
        let secrets = run.secrets();
        let mut given = Vec::new();
        for (output, said) in told::outputs(&written)? {
            // A value that was given as a secret is one, whatever the directory calls it.
            let sensitive = said.sensitive
                || told::holds_any(&said.value, &secrets)
                || told::is_any(&said.value, &run.parts);
            let value = said.value;
            given.push((output, Given { value, sensitive }));
        }
        Ok(given)
    }
}

/// One output.
struct Given {
    value: Value,
    sensitive: bool,
}

/// A secret as it is passed on.
fn secret_text(value: &Value) -> SecretString {
    match value {
        Value::String(text) => SecretString::from(text.as_str()),
        other => SecretString::from(other.to_string()),
    }
}

/// The digest in a field of a request.
fn digest_in(body: &Value, field: &str) -> Option<Digest> {
    body[field].as_str()?.parse().ok()
}

/// A name over several texts.
fn named(parts: &[&str]) -> Digest {
    sha256(json!(parts).to_string().as_bytes())
}

impl Elsewhere for Stacks {
    fn call<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send + 'a>> {
        Box::pin(self.answer(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::config::{Config, Purpose, Whose};
    use crate::packages::Packages;
    use crate::places::Places;
    use crate::secrets::Sources;
    use hodman_store::{Store, StoreUrl};
    use std::sync::Arc;

    #[tokio::test]
    async fn environments_that_name_one_terraform_share_how_many_programs_run_at_once() {
        rustls::crypto::aws_lc_rs::default_provider()
            .install_default()
            .ok();
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!(
            "data_dir: {}\ngithub: {{token: {{value: t}}, webhook_secrets: [{{value: s}}]}}\npipelines: [{{name: shop, repository: a/b}}]\n\
             terraform:\n  main: {{plan: {{}}, apply: {{}}, environments: [qa, prod]}}\n  other: {{plan: {{}}, apply: {{}}, \
             environments: [qa]}}\n",
            folder.path().display()
        );
        let config = Config::read("f", &text, Purpose::Demo, |_| None).expect("settings");
        let clock = Clock::system();
        let url = StoreUrl::sqlite(folder.path().join("hodman.db"));
        let packages = Packages::open(&config.package_store()).await;
        let ground = Ground {
            packages: Arc::new(packages.expect("packages")),
            secrets: Arc::new(Sources::open(&config).await.expect("sources")),
            store: Store::open(&url, clock.now()).await.expect("a store"),
            clock,
            folder: folder.path().to_owned(),
        };
        let places = Places::new(&config, ground).expect("places");
        let whose = |env| Whose {
            pipeline: "shop",
            env,
        };
        let turns = |env, name| places.stacks(whose(env), name).expect("allowed").turns;
        let at_once = |env, name| Arc::clone(turns(env, name).of(As::Apply));
        let qa = at_once("qa", "main");
        assert_eq!(qa.available_permits(), 2);
        assert!(Arc::ptr_eq(&qa, &at_once("prod", "main")));
        assert!(Arc::ptr_eq(&qa, turns("prod", "main").of(As::Plan)));
        assert!(!Arc::ptr_eq(&qa, &at_once("qa", "other")));
        // An apply does not wait for what nobody merged.
        let unmerged = Arc::clone(turns("qa", "main").of(As::Propose));
        assert!(!Arc::ptr_eq(&qa, &unmerged) && unmerged.available_permits() == 2);
        let refused = places
            .stacks(whose("dev"), "main")
            .expect_err("not for dev");
        assert!(refused.to_string().contains("is not for environment `dev`"));
    }
}
