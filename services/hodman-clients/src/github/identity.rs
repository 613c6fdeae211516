//! Who we are on GitHub, and how much we may still ask.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::wire::{Identity, read};
use super::{GitHub, GitHubError};

/// What kind of account a client acts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountKind {
    /// A person or a machine user.
    User,
    /// A GitHub App.
    App,
}

/// The account behind the credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The login under which its comments appear; an app's ends in `[bot]`.
    pub login: String,
    /// User or app.
    pub kind: AccountKind,
}

/// The primary rate limit of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests an hour.
    pub limit: u64,
    /// Requests left until `reset`.
    pub remaining: u64,
    /// When the hour ends.
    pub reset: DateTime<Utc>,
}

#[derive(Deserialize)]
struct UserWire {
    login: String,
}

#[derive(Deserialize)]
struct AppWire {
    slug: String,
}

#[derive(Deserialize)]
struct LimitsWire {
    resources: ResourcesWire,
}

#[derive(Deserialize)]
struct ResourcesWire {
    core: LimitWire,
}

#[derive(Deserialize)]
struct LimitWire {
    limit: u64,
    remaining: u64,
    reset: i64,
}

impl GitHub {
    /// `GET /user` with a token, `GET /app` as an app. A read: repeated at will.
    ///
    /// # Errors
    /// [`GitHubError::Unauthorized`] for wrong credentials; [`GitHubError::Forbidden`] for a
    /// token that stands for no user, as the one of Actions.
    pub async fn whoami(&self) -> Result<Account, GitHubError> {
        if self.wire.is_app() {
            let call = read("get the app", "/app".to_owned(), Identity::App);
            let app: AppWire = self.wire.send(call).await?.json()?;
            return Ok(Account {
                login: format!("{}[bot]", app.slug),
                kind: AccountKind::App,
            });
        }
        let user: UserWire = self.wire.get("get the user", "/user".to_owned()).await?;
        Ok(Account {
            login: user.login,
            kind: AccountKind::User,
        })
    }

    /// `GET /rate_limit`, which itself costs nothing. A read: repeated at will.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`] where an Enterprise server has limits switched off.
    pub async fn rate_limit(&self) -> Result<RateLimit, GitHubError> {
        let limits: LimitsWire = self
            .wire
            .get("get the rate limit", "/rate_limit".to_owned())
            .await?;
        let core = limits.resources.core;
        Ok(RateLimit {
            limit: core.limit,
            remaining: core.remaining,
            reset: DateTime::from_timestamp(core.reset, 0).unwrap_or_default(),
        })
    }

    /// Our login, asked once. `None` for a token that stands for no user.
    pub(super) async fn own_login(&self) -> Result<Option<&str>, GitHubError> {
        let login = self
            .own_login
            .get_or_try_init(async || match self.whoami().await {
                Ok(account) => Ok(Some(account.login)),
                Err(GitHubError::Forbidden(_) | GitHubError::NotFound(_)) => Ok(None),
                Err(error) => Err(error),
            })
            .await?;
        Ok(login.as_deref())
    }
}
