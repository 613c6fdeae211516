//! One captured object as a resource, with its import, permissions and grants.

mod access;
mod scim;

use hcl::expr::{Expression, Object, ObjectKey};
use hcl::structure::{Attribute, Block, BlockBuilder, Body};
use serde_json::Value;

use super::ids;
use super::schema::{Fields, Shape, provider};
use super::table::{Given, resource_of};
use super::values::{encoded, escaped, key as object_key, number, raw, template, text};
use super::{Names, align};
use crate::bundle::{Language, ResourceKey};
use crate::kinds::secrets::REDACTED;
use crate::kinds::{grants, permissions};

/// How a form says that something lies at a path of the repository.
const REPO: &str = "${repo}/";

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Fields that the provider has no place for.
    pub unknown: Vec<String>,
}

/// The file of one object with the id `id` and what only the server knows of it, whose form (references, paths and secrets as a capture has them) is `form`.
/// None for a kind that the provider has no resource for.
#[must_use]
pub fn resource(
    key: &ResourceKey,
    id: &str,
    outputs: &Value,
    form: &Value,
    names: &mut dyn Names,
) -> Option<Written> {
    let known = resource_of(&key.kind)?;
    let fields = provider().resource(known.name)?;
    let mut writer = Writer {
        key,
        names,
        renamed: known.renamed,
        unknown: Vec::new(),
        path: Vec::new(),
    };
    let mut own = Block::builder("resource").add_labels([known.name, key.key.as_str()]);
    let map = form.as_object()?;
    let mut blocks = Vec::new();
    let beside = |field: &str| {
        field == permissions::FIELD || field == grants::FIELD || scim::is_beside(&key.kind, field)
    };
    let all = map.iter().filter(|(field, _)| !beside(field));
    match known.whole {
        Some(name) => {
            let all: Value = all
                .map(|(field, value)| (field.clone(), value.clone()))
                .collect();
            own = writer.field(own, &mut blocks, &fields, name, &all);
        }
        None => {
            for (field, value) in all {
                own = writer.field(own, &mut blocks, &fields, field, value);
            }
        }
    }
    for (field, given) in known
        .given
        .iter()
        .filter(|(field, _)| !map.contains_key(*field))
    {
        let value = match given {
            Given::Text(word) => text(word),
            Given::Bool(truth) => Expression::from(*truth),
            Given::Block(inner, truth) => {
                let block = Block::builder(*field).add_attribute((*inner, *truth));
                blocks.push(block.build());
                continue;
            }
        };
        own = own.add_attribute((*field, value));
    }
    own = writer.entitlements(own, &fields, form);
    for block in blocks {
        own = own.add_block(block);
    }
    let address = format!("{}.{}", known.name, key.key);
    let mut body = Body::builder()
        .add_block(import(&address, &ids::of_object(&key.kind, id, outputs)))
        .add_block(own.build());
    if let Some(block) = writer.permissions(known, form, &address) {
        let access = format!("databricks_permissions.{}_{}", known.kind, key.key);
        let import_id = ids::of_permissions(&key.kind, id, outputs);
        body = body.add_block(import(&access, &import_id)).add_block(block);
    }
    if key.kind == access::SCOPES {
        for (name, principal, block) in writer.acls(form, &address) {
            let access = format!("{}.{name}", access::ACL);
            let import_id = format!("{id}|||{principal}");
            body = body.add_block(import(&access, &import_id)).add_block(block);
        }
    }
    for (import_of, block) in writer.members(form, id, &address) {
        for block in import_of.into_iter().chain([block]) {
            body = body.add_block(block);
        }
    }
    // Access that the provider has no place for is said, as every other field is.
    for (field, has) in [
        (
            permissions::FIELD,
            known.permissions.is_some() || key.kind == access::SCOPES,
        ),
        (grants::FIELD, known.grants.is_some()),
    ] {
        if !has && form.get(field).is_some() {
            writer.unknown.push(field.to_owned());
        }
    }
    if let Some(block) = writer.grants(known, form, &address) {
        let access = format!("databricks_grants.{}_{}", known.kind, key.key);
        let full_name = format!("{}/{id}", known.grants.unwrap_or_default());
        body = body.add_block(import(&access, &full_name)).add_block(block);
    }
    Some(Written {
        text: align::file(&body.build()),
        unknown: writer.unknown,
    })
}

/// The file of a notebook or plain file at `path` of the workspace, whose content lies at `source` from the file on.
#[must_use]
pub fn notebook(name: &str, path: &str, source: &str, language: Option<Language>) -> String {
    let kind = if language.is_some() {
        "databricks_notebook"
    } else {
        "databricks_workspace_file"
    };
    let mut own = Block::builder("resource")
        .add_labels([kind, name])
        .add_attribute(("path", text(path)))
        .add_attribute(("source", template(&format!("${{path.module}}/{source}"))));
    if language == Some(Language::Jupyter) {
        own = own.add_attribute(("format", "JUPYTER"));
    }
    let body = Body::builder()
        .add_block(import(&format!("{kind}.{name}"), path))
        .add_block(own.build());
    align::file(&body.build())
}

fn import(address: &str, id: &str) -> Block {
    Block::builder("import")
        .add_attribute(("to", raw(address)))
        .add_attribute(("id", text(id)))
        .build()
}

struct Writer<'a> {
    key: &'a ResourceKey,
    names: &'a mut dyn Names,
    renamed: &'static [(&'static str, &'static str)],
    unknown: Vec<String>,
    path: Vec<String>,
}

impl Writer<'_> {
    /// Adds a field; blocks are kept for the end, where `terraform fmt` readers look for them.
    fn field(
        &mut self,
        mut body: BlockBuilder,
        blocks: &mut Vec<Block>,
        fields: &Fields<'_>,
        field: &str,
        value: &Value,
    ) -> BlockBuilder {
        let mut path = self.path.clone();
        path.push(field.to_owned());
        let path = path.join(".");
        let renamed = self.renamed.iter().find(|(api, _)| *api == path);
        let name = renamed.map_or(field, |(_, name)| name);
        let Some((name, shape)) = fields.get(name) else {
            if !self.unknown.contains(&path) {
                self.unknown.push(path);
            }
            return body;
        };
        self.path.push(field.to_owned());
        match (shape, value) {
            (Shape::Blocks(inner), Value::Array(items)) => {
                for item in items {
                    blocks.push(self.block(name, &inner, item));
                }
            }
            (Shape::Blocks(inner), value) => blocks.push(self.block(name, &inner, value)),
            (shape, value) => {
                if let Some(value) = self.value(shape, value) {
                    body = body.add_attribute(Attribute::new(name, value));
                }
            }
        }
        self.path.pop();
        body
    }

    fn block(&mut self, name: &str, fields: &Fields<'_>, value: &Value) -> Block {
        let mut body = Block::builder(name);
        let mut blocks = Vec::new();
        for (field, value) in value.as_object().into_iter().flatten() {
            body = self.field(body, &mut blocks, fields, field, value);
        }
        for block in blocks {
            body = body.add_block(block);
        }
        body.build()
    }

    fn object(&mut self, fields: &Fields<'_>, value: &Value) -> Expression {
        let mut object: Object<ObjectKey, Expression> = Object::new();
        for (field, value) in value.as_object().into_iter().flatten() {
            let Some((name, shape)) = fields.get(field) else {
                self.unknown
                    .push(format!("{}.{field}", self.path.join(".")));
                continue;
            };
            self.path.push(field.clone());
            if let Some(value) = self.value(shape, value) {
                object.insert(object_key(name), value);
            }
            self.path.pop();
        }
        Expression::from(object)
    }

    fn value(&mut self, shape: Shape<'_>, value: &Value) -> Option<Expression> {
        Some(match (shape, value) {
            (_, Value::Null) => return None,
            (Shape::One(fields), value) => self.object(&fields, value),
            (Shape::Many(fields), Value::Array(items)) => Expression::Array(
                items
                    .iter()
                    .map(|item| self.object(&fields, item))
                    .collect(),
            ),
            (Shape::Map, Value::Object(map)) => {
                let mut object: Object<ObjectKey, Expression> = Object::new();
                for (name, value) in map {
                    self.path.push(name.clone());
                    object.insert(object_key(name), self.scalar(value));
                    self.path.pop();
                }
                Expression::from(object)
            }
            (Shape::List, Value::Array(items)) => {
                Expression::Array(items.iter().map(|item| self.scalar(item)).collect())
            }
            (Shape::Number, value) => number(value).unwrap_or_else(|| self.scalar(value)),
            (Shape::Bool, Value::Bool(truth)) => Expression::from(*truth),
            (Shape::Text, Value::Object(_) | Value::Array(_)) => encoded(value),
            (_, value) => self.scalar(value),
        })
    }

    /// A text, with references, paths, secrets and variables; numbers and truths as texts.
    fn scalar(&mut self, value: &Value) -> Expression {
        let Value::String(inner) = value else {
            return match value {
                Value::Object(_) | Value::Array(_) => encoded(value),
                other => Expression::from(other.to_string()),
            };
        };
        if inner.contains(REDACTED) {
            let field = self.path.last().cloned().unwrap_or_default();
            let secret = format!("var.{}", self.names.secret(self.key, &field));
            if inner == REDACTED {
                return raw(&secret);
            }
            let parts: Vec<String> = inner.split(REDACTED).map(escaped).collect();
            return template(&parts.join(&format!("${{{secret}}}")));
        }
        if let Some(path) = inner.strip_prefix(REPO) {
            return match self.names.source(path) {
                Some(address) => raw(&format!("{address}.path")),
                None => text(inner),
            };
        }
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        if let Some(name) = self.names.variable(&self.key.kind, &path, inner) {
            return raw(&format!("var.{name}"));
        }
        if let Some((before, name, after)) = self.names.inside(&self.key.kind, &path, inner) {
            let (before, after) = (escaped(before), escaped(after));
            return template(&format!("{before}${{var.{name}}}{after}"));
        }
        referring(inner)
    }
}

/// `${resources.jobs.nightly.id}` as `databricks_job.nightly.id`, alone or inside a text.
fn referring(text_with: &str) -> Expression {
    let whole =
        address_in(text_with).filter(|(before, _, after)| before.is_empty() && after.is_empty());
    if let Some((_, address, _)) = whole {
        return raw(&address);
    }
    let mut written = String::new();
    let mut rest = text_with;
    while let Some((before, address, after)) = address_in(rest) {
        written += &format!("{}${{{address}}}", escaped(before));
        rest = after;
    }
    match written.is_empty() {
        true => text(text_with),
        false => template(&format!("{written}{}", escaped(rest))),
    }
}

/// The first address that a text refers to, with what stands before and after it.
fn address_in(text_with: &str) -> Option<(&str, String, &str)> {
    let start = text_with.find("${resources.")?;
    let end = start + text_with[start..].find('}')?;
    let inside: Vec<&str> = text_with[start + 2..end].split('.').collect();
    let [_, kind, key, field @ ..] = inside.as_slice() else {
        return None;
    };
    let known = resource_of(kind)?;
    let field = match field {
        ["id"] => known.referred.to_owned(),
        other => other.join("."),
    };
    let address = format!("{}.{key}.{field}", known.name);
    Some((&text_with[..start], address, &text_with[end + 1..]))
}
