//! Frees a stack because a person asked for it.

use super::{Job, WorkError, live, taken};
use hodman_core::event::{Outcome, Unlock};
use hodman_core::ids::{CommitSha, EnvName};
use hodman_model::bundle::ResourceKey;
use hodman_model::files::{Environment, parse_release};
use hodman_model::kinds::{
    Call, CloudformationStacks, Kind, Marker, TerraformStacks, WHOSE, Whose,
};
use hodman_model::modules::Foundation;
use serde_json::{Value, json};

pub(super) async fn unlock(
    job: &Job<'_>,
    env: &EnvName,
    config: &CommitSha,
    stack: &str,
    unlock: &Unlock,
) -> Result<Outcome, WorkError> {
    let environment = taken::environment_at(job, env, config.as_str())?;
    let kind: &dyn Kind = match unlock {
        Unlock::GoBack { .. } => &CloudformationStacks,
        Unlock::Lock(_) | Unlock::StoreState | Unlock::ForgetState { .. } => &TerraformStacks,
    };
    let key = ResourceKey::new(kind.name(), stack);
    let told = told(job, env, config, &environment, &key).await?;
    let name = match kind.natural(&told) {
        Some(name) => name,
        // In no package any more, and perhaps still to be removed.
        None => format!("hodman-{}-{env}-{stack}", job.pipeline),
    };
    let place = job
        .work
        .places
        .foundation(job.whose(env), &environment)
        .await?;
    let marker = Marker {
        pipeline: job.pipeline.to_owned(),
        env: env.as_str().to_owned(),
        key: key.key,
    };
    let call = match unlock {
        Unlock::Lock(id) => with_files(TerraformStacks::unlock(&name, id), &told, &marker),
        Unlock::StoreState => with_files(TerraformStacks::store_state(&name), &told, &marker),
        Unlock::ForgetState { gone } => {
            with_files(TerraformStacks::forget_state(&name, gone), &told, &marker)
        }
        Unlock::GoBack { skip } => CloudformationStacks::go_back(&name, &marker, skip),
    };
    job.fence.check().await?;
    place.call(live::request(&call)).await?;
    Ok(Outcome::Unlocked)
}

/// A request with what Terraform needs to reach the state.
fn with_files(mut call: Call, told: &Value, marker: &Marker) -> Call {
    let body = call.body.get_or_insert_with(|| json!({}));
    body[WHOSE] = json!(Whose::Merged);
    if let (Value::Object(body), Some(Value::Object(told))) =
        (body, TerraformStacks.create(told, marker).body)
    {
        body.extend(told);
    }
    call
}

/// What the stack is told by the package that is pinned, else by the branch; without the variables, which nobody asks for.
async fn told(
    job: &Job<'_>,
    env: &EnvName,
    config: &CommitSha,
    environment: &Environment,
    key: &ResourceKey,
) -> Result<Value, WorkError> {
    let path = format!("environments/{env}/release.yaml");
    let pin = job
        .repo
        .mirror
        .read(config.as_str(), &job.repo.path(&path))?
        .map(|bytes| parse_release(&path, &String::from_utf8_lossy(&bytes)))
        .transpose()?;
    let at = config.as_str().to_owned();
    let tree = match pin {
        Some(pin) => {
            let package = hodman_core::ids::PackageDigest(pin.package.to_string());
            (*job.work.packages.tree(&package).await?).clone()
        }
        None => {
            job.repo
                .blocking(move |repo| super::check::tree(repo, &at))
                .await?
        }
    };
    let file = format!("environments/{env}/environment.yaml");
    let foundation = Foundation::resolve(job.pipeline, &file, environment, &tree)
        .map_err(|error| WorkError::lasting(error.to_string()))?;
    let Some(wanted) = foundation.desired.resources.get(key) else {
        return Ok(Value::Null);
    };
    let mut config = Value::clone(&wanted.config);
    config["variables"] = json!({});
    Ok(config)
}
