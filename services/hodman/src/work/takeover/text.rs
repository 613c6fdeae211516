//! How a takeover is said: in the environment's file, and in the pull request.

use super::super::WorkError;
use super::super::quiet::quiet;
use super::{Layer, earlier, imports};
use hodman_model::field_path::PathSegment;
use hodman_model::files::parse_environment;
use hodman_model::takeover::{After, Matched};
use hodman_model::yaml_edit;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Rows of the table; the file itself lists all of them.
pub(super) const ROWS: usize = 100;

/// The environment's file with the ids in it; comments and order stay.
pub(super) fn edited(
    path: &str,
    text: &str,
    entries: &[earlier::Entry],
    stacks: &[imports::Entry],
) -> Result<String, WorkError> {
    let key = |key: &str| PathSegment::Key(key.to_owned());
    let ids = entries.iter().map(|(layer, of, id)| {
        let mut at = match layer {
            Layer::Workspace(place) => vec![key("workspaces"), PathSegment::Index(*place)],
            Layer::Foundation => vec![],
        };
        at.extend([key("adopt"), key(&of.to_string())]);
        (at, Value::from(id.as_str()))
    });
    let imports = stacks.iter().map(|(place, identifier)| {
        let at = ["modules", &place.call, "import", &place.resource].map(key);
        (at.to_vec(), json!(identifier))
    });
    let mut text = text.to_owned();
    for (at, value) in ids.chain(imports) {
        text = yaml_edit::set(&text, &at, &value, &[])
            .map_err(|error| WorkError::lasting(format!("{path} cannot be edited: {error}")))?
            .text;
    }
    parse_environment(path, &text)?;
    Ok(text)
}

/// What is taken over, what is left alone and what comes after, as Markdown.
pub(super) fn table(matched: &Matched) -> String {
    let mut text = String::from("| resource | object | was | paired by |\n|---|---|---|---|\n");
    for found in matched.imports.iter().take(ROWS) {
        let _ = writeln!(
            text,
            "| `modules.{}.import.{}` | {} `{}` | `{}` | {} |",
            found.place.call,
            found.place.resource,
            found.kind,
            quiet(&found.id),
            quiet(&found.address),
            quiet(&found.because)
        );
    }
    for found in matched.matches.iter().take(ROWS) {
        let marked = found
            .marked
            .as_ref()
            .map(|marked| format!("; {marked}"))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "| `{}` | {} `{}` | `{}`{} | {} |",
            found.key,
            quiet(&found.name),
            found.id,
            quiet(&found.address),
            quiet(&marked),
            found.because
        );
    }
    let more =
        matched.matches.len().saturating_sub(ROWS) + matched.imports.len().saturating_sub(ROWS);
    if more > 0 {
        let _ = writeln!(text, "\nand {more} more");
    }
    text.push_str(&after(matched));
    if !matched.left.is_empty() {
        text.push_str("\nLeft alone:\n\n");
        for left in matched.left.iter().take(ROWS) {
            let _ = writeln!(
                text,
                "- `{}` (`{}`): {}",
                quiet(&left.address),
                left.id,
                quiet(&left.because)
            );
        }
    }
    text
}

/// What the same stacks make right after.
fn after(matched: &Matched) -> String {
    if matched.after.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "\nThese the same stacks make new, by the change set that follows. Where there is one already, AWS refuses many of them a second \
         time (routes, associations, rules of groups, whatever has a name): list it, too, or take it away first.\n\n",
    );
    for one in matched.after.iter().take(ROWS) {
        let After {
            place,
            kind,
            is_known,
        } = one;
        let unknown = match is_known {
            true => "",
            false => {
                ": a state is not looked through for such; `--from ids` takes what identifies it"
            }
        };
        let _ = writeln!(
            text,
            "- `{}.{}` ({kind}){unknown}",
            place.call, place.resource
        );
    }
    if matched.after.len() > ROWS {
        let _ = writeln!(text, "- and {} more", matched.after.len() - ROWS);
    }
    text
}
