//! Objects of AWS behind requests of the same form as those to Databricks, so that plans and applies need to know one form only.

mod stacks;

pub(super) use stacks::too_long;

use super::error;
use crate::config::AwsPlace;
use hodman_clients::aws::{Aws, Foundation};
use hodman_clients::cloudformation::{CloudFormation, Pace};
use hodman_clients::databricks::{ApiError, Elsewhere, Request};
use serde_json::Value;
use stacks::{Stacks, Templates};
use std::pin::Pin;

/// Everything of one AWS account and region that modules may ask for.
#[derive(Debug)]
pub(super) struct AwsObjects {
    stacks: Stacks,
    objects: Foundation,
}

impl AwsObjects {
    /// Nothing is sent yet.
    pub fn new(aws: &Aws, place: &AwsPlace) -> Self {
        Self {
            stacks: Stacks {
                client: CloudFormation::new(aws, Pace::default()),
                templates: Templates::of(aws, place),
            },
            objects: aws.foundation(),
        }
    }

    async fn answer(&self, request: &Request) -> Result<Value, ApiError> {
        match request.path.strip_prefix("/aws/cloudformation/stacks") {
            Some(rest) => {
                self.stacks
                    .call(request, rest.trim_start_matches('/'))
                    .await
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
