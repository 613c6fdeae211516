//! Objects of AWS behind requests of the same form as those to Databricks, so that plans and applies need to know one form only.

mod stacks;

pub(super) use stacks::too_long;

use super::error;
use crate::config::AwsPlace;
use hodman_clients::aws::{Aws, Foundation};
use hodman_clients::cloudformation::{CloudFormation, Pace};
use hodman_clients::databricks::{ApiError, Elsewhere, Request};
use hodman_model::kinds::{WHOSE, Whose};
use serde_json::{Value, json};
use stacks::{Stacks, Templates};
use std::pin::Pin;

/// Everything of one AWS account and region that modules may ask for.
#[derive(Debug)]
pub(super) struct AwsObjects {
    stacks: Stacks,
    /// By whom stacks are looked at for what nobody merged; none is the same.
    unmerged: Option<Stacks>,
    objects: Foundation,
}

fn stacks(aws: &Aws, place: &AwsPlace) -> Stacks {
    Stacks {
        client: CloudFormation::new(aws, Pace::default()),
        templates: Templates::of(aws, place),
    }
}

impl AwsObjects {
    /// Nothing is sent yet.
    pub fn new(aws: &Aws, place: &AwsPlace) -> Self {
        Self {
            stacks: stacks(aws, place),
            unmerged: None,
            objects: aws.foundation(),
        }
    }

    /// The same where somebody else makes the change sets of what nobody merged.
    pub fn with_looks(mut self, aws: &Aws, place: &AwsPlace) -> Self {
        self.unmerged = Some(stacks(aws, place));
        self
    }

    /// Who answers for stacks.
    fn stacks_for(&self, request: &Request) -> &Stacks {
        let whose = request.body.as_ref().and_then(|body| body.get(WHOSE));
        let unmerged = self.unmerged.as_ref();
        let unmerged = unmerged.filter(|_| whose == Some(&json!(Whose::Proposed)));
        unmerged.unwrap_or(&self.stacks)
    }

    async fn answer(&self, request: &Request) -> Result<Value, ApiError> {
        match request.path.strip_prefix("/aws/cloudformation/stacks") {
            Some(rest) => {
                let rest = rest.trim_start_matches('/');
                self.stacks_for(request).call(request, rest).await
            }
            None => self.objects.call(request).await,
        }
    }
}

impl Elsewhere for AwsObjects {
    fn call<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send + 'a>> {
        Box::pin(self.answer(request))
    }
}
