//! Drift: what was changed in a stack's resources by others.

use aws_sdk_cloudformation::types::StackDriftDetectionStatus;

use super::nested::NESTED;
use super::{CloudFormation, StackError};
use crate::aws::AwsError;

/// A property that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftedProperty {
    /// Such as `/Tags/0/Value`.
    pub path: String,
    /// What the template says.
    pub expected: String,
    /// What is.
    pub actual: String,
    /// `ADD`, `REMOVE` or `NOT_EQUAL`.
    pub kind: String,
}

/// A resource as drift detection saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftedResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type.
    pub kind: String,
    /// `IN_SYNC`, `MODIFIED`, `DELETED` or `NOT_CHECKED`, which is a type that cannot be looked at, and not the same as in sync.
    pub status: String,
    /// Where it differs.
    pub properties: Vec<DriftedProperty>,
}

impl CloudFormation {
    /// Looks for drift in a stack and, if `nested`, in those inside of it, whose resources are called `Outer/Inner`. AWS looks into
    /// each by itself only. All resources, sorted.
    ///
    /// # Errors
    /// When a detection fails or a call does.
    pub async fn drift(
        &self,
        stack: &str,
        nested: bool,
    ) -> Result<Vec<DriftedResource>, StackError> {
        let mut found = self.drift_of_one(stack).await?;
        let inside = match nested {
            true => self.nested(stack).await?,
            false => Vec::new(),
        };
        for (name, id) in inside {
            let there = self.describe(&id).await?;
            if there.is_none_or(|stack| stack.status == "DELETE_COMPLETE") {
                found.push(DriftedResource {
                    logical_id: name,
                    kind: NESTED.to_owned(),
                    status: "DELETED".to_owned(),
                    properties: Vec::new(),
                });
                continue;
            }
            let inside = Box::pin(self.drift(&id, true)).await?;
            found.extend(inside.into_iter().map(|resource| DriftedResource {
                logical_id: format!("{name}/{}", resource.logical_id),
                ..resource
            }));
        }
        found.sort_by(|a, b| a.logical_id.cmp(&b.logical_id));
        Ok(found)
    }

    /// Looks for drift and waits for the result: one look at a stack at a time, minutes for a big one.
    async fn drift_of_one(&self, stack: &str) -> Result<Vec<DriftedResource>, StackError> {
        let begun = self
            .client
            .detect_stack_drift()
            .stack_name(stack)
            .send()
            .await;
        let begun = begun.map_err(|error| AwsError::from_sdk("DetectStackDrift", stack, error))?;
        let id = begun.stack_drift_detection_id.unwrap_or_default();
        let id = &id;
        let asked = || async move {
            let asked = self.client.describe_stack_drift_detection_status();
            let asked = asked.stack_drift_detection_id(id).send().await;
            let answer = asked.map_err(|error| {
                AwsError::from_sdk("DescribeStackDriftDetectionStatus", stack, error)
            })?;
            Ok(match answer.detection_status {
                Some(StackDriftDetectionStatus::DetectionInProgress) => None,
                Some(StackDriftDetectionStatus::DetectionComplete) => Some(None),
                // Some resources could not be looked at; the others were. `NOT_CHECKED` says which.
                _ => Some(Some(answer.detection_status_reason.unwrap_or_default())),
            })
        };
        let failed = self.until("the drift detection", stack, asked).await?;
        let resources = self.drifted(stack).await?;
        match failed {
            Some(reason) if resources.is_empty() => Err(StackError::Failed {
                stack: stack.to_owned(),
                status: format!("DETECTION_FAILED: {reason}"),
                failures: Vec::new(),
            }),
            _ => Ok(resources),
        }
    }

    async fn drifted(&self, stack: &str) -> Result<Vec<DriftedResource>, StackError> {
        let mut resources = Vec::new();
        let mut next = None;
        loop {
            let page = self
                .client
                .describe_stack_resource_drifts()
                .stack_name(stack)
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| AwsError::from_sdk("DescribeStackResourceDrifts", stack, error))?;
            for drift in page.stack_resource_drifts.unwrap_or_default() {
                let properties =
                    drift
                        .property_differences()
                        .iter()
                        .map(|property| DriftedProperty {
                            path: property.property_path().unwrap_or_default().to_owned(),
                            expected: property.expected_value().unwrap_or_default().to_owned(),
                            actual: property.actual_value().unwrap_or_default().to_owned(),
                            kind: property
                                .difference_type()
                                .map(|kind| kind.as_str().to_owned())
                                .unwrap_or_default(),
                        });
                resources.push(DriftedResource {
                    properties: properties.collect(),
                    logical_id: drift.logical_resource_id.clone().unwrap_or_default(),
                    kind: drift.resource_type.clone().unwrap_or_default(),
                    status: drift
                        .stack_resource_drift_status
                        .as_ref()
                        .map(|status| status.as_str().to_owned())
                        .unwrap_or_default(),
                });
            }
            next = page.next_token;
            if next.is_none() {
                return Ok(resources);
            }
        }
    }
}
