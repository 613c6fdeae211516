//! Verifying the JSON Web Tokens with which an App says who it is (RS256, at most ten minutes).

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Clock drift GitHub lets pass.
const DRIFT_SECONDS: i64 = 60;
/// The longest life GitHub accepts.
const LONGEST_SECONDS: i64 = 10 * 60;

/// The claims an App sends.
#[derive(Debug)]
pub(crate) struct Claims {
    pub iss: String,
    iat: i64,
    exp: i64,
}

/// The claims, before anything about them is checked.
pub(crate) fn unverified(token: &str) -> Option<Claims> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    let iss = claims.get("iss")?;
    let iss = iss
        .as_str()
        .map_or_else(|| iss.to_string(), ToOwned::to_owned);
    Some(Claims {
        iss,
        iat: claims.get("iat")?.as_f64()? as i64,
        exp: claims.get("exp")?.as_f64()? as i64,
    })
}

/// Checks signature and times; the error is GitHub's sentence.
pub(crate) fn verify(
    token: &str,
    public_key: &[u8],
    now: DateTime<Utc>,
) -> Result<(), &'static str> {
    const UNDECODABLE: &str = "A JSON web token could not be decoded";
    let (signed, signature) = token.rsplit_once('.').ok_or(UNDECODABLE)?;
    let header = token
        .split('.')
        .next()
        .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok())
        .ok_or(UNDECODABLE)?;
    let header: Value = serde_json::from_slice(&header).map_err(|_| UNDECODABLE)?;
    if header.get("alg").and_then(Value::as_str) != Some("RS256") {
        return Err(UNDECODABLE);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| UNDECODABLE)?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| UNDECODABLE)?;
    let claims = unverified(token).ok_or(UNDECODABLE)?;
    let now = now.timestamp();
    if claims.iat > now + DRIFT_SECONDS {
        return Err(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        );
    }
    if claims.exp <= now {
        return Err(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        );
    }
    if claims.exp > now + LONGEST_SECONDS + DRIFT_SECONDS {
        return Err("'Expiration time' claim ('exp') is too far in the future");
    }
    Ok(())
}
