//! Objects whose kind has no name of its own: what cannot change tells which resource they are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Former, Left};
use crate::bundle::ResourceKey;
use crate::plan::Desired;

/// By kind: what cannot change, and what may change and still tells two of them apart.
const FACTS: &[(&str, &[&str], &[&str])] = &[
    (
        "account_customer_managed_keys",
        &["aws_key_info.key_arn", "use_cases"],
        &[],
    ),
    ("account_metastore_assignments", &["workspace_id"], &[]),
    (
        "account_permission_assignments",
        &["workspace_id", "principal_id"],
        &[],
    ),
    (
        "account_private_endpoint_rules",
        &["network_connectivity_config_id", "endpoint_service"],
        &["domain_names", "resource_names"],
    ),
    (
        "account_service_principal_federation_policies",
        &["service_principal_id", "policy_id"],
        &[],
    ),
];

/// What `fields` of an object of that kind, as its API or Terraform has them, say of those; nothing of other kinds.
pub(super) fn of(kind: &str, fields: &Value) -> BTreeMap<String, String> {
    let known = FACTS.iter().find(|(of, ..)| *of == kind);
    let paths = known
        .into_iter()
        .flat_map(|(_, fixed, more)| fixed.iter().chain(*more));
    paths
        .filter_map(|path| Some(((*path).to_owned(), said(fields, path)?)))
        .collect()
}

fn said(fields: &Value, path: &str) -> Option<String> {
    let mut at = fields;
    for step in path.split('.') {
        // Terraform keeps a block that may stand once as a list of one.
        let block = at.as_array().and_then(|blocks| blocks.first());
        at = block.unwrap_or(at).get(step)?;
    }
    match at {
        Value::Array(items) => {
            let items: BTreeSet<&str> = items.iter().filter_map(Value::as_str).collect();
            let items: Vec<&str> = items.into_iter().collect();
            (!items.is_empty()).then(|| items.join(","))
        }
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The resource that `former` is, by what cannot change; none where nothing here is made so. What refers to another resource is known
/// where that one is among `paired`, by its id.
pub(super) fn resource_for(
    former: &Former,
    others: &[Former],
    desired: &Desired,
    paired: &BTreeMap<ResourceKey, String>,
) -> Result<Option<ResourceKey>, Left> {
    let Some((kind, fixed, more)) = FACTS.iter().find(|(of, ..)| *of == former.key.kind) else {
        return Ok(None);
    };
    let wanted: Vec<(&ResourceKey, BTreeMap<String, String>)> = desired
        .resources
        .iter()
        .filter(|(key, _)| key.kind == *kind)
        .map(|(key, wanted)| {
            let mut facts = of(kind, &wanted.config);
            facts.values_mut().for_each(|value| fill(value, paired));
            (key, facts)
        })
        .collect();
    let same = |facts: &BTreeMap<String, String>, paths: &[&str]| {
        let mut paths = paths.iter();
        paths.all(|path| facts.get(*path) == former.facts.get(*path))
    };
    // Half of what tells it is not enough.
    let whole = fixed.iter().all(|path| former.facts.contains_key(*path));
    let all: Vec<&str> = fixed.iter().chain(*more).copied().collect();
    let mut told = (0, 0);
    for paths in [*fixed, all.as_slice()] {
        let keys: Vec<&ResourceKey> = wanted
            .iter()
            .filter(|(_, facts)| whole && same(facts, paths))
            .map(|(key, _)| *key)
            .collect();
        let objects = others.iter().filter(|other| other.key.kind == *kind);
        let objects = objects.filter(|other| same(&other.facts, paths)).count();
        match (keys.as_slice(), objects) {
            ([], _) if told == (0, 0) => return Ok(None),
            ([key], 1) => return Ok(Some((*key).clone())),
            (keys, objects) => told = (keys.len(), objects),
        }
    }
    Err(Left {
        address: former.address.clone(),
        id: former.id.clone(),
        because: format!(
            "what cannot change of it fits {} resources and {} objects",
            told.0, told.1
        ),
        blocks: true,
    })
}

/// The id in the place of a placeholder for a resource that is paired.
fn fill(value: &mut String, paired: &BTreeMap<ResourceKey, String>) {
    let inside = value
        .strip_prefix("${resources.")
        .and_then(|rest| rest.strip_suffix('}'));
    let mut parts = inside.unwrap_or_default().split('.');
    let (Some(kind), Some(key)) = (parts.next(), parts.next()) else {
        return;
    };
    if let Some(id) = paired.get(&ResourceKey::new(kind, key)) {
        value.clone_from(id);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::DesiredResource;

    fn desired(resources: &[(&str, Value)]) -> Desired {
        let mut desired = Desired::nothing();
        for (key, config) in resources {
            let resource = DesiredResource {
                config: std::sync::Arc::new(config.clone()),
                ..DesiredResource::default()
            };
            desired.resources.insert(key.parse().unwrap(), resource);
        }
        desired
    }

    fn former(key: &str, id: &str, attributes: &Value) -> Former {
        let key: ResourceKey = key.parse().unwrap();
        Former {
            facts: of(&key.kind, attributes),
            address: format!("old.{id}"),
            id: id.to_owned(),
            name: None,
            key,
        }
    }

    fn found(
        formers: &[Former],
        desired: &Desired,
        paired: &[(&str, &str)],
    ) -> Vec<Option<String>> {
        let paired = paired.iter();
        let paired = paired
            .map(|(key, id)| (key.parse().unwrap(), (*id).to_owned()))
            .collect();
        let one = |former| resource_for(former, formers, desired, &paired).ok();
        let keys = formers.iter().map(one);
        keys.map(|found| found.flatten().map(|key| key.key))
            .collect()
    }

    #[test]
    fn a_key_is_told_by_its_arn_and_its_uses() {
        let arn = |end: &str| format!("arn:aws:kms:eu-west-1:1:key/{end}");
        let wanted = |end: &str, uses: Value| json!({"use_cases": uses, "aws_key_info": {"key_arn": arn(end)}});
        let desired = desired(&[
            (
                "account_customer_managed_keys.m-storage",
                wanted("a", json!(["STORAGE"])),
            ),
            (
                "account_customer_managed_keys.m-both",
                wanted("b", json!(["STORAGE", "MANAGED_SERVICES"])),
            ),
        ]);
        let state = |end: &str, uses: Value| json!({"use_cases": uses, "aws_key_info": [{"key_arn": arn(end), "key_region": "eu-west-1"}]});
        let key = "account_customer_managed_keys.this";
        let formers = [
            former(
                key,
                "1",
                &state("b", json!(["MANAGED_SERVICES", "STORAGE"])),
            ),
            former(key, "2", &state("a", json!(["STORAGE"]))),
            former(key, "3", &state("a", json!(["MANAGED_SERVICES"]))),
        ];
        let told = [
            Some("m-both".to_owned()),
            Some("m-storage".to_owned()),
            None,
        ];
        assert_eq!(found(&formers, &desired, &[]), told);
    }

    #[test]
    fn what_lies_below_another_is_told_once_that_one_is_paired() {
        let workspace = "${resources.account_workspaces.w-w.workspace_id}";
        let desired = desired(&[
            (
                "account_metastore_assignments.w-m",
                json!({"workspace_id": workspace, "metastore_id": "m"}),
            ),
            (
                "account_permission_assignments.w-a",
                json!({"workspace_id": workspace, "principal_id": "9"}),
            ),
        ]);
        let formers = [
            former(
                "account_metastore_assignments.this",
                "7",
                &json!({"workspace_id": 7, "metastore_id": "m"}),
            ),
            former(
                "account_permission_assignments.this",
                "7/9",
                &json!({"workspace_id": "7", "principal_id": 9}),
            ),
            former(
                "account_permission_assignments.other",
                "7/8",
                &json!({"workspace_id": "7", "principal_id": 8}),
            ),
        ];
        assert_eq!(found(&formers, &desired, &[]), [None, None, None]);
        let told = [Some("w-m".to_owned()), Some("w-a".to_owned()), None];
        assert_eq!(
            found(&formers, &desired, &[("account_workspaces.w-w", "7")]),
            told
        );
    }

    #[test]
    fn two_rules_to_one_service_are_told_by_their_names_and_else_left_to_a_person() {
        let rule = |names: &[&str]| json!({"network_connectivity_config_id": "n", "endpoint_service": "s3", "resource_names": names});
        let desired = desired(&[
            ("account_private_endpoint_rules.r-a", rule(&["a"])),
            ("account_private_endpoint_rules.r-b", rule(&["b"])),
        ]);
        let key = "account_private_endpoint_rules.this";
        let formers = [
            former(key, "n/1", &rule(&["b"])),
            former(key, "n/2", &rule(&["a"])),
        ];
        let told = [Some("r-b".to_owned()), Some("r-a".to_owned())];
        assert_eq!(found(&formers, &desired, &[]), told);
        let other = [former(key, "n/3", &rule(&["c"]))];
        let left = resource_for(&other[0], &other, &desired, &BTreeMap::new());
        assert!(left.is_err_and(|left| left.blocks));
    }
}
