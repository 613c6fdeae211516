//! Federation policies: whose tokens the account takes in place of a secret, for all of its principals or for one.
//!
//! `policy_id` is chosen by who makes it, so it finds the policy again; below a service principal it is unique there only.
//! They are why hodman makes no OAuth secrets: a secret is shown once, and whoever keeps it is one more who knows it.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::ACCOUNT;
use crate::kinds::fields::{defaults, fills, only, references};
use crate::kinds::listed::{id_text, rfc3339, text};
use crate::kinds::rules::{Rules, patterns, without_nulls};
use crate::kinds::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError,
    Reversibility,
};

/// Federation policies of the account, or of its service principals.
#[derive(Debug)]
pub(super) struct FederationPolicies {
    name: &'static str,
    singular: &'static str,
    of_principal: bool,
    settable: &'static [&'static str],
    rules: fn() -> &'static Rules,
}

const PRINCIPAL: &str = "service_principal_id";
const PRINCIPALS: &str = "account_service_principals";

const AUDIENCES: &str = "oidc_policy.audiences";

/// What a change may say.
const CHANGES: [&str; 2] = ["description", "oidc_policy"];

fn rules_of(settable: &'static [&'static str]) -> Rules {
    Rules {
        settable,
        name_field: "policy_id",
        texts: patterns(&[PRINCIPAL], &[]),
        sets: patterns(&[AUDIENCES], &[]),
        defaults: defaults(&[("oidc_policy.subject_claim", json!("sub"))], &[]),
        // The account's id, when nothing is said.
        server_fills: fills(&[(AUDIENCES, true)], &[]),
        given_back: patterns(&[AUDIENCES], &[]),
        references: references(&[(PRINCIPAL, PRINCIPALS)], &[]),
        replace_on: patterns(&["policy_id", PRINCIPAL], &[]),
        field_order: &["policy_id", PRINCIPAL, "description", "oidc_policy"],
        ..Rules::default()
    }
}

static OF_ACCOUNT_RULES: LazyLock<Rules> = LazyLock::new(|| rules_of(OF_ACCOUNT.settable));
static OF_PRINCIPALS_RULES: LazyLock<Rules> = LazyLock::new(|| rules_of(OF_PRINCIPALS.settable));

/// Those of the account.
pub(super) static OF_ACCOUNT: FederationPolicies = FederationPolicies {
    name: "account_federation_policies",
    singular: "account_federation_policy",
    of_principal: false,
    settable: &["description", "oidc_policy", "policy_id"],
    rules: || &OF_ACCOUNT_RULES,
};

/// Those of its service principals.
pub(super) static OF_PRINCIPALS: FederationPolicies = FederationPolicies {
    name: "account_service_principal_federation_policies",
    singular: "account_service_principal_federation_policy",
    of_principal: true,
    settable: &["description", "oidc_policy", "policy_id", PRINCIPAL],
    rules: || &OF_PRINCIPALS_RULES,
};

fn below(principal: &str) -> String {
    format!("{ACCOUNT}/servicePrincipals/{principal}/federationPolicies")
}

/// The service principal in an id, and the policy.
fn split(id: &str) -> (&str, &str) {
    id.split_once('/').unwrap_or(("", id))
}

impl FederationPolicies {
    fn all(&self, config: &Value) -> String {
        match self.of_principal {
            true => below(&id_text(config.get(PRINCIPAL)).unwrap_or_default()),
            false => format!("{ACCOUNT}/federationPolicies"),
        }
    }

    fn one(&self, id: &str) -> String {
        match self.of_principal {
            true => {
                let (principal, policy) = split(id);
                format!("{}/{policy}", below(principal))
            }
            false => format!("{ACCOUNT}/federationPolicies/{id}"),
        }
    }

    fn id(&self, answer: &Value, config: &Value) -> Option<String> {
        let policy = text(answer, "policy_id").or_else(|| text(config, "policy_id"))?;
        if !self.of_principal {
            return Some(policy);
        }
        let principal = id_text(config.get(PRINCIPAL))?;
        Some(format!("{principal}/{policy}"))
    }
}

impl Kind for FederationPolicies {
    fn name(&self) -> &'static str {
        self.name
    }

    fn singular(&self) -> &'static str {
        self.singular
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        self.id(config, config)
    }

    fn listing(&self) -> Listing {
        if !self.of_principal {
            let all = self.all(&Value::Null);
            return Listing::All(ListCall::new(&all, "policies", "policy_id"));
        }
        Listing::Below {
            parent: PRINCIPALS,
            list: |principal| ListCall {
                adds: vec![(PRINCIPAL, json!(principal))],
                ..ListCall::new(&below(principal), "policies", "policy_id")
            },
        }
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, self.one(id))
    }

    fn pick(&self, id: &str, mut answer: Value) -> Option<Value> {
        if let (true, Some(map)) = (self.of_principal, answer.as_object_mut()) {
            map.insert(PRINCIPAL.to_owned(), json!(split(id).0));
        }
        Some(answer)
    }

    fn below(&self, id: &str) -> Option<String> {
        self.of_principal.then(|| split(id).0.to_owned())
    }

    fn needs(&self, config: &Value) -> Vec<(&'static str, String)> {
        let principal = id_text(config.get(PRINCIPAL)).filter(|_| self.of_principal);
        principal.map(|id| (PRINCIPALS, id)).into_iter().collect()
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let id = self.id(answer, answer).ok_or(ReadError {
            kind: self.singular,
            field: if answer.get("policy_id").is_some() {
                PRINCIPAL
            } else {
                "policy_id"
            },
        })?;
        Ok(Some(Listed {
            name: text(answer, "policy_id").unwrap_or_default(),
            natural: Some(id.clone()),
            id,
            marker: None,
            config: self.rules().normalise(&only(answer, self.settable)),
            outputs: only(answer, &["policy_id", "uid"]),
            creator: None,
            created_at: rfc3339(answer, "create_time"),
            modified_at: rfc3339(answer, "update_time"),
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        let call = Call::post(&self.all(config), only(config, &CHANGES), false);
        match text(config, "policy_id") {
            Some(id) => call.and_query("policy_id", &id),
            None => call,
        }
    }

    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let mut body = only(config, &CHANGES);
        // The policy is said as a whole. For whom it is stays with whoever said it last, unless it is to be the account again.
        if let Some(policy) = body.get_mut("oidc_policy").and_then(Value::as_object_mut)
            && let Some(audiences) = live.pointer("/oidc_policy/audiences")
        {
            let said = policy.entry("audiences");
            said.or_insert_with(|| audiences.clone());
        }
        without_nulls(&mut body);
        // What is not said is emptied, whatever it was before.
        if body.get("description").is_none() {
            body["description"] = json!("");
        }
        let call = Call::with_body(Method::Patch, self.one(id), body, true);
        vec![call.and_query("update_mask", &CHANGES.join(","))]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, self.one(id))]
    }

    fn created_id(&self, answer: &Value, config: &Value) -> Option<String> {
        self.id(answer, config)
    }

    fn rules(&self) -> &'static Rules {
        (self.rules)()
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Compensable {
                loses: "the way in of whoever signs in by it, until it is back".to_owned(),
            },
        }
    }
}
