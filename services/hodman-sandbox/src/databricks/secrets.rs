//! Secret scopes, secrets and their access control lists. A value goes in and never comes out.

mod routes;

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::error::ApiError;

pub(crate) use routes::router;

/// One scope.
#[derive(Debug, Default)]
struct Scope {
    secrets: BTreeMap<String, Secret>,
    acls: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Secret {
    value: SecretString,
    updated: i64,
}

/// All scopes of a workspace.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    scopes: BTreeMap<String, Scope>,
}

impl Secrets {
    fn scope(&mut self, name: &str) -> Result<&mut Scope, ApiError> {
        self.scopes
            .get_mut(name)
            .ok_or_else(|| ApiError::missing(format!("Scope {name} does not exist!")))
    }

    /// Value of a secret for the program that holds the sandbox.
    pub(crate) fn value(&self, scope: &str, key: &str) -> Option<SecretString> {
        Some(self.scopes.get(scope)?.secrets.get(key)?.value.clone())
    }
}
