//! Terraform's HCL for what was captured, in the words of the Databricks provider.
//!
//! Names and shapes (which field is an attribute, which a block) come from the provider's own schema as published bindings
//! carry it (`hcl/provider.json`, written by `tests/py/provider_schema.py`). What the provider has no field for is said, not
//! dropped silently. Nothing here was planned by Terraform, and every file says so.

mod align;
mod ids;
mod read;
mod resource;
mod schema;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod values;

use std::collections::BTreeMap;

pub use read::{attribute, grants, permissions, said_variables, used_variables};
pub use resource::{Written, notebook, resource};
pub use schema::{Provider, provider};
pub use table::{Resource, resource_of};

use crate::bundle::ResourceKey;

/// The first lines of every file.
pub const HEAD: &str = "# Written by hodman from what is in the workspace. It was not planned: run `terraform plan` and look.\n";

/// What stands for texts in the workspace's configs.
pub trait Names {
    /// The Terraform variable for the text at `path` (the keys from the resource on); none when it is written as it is.
    fn variable(&mut self, kind: &str, path: &[&str], text: &str) -> Option<String>;

    /// The Terraform variable for a part of the text at `path`, with what stands before and after it.
    fn inside<'t>(
        &mut self,
        _kind: &str,
        _path: &[&str],
        _text: &'t str,
    ) -> Option<(&'t str, String, &'t str)> {
        None
    }

    /// The Terraform variable for a secret in the field `field` of `key`.
    fn secret(&mut self, key: &ResourceKey, field: &str) -> String;

    /// The id that a captured resource has in the workspace.
    fn id(&self, _key: &ResourceKey) -> Option<String> {
        None
    }

    /// The address of the source file at a path of the repository, such as `databricks_notebook.load`.
    fn source(&self, path: &str) -> Option<String>;
}

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// What it stands for.
    pub description: String,
    /// Its value where it was captured; none for secrets.
    pub value: Option<String>,
}

/// `variables.tf`: every variable, none with a default, so that Terraform asks where nobody says.
#[must_use]
pub fn variables(all: &BTreeMap<String, Variable>) -> String {
    let mut body = hcl::Body::builder();
    for (name, variable) in all {
        let mut block = hcl::Block::builder("variable")
            .add_label(name.as_str())
            .add_attribute(("description", variable.description.as_str()))
            .add_attribute(("type", values::raw("string")));
        if variable.value.is_none() {
            block = block.add_attribute(("sensitive", true));
        }
        body = body.add_block(block.build());
    }
    align::file(&body.build())
}

/// `<env>.tfvars`: the values where it was captured.
#[must_use]
pub fn values(all: &BTreeMap<String, Variable>) -> String {
    let mut body = hcl::Body::builder();
    for (name, value) in all
        .iter()
        .filter_map(|(name, variable)| Some((name, variable.value.as_deref()?)))
    {
        body = body.add_attribute((name.as_str(), values::text(value)));
    }
    align::file(&body.build())
}

/// `versions.tf`: which provider.
#[must_use]
pub fn versions() -> String {
    let source = hcl::Object::from([
        (
            key("source"),
            hcl::Expression::from("databricks/databricks"),
        ),
        (key("version"), hcl::Expression::from(">= 1.100.0")),
    ]);
    let block = hcl::Block::builder("terraform")
        .add_attribute(("required_version", ">= 1.5.0"))
        .add_block(
            hcl::Block::builder("required_providers")
                .add_attribute(("databricks", hcl::Expression::Object(source)))
                .build(),
        )
        .build();
    align::file(&hcl::Body::builder().add_block(block).build())
}

fn key(name: &str) -> hcl::ObjectKey {
    hcl::ObjectKey::from(hcl::Identifier::sanitized(name))
}
