//! `{policy_template: {name: …, …}}` in a module: the policy that [`super`] makes of these inputs, in its place.

use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::{
    CrossAccount, InputError, KeyUse, Partition, Policy, Restriction, UnityCatalogRole,
    cross_account, cross_account_trust, kms_key, log_delivery_bucket, log_delivery_trust,
    root_bucket, unity_catalog, unity_catalog_trust,
};
use crate::diagnostic::did_you_mean;

/// The key of such a mapping.
const KEY: &str = "policy_template";

/// The policies, each with the inputs that it takes beside `name` and `partition`.
const TEMPLATES: &[(&str, &[&str])] = &[
    (
        "cross-account",
        &[
            "aws_account",
            "pass_roles",
            "region",
            "security_group",
            "variant",
            "vpc",
        ],
    ),
    ("cross-account-trust", &["account_id"]),
    (
        "kms-key",
        &["account_id", "aws_account", "cross_account_role", "uses"],
    ),
    ("log-delivery-bucket", &["bucket", "role"]),
    ("log-delivery-trust", &["account_id"]),
    ("root-bucket", &["account_id", "bucket"]),
    ("unity-catalog", &["aws_account", "bucket", "key", "role"]),
    (
        "unity-catalog-trust",
        &["aws_account", "external_id", "role"],
    ),
];

/// An input that may not be known yet.
pub(super) trait Given: FromStr<Err = InputError> {
    /// What stands for it until it is: a placeholder, which is put into the policy as it is.
    fn later(text: &str) -> Self;
}

/// Puts policies in place of every such mapping in `value`.
///
/// # Errors
/// Names and inputs that there are not, inputs that are missing or are not what they are said to be.
pub fn expand(value: &mut Value) -> Result<(), Vec<String>> {
    let mut wrong = Vec::new();
    walk(value, &mut wrong);
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn walk(value: &mut Value, wrong: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, wrong)),
        Value::Object(map) => {
            let inputs = (map.len() == 1).then(|| map.get(KEY)).flatten();
            if let Some(inputs) = inputs.and_then(Value::as_object) {
                match policy(inputs) {
                    Ok(policy) => *value = json!(policy),
                    Err(words) => wrong.push(words),
                }
                return;
            }
            map.values_mut().for_each(|item| walk(item, wrong));
        }
        _ => {}
    }
}

fn policy(said: &Map<String, Value>) -> Result<Policy, String> {
    let name = said.get("name").and_then(Value::as_str).unwrap_or_default();
    let names = || TEMPLATES.iter().map(|(name, _)| *name);
    let Some((_, known)) = TEMPLATES.iter().find(|(known, _)| *known == name) else {
        let near = did_you_mean(name, names());
        let hint =
            near.unwrap_or_else(|| format!("one of {}", names().collect::<Vec<_>>().join(", ")));
        return Err(format!("there is no policy `{name}` ({hint})"));
    };
    let taken = |key: &str| key == "name" || key == "partition" || known.contains(&key);
    if let Some(other) = said.keys().find(|key| !taken(key)) {
        let near = did_you_mean(other, known.iter().copied());
        let hint = near.unwrap_or_else(|| format!("it takes {}", known.join(", ")));
        return Err(format!("the policy `{name}` takes no `{other}` ({hint})"));
    }
    let inputs = Inputs { name, said };
    let partition = match inputs.optional_text("partition") {
        None => Partition::Aws,
        Some(text) => text
            .parse()
            .map_err(|error| inputs.bad("partition", &error))?,
    };
    Ok(match name {
        "cross-account-trust" => cross_account_trust(partition, &inputs.one("account_id")?),
        "cross-account" => {
            let variant = match inputs.optional_text("variant").unwrap_or("managed") {
                "managed" => CrossAccount::Managed,
                "customer" => CrossAccount::Customer,
                "restricted" => CrossAccount::Restricted(Restriction {
                    account: inputs.one("aws_account")?,
                    region: inputs.one("region")?,
                    vpc: inputs.one("vpc")?,
                    security_group: inputs.one("security_group")?,
                }),
                other => {
                    return Err(format!(
                        "the policy `{name}` has no variant `{other}`: managed, customer or restricted"
                    ));
                }
            };
            cross_account(partition, &variant, &inputs.many("pass_roles")?)
        }
        "root-bucket" => root_bucket(
            partition,
            &inputs.one("bucket")?,
            &inputs.one("account_id")?,
        ),
        "unity-catalog-trust" => {
            unity_catalog_trust(&inputs.role(partition)?, &inputs.one("external_id")?)
        }
        "unity-catalog" => {
            let key = inputs.maybe("key")?;
            unity_catalog(
                &inputs.role(partition)?,
                &inputs.one("bucket")?,
                key.as_ref(),
            )
        }
        "log-delivery-trust" => log_delivery_trust(partition, &inputs.one("account_id")?),
        "log-delivery-bucket" => {
            log_delivery_bucket(partition, &inputs.one("bucket")?, &inputs.one("role")?)
        }
        _ => {
            let uses = inputs.uses()?;
            kms_key(
                partition,
                &inputs.one("aws_account")?,
                &inputs.one("account_id")?,
                &uses,
            )
        }
    })
}

struct Inputs<'a> {
    name: &'a str,
    said: &'a Map<String, Value>,
}

impl Inputs<'_> {
    fn optional_text(&self, key: &str) -> Option<&str> {
        self.said.get(key)?.as_str().filter(|text| !text.is_empty())
    }

    fn bad(&self, key: &str, error: &InputError) -> String {
        format!(
            "`{key}` of the policy `{}`: {error} ({})",
            self.name, error.hint
        )
    }

    fn read<T: Given>(&self, key: &str, text: &str) -> Result<T, String> {
        if text.contains("${") {
            return Ok(T::later(text));
        }
        text.parse().map_err(|error| self.bad(key, &error))
    }

    fn one<T: Given>(&self, key: &str) -> Result<T, String> {
        let missing = || format!("the policy `{}` needs `{key}`", self.name);
        let text = self.optional_text(key).ok_or_else(missing)?;
        self.read(key, text)
    }

    fn maybe<T: Given>(&self, key: &str) -> Result<Option<T>, String> {
        let text = self.optional_text(key);
        text.map(|text| self.read(key, text)).transpose()
    }

    fn many<T: Given>(&self, key: &str) -> Result<Vec<T>, String> {
        let items = self.said.get(key).and_then(Value::as_array);
        items
            .into_iter()
            .flatten()
            .map(|item| self.read(key, item.as_str().unwrap_or_default()))
            .collect()
    }

    fn role(&self, partition: Partition) -> Result<UnityCatalogRole, String> {
        Ok(UnityCatalogRole {
            partition,
            account: self.one("aws_account")?,
            name: self.one("role")?,
        })
    }

    fn uses(&self) -> Result<Vec<KeyUse>, String> {
        let uses = self.said.get("uses").and_then(Value::as_array);
        let uses = uses.into_iter().flatten().filter_map(Value::as_str);
        uses.map(|one| match one {
            "managed-services" => Ok(KeyUse::ManagedServices),
            "storage" => Ok(KeyUse::Storage {
                cross_account_role: self.maybe("cross_account_role")?,
            }),
            other => Err(format!(
                "the policy `{}` has no use `{other}`: managed-services or storage",
                self.name
            )),
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "0f0f0f0f-0000-0000-0000-000000000001";

    #[test]
    fn a_policy_stands_where_it_was_asked_for() {
        let mut value = json!({"trust": {"policy_template": {"name": "cross-account-trust", "account_id": ACCOUNT}}});
        expand(&mut value).unwrap();
        let wanted = cross_account_trust(Partition::Aws, &ACCOUNT.parse().unwrap());
        assert_eq!(value["trust"], json!(wanted));
        for (name, inputs) in TEMPLATES {
            let all = json!({
                "account_id": ACCOUNT, "aws_account": "123456789012", "bucket": "a-bucket", "external_id": "some-id",
                "role": if *name == "log-delivery-bucket" { "arn:aws:iam::123456789012:role/x" } else { "x" },
                "uses": ["storage"],
            });
            let mut said = json!({"name": name});
            for input in *inputs {
                if let Some(value) = all.get(*input) {
                    said[*input] = value.clone();
                }
            }
            let mut value = json!({"policy_template": said});
            expand(&mut value).unwrap_or_else(|wrong| panic!("{name}: {wrong:?}"));
            assert!(value["Statement"].is_array(), "{name}: {value}");
        }
    }

    #[test]
    fn what_is_not_known_yet_goes_in_as_it_is() {
        let bucket = "${resources.aws_buckets.one-root.name}";
        let mut value = json!({"policy_template": {"name": "root-bucket", "account_id": ACCOUNT, "bucket": bucket}});
        expand(&mut value).unwrap();
        assert!(
            value
                .to_string()
                .contains(&format!("arn:aws:s3:::{bucket}/*")),
            "{value}"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (inputs, words) in [
            (json!({"name": "root-buckt"}), "did you mean `root-bucket`"),
            (
                json!({"name": "root-bucket", "account_id": ACCOUNT}),
                "needs `bucket`",
            ),
            (
                json!({"name": "root-bucket", "buckt": "x"}),
                "takes no `buckt`",
            ),
            (
                json!({"name": "cross-account-trust", "account_id": "x"}),
                "`x` is not a Databricks account id",
            ),
            (
                json!({"name": "cross-account", "variant": "x"}),
                "has no variant `x`",
            ),
        ] {
            let wrong = expand(&mut json!({"a": [{"policy_template": inputs}]})).unwrap_err();
            assert!(wrong[0].contains(words), "{wrong:?}");
        }
    }
}
