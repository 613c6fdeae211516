//! What a stack should be.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudformation::types::{Capability, Parameter, ResourceToImport, Tag};
use secrecy::{ExposeSecret as _, SecretString};

/// Where the template is.
#[derive(Clone, Debug)]
pub enum Template {
    /// Here; at most 51,200 bytes.
    Body(String),
    /// In a bucket, at an address that CloudFormation reads with the caller's rights; at most 1 MB.
    Url(String),
}

/// Something that exists and is to become the stack's.
#[derive(Clone, Debug)]
pub struct ImportedResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type.
    pub kind: String,
    /// What identifies it, such as `BucketName`.
    pub identifier: BTreeMap<String, String>,
}

/// What a stack should be.
#[derive(Clone, Debug)]
pub struct StackRequest {
    /// Its name.
    pub stack: String,
    /// What is in it.
    pub template: Template,
    /// The template's parameters.
    pub parameters: BTreeMap<String, SecretString>,
    /// Parameters of the template that keep what the stack has for them.
    pub keep: BTreeSet<String>,
    /// The tags that say whose it is. A stack that exists without them is not touched.
    pub marker: BTreeMap<String, String>,
    /// More tags, for the stack and all in it.
    pub tags: BTreeMap<String, String>,
    /// Such as `CAPABILITY_NAMED_IAM`.
    pub capabilities: Vec<String>,
    /// The role that CloudFormation works as; none works as the caller.
    pub role_arn: Option<String>,
    /// What is said of its change sets. It stays with them also where a stack of ours has no tags yet.
    pub description: Option<String>,
    /// What is taken over. Such a change set does nothing else.
    pub imports: Vec<ImportedResource>,
}

impl StackRequest {
    pub(super) fn sdk_parameters(&self) -> Vec<Parameter> {
        let each = self.parameters.iter().map(|(key, value)| {
            let value = value.expose_secret();
            Parameter::builder()
                .parameter_key(key)
                .parameter_value(value)
                .build()
        });
        let kept = self.keep.iter().map(|key| {
            Parameter::builder()
                .parameter_key(key)
                .use_previous_value(true)
                .build()
        });
        each.chain(kept).collect()
    }

    pub(super) fn sdk_tags(&self) -> Vec<Tag> {
        let all = self.tags.iter().chain(&self.marker);
        all.map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect()
    }

    pub(super) fn sdk_capabilities(&self) -> Vec<Capability> {
        let each = self.capabilities.iter();
        each.map(|name| Capability::from(name.as_str())).collect()
    }

    pub(super) fn sdk_imports(&self) -> Option<Vec<ResourceToImport>> {
        let each = self.imports.iter().map(|import| {
            ResourceToImport::builder()
                .logical_resource_id(&import.logical_id)
                .resource_type(&import.kind)
                .set_resource_identifier(Some(import.identifier.clone().into_iter().collect()))
                .build()
        });
        (!self.imports.is_empty()).then(|| each.collect())
    }
}
