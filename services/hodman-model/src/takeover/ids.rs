//! A list that somebody wrote: `jobs.nightly: "123"`, one line each, as YAML or JSON; and what a stack takes over by its place in the
//! environment's file, `modules.network.import.Vpc: vpc-0a1b`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Former, FormerResource, FormerState, Place, refused};
use crate::bundle::ResourceKey;
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::files::yaml;
use crate::kinds::{KINDS, kind};

pub(super) fn read(path: &str, bytes: &[u8]) -> Result<FormerState, Diagnostics> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        refused(
            path,
            "not a text in UTF-8",
            "write `jobs.nightly: \"123\"`, one line each",
        )
    })?;
    let listed: BTreeMap<String, Value> =
        yaml::read(path, text).map_err(|found| Diagnostics(vec![found]))?;
    let mut found = FormerState::default();
    let mut problems = Diagnostics::default();
    for (written, id) in listed {
        let place = |message: String| {
            let diagnostic = Diagnostic::error(path, message);
            match line_of(text, &written) {
                Some(line) => diagnostic.at(line, 1),
                None => diagnostic,
            }
        };
        if written.starts_with("modules.") {
            match of_stack(&written, &id) {
                Ok(resource) => found.resources.push(resource),
                Err((words, hint)) => problems.push(place(words).hint(hint)),
            }
            continue;
        }
        let Ok(key) = written.parse::<ResourceKey>() else {
            problems.push(
                place(format!("`{written}` is no key of a resource"))
                    .hint("write the kind and the key, such as `jobs.nightly`"),
            );
            continue;
        };
        if kind(&key.kind).is_none() {
            let mut problem = place(format!("`{}` is no kind that is managed", key.kind));
            problem.hint = did_you_mean(&key.kind, KINDS.iter().map(|kind| kind.name()));
            problems.push(problem);
            continue;
        }
        let id = match id {
            Value::String(id) if !id.trim().is_empty() => id,
            Value::Number(id) if id.is_u64() => id.to_string(),
            _ => {
                problems.push(
                    place(format!(
                        "the id of `{written}` is neither a text nor a whole number"
                    ))
                    .hint("write it in quotes, as the workspace shows it"),
                );
                continue;
            }
        };
        // Only the file's own name: the rest says nothing to whoever reads the pull request.
        let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let address = match line_of(text, &written) {
            Some(line) => format!("{written} ({file}:{line})"),
            None => format!("{written} ({file})"),
        };
        found.objects.push(Former {
            address,
            key,
            id,
            name: None,
            facts: BTreeMap::new(),
        });
    }
    problems.into_result(found)
}

/// What a stack takes over; or why that is not understood, and a hint.
fn of_stack(written: &str, id: &Value) -> Result<FormerResource, (String, &'static str)> {
    let named = written
        .strip_prefix("modules.")
        .and_then(|rest| rest.split_once(".import."))
        .filter(|(call, resource)| !call.is_empty() && !resource.is_empty());
    let Some((call, resource)) = named else {
        let words = format!("`{written}` is no place for a resource of a stack");
        let hint =
            "write the call and the resource's name in its template: `modules.network.import.Vpc`";
        return Err((words, hint));
    };
    let text = |value: &Value| match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        _ => None,
    };
    let identifier: Option<BTreeMap<String, String>> = match id {
        Value::Object(map) if !map.is_empty() => {
            let entries = map.iter();
            entries
                .map(|(property, value)| Some((property.clone(), text(value)?)))
                .collect()
        }
        value => text(value).map(|_| BTreeMap::new()),
    };
    let Some(identifier) = identifier else {
        let words = format!("`{written}` is neither an id nor what identifies a resource");
        return Err((words, "`vpc-0a1b`, or `{VpcId: vpc-0a1b}`"));
    };
    let parts: Vec<&str> = identifier.values().map(String::as_str).collect();
    Ok(FormerResource {
        address: written.to_owned(),
        place: Some(Place {
            call: call.to_owned(),
            resource: resource.to_owned(),
        }),
        id: text(id).unwrap_or_else(|| parts.join(", ")),
        identifier,
        ..FormerResource::default()
    })
}

fn line_of(text: &str, key: &str) -> Option<u32> {
    let at = text.lines().position(|line| {
        line.trim_start()
            .trim_start_matches(['"', '\''])
            .starts_with(key)
    })?;
    u32::try_from(at + 1).ok()
}
