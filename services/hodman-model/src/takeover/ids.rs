//! A list that somebody wrote: `jobs.nightly: "123"`, one line each, as YAML or JSON.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Former, FormerState, refused};
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
        found.objects.push(Former {
            address: written.clone(),
            key,
            id,
            name: None,
        });
    }
    problems.into_result(found)
}

fn line_of(text: &str, key: &str) -> Option<u32> {
    let at = text.lines().position(|line| {
        line.trim_start()
            .trim_start_matches(['"', '\''])
            .starts_with(key)
    })?;
    u32::try_from(at + 1).ok()
}
