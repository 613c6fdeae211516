//! Short forms for what the files of the kinds say again and again.

use serde_json::{Map, Value};

use super::pattern::Pattern;
use super::rules::{CodeSource, Default, Reference, ServerFill, expand};

/// A field name at the start of a pattern and the places it stands for; see [`expand`].
pub(super) type Aliases<'a> = &'a [(&'a str, &'a [&'a str])];

/// The named fields of `answer`: what a person can set. Everything else in an answer is state.
pub(super) fn only(answer: &Value, fields: &[&str]) -> Value {
    let kept: Map<String, Value> = fields
        .iter()
        .filter_map(|field| Some(((*field).to_owned(), answer.get(*field)?.clone())))
        .collect();
    Value::Object(kept)
}

/// What the server takes when a field is absent.
pub(super) fn defaults(list: &[(&str, Value)], aliases: Aliases<'_>) -> Vec<Default> {
    list.iter()
        .flat_map(|(at, value)| {
            expand(&[at], aliases)
                .into_iter()
                .map(move |at| (at, value.clone()))
        })
        .map(|(at, value)| Default {
            at: Pattern::new(&at),
            value,
        })
        .collect()
}

/// What the server fills as it likes, and whether a capture keeps it.
pub(super) fn fills(list: &[(&str, bool)], aliases: Aliases<'_>) -> Vec<ServerFill> {
    list.iter()
        .flat_map(|(at, captured)| {
            expand(&[at], aliases)
                .into_iter()
                .map(move |at| (at, *captured))
        })
        .map(|(at, captured)| ServerFill {
            at: Pattern::new(&at),
            captured,
        })
        .collect()
}

/// Fields with ids of other objects.
pub(super) fn references(list: &[(&str, &'static str)], aliases: Aliases<'_>) -> Vec<Reference> {
    list.iter()
        .flat_map(|(at, kind)| {
            expand(&[at], aliases)
                .into_iter()
                .map(move |at| (at, *kind))
        })
        .map(|(at, kind)| Reference {
            at: Pattern::new(&at),
            kind,
        })
        .collect()
}

/// Fields that say where code is, and whether silence means Git where there is one.
pub(super) fn code_sources(list: &[(&str, bool)], aliases: Aliases<'_>) -> Vec<CodeSource> {
    list.iter()
        .flat_map(|(at, git_unsaid)| {
            expand(&[at], aliases)
                .into_iter()
                .map(move |at| (at, *git_unsaid))
        })
        .map(|(at, git_unsaid)| CodeSource {
            at: Pattern::new(&at),
            git_unsaid,
        })
        .collect()
}
