//! GitHub: who we are, each repository, its webhook, and git itself.

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;
use hodman_clients::github::{AccountKind, Delivery, DeliveryScope, GitHub, GitHubError};
use secrecy::ExposeSecret as _;

use super::report::{Check, with_causes};
use crate::{
    clock::Clock,
    config::{Config, Pipeline},
};

/// GitHub keeps deliveries for three days.
const DELIVERIES_KEPT: TimeDelta = TimeDelta::days(3);

/// A webhook without these tells too little; timers find the rest.
const EVENTS_NEEDED: [&str; 3] = ["push", "pull_request", "pull_request_review"];

/// The account, then each repository.
pub(super) async fn check(config: &Config, clock: &Clock) -> Vec<Check> {
    let github = match config.github.client() {
        Ok(github) => github,
        Err(problem) => return vec![Check::wrong("github", format!("{problem:#}"))],
    };
    let account = match github.whoami().await {
        Ok(account) => account,
        Err(error) => return vec![failed("github", &error)],
    };
    let mut checks = vec![Check::fine(
        "github",
        format!("{} as {}", config.github.api_url, account.login),
    )];
    checks.extend(rate_limit(&github).await);
    if account.kind == AccountKind::App {
        let since = clock.now() - DELIVERIES_KEPT;
        checks.push(match github.deliveries(&DeliveryScope::App, since).await {
            Ok(deliveries) => judged("webhook of the app", &deliveries),
            Err(error) => failed("webhook of the app", &error)
                .hint("give the App a webhook with the secret of the settings"),
        });
    }
    for pipeline in &config.pipelines {
        checks.extend(repository(config, &github, pipeline, account.kind).await);
    }
    checks
}

async fn rate_limit(github: &GitHub) -> Option<Check> {
    // An Enterprise Server may have limits switched off and then answers "not found".
    let limit = github.rate_limit().await.ok()?;
    let found = format!(
        "{} of {} requests are left until {}",
        limit.remaining,
        limit.limit,
        limit.reset.format("%H:%M UTC")
    );
    Some(if limit.remaining * 10 < limit.limit {
        Check::warning("github rate limit", found)
            .hint("something else uses this account; give hodman an App of its own")
    } else {
        Check::fine("github rate limit", found)
    })
}

async fn repository(
    config: &Config,
    github: &GitHub,
    pipeline: &Pipeline,
    kind: AccountKind,
) -> Vec<Check> {
    let name = &pipeline.repository;
    let what = format!("repository {name}");
    let found = match github.repository(name).await {
        Ok(found) => found,
        Err(error) => return vec![failed(&what, &error)],
    };
    let mut checks = Vec::new();
    if found.archived {
        checks.push(
            Check::wrong(&what, "is archived: nothing can be pushed or merged")
                .hint("unarchive it or remove the pipeline"),
        );
    }
    if !found.full_name.eq_ignore_ascii_case(name) {
        let renamed = format!(
            "is now called {}; its webhooks use that name",
            found.full_name
        );
        checks.push(Check::wrong(&what, renamed).hint("change `repository` in the settings"));
    }
    let branch = pipeline.branch.clone().unwrap_or(found.default_branch);
    match github.open_pulls(name, Some(&branch)).await {
        Ok(pulls) => checks.push(Check::fine(
            &what,
            format!("{} pull requests into {branch} are open", pulls.len()),
        )),
        Err(error) => checks.push(failed(&what, &error)),
    }
    if kind == AccountKind::User {
        checks.push(hook(config, github, name).await);
    }
    for (service, purpose) in [("git-upload-pack", "fetch"), ("git-receive-pack", "push")] {
        checks.push(git(config, github, name, service, purpose).await);
    }
    checks
}

/// The repository's webhook, where the account may see it.
async fn hook(config: &Config, github: &GitHub, repository: &str) -> Check {
    let what = format!("webhook of {repository}");
    let hooks = match github.hooks(repository).await {
        Ok(hooks) => hooks,
        Err(GitHubError::NotFound(_) | GitHubError::Forbidden(_)) => {
            return Check::warning(what, "cannot be seen by this account")
                .hint("allow it to administer webhooks, or look yourself");
        }
        Err(error) => return failed(&what, &error),
    };
    let ours = |url: &Option<String>| {
        url.as_deref()
            .is_some_and(|url| url.ends_with("/webhooks/github"))
    };
    let Some(hook) = hooks.iter().find(|hook| ours(&hook.url)) else {
        let address = config
            .public_url
            .as_deref()
            .unwrap_or("https://HOST")
            .trim_end_matches('/');
        return Check::wrong(what, "there is none that ends in /webhooks/github").hint(format!(
            "make one that sends JSON to {address}/webhooks/github, with the secret of the settings"
        ));
    };
    if !hook.active {
        return Check::wrong(what, "is switched off").hint("switch it on");
    }
    let wanted: BTreeSet<&str> = hook.events.iter().map(String::as_str).collect();
    let missing: Vec<&str> = EVENTS_NEEDED
        .into_iter()
        .filter(|event| !wanted.contains(event) && !wanted.contains("*"))
        .collect();
    if missing.is_empty() {
        Check::fine(what, hook.url.clone().unwrap_or_default())
    } else {
        Check::warning(what, format!("does not send {}", missing.join(", ")))
            .hint("add these events; without them a timer finds them minutes later")
    }
}

fn judged(what: &str, deliveries: &[Delivery]) -> Check {
    // An attempt that failed and was repeated with success is no failure.
    let arrived: BTreeSet<&str> = deliveries
        .iter()
        .filter(|d| d.succeeded())
        .map(|d| d.guid.as_str())
        .collect();
    let lost: BTreeSet<&str> = deliveries
        .iter()
        .map(|d| d.guid.as_str())
        .filter(|guid| !arrived.contains(guid))
        .collect();
    if lost.is_empty() {
        return Check::fine(
            what,
            format!("{} deliveries in three days, all arrived", arrived.len()),
        );
    }
    let last = deliveries
        .iter()
        .find(|d| !d.succeeded())
        .map(|d| d.status.clone())
        .unwrap_or_default();
    Check::warning(what, format!("{} of {} deliveries in three days did not arrive (last: {last})", lost.len(), lost.len() + arrived.len()))
        .hint("a running daemon asks for them again; 401 means another secret, time-outs that the address cannot be reached")
}

/// What `git ls-remote` asks first; for pushing it is answered only to those who may push.
async fn git(
    config: &Config,
    github: &GitHub,
    repository: &str,
    service: &str,
    purpose: &str,
) -> Check {
    let what = format!("git {purpose} {repository}");
    match advertised(config, github, repository, service).await {
        Ok(status) if status.is_success() => Check::fine(what, "is allowed"),
        Ok(status) => Check::wrong(what, format!("answered {status}")).hint(match purpose {
            "push" => "allow `contents: write`",
            _ => "check github.git_url, and allow `contents: read`",
        }),
        Err(problem) => Check::wrong(what, format!("{problem:#}"))
            .hint("check github.git_url, the network and the proxy"),
    }
}

async fn advertised(
    config: &Config,
    github: &GitHub,
    repository: &str,
    service: &str,
) -> anyhow::Result<reqwest::StatusCode> {
    let (user, token) = github.git_credentials().await?;
    let url = format!(
        "{}/{repository}.git/info/refs?service={service}",
        config.github.git_base()
    );
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(20))
        .build()?;
    let asked = client
        .get(url)
        .basic_auth(user, Some(token.expose_secret()))
        .send()
        .await?;
    Ok(asked.status())
}

fn failed(what: &str, error: &GitHubError) -> Check {
    let hint = match error {
        GitHubError::Unauthorized(_) => "check the token, or the App's id and private key",
        GitHubError::Forbidden(_) => {
            "a permission is missing; config/hodman.yaml names those that are needed"
        }
        GitHubError::NotFound(_) => {
            "check the name, and that the App is installed there or the token may see it"
        }
        GitHubError::RateLimited { .. } => "too many requests just now; try again later",
        GitHubError::Unreachable { .. } | GitHubError::TimedOut { .. } => {
            "check github.api_url, the network and the proxy"
        }
        GitHubError::Misconfigured(_) | GitHubError::Setup(_) => "check the `github` settings",
        _ => "GitHub's words above say why",
    };
    Check::wrong(what, with_causes(error)).hint(hint)
}
