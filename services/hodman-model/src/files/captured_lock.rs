//! `environments/<env>/captured.lock`: what the last merged capture saw, and under which ids.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::node::Node;
use super::yaml;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::digest::Digest;

/// The base of the next capture's three-way merge. Changed only by capture pull requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapturedLock {
    /// The format, 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// One entry for each captured object, sorted by kind and key.
    #[serde(default)]
    pub entries: Vec<CapturedEntry>,
}

/// One captured object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapturedEntry {
    /// Its key in the bundle, or the path of a file.
    pub key: String,
    /// Its kind in the plural, such as `jobs`.
    pub kind: String,
    /// Its id in the captured workspace, as text.
    pub id: String,
    /// The repository file that holds it.
    pub file: String,
    /// The digest of what was written for it.
    pub digest: Digest,
    /// Of a file: how the workspace listed it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// Of an object: what the server may have filled by itself, and is in no file for that, as it was then, by its place. So
    /// that it is told when it is another one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub found: BTreeMap<String, String>,
    /// The digest of what its captures tell again and again: while that says the same, a pull request does not put it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Digest>,
}

/// How the workspace listed a file. While it says the same, the file is not exported again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Its id.
    pub object_id: i64,
    /// When it was changed last, in milliseconds since 1970.
    pub modified_at: i64,
}

impl CapturedLock {
    /// The format this program reads and writes.
    pub const VERSION: u32 = 1;
}

impl Default for CapturedLock {
    fn default() -> Self {
        Self {
            version: Self::VERSION,
            entries: Vec::new(),
        }
    }
}

/// What helps where a merge left its marks in one, or somebody emptied it.
const MENDS: &str = "take the default branch's file, or remove it: the next capture knows objects by their tags and names";

/// Reads a `captured.lock`; entries come back sorted, whatever a hand-resolved merge made of their order.
///
/// # Errors
/// Where the text does not parse, has another version, or names one object twice.
pub fn parse_captured_lock(path: &str, text: &str) -> Result<CapturedLock, Diagnostics> {
    let mut lock: CapturedLock = yaml::read(path, text).map_err(|mut wrong| {
        wrong.hint.get_or_insert_with(|| MENDS.to_owned());
        wrong
    })?;
    if lock.version != CapturedLock::VERSION {
        let message = format!(
            "version {} is not one that this program reads",
            lock.version
        );
        return Err(at(path, text, |root| root.get("version").cloned(), &message).into());
    }
    sort(&mut lock.entries);
    if let Some(pair) = lock
        .entries
        .windows(2)
        .find(|pair| identity(&pair[0]) == identity(&pair[1]))
    {
        let message = format!("{} `{}` is listed twice", pair[0].kind, pair[0].key);
        let (kind, key) = (pair[0].kind.clone(), pair[0].key.clone());
        let second = move |root: &Node| {
            let entries = root.get("entries")?.as_list()?;
            let same = |entry: &&Node| {
                entry.get("kind").and_then(Node::as_text) == Some(&kind)
                    && entry.get("key").and_then(Node::as_text) == Some(&key)
            };
            entries.iter().filter(same).nth(1).cloned()
        };
        return Err(at(path, text, second, &message)
            .hint("a merge kept both sides: keep one")
            .into());
    }
    Ok(lock)
}

/// Writes a `captured.lock`: sorted, one entry a block, so that merges of captures touch few lines.
#[must_use]
pub fn render_captured_lock(lock: &CapturedLock) -> String {
    let mut entries = lock.entries.clone();
    sort(&mut entries);
    let mut out = format!("version: {}\n", lock.version);
    if entries.is_empty() {
        out.push_str("entries: []\n");
        return out;
    }
    out.push_str("entries:\n");
    for CapturedEntry {
        key,
        kind,
        id,
        file,
        digest,
        seen,
        found,
        told,
    } in &entries
    {
        for (lead, name, value) in [
            ("- ", "key", key),
            ("  ", "kind", kind),
            ("  ", "id", id),
            ("  ", "file", file),
        ] {
            out.push_str(&format!("{lead}{name}: {}\n", quoted(value)));
        }
        out.push_str(&format!("  digest: {digest}\n"));
        if let Some(Seen {
            object_id,
            modified_at,
        }) = seen
        {
            out.push_str(&format!(
                "  seen: {{object_id: {object_id}, modified_at: {modified_at}}}\n"
            ));
        }
        if !found.is_empty() {
            out.push_str("  found:\n");
        }
        for (place, value) in found {
            out.push_str(&format!("    {}: {}\n", quoted(place), quoted(value)));
        }
        if let Some(told) = told {
            out.push_str(&format!("  told: {told}\n"));
        }
    }
    out
}

fn identity(entry: &CapturedEntry) -> (&str, &str) {
    (&entry.kind, &entry.key)
}

fn sort(entries: &mut [CapturedEntry]) {
    entries.sort_by(|a, b| {
        (identity(a), &a.id, &a.file, &a.digest).cmp(&(identity(b), &b.id, &b.file, &b.digest))
    });
}

fn at(path: &str, text: &str, find: impl Fn(&Node) -> Option<Node>, message: &str) -> Diagnostic {
    let found = Node::parse(path, text.as_bytes())
        .ok()
        .and_then(|root| find(&root));
    found.map_or_else(
        || Diagnostic::error(path, message),
        |node| node.place.error(message),
    )
}

/// A double-quoted YAML scalar. Always quoted: an id such as `012` or `1e5` must stay a text for every reader.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            printable if is_printable(printable) => out.push(printable),
            other => out.push_str(&format!("\\U{:08X}", u32::from(other))),
        }
    }
    out.push('"');
    out
}

/// YAML 1.2 `c-printable` less the line breaks and marks that some readers fold or drop.
fn is_printable(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}
