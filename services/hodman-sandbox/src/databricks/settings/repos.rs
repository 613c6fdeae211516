//! Git folders. Nothing is cloned: the folder knows its repository and the branch or tag it stands on.

use axum::Router;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::databricks::call::{Call, Shared, delete, get, patch, post};
use crate::databricks::error::ApiError;
use crate::databricks::files::normal;
use crate::databricks::world::World;

const WHAT: &str = "Repo";
const ROOT: &str = "/api/2.0/repos";

pub(super) fn router() -> Router<Shared<World>> {
    let one = format!("{ROOT}/{{id}}");
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&one, get(show))
        .route(&one, patch(change))
        .route(&one, delete(remove))
}

/// A commit id that follows from where the folder stands.
fn commit(stands_on: &str) -> String {
    let digest = Sha256::digest(stands_on.as_bytes());
    hex::encode(&digest[..20])
}

/// Providers of the API, taken in any case and answered in this one.
const PROVIDERS: [&str; 8] = [
    "gitHub",
    "gitHubEnterprise",
    "bitbucketCloud",
    "bitbucketServer",
    "azureDevOpsServices",
    "gitLab",
    "gitLabEnterpriseEdition",
    "awsCodeCommit",
];

/// The provider as answers have it.
pub(super) fn known_provider(given: &str) -> Option<&'static str> {
    let mut known = PROVIDERS.into_iter();
    known.find(|known| known.eq_ignore_ascii_case(given))
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let url = call.required_text("url")?;
    let provider = call.required_text("provider")?;
    let provider = known_provider(provider)
        .ok_or_else(|| ApiError::invalid(format!("'{provider}' is not a valid Git provider.")))?;
    let name = url
        .trim_end_matches(".git")
        .rsplit('/')
        .next()
        .unwrap_or("repo");
    let path = match call.text("path") {
        Some(path) => normal(path)?,
        None => format!("/Repos/{}/{name}", call.caller.login),
    };
    let id = world.next_id();
    world
        .files
        .place_repo(&path, id, &call.caller.login, call.now)?;
    let mut row = call.body.clone();
    row.insert("id".into(), json!(id));
    row.insert("path".into(), json!(path));
    row.insert("provider".into(), json!(provider));
    row.insert("branch".into(), json!("main"));
    row.insert("head_commit_id".into(), json!(commit(url)));
    row.remove("git_credential_id");
    world.repos.insert(&id.to_string(), row.clone());
    world.permissions.created(
        "repos",
        &id.to_string(),
        &call.caller,
        None,
        &world.directory,
    )?;
    Ok(Value::Object(row))
}

/// Stands on a branch or on a tag, not on both.
fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let row = world.repos.get_mut(WHAT, call.param("id"))?;
    if call.body.contains_key("branch") && call.body.contains_key("tag") {
        return Err(ApiError::invalid(
            "Only one of branch and tag can be given.",
        ));
    }
    let sparse = row.contains_key("sparse_checkout");
    if call.body.contains_key("sparse_checkout") && !sparse {
        return Err(ApiError::invalid(
            "Sparse checkout can only be changed where it was enabled when the git folder was made.",
        ));
    }
    for (new, old) in [("branch", "tag"), ("tag", "branch")] {
        if let Some(value) = call.body.get(new) {
            row.insert(new.into(), value.clone());
            row.remove(old);
            // Another branch or tag is another commit; which one, nobody knows who does not clone.
            let stands_on = format!("{}#{new}:{value}", row.get("url").unwrap_or(&Value::Null));
            row.insert("head_commit_id".into(), json!(commit(&stands_on)));
        }
    }
    if let Some(sparse) = call.body.get("sparse_checkout") {
        row.insert("sparse_checkout".into(), sparse.clone());
    }
    Ok(json!({}))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(Value::Object(
        world.repos.get(WHAT, call.param("id"))?.clone(),
    ))
}

/// As many as a page of the list has.
const PAGE: usize = 20;

/// Without `path_prefix` only what is below `/Repos`. The token of the next page is asked for under the name that it is answered
/// under.
fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let prefix = call
        .query("path_prefix")
        .map_or_else(|| Ok("/Repos".to_owned()), normal)?;
    let repos: Vec<Value> = world
        .repos
        .rows()
        .filter(|row| {
            row.get("path")
                .and_then(Value::as_str)
                .is_some_and(|path| path.starts_with(&prefix))
        })
        .map(|row| Value::Object(row.clone()))
        .collect();
    let token = call.query("next_page_token").unwrap_or("0");
    let start: usize = token
        .parse()
        .map_err(|_| ApiError::invalid(format!("'{token}' is not a valid page token.")))?;
    let more = repos.len() > start + PAGE;
    let page: Vec<Value> = repos.into_iter().skip(start).take(PAGE).collect();
    let mut answer = json!({ "repos": page });
    if more {
        answer["next_page_token"] = json!((start + PAGE).to_string());
    }
    Ok(answer)
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    let row = world.repos.remove(WHAT, id)?;
    world.permissions.forget("repos", id);
    if let Some(path) = row.get("path").and_then(Value::as_str) {
        world.files.delete(path, true)?;
    }
    Ok(json!({}))
}
