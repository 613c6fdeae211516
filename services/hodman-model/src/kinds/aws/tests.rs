//! Roles and buckets: what is read back is what was asked for, however it is written.

use serde_json::json;

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
