//! GitHub Apps: who am I, installations, tokens, webhook deliveries.

use serde_json::Value;

use super::number;
use crate::github::auth::Caller;
use crate::github::http::Call;
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::World;

pub(super) fn route(world: &mut World, call: &Call, segments: &[&str]) -> Option<Reply> {
    Some(match (call.method.as_str(), segments) {
        ("GET", ["apps", slug]) => by_slug(world, slug),
        ("GET", ["installation", "repositories"]) => repositories(world, call),
        ("DELETE", ["installation", "token"]) => revoke(world, call),
        (_, ["app", rest @ ..]) => match app(call) {
            Ok(id) => as_app(world, call, id, rest),
            Err(error) => Err(error),
        },
        ("GET", ["orgs" | "users", account, "installation"]) => of_account(world, call, account),
        _ => return None,
    })
}

/// `/repos/{owner}/{repo}/installation`.
pub(super) fn repo_route(world: &World, call: &Call, repo: u64, rest: &[&str]) -> Option<Reply> {
    if call.method != "GET" || *rest != ["installation"] {
        return None;
    }
    let found = app(call).and_then(|app| {
        world
            .installation_for(app, repo)
            .ok_or_else(ApiError::not_found)
    });
    Some(found.and_then(|id| Answer::ok(world.installation_json(id))))
}

fn app(call: &Call) -> Result<u64, ApiError> {
    if let Caller::App(id) = call.caller {
        Ok(id)
    } else {
        Err(ApiError::new(401, "A JSON web token could not be decoded"))
    }
}

fn as_app(world: &mut World, call: &Call, app: u64, rest: &[&str]) -> Reply {
    let own = |world: &World, id: &str| -> Result<u64, ApiError> {
        let found = world
            .installations
            .get(&number(id)?)
            .filter(|found| found.app == app);
        found.map(|found| found.id).ok_or_else(ApiError::not_found)
    };
    match (call.method.as_str(), rest) {
        ("GET", []) => Answer::ok(world.app_json(app)),
        ("GET", ["installations"]) => {
            let ids = world
                .installations
                .values()
                .filter(|found| found.app == app)
                .map(|found| found.id);
            Answer::list(ids.map(|id| world.installation_json(id)).collect())
        }
        ("GET", ["installations", id]) => {
            own(world, id).and_then(|id| Answer::ok(world.installation_json(id)))
        }
        ("POST", ["installations", id, "access_tokens"]) => {
            let id = own(world, id)?;
            Answer::created(world.mint_token(id, &call.body)?)
        }
        ("GET", ["hook", "config"]) => {
            let hook = world
                .apps
                .get(&app)
                .and_then(|app| world.hooks.get(&app.hook?))
                .ok_or_else(ApiError::not_found)?;
            Answer::ok(hook.json(&world.base_url, "")["config"].clone())
        }
        (_, ["hook", "deliveries", rest @ ..]) => {
            let hook = world
                .apps
                .get(&app)
                .and_then(|app| app.hook)
                .ok_or_else(ApiError::not_found)?;
            super::hooks::deliveries(world, call, hook, rest)
        }
        _ => Err(ApiError::not_found()),
    }
}

fn by_slug(world: &World, slug: &str) -> Reply {
    let app = world
        .apps
        .values()
        .find(|app| app.slug == slug)
        .ok_or_else(ApiError::not_found)?;
    Answer::ok(world.app_json(app.id))
}

fn of_account(world: &World, call: &Call, account: &str) -> Reply {
    let app = app(call)?;
    let found = world
        .installations
        .values()
        .find(|found| found.app == app && found.account == account);
    Answer::ok(world.installation_json(found.ok_or_else(ApiError::not_found)?.id))
}

fn repositories(world: &World, call: &Call) -> Reply {
    let Caller::Installation {
        installation,
        repositories,
        ..
    } = &call.caller
    else {
        return Err(ApiError::forbidden(
            "You must authenticate with an installation access token in order to list repositories for an installation.",
        ));
    };
    let covered = world.repos.keys().filter(|repo| {
        world.covers(*installation, **repo)
            && repositories.as_ref().is_none_or(|some| some.contains(repo))
    });
    let list: Vec<Value> = covered
        .map(|repo| world.repo_json_for(*repo, &call.caller))
        .collect::<Result<_, _>>()?;
    Answer::counted("repositories", list)
}

fn revoke(world: &mut World, call: &Call) -> Reply {
    let Caller::Installation { installation, .. } = &call.caller else {
        return Err(ApiError::new(401, "Requires authentication"));
    };
    let installation = *installation;
    world.tokens.retain(|_, token| {
        !matches!(token, crate::github::auth::Token::Installation { installation: own, .. } if *own == installation)
    });
    Answer::empty()
}
