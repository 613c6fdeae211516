//! Fields that the server fills where nobody says them and that a person may have said. A capture keeps what the server would
//! not have filled by itself; where nothing tells the two apart, it says so.

mod fields;
mod served;
#[cfg(test)]
mod tests;
mod unanswered;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::field_path::FieldPath;
use crate::kinds::pattern::Pattern;
use crate::kinds::rules::{Rules, element_segment};
use crate::kinds::{Kind, Listed};
use fields::{
    AUTO, ELASTIC_DISK, OF_CLUSTERS, OF_KINDS, PARENT, UNKNOWN, ZONE, has_pool, home, is_chosen,
};

/// One such field that a config says.
struct Said<'v> {
    path: FieldPath,
    field: &'static [&'static str],
    /// The mapping that it is a field of.
    of: &'v Value,
    value: &'v Value,
}

/// Every such field that `config` says.
fn said<'v>(kind: &dyn Kind, config: &'v Value) -> Vec<Said<'v>> {
    let rules = kind.rules();
    let mut found = Vec::new();
    let mut look = |path: FieldPath, of: &'v Value, fields: &[&'static [&'static str]]| {
        for field in fields {
            let value = field.iter().try_fold(of, |value, key| value.get(key));
            if let Some(value) = value.filter(|value| !value.is_null()) {
                let path = field.iter().fold(path.clone(), |path, key| path.key(*key));
                found.push(Said {
                    path,
                    field,
                    of,
                    value,
                });
            }
        }
    };
    for (name, fields) in OF_KINDS {
        if *name == kind.name() {
            look(FieldPath::default(), config, fields);
        }
    }
    for at in rules.policy_fills.iter().filter(|at| at.names_any(config)) {
        for (path, cluster) in mappings(rules, at, config) {
            look(path, cluster, OF_CLUSTERS);
        }
    }
    found
}

/// What `at` names in `config`, each with its path.
fn mappings<'v>(rules: &Rules, at: &Pattern, config: &'v Value) -> Vec<(FieldPath, &'v Value)> {
    let mut found = Vec::new();
    let mut left = vec![(FieldPath::default(), config)];
    while let Some((path, value)) = left.pop() {
        if at.matches(&path) {
            found.push((path, value));
            continue;
        }
        match value {
            Value::Object(map) => {
                let inside = map
                    .iter()
                    .map(|(key, value)| (path.key(key.clone()), value));
                left.extend(inside);
            }
            Value::Array(items) => {
                let field = rules.list_key_at(&path);
                let inside = items.iter().enumerate();
                left.extend(
                    inside.map(|(index, item)| {
                        (path.then(element_segment(field, item, index)), item)
                    }),
                );
            }
            _ => {}
        }
    }
    found
}

/// Puts what was chosen back into the form of an object of the workspace, which has nothing of what the server may fill.
pub(super) fn put_back(kind: &dyn Kind, form: &mut Value, listed: &Listed) {
    for said in said(kind, &listed.config) {
        if is_chosen(&said, listed) {
            said.path.put(form, Some(said.value.clone()));
        }
    }
    served::put_back(kind, form, &listed.config);
}

/// Puts what the repository says of such fields, in `config`, back into its form.
pub(super) fn keep_said(kind: &dyn Kind, form: &mut Value, config: &Value) {
    for said in said(kind, config) {
        said.path.put(form, Some(said.value.clone()));
    }
    served::put_back(kind, form, config);
}

/// Whether nobody can tell by itself who said it, so that it is told of a new object.
fn is_told(field: &[&str]) -> bool {
    UNKNOWN.iter().any(|(unknown, _)| *unknown == field)
}

/// Makes the form of an object silent where `git`, the form of the repository, is and the server may have filled it, because
/// we deployed it from there; and say what `git` says where that is no difference. `base` is the form of the last capture.
pub(super) fn settle(
    kind: &dyn Kind,
    form: &mut Value,
    git: &Value,
    listed: &Listed,
    base: &dyn Fn() -> Option<Value>,
) {
    let live = said(kind, &listed.config);
    let in_git = said(kind, git);
    for said in &in_git {
        let there = live.iter().find(|other| other.path == said.path);
        let wanted = match there {
            Some(there) if there.value == said.value => Some(said.value),
            // Who asks for a certain zone gets none but that: another one is somebody's doing. Where nobody asked before, the server found
            // the one that is there.
            Some(there) if said.field == ZONE => {
                let before = base();
                let before = before.as_ref().and_then(|base| said.path.get(base));
                let asked = before.is_some_and(|zone| zone != AUTO);
                Some(match asked && said.value != AUTO {
                    true => there.value,
                    false => said.value,
                })
            }
            // Where Git says it, no server filled it: another value is somebody's doing.
            Some(there) if is_told(said.field) => Some(there.value),
            Some(_) => None,
            // Not every answer has these.
            None => Some(said.value).filter(|_| [ELASTIC_DISK, ZONE, PARENT].contains(&said.field)),
        };
        if let Some(wanted) = wanted {
            said.path.put(form, Some(wanted.clone()));
        }
    }
    served::settle(kind, form, git, &listed.config);
    if listed.marker.is_none() {
        return;
    }
    for said in &live {
        if in_git.iter().any(|other| other.path == said.path) {
            continue;
        }
        // These say by themselves that no server filled them.
        if fields::says_itself(said.field) && is_chosen(said, listed) {
            continue;
        }
        said.path.put(form, None);
        let mut around = said.path.clone();
        around.0.pop();
        let empty = |value: &Value| value.as_object().is_some_and(serde_json::Map::is_empty);
        if said.field.len() > 1 && around.get(form).is_some_and(empty) {
            around.put(form, None);
        }
    }
}

/// What a new object has of which nobody can tell who said it, in words.
pub(super) fn unknown(kind: &dyn Kind, listed: &Listed) -> Vec<String> {
    let mut zones: Vec<&str> = said(kind, &listed.config)
        .iter()
        .filter(|said| said.field == ZONE && !has_pool(said.of))
        .filter_map(|said| said.value.as_str())
        .collect();
    zones.retain(|zone| !["", AUTO].contains(zone));
    zones.sort_unstable();
    zones.dedup();
    let mut told = Vec::new();
    if !zones.is_empty() {
        told.push(format!(
            "`aws_attributes.zone_id` is not captured: {} may be what the server found by itself; write it into Git where it \
             ought to be a certain zone",
            zones.join(", ")
        ));
    }
    let parent = listed.config.get("parent_path").and_then(Value::as_str);
    let parent = parent.unwrap_or_default();
    if ["jobs", "pipelines"].contains(&kind.name())
        && let Some(whose) = home(parent)
        && Some(whose) != listed.creator.as_deref()
    {
        told.push(format!(
            "`parent_path` is not captured: {parent} is a personal folder; write another one into Git where it ought to lie in one"
        ));
    }
    for said in said(kind, &listed.config) {
        let Some((_, why)) = UNKNOWN.iter().find(|(field, _)| *field == said.field) else {
            continue;
        };
        // Answers write nothing so, too.
        if said.value.as_str() == Some("") {
            continue;
        }
        told.push(format!(
            "`{}` is not captured: {} {why}; write it into Git where it ought to be so",
            said.path,
            short_text(said.value)
        ));
    }
    told.extend(unanswered::of(kind, &listed.config));
    told
}

/// What the workspace says and the form does not, because nobody can tell whether the server filled it: by its place. What
/// the lock remembers of it tells when it is another one.
pub(super) fn unsure(kind: &dyn Kind, form: &Value, listed: &Listed) -> BTreeMap<String, String> {
    said(kind, &listed.config)
        .iter()
        .filter(|said| said.path.get(form).is_none())
        .filter(|said| match said.field {
            ZONE => !has_pool(said.of),
            // Of what we deployed, the server may have filled all but what says by itself that it did not.
            _ => is_chosen(said, listed),
        })
        .map(|said| (said.path.to_string(), short_text(said.value)))
        .collect()
}

/// A value in a line of text.
fn short_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(short_text).collect();
            items.join(", ")
        }
        other => other.to_string(),
    }
}
