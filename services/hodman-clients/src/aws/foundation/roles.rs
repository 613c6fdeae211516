//! Roles of IAM.

use aws_sdk_iam::Client;
use aws_sdk_iam::types::Tag;
use serde_json::{Map, Value, json};

use super::super::Aws;
use super::super::error::AwsError;
use super::{New, list, must_be, text, texts};

/// How long a session of a role lasts at most where nothing is said.
const AN_HOUR: i32 = 3600;

/// Roles; IAM is the same in all regions.
#[derive(Debug, Clone)]
pub(super) struct Roles(Client);

impl Roles {
    pub fn new(aws: &Aws) -> Self {
        Self(Client::new(aws.sdk()))
    }

    pub async fn show(&self, name: &str) -> Result<Value, AwsError> {
        let role = self.0.get_role().role_name(name).send().await;
        let role = role.map_err(|error| AwsError::from_sdk("GetRole", name, error))?;
        let Some(role) = role.role else {
            return Ok(Value::Null);
        };
        let policies = self.policies(name).await?;
        let attached = self.attached(name).await?;
        let tags: Map<String, Value> = role
            .tags()
            .iter()
            .map(|tag| (tag.key().to_owned(), json!(tag.value())))
            .collect();
        Ok(json!({
            "name": role.role_name(),
            "arn": role.arn(),
            "path": role.path(),
            "role_id": role.role_id(),
            "description": role.description().unwrap_or_default(),
            "max_session_duration": role.max_session_duration(),
            "permissions_boundary": role.permissions_boundary().and_then(|one| one.permissions_boundary_arn()),
            "trust": role.assume_role_policy_document().map(document),
            "policies": policies,
            "attached": attached,
            "tags": tags,
        }))
    }

    /// Makes a role; refused where there is one of that name.
    pub async fn make(&self, body: &Value) -> Result<Value, AwsError> {
        let name = text(body, "name").unwrap_or_default();
        let trust = body.get("trust").cloned().unwrap_or_default();
        let create = self
            .0
            .create_role()
            .role_name(name)
            .set_path(text(body, "path").map(str::to_owned))
            .set_description(text(body, "description").map(str::to_owned))
            .set_max_session_duration(seconds(body))
            .set_permissions_boundary(text(body, "permissions_boundary").map(str::to_owned))
            .assume_role_policy_document(trust.to_string())
            .set_tags(Some(tags(body)));
        let made = create.send().await;
        made.map_err(|error| AwsError::from_sdk("CreateRole", name, error))?;
        let mut new = New::made();
        loop {
            match self.bring(name, body).await {
                Err(error) if new.again(&error).await => {}
                brought => return brought,
            }
        }
    }

    /// Makes the role be what the body says. Tags that it does not speak of stay.
    pub async fn bring(&self, name: &str, body: &Value) -> Result<Value, AwsError> {
        let live = self.show(name).await?;
        self.bring_itself(name, &live, body).await?;
        let (wanted, there) = (entries(body, "policies"), entries(&live, "policies"));
        for (policy, document) in &wanted {
            if there.get(policy) != Some(document) {
                let put = self.0.put_role_policy().role_name(name).policy_name(policy);
                let put = put.policy_document(document.to_string()).send().await;
                put.map_err(|error| AwsError::from_sdk("PutRolePolicy", name, error))?;
            }
        }
        for policy in there.keys().filter(|policy| !wanted.contains_key(*policy)) {
            let gone = self.0.delete_role_policy().role_name(name);
            let gone = gone.policy_name(policy).send().await;
            gone.map_err(|error| AwsError::from_sdk("DeleteRolePolicy", name, error))?;
        }
        let (wanted, there) = (list(body, "attached"), list(&live, "attached"));
        for arn in wanted.iter().filter(|arn| !there.contains(*arn)) {
            let attach = self.0.attach_role_policy().role_name(name).policy_arn(arn);
            let attach = attach.send().await;
            attach.map_err(|error| AwsError::from_sdk("AttachRolePolicy", name, error))?;
        }
        for arn in there.iter().filter(|arn| !wanted.contains(*arn)) {
            self.detach(name, arn).await?;
        }
        self.show(name).await
    }

    async fn bring_itself(&self, name: &str, live: &Value, body: &Value) -> Result<(), AwsError> {
        let trust = body.get("trust").cloned().unwrap_or_default();
        if live.get("trust") != Some(&trust) {
            let put = self.0.update_assume_role_policy().role_name(name);
            let put = put.policy_document(trust.to_string()).send().await;
            put.map_err(|error| AwsError::from_sdk("UpdateAssumeRolePolicy", name, error))?;
        }
        let description = text(body, "description").unwrap_or_default();
        let told = seconds(body).unwrap_or(AN_HOUR);
        if live["description"] != description || live["max_session_duration"] != told {
            let put = self
                .0
                .update_role()
                .role_name(name)
                .description(description);
            let put = put.max_session_duration(told).send().await;
            put.map_err(|error| AwsError::from_sdk("UpdateRole", name, error))?;
        }
        match text(body, "permissions_boundary") {
            wanted if live["permissions_boundary"].as_str() == wanted => {}
            Some(arn) => {
                let put = self.0.put_role_permissions_boundary().role_name(name);
                let put = put.permissions_boundary(arn).send().await;
                put.map_err(|error| AwsError::from_sdk("PutRolePermissionsBoundary", name, error))?;
            }
            None => {
                let gone = self.0.delete_role_permissions_boundary().role_name(name);
                let gone = gone.send().await;
                gone.map_err(|error| {
                    AwsError::from_sdk("DeleteRolePermissionsBoundary", name, error)
                })?;
            }
        }
        let gone: Vec<String> = list(body, "untagged")
            .into_iter()
            .filter(|key| live["tags"].get(key).is_some())
            .collect();
        if !gone.is_empty() {
            let put = self.0.untag_role().role_name(name);
            let put = put.set_tag_keys(Some(gone)).send().await;
            put.map_err(|error| AwsError::from_sdk("UntagRole", name, error))?;
        }
        let new = texts(body, "tags").any(|(key, value)| live["tags"][key.as_str()] != value);
        if new {
            let put = self.0.tag_role().role_name(name);
            let put = put.set_tags(Some(tags(body))).send().await;
            put.map_err(|error| AwsError::from_sdk("TagRole", name, error))?;
        }
        Ok(())
    }

    /// Removes a role with its own policies. Instance profiles that hold it are others': AWS would refuse the role, but only after
    /// its policies had gone from under the clusters that run with it.
    pub async fn remove(&self, name: &str, only: &Value) -> Result<Value, AwsError> {
        let live = self.show(name).await?;
        must_be(only, &live, "DeleteRole", name)?;
        let held = self.0.list_instance_profiles_for_role().role_name(name);
        let held = held.send().await;
        let held =
            held.map_err(|error| AwsError::from_sdk("ListInstanceProfilesForRole", name, error))?;
        if let Some(profile) = held.instance_profiles().first() {
            let words = format!(
                "the instance profile {} holds the role; take it out there first",
                profile.instance_profile_name()
            );
            let code = Some("DeleteConflict".to_owned());
            return Err(AwsError::answered(
                "DeleteRole",
                name,
                409,
                code,
                Some(words),
            ));
        }
        for arn in list(&live, "attached") {
            self.detach(name, &arn).await?;
        }
        for policy in entries(&live, "policies").keys() {
            let gone = self.0.delete_role_policy().role_name(name);
            let gone = gone.policy_name(policy).send().await;
            gone.map_err(|error| AwsError::from_sdk("DeleteRolePolicy", name, error))?;
        }
        let gone = self.0.delete_role().role_name(name).send().await;
        gone.map_err(|error| AwsError::from_sdk("DeleteRole", name, error))?;
        Ok(Value::Null)
    }

    async fn policies(&self, name: &str) -> Result<Map<String, Value>, AwsError> {
        let mut found = Map::new();
        let mut pages = self
            .0
            .list_role_policies()
            .role_name(name)
            .into_paginator()
            .items()
            .send();
        while let Some(policy) = pages.next().await {
            let policy =
                policy.map_err(|error| AwsError::from_sdk("ListRolePolicies", name, error))?;
            let get = self.0.get_role_policy().role_name(name);
            let got = get.policy_name(&policy).send().await;
            let got = got.map_err(|error| AwsError::from_sdk("GetRolePolicy", name, error))?;
            found.insert(policy, document(got.policy_document()));
        }
        Ok(found)
    }

    async fn attached(&self, name: &str) -> Result<Vec<String>, AwsError> {
        let mut found = Vec::new();
        let mut pages = self
            .0
            .list_attached_role_policies()
            .role_name(name)
            .into_paginator()
            .items()
            .send();
        while let Some(policy) = pages.next().await {
            let policy = policy
                .map_err(|error| AwsError::from_sdk("ListAttachedRolePolicies", name, error))?;
            found.extend(policy.policy_arn);
        }
        found.sort();
        Ok(found)
    }

    async fn detach(&self, name: &str, arn: &str) -> Result<(), AwsError> {
        let gone = self.0.detach_role_policy().role_name(name).policy_arn(arn);
        match gone.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(AwsError::from_sdk("DetachRolePolicy", name, error)),
        }
    }
}

fn tags(body: &Value) -> Vec<Tag> {
    texts(body, "tags")
        .filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok())
        .collect()
}

fn seconds(body: &Value) -> Option<i32> {
    let seconds = body.get("max_session_duration")?.as_i64()?;
    i32::try_from(seconds).ok()
}

fn entries(body: &Value, field: &str) -> Map<String, Value> {
    let map = body.get(field).and_then(Value::as_object);
    map.cloned().unwrap_or_default()
}

/// A policy document; IAM writes them percent-encoded.
fn document(text: &str) -> Value {
    let decoded = percent_decoded(text);
    serde_json::from_str(&decoded)
        .or_else(|_| serde_json::from_str(text))
        .unwrap_or_else(|_| Value::from(decoded))
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut done = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let coded = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match coded {
            Some(byte) => {
                done.push(byte);
                at += 3;
            }
            None => {
                done.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&done).into_owned()
}
