//! Who calls, and what they may do.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use super::jwt;
use super::reply::ApiError;
use super::world::World;

/// What a bearer token stands for.
#[derive(Debug, Clone)]
pub(crate) enum Token {
    /// A person's token.
    User(String),
    /// A token minted for an installation.
    Installation {
        installation: u64,
        /// `None`: all repositories of the installation.
        repositories: Option<BTreeSet<u64>>,
        permissions: BTreeMap<String, String>,
        expires_at: DateTime<Utc>,
    },
}

/// The party behind a request.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    Anonymous,
    User(String),
    /// An App, by its JWT.
    App(u64),
    Installation {
        installation: u64,
        repositories: Option<BTreeSet<u64>>,
        permissions: BTreeMap<String, String>,
    },
}

/// How much of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    None,
    Read,
    Write,
    Admin,
}

impl World {
    /// Reads `Authorization`: `Bearer`/`token` with a token or an App's JWT, or Basic with the token as the password.
    pub(crate) fn caller(&self, authorization: Option<&str>) -> Result<Caller, ApiError> {
        let Some(authorization) = authorization else {
            return Ok(Caller::Anonymous);
        };
        let bad = || ApiError::new(401, "Bad credentials");
        let (scheme, value) = authorization.split_once(' ').ok_or_else(bad)?;
        let token = match scheme.to_ascii_lowercase().as_str() {
            "bearer" | "token" => value.trim().to_owned(),
            "basic" => {
                let pair = STANDARD.decode(value.trim()).map_err(|_| bad())?;
                let pair = String::from_utf8(pair).map_err(|_| bad())?;
                let (user, password) = pair.split_once(':').ok_or_else(bad)?;
                // git also takes the token as the user name with any or no password.
                if self.tokens.contains_key(user) {
                    user.to_owned()
                } else {
                    password.to_owned()
                }
            }
            _ => return Err(bad()),
        };
        match self.tokens.get(&token) {
            Some(Token::User(login)) => Ok(Caller::User(login.clone())),
            Some(Token::Installation {
                installation,
                repositories,
                permissions,
                expires_at,
            }) => {
                if *expires_at <= self.now() || !self.installations.contains_key(installation) {
                    return Err(bad());
                }
                let (repositories, permissions) = (repositories.clone(), permissions.clone());
                Ok(Caller::Installation {
                    installation: *installation,
                    repositories,
                    permissions,
                })
            }
            None if token.matches('.').count() == 2 => self.app_by_jwt(&token).map(Caller::App),
            None => Err(bad()),
        }
    }

    fn app_by_jwt(&self, token: &str) -> Result<u64, ApiError> {
        let claims = jwt::unverified(token)
            .ok_or_else(|| ApiError::new(401, "A JSON web token could not be decoded"))?;
        let issuer = |app: &&super::app::App| {
            app.id.to_string() == claims.iss || app.client_id() == claims.iss
        };
        let app = self.apps.values().find(issuer).ok_or_else(|| {
            ApiError::new(
                401,
                "'Issuer' claim ('iss') must be an Integer assigned to the app",
            )
        })?;
        jwt::verify(token, &app.public_key, self.now())
            .map_err(|reason| ApiError::new(401, reason))?;
        Ok(app.id)
    }

    /// The login that acts: an App acts as its bot.
    pub(crate) fn login(&self, caller: &Caller) -> Result<String, ApiError> {
        match caller {
            Caller::User(login) => Ok(login.clone()),
            Caller::Installation { installation, .. } => {
                let app = self
                    .installations
                    .get(installation)
                    .and_then(|found| self.apps.get(&found.app));
                app.map(|app| format!("{}[bot]", app.slug))
                    .ok_or_else(ApiError::not_found)
            }
            Caller::App(_) => Err(ApiError::forbidden(
                "Resource not accessible by integration",
            )),
            Caller::Anonymous => Err(ApiError::new(401, "Requires authentication")),
        }
    }

    /// The App behind an installation token.
    pub(crate) fn app_of(&self, caller: &Caller) -> Option<u64> {
        match caller {
            Caller::Installation { installation, .. } => {
                self.installations.get(installation).map(|found| found.app)
            }
            _ => None,
        }
    }

    /// A person's access to a repository.
    pub(crate) fn role(&self, login: &str, repo: u64) -> Access {
        let Some(repo) = self.repos.get(&repo) else {
            return Access::None;
        };
        let base = if repo.private {
            Access::None
        } else {
            Access::Read
        };
        if repo.owner.eq_ignore_ascii_case(login) {
            return Access::Admin;
        }
        // Members may push: the sandbox's organisations have the base permission "write".
        let member = match self
            .orgs
            .get(&repo.owner)
            .and_then(|org| org.members.get(login))
            .map(String::as_str)
        {
            Some("admin") => Access::Admin,
            Some(_) => Access::Write,
            None => base,
        };
        let invited = match repo.collaborators.get(login).map(String::as_str) {
            Some("admin" | "maintain") => Access::Admin,
            Some("push" | "write") => Access::Write,
            Some(_) => Access::Read,
            None => base,
        };
        member.max(invited)
    }

    /// Whether the caller sees the repository at all.
    pub(crate) fn sees(&self, caller: &Caller, repo: u64) -> bool {
        let public = self.repos.get(&repo).is_some_and(|repo| !repo.private);
        match caller {
            Caller::Anonymous => public,
            Caller::User(login) => self.role(login, repo) >= Access::Read,
            Caller::App(app) => public || self.installation_for(*app, repo).is_some(),
            Caller::Installation {
                installation,
                repositories,
                ..
            } => {
                self.covers(*installation, repo)
                    && repositories
                        .as_ref()
                        .is_none_or(|some| some.contains(&repo))
                    || public
            }
        }
    }

    /// Refuses as GitHub does: 404 for what the caller must not know of, 401 without a name, 403 for too few rights.
    pub(crate) fn allow(
        &self,
        caller: &Caller,
        repo: u64,
        permission: &str,
        access: Access,
    ) -> Result<(), ApiError> {
        if !self.sees(caller, repo) {
            return Err(ApiError::not_found());
        }
        match caller {
            Caller::Anonymous if access > Access::Read => {
                Err(ApiError::new(401, "Requires authentication"))
            }
            Caller::Anonymous => Ok(()),
            Caller::User(login) if self.role(login, repo) >= access => Ok(()),
            Caller::User(_) if access == Access::Admin => Err(ApiError::not_found()),
            Caller::User(_) => Err(ApiError::forbidden(
                "Must have push access to the repository.",
            )),
            Caller::App(_) => Err(ApiError::forbidden(
                "Resource not accessible by integration",
            )),
            Caller::Installation {
                installation,
                repositories,
                permissions,
            } => {
                let covered = self.covers(*installation, repo)
                    && repositories
                        .as_ref()
                        .is_none_or(|some| some.contains(&repo));
                let granted = match permissions.get(permission).map(String::as_str) {
                    Some("write" | "admin") => Access::Admin,
                    Some(_) => Access::Read,
                    None if permission == "metadata" => Access::Read,
                    None => Access::None,
                };
                let public_read =
                    access <= Access::Read && self.repo(repo).is_ok_and(|repo| !repo.private);
                if (covered && granted >= access) || public_read {
                    Ok(())
                } else {
                    Err(ApiError::forbidden(
                        "Resource not accessible by integration",
                    ))
                }
            }
        }
    }

    /// Whether the caller passes over protection that does not bind administrators.
    pub(crate) fn is_admin(&self, caller: &Caller, repo: u64) -> bool {
        matches!(caller, Caller::User(login) if self.role(login, repo) == Access::Admin)
    }
}
