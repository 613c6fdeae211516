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
