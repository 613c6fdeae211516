//! Names and globs in the capture rules.

use globset::Glob;

use super::Check;
use crate::capture::SORTS;
use crate::diagnostic::did_you_mean;
use crate::files::environment::{Environment, Selection};
use crate::kinds::KINDS;

pub(super) fn check(check: &mut Check<'_>, environment: &Environment) {
    let Some(rules) = &environment.capture else {
        return;
    };
    for (key, names) in [
        ("kinds", &rules.kinds),
        ("exclude_kinds", &rules.exclude_kinds),
    ] {
        globs(check, &["capture", key], names);
        for (index, name) in names.iter().enumerate() {
            let known = || KINDS.iter().map(|kind| kind.name());
            if !name.contains(['*', '?', '[', '{']) && !known().any(|kind| kind == name) {
                let place = check.item(&["capture", key], index, None);
                let hint = did_you_mean(name, known());
                check.push(place, &format!("`{name}` is no kind"), hint.as_deref());
            }
        }
    }
    for (index, name) in rules.literals.iter().enumerate() {
        let known = || SORTS.iter().map(|sort| sort.name);
        if !known().any(|sort| sort == name) {
            let place = check.item(&["capture", "literals"], index, None);
            let hint = did_you_mean(name, known());
            check.push(
                place,
                &format!("`{name}` is no sort of values"),
                hint.as_deref(),
            );
        }
    }
    let named = rules
        .by_kind
        .iter()
        .map(|(kind, names)| (kind.as_str(), names));
    for (key, Selection { include, exclude }) in named.chain([("creators", &rules.creators)]) {
        globs(check, &["capture", key, "include"], include);
        globs(check, &["capture", key, "exclude"], exclude);
    }
    for (key, tags) in [
        ("include", &rules.tags.include),
        ("exclude", &rules.tags.exclude),
    ] {
        for (tag, glob) in tags {
            if Glob::new(glob).is_err() {
                let place = check.value(&["capture", "tags", key, tag]);
                check.push(place, &format!("`{glob}` is not a glob"), None);
            }
        }
    }
}

fn globs(check: &mut Check<'_>, keys: &[&str], globs: &[String]) {
    for (index, glob) in globs.iter().enumerate() {
        if Glob::new(glob).is_err() {
            let place = check.item(keys, index, None);
            check.push(place, &format!("`{glob}` is not a glob"), None);
        }
    }
}
