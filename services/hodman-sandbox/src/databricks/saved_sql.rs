//! What queries, alerts and alerts of the second version have in common: a row that is made, changed by a mask of fields,
//! and put into the trash.

use serde_json::{Map, Value, json};

use super::call::Call;
use super::error::ApiError;
use super::files::normal;
use super::paging::{PAGES, iso};
use super::table::Table;
use super::world::World;

/// One of the three kinds.
#[derive(Clone, Copy)]
pub(crate) struct SavedSql {
    /// In refusals.
    pub(crate) what: &'static str,
    /// Key of the object in the body; `None`: the body is the object.
    pub(crate) wrapper: Option<&'static str>,
    /// Fields that a caller may set.
    pub(crate) fields: &'static [&'static str],
    pub(crate) required: &'static [&'static str],
    /// Kind in the permissions.
    pub(crate) permissions: &'static str,
    /// `lifecycle_state` of the trash.
    pub(crate) trashed: &'static str,
    /// Key of the list.
    pub(crate) list: &'static str,
    /// Field that a list leaves out.
    pub(crate) unlisted: &'static [&'static str],
    pub(crate) table: fn(&mut World) -> &mut Table,
}

impl SavedSql {
    /// The object in the body, with the fields that the kind has.
    fn given(self, call: &Call) -> Result<Map<String, Value>, ApiError> {
        let object = match self.wrapper {
            None => &call.body,
            Some(key) => match call.body.get(key) {
                Some(Value::Object(object)) => object,
                _ => {
                    return Err(ApiError::invalid(format!("Missing required field: {key}")));
                }
            },
        };
        let known = object
            .iter()
            .filter(|(key, value)| self.fields.contains(&key.as_str()) && !value.is_null());
        Ok(known.map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    fn check(self, row: &Map<String, Value>) -> Result<(), ApiError> {
        let absent = self
            .required
            .iter()
            .find(|field| row.get(**field).is_none_or(|value| value == ""));
        match absent {
            Some(field) => Err(ApiError::invalid(format!(
                "Missing required field: {field}"
            ))),
            None => Ok(()),
        }
    }

    /// A name that no other of its folder has; with `auto_resolve_display_name`, made so by a number.
    fn name(
        self,
        world: &mut World,
        call: &Call,
        row: &mut Map<String, Value>,
    ) -> Result<(), ApiError> {
        let text = |row: &Map<String, Value>, key: &str| {
            let value = row.get(key).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let wanted = text(row, "display_name");
        let mut name = wanted.clone();
        let taken = |name: &str, other: &Map<String, Value>| {
            other.get("lifecycle_state") == Some(&json!("ACTIVE"))
                && other.get("id") != row.get("id")
                && text(other, "display_name") == name
                && text(other, "parent_path") == text(row, "parent_path")
        };
        let table = (self.table)(world);
        let mut number = 1;
        while table.rows().any(|other| taken(&name, other)) {
            if !call.flag("auto_resolve_display_name") {
                return Err(ApiError::exists(format!(
                    "Node with name {name} already exists"
                )));
            }
            name = format!("{wanted} ({number})");
            number += 1;
        }
        row.insert("display_name".into(), json!(name));
        Ok(())
    }

    /// Makes one; `row` holds what the kind adds by itself.
    pub(crate) fn create(
        self,
        world: &mut World,
        call: &Call,
        defaults: Map<String, Value>,
    ) -> Result<Value, ApiError> {
        let mut row = defaults;
        row.extend(self.given(call)?);
        self.check(&row)?;
        let parent = match row.get("parent_path").and_then(Value::as_str) {
            Some(path) if !path.is_empty() => normal(path)?,
            _ => format!("/Users/{}", call.caller.login),
        };
        if !world
            .files
            .get(&parent)
            .is_ok_and(|(_, node)| node.is_folder())
        {
            return Err(ApiError::missing(format!("Path ({parent}) doesn't exist.")));
        }
        let id = uuid::Uuid::new_v4().to_string();
        row.insert("parent_path".into(), json!(format!("/Workspace{parent}")));
        row.insert("id".into(), json!(id));
        row.insert("owner_user_name".into(), json!(call.caller.login));
        row.insert("lifecycle_state".into(), json!("ACTIVE"));
        row.insert("create_time".into(), json!(iso(call.now)));
        row.insert("update_time".into(), json!(iso(call.now)));
        self.name(world, call, &mut row)?;
        (self.table)(world).insert(&id, row.clone());
        world
            .permissions
            .created(self.permissions, &id, &call.caller, None, &world.directory)?;
        Ok(Value::Object(row))
    }

    /// One in the trash is still shown, and says so.
    pub(crate) fn show(self, world: &mut World, call: &Call) -> Result<Value, ApiError> {
        let row = (self.table)(world).get(self.what, call.param("id"))?;
        Ok(Value::Object(row.clone()))
    }

    /// Sets the fields that `mask` names, a comma between them: one that the object does not have is taken away.
    pub(crate) fn change(
        self,
        world: &mut World,
        call: &Call,
        mask: Option<&str>,
        more: &[&str],
    ) -> Result<Value, ApiError> {
        let mask = mask
            .filter(|mask| !mask.is_empty())
            .ok_or_else(|| ApiError::invalid("Missing required field: update_mask"))?;
        let given = match self.wrapper {
            None => call.body.clone(),
            Some(key) => match call.body.get(key) {
                Some(Value::Object(object)) => object.clone(),
                _ => Map::new(),
            },
        };
        let id = call.param("id");
        let mut row = (self.table)(world).get(self.what, id)?.clone();
        if row.get("lifecycle_state") != Some(&json!("ACTIVE")) {
            return Err(ApiError::state(format!(
                "{} {id} is in the trash.",
                self.what
            )));
        }
        let named: Vec<&str> = match mask {
            "*" => self
                .fields
                .iter()
                .copied()
                .filter(|field| given.contains_key(*field))
                .collect(),
            mask => mask.split(',').map(str::trim).collect(),
        };
        for path in named {
            // A path into a field changes the field as it was given.
            let field = path.split('.').next().unwrap_or(path);
            if field == "parent_path" || !(self.fields.contains(&field) || more.contains(&field)) {
                return Err(ApiError::invalid(format!(
                    "Invalid update mask: {path} cannot be changed."
                )));
            }
            match given.get(field) {
                Some(value) if !value.is_null() => {
                    drop(row.insert(field.to_owned(), value.clone()))
                }
                _ => drop(row.remove(field)),
            }
        }
        self.check(&row)?;
        self.name(world, call, &mut row)?;
        row.insert("update_time".into(), json!(iso(call.now)));
        if row.contains_key("last_modifier_user_name") {
            row.insert("last_modifier_user_name".into(), json!(call.caller.login));
        }
        (self.table)(world).insert(id, row.clone());
        Ok(Value::Object(row))
    }

    /// Into the trash.
    pub(crate) fn trash(self, world: &mut World, call: &Call) -> Result<Value, ApiError> {
        let row = (self.table)(world).get_mut(self.what, call.param("id"))?;
        row.insert("lifecycle_state".into(), json!(self.trashed));
        row.insert("update_time".into(), json!(iso(call.now)));
        Ok(json!({}))
    }

    /// Without what is in the trash.
    pub(crate) fn list(self, world: &mut World, call: &Call) -> Result<Value, ApiError> {
        let rows = (self.table)(world).rows();
        let rows = rows.filter(|row| row.get("lifecycle_state") == Some(&json!("ACTIVE")));
        let short = rows.map(|row| {
            let mut row = row.clone();
            row.retain(|key, _| !self.unlisted.contains(&key.as_str()));
            Value::Object(row)
        });
        let all = short.collect();
        PAGES.answer(call, self.list, all)
    }
}
