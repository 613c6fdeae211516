//! From settings to clients and their targets, in one place for the daemon and the doctor.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use hodman_clients::aws::{AssumedRole, Aws, AwsConfig, AwsCredentials, Objects, ObjectsConfig};
use hodman_clients::databricks;
use hodman_clients::github::{Auth, GitHub, GitHubConfig};
use hodman_store::StoreUrl;
use secrecy::ExposeSecret as _;

use super::{Config, Github, Queue, RoleSession, S3Packages, Workspace};
use crate::intake::signature::Verifier;

impl Config {
    /// The database with its password.
    ///
    /// # Errors
    /// When the URL is not understood or the password cannot be read.
    pub fn store_target(&self) -> anyhow::Result<StoreUrl> {
        let url = self.store_url();
        let Some(password) = self
            .store
            .as_ref()
            .and_then(|store| store.password.as_ref())
        else {
            return Ok(url.parse()?);
        };
        let password = password.resolve()?;
        let mut target = reqwest::Url::parse(&url).context("store.url is not a URL")?;
        let set = target.set_password(Some(password.expose_secret()));
        set.map_err(|()| anyhow::anyhow!("store.url cannot hold a password"))?;
        Ok(target.as_str().parse()?)
    }

    /// Knows the webhook secrets.
    ///
    /// # Errors
    /// When a secret cannot be read, or there is none and unsigned webhooks are not allowed.
    pub fn verifier(&self) -> anyhow::Result<Verifier> {
        let secrets = &self.github.webhook_secrets;
        if secrets.is_empty() && self.insecure.unsigned_webhooks && self.is_loopback() {
            return Ok(Verifier::accepting_unsigned());
        }
        let secrets: Result<Vec<_>, _> = secrets.iter().map(super::SecretRef::resolve).collect();
        Ok(Verifier::new(secrets.context("github.webhook_secrets")?)?)
    }
}

impl Github {
    /// A client, as the App or with the token.
    ///
    /// # Errors
    /// When a secret cannot be read or the key is not one.
    pub fn client(&self) -> anyhow::Result<GitHub> {
        let auth = match (&self.app, &self.token) {
            (Some(app), _) => Auth::App {
                app_id: app.id,
                private_key_pem: app
                    .private_key
                    .resolve()
                    .context("github.app.private_key")?,
                installation_id: app.installation,
            },
            (None, Some(token)) => Auth::Token(token.resolve().context("github.token")?),
            (None, None) => anyhow::bail!("github: needs `app` or `token`"),
        };
        let mut config = GitHubConfig::new(&self.api_url, auth);
        if self.api_url.starts_with("http://") {
            // Only a server on this machine is spoken to without TLS, and it asks for no pause between writes.
            config.mutation_gap = Duration::ZERO;
        }
        Ok(GitHub::new(config)?)
    }
}

impl Workspace {
    /// How to sign in.
    ///
    /// # Errors
    /// When a secret cannot be read.
    pub fn auth(&self) -> anyhow::Result<databricks::Auth> {
        if let Some(token) = &self.token {
            return Ok(databricks::Auth::Token(token.resolve().context("token")?));
        }
        let Some(id) = &self.client_id else {
            anyhow::bail!("neither `token` nor `client_id`");
        };
        super::oidc::auth(
            id.resolve()
                .context("client_id")?
                .expose_secret()
                .to_owned(),
            self.client_secret.as_ref(),
            self.oidc.as_ref(),
            self.token_url.clone(),
        )
    }
}

impl Queue {
    /// The buckets from which forwarded bodies may be fetched, by name.
    pub async fn body_objects(&self) -> BTreeMap<String, Objects> {
        let aws = aws(self.region(), self.endpoint.clone()).await;
        let objects = |bucket: &String| {
            let config = ObjectsConfig {
                bucket: bucket.clone(),
                prefix: String::new(),
                force_path_style: self.endpoint.is_some(),
            };
            (bucket.clone(), aws.objects(config))
        };
        self.body_buckets.iter().map(objects).collect()
    }

    /// The region: as set, or as AWS's own queue URLs say it.
    fn region(&self) -> Option<String> {
        let of_url = || {
            Some(
                self.url
                    .split_once("//sqs.")?
                    .1
                    .split_once(".amazonaws.")?
                    .0
                    .to_owned(),
            )
        };
        self.region.clone().or_else(of_url)
    }
}

/// The client of a queue.
pub async fn aws_queue(queue: &Queue) -> hodman_clients::aws::Queue {
    aws(queue.region(), queue.endpoint.clone())
        .await
        .queue(&queue.url)
}

/// The client of the bucket for packages.
pub async fn aws_objects(s3: &S3Packages) -> Objects {
    let config = ObjectsConfig {
        bucket: s3.bucket.clone(),
        prefix: s3.prefix.clone(),
        // Servers that imitate S3 seldom answer on a host name for each bucket.
        force_path_style: s3.endpoint.is_some(),
    };
    aws(s3.region.clone(), s3.endpoint.clone())
        .await
        .objects(config)
}

/// The values that a service of AWS keeps.
///
/// # Errors
/// When the TLS stack cannot be set up.
pub async fn aws_values(source: &super::AwsSource) -> anyhow::Result<hodman_clients::aws::Values> {
    let aws = aws(source.region.clone(), source.endpoint.clone()).await;
    Ok(aws.values()?)
}

/// The way into an AWS account and region for what workspaces stand on.
///
/// # Errors
/// When a secret cannot be read.
pub async fn aws_place(place: &super::AwsPlace, env: &str) -> anyhow::Result<Aws> {
    aws_session(place, env, RoleSession::Environment, None).await
}

/// The same for what the `session` is. Its keys last as long as is said.
///
/// # Errors
/// When a secret cannot be read.
pub async fn aws_session(
    place: &super::AwsPlace,
    env: &str,
    session: RoleSession<'_>,
    lasts: Option<Duration>,
) -> anyhow::Result<Aws> {
    let credentials = match (&place.access_key_id, &place.secret_access_key) {
        (Some(id), Some(secret)) => AwsCredentials::Static {
            access_key_id: id
                .resolve()
                .context("access_key_id")?
                .expose_secret()
                .to_owned(),
            secret_access_key: secret.resolve().context("secret_access_key")?,
            session_token: None,
        },
        _ => AwsCredentials::DefaultChain,
    };
    let aws = Aws::new(AwsConfig {
        region: place.region.clone(),
        endpoint_url: place.endpoint.clone(),
        credentials,
    })
    .await;
    let Some(arn) = &place.role_arn else {
        return Ok(aws);
    };
    // Environments are told apart in CloudTrail by the session, and in policies by its tag.
    let role = AssumedRole {
        arn: arn.clone(),
        external_id: place.external_id.clone(),
        session: session.name(env),
        tags: vec![("hodman_env".to_owned(), env.to_owned())],
        lasts,
    };
    Ok(aws.as_role(role).await)
}

async fn aws(region: Option<String>, endpoint_url: Option<String>) -> Aws {
    let variable = |name| std::env::var(name).ok().filter(|region| !region.is_empty());
    let region = region
        .or_else(|| variable("AWS_REGION"))
        .or_else(|| variable("AWS_DEFAULT_REGION"))
        .unwrap_or_else(|| "us-east-1".to_owned());
    Aws::new(AwsConfig {
        region,
        endpoint_url,
        credentials: AwsCredentials::DefaultChain,
    })
    .await
}
