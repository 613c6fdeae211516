//! Roles and buckets: what is read back is what was asked for, however it is written.

use serde_json::{Value, json};

use crate::kinds::{Marker, kind};

fn marker() -> Marker {
    Marker {
        pipeline: "shop".into(),
        env: "qa".into(),
        key: "cross".into(),
    }
}

#[test]
fn writings_of_one_meaning_are_no_difference() {
    let kind = kind("aws_roles").unwrap();
    let rules = kind.rules();
    let one = json!({"name": "r", "trust": {"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"AWS": ["arn:b", "arn:a"]},
        "Condition": {"StringEquals": {"sts:ExternalId": ["x"]}},
    }}, "path": "/", "max_session_duration": 3600});
    let other = json!({"name": "r", "trust": {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ["arn:a", "arn:b"]},
        "Condition": {"StringEquals": {"sts:ExternalId": "x"}},
    }]}, "description": ""});
    assert_eq!(rules.normalise(&one), rules.normalise(&other));
    let mut third = other.clone();
    third["trust"]["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] = json!("y");
    assert_ne!(rules.normalise(&one), rules.normalise(&third));
}

#[test]
fn what_aws_gives_back_in_other_words_is_no_difference() {
    let rules = kind("aws_buckets").unwrap().rules();
    let bucket = |principal: &Value, condition: Value| {
        let statement = json!({"Effect": "Deny", "Action": "s3:*", "Principal": principal, "Condition": condition});
        rules.normalise(&json!({"name": "b", "policy": {"Statement": [statement]}}))
    };
    let number = json!({"AWS": ["123456789012", 210_987_654_321_u64]});
    let roots =
        json!({"AWS": ["arn:aws-us-gov:iam::210987654321:root", "arn:aws:iam::123456789012:root"]});
    let said = json!({"Bool": {"aws:SecureTransport": false}, "NumericLessThan": {"s3:TlsVersion": [1.2]}});
    let told = json!({"Bool": {"aws:SecureTransport": "false"}, "NumericLessThan": {"s3:TlsVersion": "1.2"}});
    assert_eq!(bucket(&number, said), bucket(&roots, told));
    let (all, everybody) = (json!({"AWS": ["*"]}), json!("*"));
    assert_eq!(bucket(&all, json!({})), bucket(&everybody, json!({})));
    // A role or another account is somebody else.
    for other in [
        "arn:aws:iam::123456789012:role/root",
        "arn:aws:iam::123456789013:root",
        "arn:aws:sts::123456789012:root",
    ] {
        let one = bucket(&json!({"AWS": "123456789012"}), json!({}));
        assert_ne!(bucket(&json!({"AWS": other}), json!({})), one);
    }
}

#[test]
fn what_is_made_says_whose_it_is() {
    for (name, config) in [
        (
            "aws_roles",
            json!({"name": "r", "trust": {"Statement": []}}),
        ),
        ("aws_buckets", json!({"name": "b", "tags": {"team": "x"}})),
    ] {
        let kind = kind(name).unwrap();
        let body = kind.create(&config, &marker()).body.unwrap();
        let listed = kind.read(&body).unwrap().unwrap();
        assert_eq!(listed.marker, Some(marker()), "{name}");
        let wanted = kind.rules().normalise(&config);
        let live = kind.rules().without_fills(&listed.config, Some(&wanted));
        assert_eq!(live, wanted, "{name}");
    }
}

#[test]
fn a_bucket_is_emptied_only_where_it_carries_the_permission() {
    let kind = kind("aws_buckets").unwrap();
    let read = |body: &Value| kind.read(body).unwrap().unwrap().config;
    let silent = json!({"name": "b"});
    let allows = json!({"name": "b", "force_destroy": true});
    let made = kind.create(&silent, &marker()).body.unwrap();
    assert!(kind.delete("b", &read(&made))[0].body.is_none());
    let made = kind.create(&allows, &marker()).body.unwrap();
    let live = read(&made);
    assert_eq!(live["force_destroy"], true);
    let delete = kind.delete("b", &live);
    assert_eq!(delete[0].body, Some(json!({"empty": true})));
    // Taken back, it is gone from the bucket, too.
    let back = kind.update("b", &live, &silent, &marker());
    let live = read(back[0].body.as_ref().unwrap());
    assert!(kind.delete("b", &live)[0].body.is_none());
    assert_eq!(
        kind.rules().normalise(&live),
        kind.rules().normalise(&silent)
    );
}

#[test]
fn a_block_that_blocks_nothing_is_not_a_block_that_nobody_named() {
    let rules = kind("aws_buckets").unwrap().rules();
    let block = |acls: bool| {
        json!({"name": "b", "public_access_block": {
            "block_public_acls": acls, "ignore_public_acls": false, "block_public_policy": false, "restrict_public_buckets": false,
        }})
    };
    let differs = |wanted: &Value, live: &Value| {
        let wanted = rules.normalise(wanted);
        rules.without_fills(&rules.normalise(live), Some(&wanted)) != wanted
    };
    // What is left out of a block is off.
    let short = json!({"name": "b", "public_access_block": {"block_public_acls": true}});
    assert!(!differs(&short, &block(true)));
    let open = json!({"name": "b", "public_access_block": {"block_public_acls": false}});
    assert!(differs(&open, &block(true)));
    assert!(!differs(&open, &block(false)));
    assert!(!differs(&json!({"name": "b"}), &block(true)));
}

#[test]
fn tags_of_ours_come_and_go_and_those_of_others_stay_theirs() {
    for name in ["aws_roles", "aws_buckets"] {
        let kind = kind(name).unwrap();
        let read = |body: &Value| kind.read(body).unwrap().unwrap().config;
        let two = json!({"name": "x", "tags": {"team": "data", "cost": "1"}});
        let made = kind.create(&two, &marker()).body.unwrap();
        let mut there = made.clone();
        there["tags"]["theirs"] = json!("kept");
        let live = read(&there);
        assert_eq!(live["tags"], two["tags"], "{name}");

        let one = json!({"name": "x", "tags": {"team": "lake"}});
        let change = kind.update("x", &live, &one, &marker());
        let change = change[0].body.as_ref().unwrap();
        assert_eq!(change["untagged"], json!(["cost"]), "{name}");
        let none = json!({"name": "x"});
        let change = kind.update("x", &read(change), &none, &marker());
        let change = change[0].body.as_ref().unwrap();
        assert_eq!(change["untagged"], json!(["team"]), "{name}");
        assert_eq!(read(change).get("tags"), None, "{name}");
        // Nothing of ours was ever there.
        let change = kind.update("x", &Value::Null, &none, &marker());
        assert_eq!(change[0].body.as_ref().unwrap().get("untagged"), None);
    }
}

#[test]
fn fifty_tags_have_room_in_one() {
    let kind = kind("aws_buckets").unwrap();
    let tags: serde_json::Map<String, Value> = (0..50)
        .map(|number| (format!("{number}-{}", "k".repeat(120)), json!("v")))
        .collect();
    let config = json!({"name": "b", "tags": tags});
    let made = kind.create(&config, &marker()).body.unwrap();
    let ours = made["tags"]["hodman_tags"].as_str().unwrap();
    assert!(ours.len() <= 256, "{}", ours.len());
    assert_eq!(
        kind.read(&made).unwrap().unwrap().config["tags"],
        config["tags"]
    );
}
