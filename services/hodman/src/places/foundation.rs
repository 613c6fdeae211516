//! What workspaces stand on, and the workspaces that are made there.

use super::aws::{AwsObjects, too_long};
use super::terraform::{self, Stacks};
use super::{Places, error, trimmed};
use crate::config::{self, RoleSession, Whose};
use crate::work::WorkError;
use hodman_clients::databricks::{
    AccountConfig, ApiError, Elsewhere, ErrorKind, FoundationConfig, Request, Workspace,
};
use hodman_model::files::Environment;
use hodman_model::kinds::kind;
use hodman_model::modules::LONGEST_BODY;
use serde_json::Value;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// What a look at an account told of addresses.
#[derive(Debug, Default)]
pub struct Seen {
    /// Which account.
    pub account: Option<String>,
    /// Addresses of workspaces of it.
    pub hosts: Vec<String>,
}

impl Places {
    /// The id of the account in which an environment's objects are, as far as the configuration knows it.
    #[must_use]
    pub fn account_id(&self, environment: &Environment) -> Option<&str> {
        let name = environment.account.as_deref()?;
        Some(self.accounts.get(name)?.account_id.as_str())
    }

    /// The client for what `environment` stands on.
    ///
    /// # Errors
    /// When the configuration does not know what it names, does not let it in, or lacks credentials.
    pub async fn foundation(
        &self,
        whose: Whose<'_>,
        environment: &Environment,
    ) -> Result<Workspace, WorkError> {
        let env = whose.env;
        let key = (
            format!("foundation of {whose}"),
            format!(
                "{:?} {:?} {:?}",
                environment.account, environment.aws, environment.terraform
            ),
        );
        if let Some(client) = self.known(&key) {
            return Ok(client);
        }
        let account = match &environment.account {
            Some(name) => Some(self.account(whose, name)?),
            None => None,
        };
        let aws = match &environment.aws {
            Some(name) => Some(self.aws(whose, name).await?),
            None => None,
        };
        let stacks = match &environment.terraform {
            Some(name) => Some(self.stacks(whose, name)?),
            None => None,
        };
        let any = aws.is_some() || stacks.is_some();
        let elsewhere =
            any.then(|| Arc::new(BesideTheAccount { aws, stacks }) as Arc<dyn Elsewhere>);
        let config = FoundationConfig {
            name: format!("foundation of {env}"),
            account,
            elsewhere,
        };
        let client = Workspace::foundation(config, &self.connections)
            .map_err(|error| WorkError::lasting(format!("the foundation of {env}: {error}")))?;
        self.keep(key, &client);
        Ok(client)
    }

    fn account_of(&self, name: &str) -> Result<&config::Account, WorkError> {
        self.accounts.get(name).ok_or_else(|| {
            WorkError::lasting(format!(
                "account `{name}` is not in the daemon's configuration (`accounts:`)"
            ))
        })
    }

    fn account(&self, whose: Whose<'_>, name: &str) -> Result<AccountConfig, WorkError> {
        let known = self.account_of(name)?;
        allowed(whose, &format!("account `{name}`"), &known.environments)?;
        Ok(AccountConfig {
            account_id: known.account_id.clone(),
            host: known.host.clone(),
            auth: known
                .auth()
                .map_err(|error| WorkError::lasting(format!("account `{name}`: {error:#}")))?,
            timeout: Duration::from_secs(60),
            user_agent: concat!("hodman/", env!("CARGO_PKG_VERSION")).to_owned(),
        })
    }

    pub(super) fn stacks(&self, whose: Whose<'_>, name: &str) -> Result<Stacks, WorkError> {
        let (known, turns) = self.terraform.get(name).ok_or_else(|| {
            WorkError::lasting(format!(
                "terraform `{name}` is not in the daemon's configuration (`terraform:`)"
            ))
        })?;
        allowed(whose, &format!("terraform `{name}`"), &known.environments)?;
        Ok(Stacks::new(
            whose.env,
            known.clone(),
            turns.clone(),
            self.ground.clone(),
            self.stop.subscribe(),
            self.at_work.clone(),
        ))
    }

    /// Why Terraform runs for no pull request that changes an environment; none when it may, or there is none.
    #[must_use]
    pub fn refuses_pulls(&self, environment: &Environment) -> Option<String> {
        let name = environment.terraform.as_ref()?;
        let (known, _) = self.terraform.get(name)?;
        known.refuses_pulls(name, rustix::process::geteuid().is_root())
    }

    /// Why a template of so many bytes cannot be sent to the AWS account that an environment names; none when it can.
    #[must_use]
    pub fn refuses_template(&self, environment: &Environment, bytes: usize) -> Option<String> {
        let place = environment.aws.as_ref().and_then(|name| self.aws.get(name));
        let lies = place.is_some_and(|place| place.templates.is_some());
        (bytes > LONGEST_BODY && !lies).then(|| too_long(bytes))
    }

    /// The region of the AWS account that an environment names.
    #[must_use]
    pub fn region(&self, environment: &Environment) -> Option<&str> {
        let place = self.aws.get(environment.aws.as_ref()?)?;
        Some(&place.region)
    }

    async fn aws(&self, whose: Whose<'_>, name: &str) -> Result<AwsObjects, WorkError> {
        let known = self.aws.get(name).ok_or_else(|| {
            WorkError::lasting(format!(
                "aws `{name}` is not in the daemon's configuration (`aws:`)"
            ))
        })?;
        allowed(whose, &format!("aws `{name}`"), &known.environments)?;
        let aws = config::aws_place(known, whose.env)
            .await
            .map_err(|error| WorkError::lasting(format!("aws `{name}`: {error:#}")))?;
        let Some(role) = &known.plan_role_arn else {
            return Ok(AwsObjects::new(&aws, known));
        };
        let place = config::AwsPlace {
            role_arn: Some(role.clone()),
            ..known.clone()
        };
        let looks = config::aws_session(&place, whose.env, RoleSession::Looks, None).await;
        let looks =
            looks.map_err(|error| WorkError::lasting(format!("aws `{name}`: {error:#}")))?;
        Ok(AwsObjects::new(&aws, known).with_looks(&looks, known))
    }

    /// The client for a workspace that a module made, at the address that its account tells: credentials go nowhere else,
    /// whatever a module says its output is.
    ///
    /// # Errors
    /// When the configuration does not know the workspace or its account, or the account has no workspace there.
    pub async fn made(
        &self,
        whose: Whose<'_>,
        name: &str,
        host: &str,
        seen: &Seen,
    ) -> Result<Workspace, WorkError> {
        let Some(known) = self.configured.get(name) else {
            return self.workspace(whose, name, host);
        };
        let Some(account) = &known.account else {
            return self.workspace(whose, name, host);
        };
        self.lets_in(whose, name, known)?;
        // Before the client that another environment may have had made: its list is not this one's.
        allowed(
            whose,
            &format!("account `{account}`"),
            &self.account_of(account)?.environments,
        )?;
        if let Some(client) = self.known(&(name.to_owned(), host.to_owned())) {
            return Ok(client);
        }
        if seen.account.as_ref() == Some(account)
            && seen.hosts.iter().any(|told| trimmed(told) == trimmed(host))
        {
            // The account told it a moment ago, in the same look.
            return self.client(name, host, known);
        }
        let config = FoundationConfig {
            name: format!("account {account}"),
            account: Some(self.account(whose, account)?),
            elsewhere: None,
        };
        let client = Workspace::foundation(config, &self.connections)
            .map_err(|error| WorkError::lasting(format!("account `{account}`: {error}")))?;
        let answer = client
            .call(Request::get("/api/2.0/accounts/{account_id}/workspaces"))
            .await?;
        if !hosts(&answer).any(|told| trimmed(&told) == trimmed(host)) {
            return Err(WorkError::lasting(format!(
                "workspace `{name}`: account `{account}` has no workspace at {host}"
            )));
        }
        self.client(name, host, known)
    }
}

/// Everything that is no object of the account.
#[derive(Debug)]
struct BesideTheAccount {
    aws: Option<AwsObjects>,
    stacks: Option<Stacks>,
}

impl Elsewhere for BesideTheAccount {
    fn call<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send + 'a>> {
        let of_terraform = request.path.starts_with(terraform::PATH);
        match (of_terraform, &self.aws, &self.stacks) {
            (true, _, Some(stacks)) => stacks.call(request),
            (false, Some(aws), _) => aws.call(request),
            (of_terraform, ..) => {
                let words = match of_terraform {
                    true => "no Terraform is named for this environment (`terraform:` in its file)",
                    false => "no AWS account is named for this environment (`aws:` in its file)",
                };
                let none = error(request, ErrorKind::Unsupported, words);
                Box::pin(async move { Err(none) })
            }
        }
    }
}

/// The addresses of the workspaces in an account's list.
fn hosts(answer: &Value) -> impl Iterator<Item = String> {
    let kind = kind("account_workspaces");
    let items = answer.as_array().into_iter().flatten();
    items.filter_map(move |item| {
        let listed = kind?.read(item).ok()??;
        Some(listed.outputs.get("host")?.as_str()?.to_owned())
    })
}

pub(super) fn allowed(
    whose: Whose<'_>,
    what: &str,
    environments: &[String],
) -> Result<(), WorkError> {
    if whose.is_among(environments) {
        return Ok(());
    }
    let env = whose.env;
    Err(WorkError::lasting(format!(
        "{what} is not for environment `{env}`: the daemon's configuration lists those it is for (`environments:`)"
    )))
}
