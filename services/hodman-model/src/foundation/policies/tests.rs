//! Against what Databricks publishes; where from, `tests/fixtures/aws_policies/README.md` says.

use super::*;
use serde_json::Value;

const ACCOUNT: &str = "11111111-2222-3333-4444-555555555555";

macro_rules! published {
    ($name:literal) => {
        json(include_str!(concat!(
            "../../../../../tests/fixtures/aws_policies/",
            $name,
            ".json"
        )))
    };
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn input<T: std::str::FromStr<Err = InputError>>(text: &str) -> T {
    text.parse().expect("an input")
}

fn same(ours: &Policy, published: &Value) {
    assert_eq!(&json(&ours.to_json()), published);
}

#[test]
fn the_three_variants_of_the_cross_account_role_are_the_published_ones() {
    let of = |variant| cross_account(Partition::Aws, &variant, &[]);
    same(
        &of(CrossAccount::Managed),
        &published!("cross_account_managed"),
    );
    same(
        &of(CrossAccount::Customer),
        &published!("cross_account_customer"),
    );
    let restriction = Restriction {
        account: input("123456789012"),
        region: input("us-west-2"),
        vpc: input("vpc-abcdefg12345"),
        security_group: input("sg-12345678"),
    };
    same(
        &of(CrossAccount::Restricted(restriction)),
        &published!("cross_account_restricted"),
    );
}

#[test]
fn roles_of_instance_profiles_can_be_passed() {
    let role: RoleArn = input("arn:aws:iam::123456789012:role/profile");
    let policy = cross_account(Partition::Aws, &CrossAccount::Customer, &[role]);
    let policy = json(&policy.to_json());
    assert_eq!(policy["Statement"][2]["Action"], "iam:PassRole");
    assert_eq!(
        policy["Statement"][2]["Resource"],
        serde_json::json!(["arn:aws:iam::123456789012:role/profile"])
    );
}

#[test]
fn unity_catalog_is_the_published_one_in_every_partition() {
    let role = |partition| UnityCatalogRole {
        partition,
        account: input("123456789098"),
        name: input("databricks-role"),
    };
    let trust = |partition| unity_catalog_trust(&role(partition), &input("12345"));
    same(&trust(Partition::Aws), &published!("unity_catalog_trust"));
    same(
        &trust(Partition::AwsUsGov),
        &published!("unity_catalog_trust_gov"),
    );
    same(
        &trust(Partition::AwsUsGovDod),
        &published!("unity_catalog_trust_gov_dod"),
    );
    let bucket = input("databricks-bucket");
    let key = input("arn:aws:kms:us-west-2:111122223333:key/databricks-kms");
    same(
        &unity_catalog(&role(Partition::Aws), &bucket, None),
        &published!("unity_catalog"),
    );
    same(
        &unity_catalog(&role(Partition::Aws), &bucket, Some(&key)),
        &published!("unity_catalog_key"),
    );
    // The published one names its key in a form that AWS does not take: all but that statement is compared.
    let mut gov = published!("unity_catalog_gov");
    let statements = gov["Statement"].as_array_mut().expect("statements");
    statements.retain(|statement| statement["Action"][0] != "kms:Decrypt");
    same(
        &unity_catalog(&role(Partition::AwsUsGov), &bucket, None),
        &gov,
    );
}

#[test]
fn keys_are_the_published_ones_and_bound_to_the_account() {
    let of = |uses: &[KeyUse]| {
        let policy = kms_key(
            Partition::Aws,
            &input("123456789012"),
            &input(ACCOUNT),
            uses,
        );
        json(&policy.to_json())
    };
    let storage = KeyUse::Storage {
        cross_account_role: Some(input("arn:aws:iam::123456789012:role/databricks")),
    };
    let mut bound = 0;
    for (mut ours, published) in [
        (
            of(&[KeyUse::ManagedServices]),
            published!("kms_managed_services"),
        ),
        (of(&[storage]), published!("kms_storage")),
    ] {
        for statement in ours["Statement"].as_array_mut().expect("statements") {
            let databricks = statement["Principal"]["AWS"] == "arn:aws:iam::414351767826:root";
            let Some(condition) = statement
                .get_mut("Condition")
                .and_then(Value::as_object_mut)
            else {
                assert!(!databricks, "{statement}");
                continue;
            };
            if databricks {
                let account = condition.remove("StringEquals").expect("bound");
                assert_eq!(account["aws:PrincipalTag/DatabricksAccountId"], ACCOUNT);
                bound += 1;
            }
            if condition.is_empty() {
                statement.as_object_mut().expect("one").remove("Condition");
            }
        }
        assert_eq!(ours, published);
    }
    assert_eq!(bound, 3);
}

#[test]
fn trust_and_bucket_name_databricks_and_the_account() {
    let account = input(ACCOUNT);
    same(
        &cross_account_trust(Partition::Aws, &account),
        &serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"AWS": "arn:aws:iam::414351767826:root"},
                "Condition": {"StringEquals": {"sts:ExternalId": ACCOUNT}},
            }],
        }),
    );
    same(
        &root_bucket(Partition::Aws, &input("shop-root"), &account),
        &serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject",
                    "s3:ListBucket", "s3:GetBucketLocation"],
                "Resource": ["arn:aws:s3:::shop-root/*", "arn:aws:s3:::shop-root"],
                "Principal": {"AWS": "arn:aws:iam::414351767826:root"},
                "Condition": {"StringEquals": {"aws:PrincipalTag/DatabricksAccountId": ACCOUNT}},
            }],
        }),
    );
}

#[test]
fn logs_are_delivered_by_one_role_of_databricks() {
    let trust = json(&log_delivery_trust(Partition::Aws, &input(ACCOUNT)).to_json());
    assert_eq!(
        trust["Statement"][0]["Principal"]["AWS"],
        "arn:aws:iam::414351767826:role/SaasUsageDeliveryRole-prod-IAMRole-3PLHICCRR1TK"
    );
    assert_eq!(
        trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"],
        ACCOUNT
    );
    let role = "arn:aws:iam::123456789012:role/logs";
    let bucket = log_delivery_bucket(Partition::Aws, &input("shop-logs"), &input(role));
    let bucket = json(&bucket.to_json());
    assert_eq!(bucket["Statement"][0]["Principal"]["AWS"], role);
    assert_eq!(
        bucket["Statement"][0]["Resource"][1],
        "arn:aws:s3:::shop-logs"
    );
}

#[test]
fn what_would_widen_a_policy_is_refused() {
    assert!("vpc-*".parse::<VpcId>().is_err());
    assert!("sg-1/../2".parse::<SecurityGroupId>().is_err());
    assert!(
        "arn:aws:iam::123456789012:user/me"
            .parse::<RoleArn>()
            .is_err()
    );
    assert!("12345678901".parse::<AwsAccountId>().is_err());
    assert!("Shop".parse::<BucketName>().is_err());
    assert!(
        "arn:aws:kms:eu-west-1:123456789012:alias/k"
            .parse::<KeyArn>()
            .is_err()
    );
    let error = "me".parse::<DatabricksAccountId>().unwrap_err();
    assert_eq!(error.to_string(), "`me` is not a Databricks account id");
    assert!(error.hint.contains("account console"));
}
