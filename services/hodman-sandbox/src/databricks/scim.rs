//! People, service principals and groups by SCIM 2.0, of a workspace or of the account.

mod patch;
mod routes;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::table::object;

pub(crate) use routes::router;

/// The three kinds of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    User,
    Group,
    ServicePrincipal,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::ServicePrincipal => "ServicePrincipal",
        }
    }

    /// Attribute no two of the kind share.
    fn unique(self) -> &'static str {
        match self {
            Self::User => "userName",
            Self::Group => "displayName",
            Self::ServicePrincipal => "applicationId",
        }
    }
}

/// All members.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    members: BTreeMap<(Kind, u64), Map<String, Value>>,
    last_id: u64,
}

/// A member as another directory takes it over, under the same id.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    kind: Kind,
    id: u64,
    row: Map<String, Value>,
}

/// A world with a directory: a workspace and the account.
pub(crate) trait HasDirectory: Send + 'static {
    fn directory(&mut self) -> &mut Directory;
}

impl Directory {
    /// A person (a login with `@`) or a service principal, in the groups `users` and `admins`.
    pub(crate) fn add_member(&mut self, login: &str, display_name: &str) {
        let (kind, body) = if login.contains('@') {
            (
                Kind::User,
                json!({"userName": login, "displayName": display_name}),
            )
        } else {
            (
                Kind::ServicePrincipal,
                json!({"applicationId": login, "displayName": display_name}),
            )
        };
        let id = self.insert(kind, object(body));
        for group in ["admins", "users"] {
            let group = self
                .members
                .iter_mut()
                .find(|((kind, _), row)| *kind == Kind::Group && row["displayName"] == group);
            if let Some((_, row)) = group
                && let Some(members) = row
                    .entry("members")
                    .or_insert_with(|| json!([]))
                    .as_array_mut()
            {
                members.push(json!({"value": id.to_string(), "display": display_name}));
            }
        }
    }

    /// Without members; ids begin behind `ids`, so that two directories do not share them.
    pub(crate) fn from(ids: u64) -> Self {
        Self {
            members: BTreeMap::new(),
            last_id: ids,
        }
    }

    /// Id of the person or the service principal with this login.
    pub(crate) fn login(&self, login: &str) -> Option<u64> {
        self.find(Kind::User, "userName", login)
            .or_else(|| self.find(Kind::ServicePrincipal, "applicationId", login))
    }

    /// The member and all groups it is in, also by way of others.
    pub(crate) fn with_groups(&self, id: u64) -> Vec<u64> {
        let mut found = vec![id];
        let mut next = 0;
        while let Some(member) = found.get(next).copied() {
            let groups = self.members.iter();
            for ((kind, group), row) in groups {
                if *kind == Kind::Group && has_member(row, member) && !found.contains(group) {
                    found.push(*group);
                }
            }
            next += 1;
        }
        found
    }

    /// The member to be taken over elsewhere.
    pub(crate) fn copy(&self, id: u64) -> Option<Member> {
        let ((kind, _), row) = self.members.iter().find(|((_, own), _)| *own == id)?;
        Some(Member {
            kind: *kind,
            id,
            row: row.clone(),
        })
    }

    /// Takes a member over, or only makes it an admin or no longer one when it is there already.
    pub(crate) fn adopt(&mut self, member: &Member, admin: bool) {
        let unique = member.kind.unique();
        let name = member.row.get(unique).and_then(Value::as_str);
        let name = name.unwrap_or_default();
        let known = self.find(member.kind, unique, name);
        let id = known.unwrap_or_else(|| {
            let key = (member.kind, member.id);
            self.members.insert(key, member.row.clone());
            member.id
        });
        let display = member.row.get("displayName").cloned().unwrap_or_default();
        for (group, within) in [("users", true), ("admins", admin)] {
            let Some(group) = self.find(Kind::Group, "displayName", group) else {
                continue;
            };
            let Some(row) = self.members.get_mut(&(Kind::Group, group)) else {
                continue;
            };
            let members = row.entry("members").or_insert_with(|| json!([]));
            if let Some(members) = members.as_array_mut() {
                members.retain(|other| other.get("value") != Some(&json!(id.to_string())));
                if within {
                    members.push(json!({"value": id.to_string(), "display": display}));
                }
            }
        }
    }

    /// Takes the member out again.
    pub(crate) fn release(&mut self, member: &Member) {
        let unique = member.kind.unique();
        let name = member.row.get(unique).and_then(Value::as_str);
        if let Some(id) = name.and_then(|name| self.find(member.kind, unique, name)) {
            self.forget(member.kind, id);
        }
    }

    /// Login of a person or a service principal.
    pub(crate) fn login_of(member: &Member) -> Option<&str> {
        match member.kind {
            Kind::Group => None,
            kind => member.row.get(kind.unique()).and_then(Value::as_str),
        }
    }

    pub(crate) fn add_group(&mut self, name: &str) {
        self.insert(Kind::Group, object(json!({ "displayName": name })));
    }

    /// How permissions name a login.
    pub(crate) fn principal(&self, login: &str) -> (&'static str, String) {
        let known = self
            .find(Kind::ServicePrincipal, "applicationId", login)
            .is_some();
        (
            if known || !login.contains('@') {
                "service_principal_name"
            } else {
                "user_name"
            },
            login.to_owned(),
        )
    }

    /// Application id and name of a service principal by its SCIM id.
    pub(crate) fn service_principal(&self, id: u64) -> Option<(String, String)> {
        let row = self.members.get(&(Kind::ServicePrincipal, id))?;
        let text = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
        Some((
            text("applicationId")?,
            text("displayName").unwrap_or_default(),
        ))
    }

    /// A member of any kind as workspace assignments show it.
    pub(crate) fn member(&self, id: u64) -> Option<Value> {
        let ((kind, _), row) = self.members.iter().find(|((_, own), _)| *own == id)?;
        let (field, attribute) = match kind {
            Kind::User => ("user_name", "userName"),
            Kind::Group => ("group_name", "displayName"),
            Kind::ServicePrincipal => ("service_principal_name", "applicationId"),
        };
        Some(json!({
            "principal_id": id,
            "display_name": row.get("displayName"),
            field: row.get(attribute),
        }))
    }

    /// A service principal that the service makes by itself: its SCIM id and application id.
    pub(crate) fn add_service_principal(&mut self, name: &str) -> (u64, String) {
        let application = uuid::Uuid::new_v4().to_string();
        let body = json!({"displayName": name, "applicationId": application});
        (
            self.insert(Kind::ServicePrincipal, object(body)),
            application,
        )
    }

    pub(crate) fn remove_service_principal(&mut self, id: u64) {
        self.forget(Kind::ServicePrincipal, id);
    }

    /// Takes a member out of the directory and out of the groups it is in.
    fn forget(&mut self, kind: Kind, id: u64) {
        self.members.remove(&(kind, id));
        let groups = self
            .members
            .iter_mut()
            .filter(|((of, _), _)| *of == Kind::Group);
        for (_, group) in groups {
            if let Some(Value::Array(members)) = group.get_mut("members") {
                members.retain(|member| member.get("value") != Some(&json!(id.to_string())));
                if members.is_empty() {
                    group.remove("members");
                }
            }
        }
    }

    /// Logins of all people.
    pub(crate) fn people(&self) -> Vec<String> {
        let users = self
            .members
            .iter()
            .filter(|((kind, _), _)| *kind == Kind::User);
        users
            .filter_map(|(_, row)| row.get("userName")?.as_str().map(str::to_owned))
            .collect()
    }

    /// The member a token speaks for.
    pub(crate) fn me(&self, login: &str) -> Result<Value, ApiError> {
        let found = self
            .find(Kind::User, "userName", login)
            .map(|id| (Kind::User, id))
            .or_else(|| {
                self.find(Kind::ServicePrincipal, "applicationId", login)
                    .map(|id| (Kind::ServicePrincipal, id))
            });
        let (kind, id) =
            found.ok_or_else(|| ApiError::scim(404, "", format!("{login} is not a member.")))?;
        let mut view = self.view(kind, id)?;
        // `userName` of a service principal is its application id.
        view["userName"] = json!(login);
        Ok(view)
    }

    fn find(&self, kind: Kind, attribute: &str, value: &str) -> Option<u64> {
        let matches =
            |row: &Map<String, Value>| row.get(attribute).and_then(Value::as_str) == Some(value);
        self.members
            .iter()
            .find(|((of, _), row)| *of == kind && matches(row))
            .map(|((_, id), _)| *id)
    }

    fn insert(&mut self, kind: Kind, mut row: Map<String, Value>) -> u64 {
        self.last_id += 1;
        row.remove("schemas");
        row.insert("id".into(), json!((10_000 + self.last_id).to_string()));
        if kind != Kind::Group {
            row.entry("active").or_insert(json!(true));
        }
        if kind == Kind::User && !row.contains_key("emails") {
            row.insert(
                "emails".into(),
                json!([{"type": "work", "value": row.get("userName"), "primary": true}]),
            );
        }
        if kind == Kind::ServicePrincipal && !row.contains_key("applicationId") {
            row.insert(
                "applicationId".into(),
                json!(uuid::Uuid::new_v4().to_string()),
            );
        }
        self.members.insert((kind, 10_000 + self.last_id), row);
        10_000 + self.last_id
    }

    fn row(&mut self, kind: Kind, id: u64) -> Result<&mut Map<String, Value>, ApiError> {
        self.members
            .get_mut(&(kind, id))
            .ok_or_else(|| absent(kind, id))
    }

    /// The row with its schema and the groups it is in.
    fn view(&self, kind: Kind, id: u64) -> Result<Value, ApiError> {
        let mut row = self
            .members
            .get(&(kind, id))
            .ok_or_else(|| absent(kind, id))?
            .clone();
        row.insert(
            "schemas".into(),
            json!([format!(
                "urn:ietf:params:scim:schemas:core:2.0:{}",
                kind.word()
            )]),
        );
        let groups: Vec<Value> = self
            .members
            .iter()
            .filter(|((of, _), group)| *of == Kind::Group && has_member(group, id))
            .map(|((_, group), row)| json!({"value": group.to_string(), "display": row.get("displayName"), "type": "direct"}))
            .collect();
        if !groups.is_empty() {
            row.insert("groups".into(), json!(groups));
        }
        Ok(Value::Object(row))
    }
}

fn has_member(group: &Map<String, Value>, id: u64) -> bool {
    let members = group
        .get("members")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    members
        .filter_map(|member| member.get("value")?.as_str()?.parse::<u64>().ok())
        .any(|member| member == id)
}

fn absent(kind: Kind, id: u64) -> ApiError {
    ApiError::scim(404, "", format!("{} with id {id} not found.", kind.word()))
}
