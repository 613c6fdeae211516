//! Kinds of Unity Catalog: answers in, managed form out, and the requests of the documentation.

use serde_json::{Value, json};

use super::super::*;

fn kind_named(name: &str) -> &'static dyn Kind {
    kind(name).unwrap()
}

fn marker() -> Marker {
    Marker {
        pipeline: "p".into(),
        env: "qa".into(),
        key: "k".into(),
    }
}

/// What every answer of Unity Catalog says beside the fields that were asked for.
fn answered(asked: &Value, filled: &Value) -> Value {
    let mut answer = json!({
        "owner": "hodman", "created_by": "hodman", "created_at": 1_700_000_000_000_i64, "updated_at": 1_700_000_001_000_i64,
        "updated_by": "hodman", "metastore_id": "m-1", "browse_only": false, "securable_kind": "X"
    });
    for more in [asked, filled] {
        let more = more.as_object().unwrap().clone();
        answer.as_object_mut().unwrap().extend(more);
    }
    answer
}

/// Kind, a config, what the server adds of its own, the id.
fn examples() -> Vec<(&'static str, Value, Value, &'static str)> {
    vec![
        (
            "catalogs",
            json!({"name": "Sales", "comment": "x", "properties": {"team": "a"}, "storage_root": "s3://b/sales/"}),
            json!({"name": "sales", "full_name": "sales", "catalog_type": "MANAGED_CATALOG", "isolation_mode": "OPEN",
                   "enable_predictive_optimization": "INHERIT", "storage_root": "s3://b/sales", "storage_location": "s3://b/sales/__id",
                   "properties": {"team": "a", "unity.catalog.managed.delta.defaults.x": "1"}}),
            "sales",
        ),
        (
            "schemas",
            json!({"name": "Raw", "catalog_name": "sales", "comment": "x"}),
            json!({"name": "raw", "full_name": "sales.raw", "catalog_type": "MANAGED_CATALOG", "schema_id": "s-1",
                   "enable_predictive_optimization": "INHERIT"}),
            "sales.raw",
        ),
        (
            "volumes",
            json!({"name": "in", "catalog_name": "sales", "schema_name": "raw"}),
            json!({"full_name": "sales.raw.in", "volume_id": "v", "volume_type": "MANAGED", "storage_location": "s3://m/1"}),
            "sales.raw.in",
        ),
        (
            "external_locations",
            json!({"name": "landing", "url": "s3://b/landing/", "credential_name": "role", "skip_validation": true}),
            json!({"url": "s3://b/landing", "credential_id": "c", "read_only": false, "fallback": false, "isolation_mode": "ISOLATION_MODE_OPEN",
                   "enable_file_events": true, "file_event_queue": {"managed_sqs": {"managed_resource_id": "q"}}, "skip_validation": null}),
            "landing",
        ),
        (
            "storage_credentials",
            json!({"name": "role", "aws_iam_role": {"role_arn": "arn:aws:iam::1:role/uc"}}),
            json!({"id": "c", "full_name": "role", "read_only": false, "isolation_mode": "ISOLATION_MODE_OPEN", "used_for_managed_storage": false,
                   "aws_iam_role": {"role_arn": "arn:aws:iam::1:role/uc", "external_id": "e-1", "unity_catalog_iam_arn": "arn:aws:iam::4:role/m"}}),
            "role",
        ),
        (
            "connections",
            json!({"name": "crm", "connection_type": "POSTGRESQL", "options": {"host": "h", "port": "5432", "user": "u"}}),
            json!({"connection_id": "1", "full_name": "m-1.crm", "credential_type": "USERNAME_PASSWORD", "read_only": true, "url": "jdbc:x",
                   "options": {"host": "h", "port": "5432", "user": "u", "trustServerCertificate": "false"}}),
            "crm",
        ),
        (
            "registered_models",
            json!({"name": "churn", "catalog_name": "sales", "schema_name": "raw", "comment": "x"}),
            json!({"full_name": "sales.raw.churn", "storage_location": "s3://m/2"}),
            "sales.raw.churn",
        ),
    ]
}

#[test]
fn what_the_server_fills_and_rewrites_is_no_difference() {
    for (name, config, filled, id) in examples() {
        let kind = kind_named(name);
        let listed = kind.read(&answered(&config, &filled)).unwrap().unwrap();
        assert_eq!(listed.id, id, "{name}");
        assert_eq!(listed.natural, kind.natural(&config), "{name}");
        assert_eq!(listed.marker, None, "{name}");
        assert_eq!(listed.created_at.unwrap().timestamp(), 1_700_000_000);
        let wanted = kind.rules().normalise(&config);
        let live = kind.rules().without_fills(&listed.config, Some(&wanted));
        assert_eq!(live, wanted, "{name}");
        let again = kind.update(id, &listed.config, &config, &marker());
        if name != "connections" {
            assert_eq!(again, Vec::new(), "{name}: an empty PATCH is refused");
        }
    }
}

#[test]
fn creates_go_to_the_collection_and_say_nothing_else() {
    for (name, config, _, id) in examples() {
        let kind = kind_named(name);
        let create = kind.create(&config, &marker());
        let Listing::All(list) = (match kind.listing() {
            Listing::Below { list, .. } => Listing::All(list("sales.raw")),
            other => other,
        }) else {
            panic!("{name} is listed")
        };
        assert_eq!((create.method, &create.path), (Method::Post, &list.path));
        let mut expected = config.clone();
        if name == "volumes" {
            expected["volume_type"] = json!("MANAGED");
        }
        assert_eq!(create.body, Some(expected), "{name}");
        assert_eq!(kind.get(id).path, format!("{}/{id}", list.path));
        assert_eq!(
            kind.delete(id, &config).last().unwrap().method,
            Method::Delete
        );
        assert_eq!(kind.after_create(id, &config, &marker()), Vec::new());
    }
}

#[test]
fn an_owner_that_is_declared_is_set_after_the_create_and_kept() {
    for (name, mut config, filled, id) in examples() {
        let kind = kind_named(name);
        config["owner"] = json!("platform");
        let after = kind.after_create(id, &config, &marker());
        assert_eq!(after.len(), 1, "{name}");
        let mut wanted = json!({"owner": "platform"});
        if name == "connections" {
            // Asked for in every PATCH.
            wanted["options"] = config["options"].clone();
        }
        assert_eq!(after[0].body, Some(wanted));
        let other = answered(&config, &filled);
        let mut taken = other.clone();
        taken["owner"] = json!("ada@example.com");
        let live = kind.read(&taken).unwrap().unwrap().config;
        let update = kind.update(id, &live, &config, &marker());
        assert_eq!(update[0].method, Method::Patch);
        assert_eq!(
            update[0].body.as_ref().unwrap()["owner"],
            "platform",
            "{name}"
        );
    }
}

#[test]
fn what_shall_be_gone_is_said() {
    let schemas = kind_named("schemas");
    let live = json!({"name": "raw", "catalog_name": "c", "comment": "x", "properties": {"a": "b"},
                      "enable_predictive_optimization": "ENABLE", "owner": "ada"});
    let update = schemas.update(
        "c.raw",
        &live,
        &json!({"name": "raw", "catalog_name": "c"}),
        &marker(),
    );
    assert_eq!(update[0].path, "/api/2.1/unity-catalog/schemas/c.raw");
    assert_eq!(
        update[0].body,
        Some(json!({"comment": "", "properties": {}, "enable_predictive_optimization": "INHERIT"}))
    );
}

#[test]
fn a_field_that_cannot_change_in_place_forces_a_replacement() {
    for (name, fields) in [
        (
            "catalogs",
            vec![
                "name",
                "storage_root",
                "connection_name",
                "provider_name",
                "share_name",
            ],
        ),
        ("schemas", vec!["name", "catalog_name", "storage_root"]),
        (
            "volumes",
            vec![
                "name",
                "catalog_name",
                "schema_name",
                "volume_type",
                "storage_location",
            ],
        ),
        ("connections", vec!["name", "connection_type", "comment"]),
        (
            "registered_models",
            vec!["name", "schema_name", "storage_location"],
        ),
        ("external_locations", vec!["name"]),
        ("storage_credentials", vec!["name"]),
    ] {
        for field in fields {
            let path = crate::field_path::FieldPath::default().key(field.to_owned());
            let rules = kind_named(name).rules();
            assert!(
                rules.replace_on.iter().any(|at| at.matches(&path)),
                "{name}.{field}"
            );
        }
    }
    let path = crate::field_path::FieldPath::default().key("credential_name".to_owned());
    let locations = kind_named("external_locations").rules();
    assert!(!locations.replace_on.iter().any(|at| at.matches(&path)));
}

#[test]
fn what_comes_with_the_product_is_nobodys() {
    for (name, answer) in [
        (
            "catalogs",
            json!({"name": "system", "catalog_type": "SYSTEM_CATALOG"}),
        ),
        (
            "catalogs",
            json!({"name": "samples", "catalog_type": "DELTASHARING_CATALOG"}),
        ),
        (
            "schemas",
            json!({"name": "information_schema", "full_name": "c.information_schema"}),
        ),
        (
            "schemas",
            json!({"name": "default", "full_name": "c.default", "comment": "Default schema (auto-created)"}),
        ),
    ] {
        assert_eq!(kind_named(name).read(&answer).unwrap(), None);
    }
    let described = json!({"name": "default", "full_name": "c.default", "comment": "ours"});
    assert!(kind_named("schemas").read(&described).unwrap().is_some());
}

#[test]
fn secrets_of_connections_are_never_read() {
    let secret = "hodman-canary-5ecret-DO-NOT-LEAK";
    let answer = json!({"name": "crm", "connection_type": "SNOWFLAKE", "secrets": {"x": secret},
        "options": {"host": "h", "password": secret, "client_secret": secret, "sfApiKey": secret, "pem_private_key": secret}});
    let listed = kind_named("connections").read(&answer).unwrap().unwrap();
    assert_eq!(listed.config["options"], json!({"host": "h"}));
    assert!(!format!("{listed:?}").contains("canary"));
    let token = json!({"name": "r2", "cloudflare_api_token": {"access_key_id": "a", "account_id": "b", "secret_access_key": secret}});
    let listed = kind_named("storage_credentials")
        .read(&token)
        .unwrap()
        .unwrap();
    assert!(!format!("{listed:?}").contains("canary"));
}

#[test]
fn the_trust_policy_of_a_role_can_refer_to_what_the_server_made() {
    let (_, config, filled, _) = examples().remove(4);
    let listed = kind_named("storage_credentials")
        .read(&answered(&config, &filled))
        .unwrap()
        .unwrap();
    assert_eq!(listed.outputs["external_id"], "e-1");
    let (_, config, filled, _) = examples().remove(2);
    let listed = kind_named("volumes")
        .read(&answered(&config, &filled))
        .unwrap()
        .unwrap();
    assert_eq!(listed.outputs["volume_path"], "/Volumes/sales/raw/in");
}

#[test]
fn parents_come_first_and_lists_go_below_them() {
    let needs = |name: &str, config: Value| kind_named(name).needs(&config);
    let volume = json!({"name": "v", "catalog_name": "C", "schema_name": "S"});
    assert_eq!(needs("volumes", volume), [("schemas", "c.s".to_owned())]);
    assert_eq!(
        needs("schemas", json!({"catalog_name": "c"})),
        [("catalogs", "c".to_owned())]
    );
    assert_eq!(
        needs("external_locations", json!({"credential_name": "r"})),
        [("storage_credentials", "r".to_owned())]
    );
    assert_eq!(
        needs("catalogs", json!({"connection_name": "crm"})),
        [("connections", "crm".to_owned())]
    );
    let Listing::Below { parent, list } = kind_named("registered_models").listing() else {
        panic!("models are listed below schemas")
    };
    assert_eq!(parent, "schemas");
    let query: Vec<_> = list("c.s").query;
    assert_eq!(
        query,
        [
            ("catalog_name".to_owned(), "c".to_owned()),
            ("schema_name".to_owned(), "s".to_owned())
        ]
    );
}

#[test]
fn a_delete_says_what_is_lost() {
    let class = |name: &str, config: &Value| kind_named(name).reversibility(Change::Delete, config);
    for name in ["catalogs", "schemas", "registered_models", "volumes"] {
        assert!(
            matches!(class(name, &json!({})), Reversibility::Irreversible { .. }),
            "{name}"
        );
    }
    let external = json!({"volume_type": "EXTERNAL"});
    assert!(matches!(
        class("volumes", &external),
        Reversibility::Compensable { .. }
    ));
    assert_eq!(kind_named("volumes").guarded(&external), None);
    assert!(kind_named("volumes").guarded(&json!({})).is_some());
    let foreign = json!({"name": "crm", "connection_name": "crm"});
    assert!(matches!(
        class("catalogs", &foreign),
        Reversibility::Compensable { .. }
    ));
    let calls = kind_named("catalogs").delete("crm", &foreign);
    assert_eq!(
        calls[0].query.get("force").map(String::as_str),
        Some("true")
    );
    let calls = kind_named("catalogs").delete("sales", &json!({"name": "sales"}));
    assert_eq!(
        calls[0].path,
        "/api/2.1/unity-catalog/schemas/sales.default"
    );
    assert!(
        calls.iter().all(|call| call.query.is_empty()),
        "nothing is forced"
    );
}

#[test]
fn what_they_stand_on_is_the_same_in_whatever_case_it_is_written() {
    for (name, field) in [
        ("catalogs", "connection_name"),
        ("external_locations", "credential_name"),
    ] {
        let kind = kind_named(name);
        let wanted = json!({"name": "crm", field: "Team_DB"});
        let live = kind.read(&answered(
            &json!({"name": "crm", field: "team_db"}),
            &json!({}),
        ));
        let live = live.unwrap().unwrap().config;
        let managed = kind.rules().normalise(&wanted);
        assert_eq!(kind.rules().without_fills(&live, Some(&managed)), managed);
        assert!(
            kind.update("crm", &live, &wanted, &marker()).is_empty(),
            "{name}"
        );
        // A placeholder keeps the name of the resource as the bundle writes it.
        let placeholder = json!({"name": "crm", field: "Team_${resources.connections.PG.name}_DB"});
        assert_eq!(
            kind.rules().normalise(&placeholder)[field],
            "team_${resources.connections.PG.name}_db"
        );
    }
}
