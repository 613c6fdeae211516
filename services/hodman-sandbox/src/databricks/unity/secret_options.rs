//! Secrets of connections and credentials: kept, and never answered.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::{Map, Value};

/// Options that hold a secret, in lower case without `_`.
const SECRET: [&str; 14] = [
    "accesstoken",
    "authorizationcode",
    "bearertoken",
    "clientsecret",
    "googleserviceaccountkeyjson",
    "oauthcredentialexchangecode",
    "password",
    "pemprivatekey",
    "personalaccesstoken",
    "pkceverifier",
    "privatekey",
    "refreshtoken",
    "secretaccesskey",
    "token",
];

fn is_secret(option: &str) -> bool {
    let plain = option.replace('_', "").to_lowercase();
    SECRET.contains(&plain.as_str())
}

/// Takes the secret options out.
pub(super) fn take(options: &mut Map<String, Value>) -> BTreeMap<String, SecretString> {
    let mut secrets = BTreeMap::new();
    options.retain(|name, value| {
        let secret = is_secret(name);
        if let Some(text) = value.as_str().filter(|_| secret) {
            secrets.insert(name.clone(), SecretString::from(text));
        }
        !secret
    });
    secrets
}

/// Values of the field `secrets`, which is for nothing else.
pub(super) fn of_field(body: &Map<String, Value>) -> BTreeMap<String, SecretString> {
    let said = body.get("secrets").and_then(Value::as_object);
    said.into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), SecretString::from(value.as_str()?))))
        .collect()
}

/// How the connection signs in, told by the options it was given.
pub(super) fn credential_type(
    secrets: &BTreeMap<String, SecretString>,
    options: &Map<String, Value>,
) -> &'static str {
    let has = |name: &str| secrets.contains_key(name) || options.contains_key(name);
    if has("password") {
        "USERNAME_PASSWORD"
    } else if has("bearer_token") || has("personalAccessToken") {
        "BEARER_TOKEN"
    } else if has("refresh_token") || has("authorization_code") {
        "OAUTH_U2M"
    } else if has("client_secret") {
        "OAUTH_M2M"
    } else if has("pem_private_key") {
        "PEM_PRIVATE_KEY"
    } else {
        "UNKNOWN_CREDENTIAL_TYPE"
    }
}
