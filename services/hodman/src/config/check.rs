//! What one key alone cannot say: settings that contradict each other.

use std::collections::BTreeSet;

use super::{Config, Oidc, PackageStore, Purpose, SecretRef, Workspace, backend_secrets};

impl Config {
    /// Tells every contradiction, with the path of the key it is about.
    pub(super) fn check(&self, purpose: Purpose, mut found: impl FnMut(&str, String)) {
        self.check_listening(&mut found);
        self.check_github(&mut found);
        self.check_pipelines(&mut found);
        self.check_urls(&mut found);
        for (name, workspace) in &self.workspaces {
            if let Some(problem) = credentials(workspace) {
                found(&format!("workspaces.{name}"), problem.to_owned());
            }
        }
        for (name, account) in &self.accounts {
            if let Some(problem) = proof(&account.client_secret, &account.oidc) {
                found(&format!("accounts.{name}"), problem.to_owned());
            }
        }
        for (name, workspace) in &self.workspaces {
            match &workspace.account {
                None if workspace.host.is_empty() => found(
                    &format!("workspaces.{name}"),
                    "needs `host`, or `account` for one that a module makes".to_owned(),
                ),
                Some(_) if !workspace.host.is_empty() => found(
                    &format!("workspaces.{name}.account"),
                    "either `host` or `account`, not both".to_owned(),
                ),
                Some(account) if !self.accounts.contains_key(account) => found(
                    &format!("workspaces.{name}.account"),
                    format!("there is no `accounts.{account}`"),
                ),
                _ => {}
            }
        }
        for (env, sources) in &self.secrets {
            if let Some(problem) = sources.problem() {
                found(&format!("secrets.{env}"), problem);
            }
        }
        self.check_whose(&mut found);
        for (name, place) in &self.terraform {
            if let Some(problem) = place.problem() {
                found(&format!("terraform.{name}"), problem);
            }
        }
        if self.timers.lease.as_secs() < 5 || self.timers.observe.as_secs() == 0 {
            found("timers", "a lease of less than 5s, or no time between observations, keeps the daemon busy with itself".into());
        }
        if purpose == Purpose::Serve {
            for (path, secret) in self.own_secrets() {
                if matches!(secret, SecretRef::Value(_)) {
                    found(
                        &path,
                        "secrets are never written here; use {env: NAME} or {file: PATH}".into(),
                    );
                }
            }
        }
    }

    /// Where there are several pipelines, the name of an environment alone does not say whose it is: whoever may write to one
    /// repository would get what is another's.
    fn check_whose(&self, found: &mut impl FnMut(&str, String)) {
        let known = |pipeline: &str| self.pipelines.iter().any(|one| one.name == pipeline);
        let mut look = |path: &str, entry: &str| {
            let words = match entry.split_once('/') {
                Some((pipeline, _)) if known(pipeline) => return,
                Some((pipeline, _)) => format!("{entry:?}: there is no pipeline {pipeline:?}"),
                None if self.pipelines.len() < 2 => return,
                None => format!(
                    "{entry:?} does not say of which pipeline: write `{}/{entry}`",
                    self.pipelines[0].name
                ),
            };
            found(path, words);
        };
        for env in self.secrets.keys() {
            look(&format!("secrets.{env}"), env);
        }
        let accounts = self.accounts.iter();
        let accounts = accounts.map(|(name, of)| (format!("accounts.{name}"), &of.environments));
        let aws = self.aws.iter();
        let aws = aws.map(|(name, of)| (format!("aws.{name}"), &of.environments));
        let terraform = self.terraform.iter();
        let terraform = terraform.map(|(name, of)| (format!("terraform.{name}"), &of.environments));
        let workspaces = self.workspaces.iter();
        let workspaces = workspaces.filter_map(|(name, of)| {
            Some((format!("workspaces.{name}"), of.environments.as_ref()?))
        });
        for (path, environments) in accounts.chain(aws).chain(terraform).chain(workspaces) {
            for env in environments {
                look(&format!("{path}.environments"), env);
            }
        }
    }

    fn check_listening(&self, found: &mut impl FnMut(&str, String)) {
        let unsigned = self.insecure.unsigned_webhooks;
        if unsigned && !self.is_loopback() {
            let message = format!(
                "unsigned webhooks are taken on loopback only, not on {}",
                self.listen
            );
            found("insecure.unsigned_webhooks", message);
        }
        if self.insecure.user_credentials && !self.is_loopback() {
            let message = format!(
                "tokens of users are taken on loopback only, not on {}",
                self.listen
            );
            found("insecure.user_credentials", message);
        }
        if self.github.webhook_secrets.is_empty() && !unsigned {
            found(
                "github.webhook_secrets",
                "no webhook secret: anybody could send events".into(),
            );
        }
    }

    fn check_github(&self, found: &mut impl FnMut(&str, String)) {
        match (&self.github.app, &self.github.token) {
            (Some(_), Some(_)) => found("github.token", "either `app` or `token`, not both".into()),
            (None, None) => found("github", "needs `app` or `token`".into()),
            (Some(_), None) | (None, Some(_)) => {}
        }
    }

    fn check_pipelines(&self, found: &mut impl FnMut(&str, String)) {
        if self.pipelines.is_empty() {
            found("pipelines", "at least one pipeline is needed".into());
        }
        let mut names = BTreeSet::new();
        for pipeline in &self.pipelines {
            let name = &pipeline.name;
            if !is_plain_name(name) {
                found(
                    "pipelines",
                    format!(
                        "the name {name:?} is not lower-case letters, digits and hyphens (63 at most)"
                    ),
                );
            }
            if !names.insert(name) {
                found("pipelines", format!("two pipelines are called {name:?}"));
            }
            let parts: Vec<&str> = pipeline.repository.split('/').collect();
            if parts.len() != 2 || parts.iter().any(|part| part.is_empty()) {
                found(
                    "pipelines",
                    format!("the repository {:?} is not owner/name", pipeline.repository),
                );
            }
            let path = &pipeline.path;
            if path.starts_with('/') || path.split('/').any(|part| part == "..") {
                found(
                    "pipelines",
                    format!("the path {path:?} is not a folder inside the repository"),
                );
            }
        }
    }

    fn check_urls(&self, found: &mut impl FnMut(&str, String)) {
        let mut urls = vec![("github.api_url".to_owned(), Some(&self.github.api_url))];
        urls.push(("github.git_url".into(), self.github.git_url.as_ref()));
        urls.push(("public_url".into(), self.public_url.as_ref()));
        for queue in &self.sqs {
            urls.push(("sqs".into(), Some(&queue.url)));
            urls.push(("sqs".into(), queue.endpoint.as_ref()));
        }
        for (name, workspace) in &self.workspaces {
            let host = Some(&workspace.host).filter(|host| !host.is_empty());
            urls.push((format!("workspaces.{name}.host"), host));
            urls.push((
                format!("workspaces.{name}.token_url"),
                workspace.token_url.as_ref(),
            ));
        }
        for (name, account) in &self.accounts {
            urls.push((format!("accounts.{name}.host"), Some(&account.host)));
            let token_url = account.token_url.as_ref();
            urls.push((format!("accounts.{name}.token_url"), token_url));
        }
        for (name, aws) in &self.aws {
            urls.push((format!("aws.{name}.endpoint"), aws.endpoint.as_ref()));
        }
        for (name, place) in &self.terraform {
            for (which, identity) in place.identities() {
                let endpoint = identity
                    .aws
                    .as_ref()
                    .and_then(|role| role.endpoint.as_ref());
                urls.push((format!("terraform.{name}.{which}.aws.endpoint"), endpoint));
            }
        }
        for (env, sources) in &self.secrets {
            for source in [&sources.aws_secrets_manager, &sources.aws_ssm] {
                let endpoint = source.as_ref().and_then(|source| source.endpoint.as_ref());
                urls.push((format!("secrets.{env}"), endpoint));
            }
        }
        if let Some(PackageStore::S3(s3)) = &self.packages {
            urls.push(("packages.s3.endpoint".into(), s3.endpoint.as_ref()));
        }
        for (path, url) in urls {
            if let Some(problem) = url.and_then(|url| url_problem(url)) {
                found(&path, problem);
            }
        }
        let store = self.store_url();
        if !["sqlite:", "postgres:", "postgresql:"]
            .iter()
            .any(|scheme| store.starts_with(scheme))
        {
            found(
                "store.url",
                "not a URL that begins with `sqlite:` or `postgres:`".into(),
            );
        }
        // Daemons on one database need one key: by a key of its own each would take what the others put for another value.
        let shared = store.starts_with("postgres");
        if shared && self.secrets_key.is_none() && !self.secrets.is_empty() {
            found(
                "secrets_key",
                "missing: on PostgreSQL several daemons may share what was put, and each would make a key of its own; give all of \
                 them the same, `secrets_key: {file: PATH}`, made by `openssl rand -hex 32`".into(),
            );
        }
        let password = reqwest::Url::parse(&store).is_ok_and(|url| url.password().is_some());
        if password {
            found(
                "store.url",
                "holds a password; put it behind `password: {env: NAME}`".into(),
            );
        }
    }

    /// Every reference to a secret of the daemon's own, with the path of its key.
    #[must_use]
    pub fn own_secrets(&self) -> Vec<(String, &SecretRef)> {
        let store = self
            .store
            .as_ref()
            .and_then(|store| store.password.as_ref());
        let app = self.github.app.as_ref().map(|app| &app.private_key);
        let mut all = vec![
            ("signing_key".to_owned(), self.signing_key.as_ref()),
            ("secrets_key".to_owned(), self.secrets_key.as_ref()),
            ("store.password".to_owned(), store),
            ("github.app.private_key".to_owned(), app),
            ("github.token".to_owned(), self.github.token.as_ref()),
        ];
        for secret in &self.github.webhook_secrets {
            all.push(("github.webhook_secrets".to_owned(), Some(secret)));
        }
        for (name, workspace) in &self.workspaces {
            for (key, secret) in [
                ("client_id", &workspace.client_id),
                ("client_secret", &workspace.client_secret),
                ("token", &workspace.token),
            ] {
                all.push((format!("workspaces.{name}.{key}"), secret.as_ref()));
            }
            let oidc = workspace.oidc.as_ref().map(Oidc::secret);
            all.push((format!("workspaces.{name}.oidc"), oidc));
        }
        for (name, account) in &self.accounts {
            for (key, secret) in [
                ("client_id", Some(&account.client_id)),
                ("client_secret", account.client_secret.as_ref()),
                ("oidc", account.oidc.as_ref().map(Oidc::secret)),
            ] {
                all.push((format!("accounts.{name}.{key}"), secret));
            }
        }
        for (name, aws) in &self.aws {
            for (key, secret) in [
                ("access_key_id", &aws.access_key_id),
                ("secret_access_key", &aws.secret_access_key),
            ] {
                all.push((format!("aws.{name}.{key}"), secret.as_ref()));
            }
        }
        for (name, place) in &self.terraform {
            let at = |key: &str| format!("terraform.{name}.{key}");
            let own = ("", &place.backend, &place.variables);
            let pulls = place.pull_requests.iter();
            let pulls = pulls.map(|pulls| ("pull_requests.", &pulls.backend, &pulls.variables));
            for (of, backend, variables) in std::iter::once(own).chain(pulls) {
                for (pointer, secret) in backend_secrets(backend) {
                    let path = pointer.replace('/', ".");
                    all.push((at(&format!("{of}backend{path}")), Some(secret)));
                }
                for (variable, secret) in variables {
                    all.push((at(&format!("{of}variables.{variable}")), Some(secret)));
                }
            }
            for (which, identity) in place.identities() {
                for (variable, secret) in &identity.env {
                    all.push((at(&format!("{which}.env.{variable}")), Some(secret)));
                }
                if let Some(role) = &identity.aws {
                    let id = role.access_key_id.as_ref();
                    all.push((at(&format!("{which}.aws.access_key_id")), id));
                    let key = role.secret_access_key.as_ref();
                    all.push((at(&format!("{which}.aws.secret_access_key")), key));
                }
            }
        }
        all.into_iter()
            .filter_map(|(path, secret)| Some((path, secret?)))
            .collect()
    }
}

fn credentials(workspace: &Workspace) -> Option<&'static str> {
    let proof = proof(&workspace.client_secret, &workspace.oidc);
    match (&workspace.client_id, &workspace.token) {
        (Some(_), None) => proof,
        (None, Some(_)) if workspace.client_secret.is_none() && workspace.oidc.is_none() => None,
        (None, None) => Some("needs `client_id` with `client_secret` or `oidc`, or `token`"),
        (_, Some(_)) => {
            Some("either `client_id` with `client_secret` or `oidc`, or `token`, not both")
        }
    }
}

/// What a service principal shows: exactly one thing.
fn proof(client_secret: &Option<SecretRef>, oidc: &Option<Oidc>) -> Option<&'static str> {
    match (client_secret, oidc) {
        (Some(_), None) | (None, Some(_)) => None,
        (None, None) => Some("`client_id` needs `client_secret` or `oidc`"),
        (Some(_), Some(_)) => Some("either `client_secret` or `oidc`, not both"),
    }
}

fn url_problem(text: &str) -> Option<String> {
    match reqwest::Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host().is_none() => {
            Some("not an http or https URL".into())
        }
        Ok(url) if url.password().is_some() => Some("a URL must not hold a password".into()),
        Ok(_) => None,
        Err(problem) => Some(format!("not a URL: {problem}")),
    }
}

/// Names stand in tags, branch names and paths.
fn is_plain_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !name.is_empty() && name.len() <= 63 && name.bytes().all(plain) && !name.starts_with('-')
}
