//! What the provider has resources of their own for: members and roles of groups and service principals. Entitlements it
//! has an argument each for.

use hcl::structure::{Attribute, Block, BlockBuilder};
use serde_json::Value;

use super::{Writer, import, referring};
use crate::bundle::ResourceKey;
use crate::hcl::schema::Fields;
use crate::hcl::values::raw;

/// A list of ids or words at a group or principal, one resource for each.
struct Beside {
    kind: &'static str,
    field: &'static str,
    /// The resource, and its two arguments: whose it is, and what.
    resource: &'static str,
    whose: &'static str,
    what: &'static str,
    /// Whether the provider can import it; otherwise making it again says the same again.
    imported: bool,
}

const BESIDE: &[Beside] = &[
    Beside {
        kind: "groups",
        field: "members",
        resource: "databricks_group_member",
        whose: "group_id",
        what: "member_id",
        imported: true,
    },
    Beside {
        kind: "groups",
        field: "roles",
        resource: "databricks_group_role",
        whose: "group_id",
        what: "role",
        imported: false,
    },
    Beside {
        kind: "service_principals",
        field: "roles",
        resource: "databricks_service_principal_role",
        whose: "service_principal_id",
        what: "role",
        imported: false,
    },
];
/// The kinds that have entitlements, and the field.
const ENTITLED: (&[&str], &str) = (&["groups", "service_principals"], "entitlements");

/// Whether a field of the kind is written beside the resource, or in several arguments.
pub(super) fn is_beside(kind: &str, field: &str) -> bool {
    (ENTITLED.0.contains(&kind) && field == ENTITLED.1)
        || BESIDE
            .iter()
            .any(|beside| beside.kind == kind && beside.field == field)
}

impl Writer<'_> {
    /// Each entitlement as the argument that it is: `allow-cluster-create` as `allow_cluster_create = true`.
    pub(super) fn entitlements(
        &mut self,
        mut body: BlockBuilder,
        fields: &Fields<'_>,
        form: &Value,
    ) -> BlockBuilder {
        if !ENTITLED.0.contains(&self.key.kind.as_str()) {
            return body;
        }
        for entitlement in values(form, ENTITLED.1) {
            match fields.get(&entitlement.replace('-', "_")) {
                Some((name, _)) => body = body.add_attribute((name, true)),
                None => self.unknown.push(format!("{}.{entitlement}", ENTITLED.1)),
            }
        }
        body
    }

    /// The members and roles of the object with the id `id`, each with its import where there is one.
    pub(super) fn members(
        &self,
        form: &Value,
        id: &str,
        address: &str,
    ) -> Vec<(Option<Block>, Block)> {
        let mut found = Vec::new();
        let mut taken: Vec<String> = Vec::new();
        for beside in BESIDE.iter().filter(|beside| beside.kind == self.key.kind) {
            for value in values(form, beside.field) {
                let referred = referred(value);
                let word = referred.as_ref().map_or(value, |key| key.key.as_str());
                let word = word.rsplit('/').next().unwrap_or(word);
                let letters: String = word
                    .chars()
                    .map(|c| match c.is_ascii_alphanumeric() {
                        true => c.to_ascii_lowercase(),
                        false => '_',
                    })
                    .collect();
                let wanted = format!("{}_{letters}", self.key.key);
                let name = std::iter::once(wanted.clone())
                    .chain((2..).map(|number| format!("{wanted}_{number}")))
                    .find(|name| !taken.contains(&format!("{}.{name}", beside.resource)))
                    .unwrap_or(wanted);
                let own = format!("{}.{name}", beside.resource);
                let known = match &referred {
                    Some(key) => self.names.id(key),
                    None => Some(value.to_owned()),
                };
                let import_of = known
                    .filter(|_| beside.imported)
                    .map(|other| import(&own, &format!("{id}|{other}")));
                let block = Block::builder("resource")
                    .add_labels([beside.resource, name.as_str()])
                    .add_attribute((beside.whose, raw(&format!("{address}.id"))))
                    .add_attribute(Attribute::new(beside.what, referring(value)));
                taken.push(own);
                found.push((import_of, block.build()));
            }
        }
        found
    }
}

/// The values of a list in the words of SCIM: `[{value: …}]`.
fn values<'f>(form: &'f Value, field: &str) -> impl Iterator<Item = &'f str> {
    let items = form.get(field).and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(|item| item.get("value")?.as_str())
}

/// The resource whose id a text refers to.
fn referred(text: &str) -> Option<ResourceKey> {
    let inside = text.strip_prefix("${resources.")?.strip_suffix(".id}")?;
    let (kind, key) = inside.split_once('.')?;
    Some(ResourceKey::new(kind, key))
}
