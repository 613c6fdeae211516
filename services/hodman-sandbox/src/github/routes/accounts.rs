//! Users, organisations, teams, rate limit.

use serde_json::{Value, json};

use crate::github::auth::Caller;
use crate::github::http::Call;
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::World;

pub(super) fn route(world: &mut World, call: &Call, segments: &[&str]) -> Option<Reply> {
    Some(match (call.method.as_str(), segments) {
        ("GET", []) => Answer::ok(json!({"current_user_url": format!("{}/user", world.base_url)})),
        ("GET", ["user"]) => me(world, call),
        ("GET", ["user", "repos"]) => listed(world, call, |_| true),
        ("GET", ["users", login]) => account(world, login),
        ("GET", ["users", login, "repos"]) | ("GET", ["orgs", login, "repos"]) => {
            listed(world, call, |owner| owner == *login)
        }
        ("POST", ["user", "repos"]) => create_for_me(world, call),
        ("POST", ["orgs", org, "repos"]) => super::repos::create(world, call, org),
        ("GET", ["orgs", org]) if world.orgs.contains_key(*org) => Answer::ok(world.org_json(org)),
        ("GET", ["orgs", org, "members"]) => members(world, org),
        ("GET", ["orgs", org, "members", login]) => member(world, org, login),
        ("GET", ["orgs", org, "teams"]) => teams(world, org),
        ("POST", ["orgs", org, "teams"]) => create_team(world, call, org),
        ("PUT", ["orgs", org, "teams", team, "memberships", login]) => {
            join_team(world, org, team, login)
        }
        ("GET", ["orgs", org, "teams", team, "members"]) => team_members(world, org, team),
        ("GET", ["orgs", org, "teams", team, "memberships", login]) => {
            team_membership(world, org, team, login)
        }
        ("GET", ["rate_limit"]) => rate_limit(world),
        ("GET", ["meta"]) => Answer::ok(
            json!({"verifiable_password_authentication": false, "hooks": ["127.0.0.0/8"]}),
        ),
        _ => return None,
    })
}

fn me(world: &World, call: &Call) -> Reply {
    let Caller::User(login) = &call.caller else {
        world.login(&call.caller)?;
        return Err(ApiError::forbidden(
            "Resource not accessible by integration",
        ));
    };
    account(world, login)
}

fn account(world: &World, login: &str) -> Reply {
    let user = world
        .users
        .get(&login.to_lowercase())
        .ok_or_else(ApiError::not_found)?;
    let mut answer = world.user_json(login);
    let repos = world
        .repos
        .values()
        .filter(|repo| !repo.private && repo.owner == user.login)
        .count();
    let more = json!({
        "name": user.name, "email": user.email, "company": null, "blog": "", "location": null, "hireable": null, "bio": null,
        "twitter_username": null, "public_repos": repos, "public_gists": 0, "followers": 0, "following": 0,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    });
    if let (Some(answer), Value::Object(more)) = (answer.as_object_mut(), more) {
        answer.extend(more);
    }
    Answer::ok(answer)
}

/// Newest first, which is GitHub's order when nobody asks for another.
fn listed(world: &World, call: &Call, owner: impl Fn(&str) -> bool) -> Reply {
    let visible = world
        .repos
        .values()
        .rev()
        .filter(|repo| owner(&repo.owner) && world.sees(&call.caller, repo.id));
    Answer::list(
        visible
            .map(|repo| world.repo_json_for(repo.id, &call.caller))
            .collect::<Result<_, _>>()?,
    )
}

fn create_for_me(world: &mut World, call: &Call) -> Reply {
    let login = world.login(&call.caller)?;
    super::repos::create(world, call, &login)
}

fn org<'a>(world: &'a World, login: &str) -> Result<&'a crate::github::world::Org, ApiError> {
    world.orgs.get(login).ok_or_else(ApiError::not_found)
}

fn members(world: &World, login: &str) -> Reply {
    Answer::list(
        org(world, login)?
            .members
            .keys()
            .map(|member| world.user_json(member))
            .collect(),
    )
}

fn member(world: &World, login: &str, person: &str) -> Reply {
    if org(world, login)?.members.contains_key(person) {
        Answer::empty()
    } else {
        Err(ApiError::not_found())
    }
}

fn team_json(world: &World, login: &str, slug: &str, name: &str) -> Value {
    let url = format!("{}/orgs/{login}/teams/{slug}", world.base_url);
    json!({
        "id": slug.bytes().fold(7, |sum: u64, byte| sum * 31 % 1_000_003 + u64::from(byte)), "node_id": slug, "name": name,
        "slug": slug, "description": null, "privacy": "closed", "permission": "pull", "url": url, "html_url": url,
        "members_url": format!("{url}/members{{/member}}"), "repositories_url": format!("{url}/repos"), "parent": null,
    })
}

fn teams(world: &World, login: &str) -> Reply {
    let teams = org(world, login)?.teams.iter();
    Answer::list(
        teams
            .map(|(slug, (name, _))| team_json(world, login, slug, name))
            .collect(),
    )
}

fn create_team(world: &mut World, call: &Call, login: &str) -> Reply {
    world.login(&call.caller)?;
    let name = call.need("Team", "name")?.to_owned();
    let slug = name.to_lowercase().replace(' ', "-");
    let org = world.orgs.get_mut(login).ok_or_else(ApiError::not_found)?;
    org.teams
        .entry(slug.clone())
        .or_insert_with(|| (name.clone(), std::collections::BTreeSet::new()));
    Answer::created(team_json(world, login, &slug, &name))
}

fn join_team(world: &mut World, login: &str, slug: &str, person: &str) -> Reply {
    let team = world
        .orgs
        .get_mut(login)
        .and_then(|org| org.teams.get_mut(slug))
        .ok_or_else(ApiError::not_found)?;
    team.1.insert(person.to_owned());
    team_membership(world, login, slug, person)
}

fn team_membership(world: &World, login: &str, slug: &str, person: &str) -> Reply {
    let team = org(world, login)?
        .teams
        .get(slug)
        .ok_or_else(ApiError::not_found)?;
    if !team.1.contains(person) {
        return Err(ApiError::not_found());
    }
    let url = format!(
        "{}/orgs/{login}/teams/{slug}/memberships/{person}",
        world.base_url
    );
    Answer::ok(json!({"url": url, "role": "member", "state": "active"}))
}

fn team_members(world: &World, login: &str, slug: &str) -> Reply {
    let team = org(world, login)?
        .teams
        .get(slug)
        .ok_or_else(ApiError::not_found)?;
    Answer::list(
        team.1
            .iter()
            .map(|person| world.user_json(person))
            .collect(),
    )
}

fn rate_limit(world: &World) -> Reply {
    let reset = world.now().timestamp() + 3600;
    let core = json!({"limit": 5000, "used": 1, "remaining": 4999, "reset": reset});
    let search = json!({"limit": 30, "used": 0, "remaining": 30, "reset": reset});
    Answer::ok(
        json!({"resources": {"core": core, "search": search, "graphql": core}, "rate": core}),
    )
}
