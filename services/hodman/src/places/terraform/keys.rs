//! Keys of a role for a program that may work for longer than they last. It asks for them here, on the loopback interface, as tools of
//! AWS do in a container, and again before they end: they stand in no file and in no environment.
//!
//! A program that outlived its daemon asks the next one, which takes the same place for as long as that one is at work. Until then,
//! and when no daemon comes, it lives on what it was given last: nobody is given keys that are older than a few minutes.

use super::run::As;
use super::{Failure, Stacks};
use crate::config::{self, AwsRole, RoleSession};
use crate::work::chain;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use chrono::{DateTime, SecondsFormat, Utc};
use hodman_clients::aws::{Aws, AwsError, Keys};
use hodman_clients::terraform::{LateSecrets, Workdir};
use hodman_model::digest::{Digest, sha256};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, oneshot};

/// Keys that are younger are given once more.
const YOUNG: Duration = Duration::from_mins(5);
/// Unless they end so soon: AWS's SDK for Go asks for others five minutes before.
const SPARE: Duration = Duration::from_mins(6);

/// Where one run asks for keys, for as long as this lives.
pub(super) struct Desk {
    /// What it asks.
    pub url: String,
    /// What it shows.
    pub token: SecretString,
    place: Place,
    _open: oneshot::Sender<()>,
}

/// Where a desk is, for the daemon after this one. Holds no secret.
#[derive(Serialize, Deserialize)]
struct Place {
    port: u16,
    /// The digest of the token.
    token: Digest,
    who: As,
}

/// Whose keys are given, and to whom.
struct Counter {
    stack: String,
    aws: Aws,
    token: Digest,
    late: LateSecrets,
    held: Mutex<Option<Held>>,
}

struct Held {
    keys: Keys,
    since: Instant,
}

impl Held {
    /// Whether they end within `spare`.
    fn ends_within(&self, spare: Duration) -> bool {
        self.keys
            .ends
            .is_some_and(|ends| ends < SystemTime::now() + spare)
    }
}

impl Counter {
    async fn keys(&self) -> Result<Keys, AwsError> {
        let mut held = self.held.lock().await;
        if let Some(held) = &*held
            && held.since.elapsed() < YOUNG
            && !held.ends_within(SPARE)
        {
            return Ok(held.keys.clone());
        }
        match self.aws.keys().await {
            Ok(keys) => {
                self.late.add(&keys.secret_access_key);
                if let Some(token) = &keys.session_token {
                    self.late.add(token);
                }
                tracing::debug!(
                    stack = self.stack,
                    key = keys.access_key_id,
                    "a role was taken for Terraform"
                );
                let since = Instant::now();
                *held = Some(Held {
                    keys: keys.clone(),
                    since,
                });
                Ok(keys)
            }
            Err(error) => match &*held {
                // They may do until it can be taken again.
                Some(held) if !held.ends_within(Duration::ZERO) => {
                    tracing::warn!(
                        stack = self.stack,
                        "a role cannot be taken anew: {}",
                        chain(&error)
                    );
                    Ok(held.keys.clone())
                }
                _ => Err(error),
            },
        }
    }
}

async fn answer(State(counter): State<Arc<Counter>>, headers: HeaderMap) -> Response {
    let shown = headers.get(header::AUTHORIZATION);
    if shown.is_none_or(|shown| sha256(shown.as_bytes()) != counter.token) {
        let words = "this is not the token of the run";
        return refused(StatusCode::FORBIDDEN, words);
    }
    match counter.keys().await {
        Ok(keys) => {
            let ends = keys
                .ends
                .map(|ends| DateTime::<Utc>::from(ends).to_rfc3339_opts(SecondsFormat::Secs, true));
            let token = keys
                .session_token
                .as_ref()
                .map(|token| token.expose_secret());
            Json(json!({
                "AccessKeyId": keys.access_key_id,
                "SecretAccessKey": keys.secret_access_key.expose_secret(),
                "Token": token,
                "Expiration": ends,
            }))
            .into_response()
        }
        // Asked again.
        Err(error) if error.is_transient() => {
            refused(StatusCode::SERVICE_UNAVAILABLE, &chain(&error))
        }
        Err(error) => refused(StatusCode::FORBIDDEN, &chain(&error)),
    }
}

/// As the SDKs read it.
fn refused(status: StatusCode, words: &str) -> Response {
    let body = json!({"code": "RoleCannotBeTaken", "message": words});
    (status, Json(body)).into_response()
}

async fn serve(
    listener: TcpListener,
    counter: Arc<Counter>,
    end: impl Future<Output = ()> + Send + 'static,
) {
    let router = Router::new().fallback(answer).with_state(counter);
    let served = axum::serve(listener, router).with_graceful_shutdown(end);
    if let Err(error) = served.await {
        tracing::warn!("keys for Terraform are not given any more: {error}");
    }
}

impl Stacks {
    async fn counter(
        &self,
        name: &str,
        role: &AwsRole,
        who: As,
        (token, late): (Digest, LateSecrets),
    ) -> Result<Counter, Failure> {
        let call = self.call_of(name, &json!(null));
        let session = RoleSession::Stack(who, &call);
        let lasts = Some(role.session.into());
        let aws = config::aws_session(&role.place(), &self.env, session, lasts).await;
        let aws = aws.map_err(|error| {
            Failure::Refused(format!("the keys for role {}: {error:#}", role.role_arn))
        })?;
        Ok(Counter {
            stack: name.to_owned(),
            aws,
            token,
            late,
            held: Mutex::default(),
        })
    }

    /// Takes a role for one run, and gives its keys to whoever knows the run's token.
    pub(super) async fn desk(
        &self,
        name: &str,
        role: &AwsRole,
        who: As,
        late: LateSecrets,
    ) -> Result<Desk, Failure> {
        let later = |error: std::io::Error| Failure::Later(format!("a port for keys: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = listener.await.map_err(later)?;
        let port = listener.local_addr().map_err(later)?.port();
        let token = SecretString::from(hex::encode(rand::random::<[u8; 32]>()));
        let digest = sha256(token.expose_secret().as_bytes());
        let counter = self
            .counter(name, role, who, (digest.clone(), late))
            .await?;
        // Whether it can be taken is said now, and not in the words of some tool later.
        counter
            .keys()
            .await
            .map_err(|source| not_taken(role, source))?;
        let (open, closed) = oneshot::channel();
        tokio::spawn(serve(listener, Arc::new(counter), async {
            // Either way it is over.
            let _ = closed.await;
        }));
        Ok(Desk {
            url: format!("http://{}:{port}/", Ipv4Addr::LOCALHOST),
            token,
            place: Place {
                port,
                token: digest,
                who,
            },
            _open: open,
        })
    }

    /// Gives keys to a program that an earlier daemon left behind, for as long as it is at work.
    pub(super) async fn stand_in(&self, name: &str, root: &Path) {
        let Some(place) = read(root) else { return };
        let Ok(identity) = self.identity(place.who) else {
            return;
        };
        let Some(role) = &identity.aws else { return };
        // Else whoever opened it is there still, or somebody of this daemon does it already.
        let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, place.port)).await else {
            return;
        };
        let known = (place.token, LateSecrets::default());
        let counter = match self.counter(name, role, place.who, known).await {
            Ok(counter) => counter,
            Err(failure) => {
                tracing::warn!(stack = name, "no keys for what was left at work: {failure}");
                return;
            }
        };
        tracing::info!(
            stack = name,
            "keys are given to a run that was left at work"
        );
        let root: PathBuf = root.to_owned();
        tokio::spawn(serve(listener, Arc::new(counter), async move {
            if let Err(error) = Workdir::until_free(&root).await {
                tracing::warn!("{error}");
            }
        }));
    }
}

fn not_taken(role: &AwsRole, source: AwsError) -> Failure {
    let words = chain(&source);
    if words.contains("DurationSeconds exceeds") {
        return Failure::Refused(format!(
            "the role {} is not given for `session: {}` ({words}): raise its maximum session duration, or shorten `session`; where \
             whoever takes it is a role, too, AWS gives it for 1h at most",
            role.role_arn, role.session
        ));
    }
    Failure::Role {
        role: role.role_arn.clone(),
        source,
    }
}

/// Says where a run asks, or that it asks nowhere, once its folder is ours.
pub(super) fn remember(root: &Path, desk: Option<&Desk>) -> Result<(), Failure> {
    let file = Workdir::about(root, "keys");
    let place = desk.map(|desk| &desk.place);
    let text = json!(place).to_string();
    std::fs::write(&file, text)
        .map_err(|error| Failure::Later(format!("writing {}: {error}", file.display())))
}

fn read(root: &Path) -> Option<Place> {
    let text = std::fs::read(Workdir::about(root, "keys")).ok()?;
    serde_json::from_slice(&text).ok()?
}
