//! Who may do what with an object: permissions, grants, and what a secret scope has in their place.

use hcl::expr::Expression;
use hcl::structure::{Attribute, Block};
use serde_json::Value;

use super::Writer;
use crate::hcl::table::Resource;
use crate::hcl::values::{raw, text};
use crate::kinds::{grants, permissions};

/// The kind whose permissions are resources of their own for each principal.
pub(super) const SCOPES: &str = "secret_scopes";
/// That resource.
pub(super) const ACL: &str = "databricks_secret_acl";

impl Writer<'_> {
    pub(super) fn permissions(
        &mut self,
        known: &Resource,
        form: &Value,
        address: &str,
    ) -> Option<Block> {
        let argument = known.permissions?;
        let managed = form.get(permissions::FIELD)?.as_object()?;
        let mut block = Block::builder("resource")
            .add_labels([
                "databricks_permissions",
                &format!("{}_{}", known.kind, self.key.key),
            ])
            .add_attribute((argument, raw(&format!("{address}.{}", known.access))));
        for (principal, level) in managed {
            let (word, name) = principal.split_once(':').unwrap_or(("user", principal));
            let field = format!("{word}_name");
            let name = self.principal(&field, name);
            block = block.add_block(
                Block::builder("access_control")
                    .add_attribute(Attribute::new(field.as_str(), name))
                    .add_attribute(("permission_level", text(level.as_str().unwrap_or_default())))
                    .build(),
            );
        }
        Some(block.build())
    }

    /// Who may do what with a secret scope: the name of the resource, the principal, the resource.
    pub(super) fn acls(&mut self, form: &Value, address: &str) -> Vec<(String, String, Block)> {
        let managed = form.get(permissions::FIELD).and_then(Value::as_object);
        let mut found: Vec<(String, String, Block)> = Vec::new();
        for (principal, level) in managed.into_iter().flatten() {
            let (word, bare) = principal.split_once(':').unwrap_or(("user", principal));
            let letters = bare.chars().map(|c| match c.is_ascii_alphanumeric() {
                true => c.to_ascii_lowercase(),
                false => '_',
            });
            let wanted = format!("{}_{word}_{}", self.key.key, letters.collect::<String>());
            let taken = |name: &String| found.iter().any(|(other, _, _)| other == name);
            let name = std::iter::once(wanted.clone())
                .chain((2..).map(|number| format!("{wanted}_{number}")))
                .find(|name| !taken(name))
                .unwrap_or(wanted);
            let who = self.principal(&format!("{word}_name"), bare);
            let block = Block::builder("resource")
                .add_labels([ACL, name.as_str()])
                .add_attribute(("scope", raw(&format!("{address}.name"))))
                .add_attribute(Attribute::new("principal", who))
                .add_attribute(("permission", text(level.as_str().unwrap_or_default())));
            found.push((name, bare.to_owned(), block.build()));
        }
        found
    }

    pub(super) fn grants(
        &mut self,
        known: &Resource,
        form: &Value,
        address: &str,
    ) -> Option<Block> {
        let argument = known.grants?;
        let managed = form.get(grants::FIELD)?.as_object()?;
        let mut block = Block::builder("resource")
            .add_labels([
                "databricks_grants",
                &format!("{}_{}", known.kind, self.key.key),
            ])
            .add_attribute((argument, raw(&format!("{address}.{}", known.access))));
        for (principal, privileges) in managed {
            let name = self.principal("principal", principal);
            let privileges = privileges.as_array().into_iter().flatten();
            let privileges = privileges.filter_map(Value::as_str).map(text).collect();
            block = block.add_block(
                Block::builder("grant")
                    .add_attribute(Attribute::new("principal", name))
                    .add_attribute(("privileges", Expression::Array(privileges)))
                    .build(),
            );
        }
        Some(block.build())
    }

    fn principal(&mut self, field: &str, name: &str) -> Expression {
        match self
            .names
            .variable(&self.key.kind, &["permissions", field], name)
        {
            Some(variable) => raw(&format!("var.{variable}")),
            None => text(name),
        }
    }
}
