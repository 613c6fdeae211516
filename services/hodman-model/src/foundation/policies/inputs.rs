//! What goes into policies, checked when it comes in: AWS takes a policy with a wrong account or bucket without a word,
//! and the workspace fails much later.

use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// An input that cannot be what it is said to be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{value}` is not {what}")]
pub struct InputError {
    /// What came in.
    pub value: String,
    /// What was wanted.
    pub what: &'static str,
    /// Where the right one is found.
    pub hint: &'static str,
}

impl InputError {
    pub(super) fn partition(value: &str) -> Self {
        Self {
            value: value.to_owned(),
            what: "a partition",
            hint: "one of aws, aws-us-gov, aws-us-gov-dod",
        }
    }
}

/// A text type with a check.
macro_rules! input {
    ($(#[$doc:meta])* $name:ident, $what:literal, $hint:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// As text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl super::expand::Given for $name {
            fn later(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl FromStr for $name {
            type Err = InputError;

            fn from_str(text: &str) -> Result<Self, InputError> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    return Ok(Self(text.to_owned()));
                }
                Err(InputError {
                    value: text.to_owned(),
                    what: $what,
                    hint: $hint,
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

input!(
    /// An AWS account: twelve digits.
    AwsAccountId,
    "an AWS account id",
    "twelve digits, as `aws sts get-caller-identity` prints them",
    |text| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
);

input!(
    /// A Databricks account: a UUID. It is the external id in trust policies, and the tag of Databricks' own principals.
    DatabricksAccountId,
    "a Databricks account id",
    "a UUID: at the top right of the account console, https://accounts.cloud.databricks.com",
    |text| {
        let groups: Vec<&str> = text.split('-').collect();
        groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
            && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
    }
);

input!(
    /// The external id in the trust policy of a role: of a Unity Catalog credential, the credential names it.
    ExternalId,
    "an external id",
    "2 to 1224 letters, digits and _+=,.@:/-; a Unity Catalog storage credential shows its own, otherwise it is the Databricks account id",
    |text| {
        (2..=1224).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte))
    }
);

input!(
    /// A bucket, by the rule that Databricks applies.
    BucketName,
    "a bucket name",
    "3 to 63 lower case letters, digits, dots and hyphens, with a letter or digit at both ends",
    |text| {
        let end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = text.as_bytes();
        (3..=63).contains(&bytes.len())
            && bytes.iter().all(|byte| end(byte) || b"-.".contains(byte))
            && [bytes.first(), bytes.last()].iter().flatten().all(|byte| end(byte))
    }
);

input!(
    /// A role's name, without its path.
    RoleName,
    "a role name",
    "1 to 64 letters, digits and _+=,.@-; the name, not the ARN",
    |text| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
    }
);

input!(
    /// A role's ARN.
    RoleArn,
    "a role's ARN",
    "such as arn:aws:iam::123456789012:role/NAME",
    |text| {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [arn, partition, service, region, account, role] = parts[..] else {
            return false;
        };
        arn == "arn"
            && partition.starts_with("aws")
            && service == "iam"
            && region.is_empty()
            && AwsAccountId::from_str(account).is_ok()
            && role.strip_prefix("role/").is_some_and(|name| !name.is_empty())
    }
);

input!(
    /// A KMS key's ARN.
    KeyArn,
    "a KMS key's ARN",
    "such as arn:aws:kms:eu-west-1:123456789012:key/…; an alias does not do in a policy",
    |text| {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [arn, partition, service, region, account, key] = parts[..] else {
            return false;
        };
        arn == "arn"
            && partition.starts_with("aws")
            && service == "kms"
            && Region::from_str(region).is_ok()
            && AwsAccountId::from_str(account).is_ok()
            && key.strip_prefix("key/").is_some_and(|id| !id.is_empty())
    }
);

input!(
    /// A region.
    Region,
    "a region",
    "such as eu-west-1 or us-gov-west-1",
    |text| {
        let parts: Vec<&str> = text.split('-').collect();
        let Some((number, words)) = parts.split_last() else {
            return false;
        };
        words.len() >= 2
            && words.iter().all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    }
);

input!(
    /// A VPC.
    VpcId,
    "a VPC's id",
    "it starts with vpc-",
    |text| is_id(text, "vpc-")
);

input!(
    /// A security group.
    SecurityGroupId,
    "a security group's id",
    "it starts with sg-",
    |text| is_id(text, "sg-")
);

/// A star or slash in an id would widen the policy's resource.
fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
