//! Roles: made, given policies, and shown.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::form::Form;
use super::xml::{Answered, Refusal, list, tag, texts};

/// The roles of the account by name.
#[derive(Default)]
pub(super) struct Roles(BTreeMap<String, Role>);

struct Role {
    /// As it is shown.
    shown: String,
    policies: BTreeMap<String, String>,
}

impl Roles {
    pub fn ask(&mut self, form: &Form, now: DateTime<Utc>) -> Answered {
        let name = form.text("RoleName");
        if form.text("Action") == "CreateRole" {
            return self.make(form, now);
        }
        let role = self.0.get_mut(name);
        let role =
            role.ok_or_else(|| none(&format!("The role with name {name} cannot be found.")))?;
        let policy = form.text("PolicyName");
        match form.text("Action") {
            "GetRole" => Ok(role.shown.clone()),
            "ListRolePolicies" => Ok(list("PolicyNames", role.policies.keys().cloned())),
            "ListAttachedRolePolicies" => Ok(list("AttachedPolicies", [])),
            "GetRolePolicy" => {
                let document = role.policies.get(policy).ok_or_else(|| {
                    none(&format!(
                        "The role policy with name {policy} cannot be found."
                    ))
                })?;
                Ok(texts([
                    ("RoleName", name),
                    ("PolicyName", policy),
                    ("PolicyDocument", &encoded(document)),
                ]))
            }
            "PutRolePolicy" => {
                let document = form.text("PolicyDocument").to_owned();
                role.policies.insert(policy.to_owned(), document);
                Ok(String::new())
            }
            other => Err(Refusal::unknown(other)),
        }
    }

    fn make(&mut self, form: &Form, now: DateTime<Utc>) -> Answered {
        let name = form.text("RoleName");
        if self.0.contains_key(name) {
            let message = format!("Role with name {name} already exists.");
            let code = "EntityAlreadyExists";
            return Err(Refusal::new(StatusCode::CONFLICT, code, message));
        }
        let or = |field: &str, otherwise: &'static str| match form.text(field) {
            "" => otherwise.to_owned(),
            text => text.to_owned(),
        };
        let path = or("Path", "/");
        let said = texts([
            ("Path", path.as_str()),
            ("RoleName", name),
            ("RoleId", &format!("AROA{:017}", self.0.len() + 1)),
            (
                "Arn",
                &format!("arn:aws:iam::000000000000:role{path}{name}"),
            ),
            ("CreateDate", &now.to_rfc3339()),
            (
                "AssumeRolePolicyDocument",
                &encoded(form.text("AssumeRolePolicyDocument")),
            ),
            ("Description", form.text("Description")),
            ("MaxSessionDuration", &or("MaxSessionDuration", "3600")),
        ]);
        let tags = form.tags();
        let tags = tags.iter();
        let tags = list(
            "Tags",
            tags.map(|(key, value)| tag("Key", key) + &tag("Value", value)),
        );
        let shown = format!("<Role>{said}{tags}</Role>");
        let role = Role {
            shown: shown.clone(),
            policies: BTreeMap::new(),
        };
        self.0.insert(name.to_owned(), role);
        Ok(shown)
    }
}

/// IAM gives documents percent-encoded.
fn encoded(document: &str) -> String {
    utf8_percent_encode(document, NON_ALPHANUMERIC).to_string()
}

fn none(message: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "NoSuchEntity", message)
}
