//! The envelope: a payload and who signed it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::statement::Statement;
use crate::digest::Digest;

/// What an in-toto statement is called in an envelope.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A DSSE envelope, as it is stored beside the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// What the payload is.
    pub payload_type: String,
    /// The payload in base64.
    pub payload: String,
    /// Who signed it.
    pub signatures: Vec<Signature>,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Which key; a hint, not trusted.
    pub keyid: String,
    /// The signature over [`pae`] in base64.
    pub sig: String,
}

/// Why an envelope proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Another payload type, or broken base64.
    #[error("the attestation is not an envelope around an in-toto statement")]
    Envelope,
    /// No signature that the given check accepts.
    #[error("no trusted key signed the attestation")]
    Signature,
    /// Signed, but not a statement that we read.
    #[error("the signed statement cannot be read")]
    Statement,
    /// Signed, but about something else.
    #[error("the signed statement is not about this package")]
    Subject,
}

/// DSSE's pre-authentication encoding: what is signed.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut message = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    )
    .into_bytes();
    message.extend_from_slice(payload);
    message
}

/// Signs `statement`; `sign` gets the bytes of [`pae`] and gives the signature.
pub fn sign(statement: &Statement, keyid: &str, sign: &dyn Fn(&[u8]) -> Vec<u8>) -> Envelope {
    let payload = statement.to_json();
    let signature = sign(&pae(PAYLOAD_TYPE, payload.as_bytes()));
    Envelope {
        payload_type: PAYLOAD_TYPE.to_owned(),
        payload: STANDARD.encode(payload),
        signatures: vec![Signature {
            keyid: keyid.to_owned(),
            sig: STANDARD.encode(signature),
        }],
    }
}

/// Whether a signature is valid: gets the key id, the signed bytes and the signature.
pub type SignatureCheck<'a> = dyn Fn(&str, &[u8], &[u8]) -> bool + 'a;

/// The statement in `envelope`, if a trusted key signed it and it is about `package`.
///
/// # Errors
/// See [`VerifyError`]; the statement is not looked at before a signature is found valid.
pub fn verify(
    envelope: &Envelope,
    package: &Digest,
    is_valid: &SignatureCheck<'_>,
) -> Result<Statement, VerifyError> {
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(VerifyError::Envelope);
    }
    let payload = STANDARD
        .decode(&envelope.payload)
        .map_err(|_| VerifyError::Envelope)?;
    let message = pae(PAYLOAD_TYPE, &payload);
    let signed = envelope.signatures.iter().any(|signature| {
        STANDARD
            .decode(&signature.sig)
            .is_ok_and(|bytes| is_valid(&signature.keyid, &message, &bytes))
    });
    if !signed {
        return Err(VerifyError::Signature);
    }
    let statement: Statement =
        serde_json::from_slice(&payload).map_err(|_| VerifyError::Statement)?;
    if statement.is_about(package) {
        Ok(statement)
    } else {
        Err(VerifyError::Subject)
    }
}
