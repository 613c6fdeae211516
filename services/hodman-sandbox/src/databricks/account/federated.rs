//! Tokens of other issuers: whom a federation policy takes the bearer for.
//!
//! Keys are those that the policy carries (`jwks_json`); where it carries none, the service asks the issuer, which the
//! sandbox cannot, so it refuses.

use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::Account;

/// A token in its parts.
struct Jwt<'t> {
    header: Value,
    claims: Value,
    signed: &'t str,
    signature: Vec<u8>,
}

fn bytes(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

impl<'t> Jwt<'t> {
    fn parse(token: &'t str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let json = |part| serde_json::from_slice(&bytes(part)?).ok();
        Some(Self {
            header: json(header)?,
            claims: json(claims)?,
            signed,
            signature: bytes(signature)?,
        })
    }

    fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    fn is_for(&self, audience: &str) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(audience)),
            _ => false,
        }
    }

    /// Whether one of the keys signed it.
    fn is_signed_by(&self, keys: &str) -> bool {
        let keys: Option<Value> = serde_json::from_str(keys).ok();
        let keys = keys.as_ref().and_then(|keys| keys.get("keys")?.as_array());
        let id = self.header.get("kid");
        keys.into_iter()
            .flatten()
            .filter(|key| id.is_none() || key.get("kid") == id)
            .any(|key| self.verifies(key).is_some())
    }

    fn verifies(&self, key: &Value) -> Option<()> {
        let part = |name: &str| bytes(key.get(name)?.as_str()?);
        let message = self.signed.as_bytes();
        match self.header.get("alg")?.as_str()? {
            "RS256" => RsaPublicKeyComponents {
                n: part("n")?,
                e: part("e")?,
            }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, &self.signature)
            .ok(),
            "ES256" => {
                let point = [vec![4], part("x")?, part("y")?].concat();
                signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, &self.signature)
                    .ok()
            }
            _ => None,
        }
    }
}

impl Account {
    /// Login or application id that the bearer of `token` is taken for: the service principal `client_id`, if one of its
    /// policies trusts the token, else whoever of the account's members the account's own policies say it is. The refusal
    /// is the service's description.
    pub(in crate::databricks) fn federated(
        &self,
        client_id: Option<&str>,
        token: &str,
        now: i64,
    ) -> Result<String, &'static str> {
        let jwt = Jwt::parse(token).ok_or("The token is not a JWT.")?;
        let seconds = now.div_euclid(1000);
        let until = jwt.claims.get("exp").and_then(Value::as_i64);
        if until.is_none_or(|until| until <= seconds) {
            return Err("The token is expired.");
        }
        let owner = match client_id {
            None => None,
            Some(id) => Some(self.directory.login(id).ok_or("The client is not known.")?),
        };
        let policies = self.federation.rows();
        let mut trusting = policies
            .filter(|row| row.get("service_principal_id").and_then(Value::as_u64) == owner)
            .filter(|row| self.trusts(row, &jwt));
        let policy = trusting
            .next()
            .ok_or("No federation policy matches the token.")?;
        if let Some(id) = client_id {
            return Ok(id.to_owned());
        }
        let claim = field(policy, "subject_claim").unwrap_or("sub");
        let login = jwt
            .text(claim)
            .filter(|login| self.directory.login(login).is_some());
        login
            .map(str::to_owned)
            .ok_or("The token's subject is no member of the account.")
    }

    fn trusts(&self, policy: &Map<String, Value>, jwt: &Jwt<'_>) -> bool {
        let claim = field(policy, "subject_claim").unwrap_or("sub");
        let subject = field(policy, "subject");
        let audiences = policy.get("oidc_policy").and_then(|of| of.get("audiences"));
        let audiences: Vec<&str> = match audiences.and_then(Value::as_array) {
            Some(all) if !all.is_empty() => all.iter().filter_map(Value::as_str).collect(),
            _ => vec![&self.id],
        };
        field(policy, "issuer") == jwt.text("iss")
            && subject.is_none_or(|subject| jwt.text(claim) == Some(subject))
            && audiences.into_iter().any(|audience| jwt.is_for(audience))
            && field(policy, "jwks_json").is_some_and(|keys| jwt.is_signed_by(keys))
    }
}

fn field<'p>(policy: &'p Map<String, Value>, name: &str) -> Option<&'p str> {
    policy.get("oidc_policy")?.get(name)?.as_str()
}
