//! Where a package came from: an in-toto statement of SLSA provenance, signed in a DSSE envelope.
//!
//! Formats: in-toto Statement v1, SLSA Provenance v1, DSSE v1.0. Keys stay with the caller, who hands in closures.

mod envelope;
mod statement;
#[cfg(test)]
mod tests;

pub use envelope::{
    Envelope, PAYLOAD_TYPE, Signature, SignatureCheck, VerifyError, pae, sign, verify,
};
pub use statement::{
    BuildDefinition, Builder, ExternalParameters, Metadata, Predicate, Provenance,
    ResourceDescriptor, RunDetails, Statement, statement,
};
