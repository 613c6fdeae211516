use chrono::DateTime;
use serde_json::json;

use super::*;
use crate::digest::sha256;

fn provenance() -> Provenance {
    Provenance {
        name: "demo".into(),
        package: sha256(b"package"),
        builder: "https://hodman.example/".into(),
        repository: "https://github.com/team/demo".into(),
        commit: "0123456789abcdef0123456789abcdef01234567".parse().unwrap(),
        inputs: sha256(b"inputs"),
        built_at: DateTime::from_timestamp(1_700_000_000, 5).unwrap(),
    }
}

/// A signature scheme that a test can see through.
fn toy(message: &[u8]) -> Vec<u8> {
    sha256(message).as_str().as_bytes().to_vec()
}

fn toy_valid(keyid: &str, message: &[u8], signature: &[u8]) -> bool {
    keyid == "k" && toy(message) == signature
}

#[test]
fn the_statement_has_the_published_form() {
    let value = serde_json::to_value(statement(&provenance())).unwrap();
    assert_eq!(
        value,
        json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "demo", "digest": {"sha256": sha256(b"package").hex()}}],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {
                "buildDefinition": {
                    "buildType": "https://github.com/hodman/hodman/package/v1",
                    "externalParameters": {"repository": "https://github.com/team/demo", "commit": "0123456789abcdef0123456789abcdef01234567"},
                    "resolvedDependencies": [
                        {"uri": "git+https://github.com/team/demo@0123456789abcdef0123456789abcdef01234567", "digest": {"gitCommit": "0123456789abcdef0123456789abcdef01234567"}},
                        {"name": "inputs", "digest": {"sha256": sha256(b"inputs").hex()}},
                    ],
                },
                "runDetails": {"builder": {"id": "https://hodman.example/"}, "metadata": {"finishedOn": "2023-11-14T22:13:20Z"}},
            },
        })
    );
}

#[test]
fn pae_is_the_one_of_the_dsse_specification() {
    assert_eq!(
        pae("http://example.com/HelloWorld", b"hello world"),
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
}

#[test]
fn only_what_a_trusted_key_signed_about_the_package_is_believed() {
    let package = sha256(b"package");
    let good = sign(&statement(&provenance()), "k", &toy);
    let read: Envelope = serde_json::from_str(&serde_json::to_string(&good).unwrap()).unwrap();
    assert_eq!(
        verify(&read, &package, &toy_valid),
        Ok(statement(&provenance()))
    );
    assert_eq!(
        verify(&good, &sha256(b"other"), &toy_valid),
        Err(VerifyError::Subject)
    );

    let changed = |change: &dyn Fn(&mut Envelope)| {
        let mut envelope = good.clone();
        change(&mut envelope);
        verify(&envelope, &package, &toy_valid)
    };
    assert_eq!(
        changed(&|envelope| envelope.signatures.clear()),
        Err(VerifyError::Signature)
    );
    assert_eq!(
        changed(&|envelope| envelope.signatures[0].keyid = "other".into()),
        Err(VerifyError::Signature)
    );
    assert_eq!(
        changed(&|envelope| envelope.signatures[0].sig = "!".into()),
        Err(VerifyError::Signature)
    );
    assert_eq!(
        changed(&|envelope| envelope.payload_type = "text/plain".into()),
        Err(VerifyError::Envelope)
    );
    assert_eq!(
        changed(&|envelope| envelope.payload.push('!')),
        Err(VerifyError::Envelope)
    );
    let mut other = provenance();
    other.commit = "f".repeat(40).parse().unwrap();
    let forged = sign(&statement(&other), "k", &toy).payload;
    assert_eq!(
        changed(&|envelope| envelope.payload = forged.clone()),
        Err(VerifyError::Signature)
    );
    let mut two = statement(&provenance());
    two.subject.push(two.subject[0].clone());
    assert_eq!(
        verify(&sign(&two, "k", &toy), &package, &toy_valid),
        Err(VerifyError::Subject)
    );
}
