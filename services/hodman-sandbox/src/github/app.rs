//! GitHub Apps and where they are installed.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::auth::Token;
use super::hook::{Hook, HookTarget};
use super::reply::ApiError;
use super::world::World;

/// A GitHub App.
#[derive(Debug)]
pub(crate) struct App {
    pub id: u64,
    pub slug: String,
    pub name: String,
    pub owner: String,
    /// DER of the public key its JWTs are checked with.
    pub public_key: Vec<u8>,
    pub permissions: BTreeMap<String, String>,
    pub events: Vec<String>,
    pub hook: Option<u64>,
}

impl App {
    pub(crate) fn client_id(&self) -> String {
        format!("Iv1.{:016x}", self.id)
    }
}

/// An App in an account.
#[derive(Debug, Clone)]
pub(crate) struct Installation {
    pub id: u64,
    pub app: u64,
    pub account: String,
    /// `None`: all repositories of the account.
    pub repositories: Option<BTreeSet<String>>,
}

/// An App to register.
#[derive(Debug, Clone)]
pub struct AppSpec {
    /// The App's number, the `iss` of its JWTs.
    pub app_id: u64,
    /// Name in URLs; the bot's login is `<slug>[bot]`.
    pub slug: String,
    /// RSA private key as PEM (PKCS#8 or PKCS#1).
    pub private_key_pem: String,
    /// Permission to `read` or `write`.
    pub permissions: BTreeMap<String, String>,
    /// Events it hears; `*` for all.
    pub events: Vec<String>,
    /// Where its webhooks go, with the secret.
    pub webhook: Option<(String, String)>,
    /// Number of its installation.
    pub installation_id: u64,
    /// Account it is installed in.
    pub account: String,
}

impl World {
    pub(crate) fn add_app(&mut self, spec: &AppSpec) -> Result<(), ApiError> {
        let public_key = public_key(&spec.private_key_pem).ok_or_else(|| {
            ApiError::unprocessable("the App's private key is not an RSA key in PEM")
        })?;
        let hook = spec.webhook.as_ref().map(|(url, secret)| {
            let id = self.next_id();
            let hook = Hook::new(
                id,
                HookTarget::App(spec.app_id),
                url,
                Some(secret.clone()),
                spec.events.clone(),
            );
            self.hooks.insert(id, hook);
            id
        });
        let app = App {
            id: spec.app_id,
            slug: spec.slug.clone(),
            name: spec.slug.clone(),
            owner: spec.account.clone(),
            public_key,
            permissions: spec.permissions.clone(),
            events: spec.events.clone(),
            hook,
        };
        let bot = format!("{}[bot]", spec.slug);
        self.put_user(
            &bot,
            &bot,
            &format!("{}+{bot}@users.noreply.github.com", spec.app_id),
            "Bot",
        );
        self.apps.insert(app.id, app);
        let id = spec.installation_id;
        let installation = Installation {
            id,
            app: spec.app_id,
            account: spec.account.clone(),
            repositories: None,
        };
        self.installations.insert(id, installation);
        let payload = json!({ "repositories": [], "installation": self.installation_json(id) });
        self.emit_to_app(
            spec.app_id,
            "installation",
            Some("created"),
            payload,
            &spec.account.clone(),
        );
        Ok(())
    }

    /// Whether an installation reaches a repository.
    pub(crate) fn covers(&self, installation: u64, repo: u64) -> bool {
        let (Some(found), Some(repo)) =
            (self.installations.get(&installation), self.repos.get(&repo))
        else {
            return false;
        };
        found.account.eq_ignore_ascii_case(&repo.owner)
            && found
                .repositories
                .as_ref()
                .is_none_or(|some| some.contains(&repo.name))
    }

    pub(crate) fn installation_for(&self, app: u64, repo: u64) -> Option<u64> {
        let of_app = self.installations.values().filter(|found| found.app == app);
        of_app
            .map(|found| found.id)
            .find(|id| self.covers(*id, repo))
    }

    /// Mints a token, narrowed to repositories and permissions when asked; lives one hour.
    pub(crate) fn mint_token(
        &mut self,
        installation: u64,
        wish: &Value,
    ) -> Result<Value, ApiError> {
        let found = self
            .installations
            .get(&installation)
            .ok_or_else(ApiError::not_found)?;
        let granted = self
            .apps
            .get(&found.app)
            .ok_or_else(ApiError::not_found)?
            .permissions
            .clone();
        let mut permissions = granted.clone();
        if let Some(wanted) = wish.get("permissions").and_then(Value::as_object) {
            permissions = BTreeMap::from([("metadata".to_owned(), "read".to_owned())]);
            for (name, level) in wanted {
                let level = level.as_str().unwrap_or_default();
                let enough = match granted.get(name).map(String::as_str) {
                    Some("write" | "admin") => true,
                    Some(have) => have == level,
                    None => name == "metadata" && level == "read",
                };
                if !enough {
                    return Err(ApiError::unprocessable(
                        "The permissions requested are not granted to this installation.",
                    ));
                }
                permissions.insert(name.clone(), level.to_owned());
            }
        }
        let account = found.account.clone();
        let mut repositories: Option<BTreeSet<u64>> = None;
        let names = wish
            .get("repositories")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let ids = wish
            .get("repository_ids")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        for wanted in names.iter().chain(ids) {
            let id = wanted
                .as_u64()
                .or_else(|| self.find_repo(&account, wanted.as_str().unwrap_or_default()));
            let id = id.filter(|id| self.covers(installation, *id)).ok_or_else(|| {
                ApiError::unprocessable("There is at least one repository that does not exist or is not accessible to the parent installation.")
            })?;
            repositories.get_or_insert_default().insert(id);
        }
        let expires_at = self.now() + TimeDelta::hours(1);
        let token = format!("ghs_{}", hex::encode(rand::random::<[u8; 18]>()));
        let selection = if repositories.is_some() {
            "selected"
        } else {
            "all"
        };
        let mut answer = json!({
            "token": token, "expires_at": super::world::stamp(expires_at), "permissions": permissions,
            "repository_selection": selection,
        });
        if let Some(some) = &repositories {
            answer["repositories"] = some
                .iter()
                .filter_map(|id| self.repo_json(*id).ok())
                .collect();
        }
        self.tokens.insert(
            token,
            Token::Installation {
                installation,
                repositories,
                permissions,
                expires_at,
            },
        );
        Ok(answer)
    }

    pub(crate) fn installation_json(&self, id: u64) -> Value {
        let Some(found) = self.installations.get(&id) else {
            return Value::Null;
        };
        let (slug, permissions, events) =
            self.apps
                .get(&found.app)
                .map_or_else(Default::default, |app| {
                    (
                        app.slug.clone(),
                        app.permissions.clone(),
                        app.events.clone(),
                    )
                });
        let api = &self.base_url;
        json!({
            "id": id, "app_id": found.app, "app_slug": slug, "account": self.user_json(&found.account),
            "target_id": self.user(&found.account).id, "target_type": self.user(&found.account).kind,
            "repository_selection": if found.repositories.is_none() { "all" } else { "selected" },
            "access_tokens_url": format!("{api}/app/installations/{id}/access_tokens"),
            "repositories_url": format!("{api}/installation/repositories"),
            "html_url": format!("{api}/organizations/{}/settings/installations/{id}", found.account),
            "permissions": permissions, "events": events, "single_file_name": null, "suspended_by": null, "suspended_at": null,
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        })
    }

    pub(crate) fn app_json(&self, id: u64) -> Value {
        let Some(app) = self.apps.get(&id) else {
            return Value::Null;
        };
        json!({
            "id": app.id, "slug": app.slug, "node_id": super::json::node_id("App", app.id), "client_id": app.client_id(),
            "owner": self.user_json(&app.owner), "name": app.name, "description": "", "external_url": self.base_url,
            "html_url": format!("{}/apps/{}", self.base_url, app.slug), "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z", "permissions": app.permissions, "events": app.events,
            "installations_count": self.installations.values().filter(|found| found.app == id).count(),
        })
    }
}

/// The public half of a private key in PEM.
fn public_key(pem: &str) -> Option<Vec<u8>> {
    let body: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .map(str::trim)
        .collect();
    let der = STANDARD.decode(body).ok()?;
    let pair = KeyPair::from_pkcs8(&der)
        .or_else(|_| KeyPair::from_der(&der))
        .ok()?;
    Some(pair.public_key().as_ref().to_vec())
}
