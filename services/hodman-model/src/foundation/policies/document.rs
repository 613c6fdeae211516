//! A policy document, in the order of fields in which Databricks prints its own: so a difference shows as a difference.

use serde::Serialize;
use std::collections::BTreeMap;

/// The language version of all policies here; the older one has no variables.
const VERSION: &str = "2012-10-17";

/// A policy document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    version: &'static str,
    /// The statements, in the published order.
    #[serde(rename = "Statement")]
    pub statements: Vec<Statement>,
}

impl Policy {
    pub(super) fn new(statements: Vec<Statement>) -> Self {
        Self {
            version: VERSION,
            statements,
        }
    }

    /// The document as AWS takes it, indented by two.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, lists and maps with text keys only: nothing in it can fail to be JSON.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// Condition operator to condition key to value.
pub(super) type Conditions = BTreeMap<&'static str, BTreeMap<&'static str, String>>;

/// One statement; all here allow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// Its name, where the published one has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<&'static str>,
    effect: &'static str,
    /// What is allowed.
    pub action: OneOrMany,
    /// On what; absent in the trust policies of roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<OneOrMany>,
    /// On everything but this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_resource: Option<OneOrMany>,
    /// To whom, in policies of what is acted on.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub principal: BTreeMap<&'static str, String>,
    /// Under which conditions.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
}

impl Statement {
    pub(super) fn allow(action: impl Into<OneOrMany>) -> Self {
        Self {
            sid: None,
            effect: "Allow",
            action: action.into(),
            resource: None,
            not_resource: None,
            principal: BTreeMap::new(),
            condition: Conditions::new(),
        }
    }

    pub(super) fn sid(mut self, sid: &'static str) -> Self {
        self.sid = Some(sid);
        self
    }

    pub(super) fn on(mut self, resource: impl Into<OneOrMany>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    pub(super) fn on_all_but(mut self, resources: Vec<String>) -> Self {
        self.not_resource = Some(OneOrMany::Many(resources));
        self
    }

    /// For the AWS account, role or user with this ARN.
    pub(super) fn to(mut self, arn: impl Into<String>) -> Self {
        self.principal.insert("AWS", arn.into());
        self
    }

    pub(super) fn when(
        mut self,
        operator: &'static str,
        key: &'static str,
        value: impl Into<String>,
    ) -> Self {
        let keys = self.condition.entry(operator).or_default();
        keys.insert(key, value.into());
        self
    }
}

/// AWS takes one text or a list; which of the two is printed is as published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several, or one in a list.
    Many(Vec<String>),
}

impl From<&str> for OneOrMany {
    fn from(one: &str) -> Self {
        Self::One(one.to_owned())
    }
}

impl From<String> for OneOrMany {
    fn from(one: String) -> Self {
        Self::One(one)
    }
}

impl From<Vec<String>> for OneOrMany {
    fn from(many: Vec<String>) -> Self {
        Self::Many(many)
    }
}

impl<const N: usize> From<[&str; N]> for OneOrMany {
    fn from(many: [&str; N]) -> Self {
        Self::Many(many.iter().map(|one| (*one).to_owned()).collect())
    }
}
