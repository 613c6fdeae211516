//! What identifies a resource that a stack takes over, compared with AWS's own schemas.

use std::collections::{BTreeMap, BTreeSet};

use hodman_model::stacks::IMPORTABLE;
use hodman_tests::servers::python;
use serde::Deserialize;

use super::bench::probe;

/// What a schema says.
#[derive(Deserialize)]
struct Schema {
    identifier: Vec<String>,
    read: bool,
    properties: BTreeSet<String>,
}

#[tokio::test]
async fn each_type_is_identified_as_aws_says() {
    let kinds: BTreeSet<&str> = IMPORTABLE.iter().map(|one| one.kind).collect();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    let read = python(&probe("cfn_identifiers.py"), &kinds, &[]).await;
    assert!(read.ok, "{}", read.said);
    let schemas: BTreeMap<String, Schema> = serde_json::from_str(&read.said).expect("JSON");
    for one in IMPORTABLE {
        let schema = &schemas[one.kind];
        assert!(schema.read, "{} cannot be taken over", one.kind);
        let (ours, theirs): (BTreeSet<&str>, BTreeSet<&str>) = (
            one.identifier().collect(),
            schema.identifier.iter().map(String::as_str).collect(),
        );
        assert_eq!(ours, theirs, "{}", one.kind);
        for property in one.properties() {
            let property = property.split('.').next().expect("a name");
            assert!(
                schema.properties.contains(property),
                "{}.{property}",
                one.kind
            );
        }
    }
}
