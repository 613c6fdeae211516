//! The variables that a capture declares. They are collected while resources are written, and written at the end, so that
//! thousands of values cost one edit and not thousands.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::identity::declared;
use super::repo::{ROOT_FILES, Repo};
use super::variables::looked_up;
use super::{CapturedAs, Work};
use crate::field_path::FieldPath;
use crate::files::Tree;
use crate::yaml_edit::{self, EditError, Edited};

/// The order of fields in what is written.
const ORDER: &[&str] = &["description", "lookup"];
/// What stands for the new entries until they are put in its place.
const HERE: &str = "hodman-writes-here";

/// So many edits are made one by one.
const FEW: usize = 20;

/// What is declared already, and what is to be.
pub(super) struct Declared {
    names: BTreeSet<String>,
    by_value: BTreeMap<(String, String), String>,
    by_lookup: BTreeMap<String, String>,
    new: Map<String, Value>,
    here: Map<String, Value>,
}

impl Declared {
    /// What the bundle's files declare; `variables` are their values here.
    pub fn of(repo: &Repo, variables: &BTreeMap<String, Value>) -> Self {
        let names = repo.said.get("variables").and_then(Value::as_object);
        let mut by_value = BTreeMap::new();
        for (name, said) in declared(&repo.said) {
            by_value.entry(said).or_insert(name);
        }
        let mut by_lookup = BTreeMap::new();
        for (name, value) in variables {
            if let Some(text) = value.as_str().filter(|text| looked_up(text).is_some()) {
                by_lookup
                    .entry(text.to_owned())
                    .or_insert_with(|| name.clone());
            }
        }
        Self {
            names: names
                .into_iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect(),
            by_value,
            by_lookup,
            new: Map::new(),
            here: Map::new(),
        }
    }

    /// Notes that `name`, which is declared, stands for a value.
    pub fn knows(&mut self, sort: &str, value: &str, name: &str) {
        let known = (sort.to_owned(), value.to_owned());
        self.by_value.insert(known, name.to_owned());
    }

    /// Sort, value and variable of all that variables stand for.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let all = self.by_value.iter();
        all.map(|((sort, value), name)| (sort.as_str(), value.as_str(), name.as_str()))
    }

    /// Whether this capture declares it.
    pub fn is_new(&self, name: &str) -> bool {
        self.new.contains_key(name)
    }

    /// The variable that stands for a captured value.
    pub fn of_value(&self, sort: &str, value: &str) -> Option<&String> {
        self.by_value.get(&(sort.to_owned(), value.to_owned()))
    }

    /// The variable that looks something up.
    pub fn of_lookup(&self, text: &str) -> Option<&String> {
        self.by_lookup.get(text)
    }

    /// Whether a variable of that name is declared.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Declares `name`, as `said`, when it is not.
    pub fn add(&mut self, name: &str, said: &Value) {
        if self.names.insert(name.to_owned()) {
            self.new.insert(name.to_owned(), said.clone());
        }
    }

    /// Declares `name` for a captured value, which the target says.
    pub fn add_value(&mut self, name: &str, said: &Value, sort: &str, value: &str) {
        self.add(name, said);
        self.here.insert(name.to_owned(), json!(value));
        self.knows(sort, value, name);
    }

    /// Declares `name` for what is looked up by `text`.
    pub fn add_lookup(&mut self, name: &str, said: &Value, text: &str) {
        self.add(name, said);
        self.by_lookup.insert(text.to_owned(), name.to_owned());
    }
}

/// Writes what was declared: into the root file, which is made when there is none, and the values into the file that has
/// the target.
pub(super) fn write(work: &mut Work<'_>) {
    let root = match work.repo.root_file {
        Some(root) => root,
        None => match new_root(work) {
            Some(root) => root,
            None => return,
        },
    };
    let target = work.input.target;
    let (new, here) = (
        std::mem::take(&mut work.declared.new),
        std::mem::take(&mut work.declared.here),
    );
    let place = FieldPath::default().key("variables");
    put_all(work, root, &place, &new);
    let of_target = work.repo.target_files.get(target);
    let file = of_target.map_or(root, String::as_str).to_owned();
    let place = FieldPath::default()
        .key("targets")
        .key(target)
        .key("variables");
    put_all(work, &file, &place, &here);
}

/// A bundle begins with a root file: without one nothing of it could be packed, and its variables would have no place.
fn new_root(work: &mut Work<'_>) -> Option<&'static str> {
    let root = ROOT_FILES.first().copied()?;
    // Files alone are no bundle's, and removals need none.
    let writes = |(path, change): (&String, &Option<Vec<u8>>)| {
        change.is_some() && path.starts_with("resources/")
    };
    if !work.out.changes.iter().any(writes) {
        return None;
    }
    let mut text = format!(
        "# Made by a capture: the bundle that the captured files belong to.\nbundle:\n  name: {}\n\ninclude:\n  - resources/*.yml\n\ntargets:\n",
        json!(work.input.bundle)
    );
    for target in targets(work.input.tree, work.input.target) {
        text += &format!("  {}: {{}}\n", json!(target));
    }
    work.out
        .changes
        .insert(root.to_owned(), Some(text.into_bytes()));
    let detail = "the bundle had no root file, so one was written".to_owned();
    work.row(root, CapturedAs::Added, None, None, detail);
    Some(root)
}

/// The targets of all environments that the repository has.
fn targets(tree: &Tree, captured: &str) -> BTreeSet<String> {
    let of_path = |path: &String| {
        let rest = path.strip_prefix("environments/")?;
        let env = rest.strip_suffix("/environment.yaml")?;
        let bytes = tree.get(path)?.bytes.clone();
        let binding = yaml_edit::read(std::str::from_utf8(&bytes).ok()?).unwrap_or_default();
        let target = binding.get("bundle_target").and_then(Value::as_str);
        Some(target.unwrap_or(env).to_owned())
    };
    let mut all: BTreeSet<String> = tree.keys().filter_map(of_path).collect();
    all.insert(captured.to_owned());
    all
}

fn put_all(work: &mut Work<'_>, file: &str, place: &FieldPath, entries: &Map<String, Value>) {
    if entries.is_empty() {
        return;
    }
    let text = work.text(file);
    match with_all(&text, place, entries) {
        Ok(edited) => {
            let bytes = edited.text.into_bytes();
            work.out.changes.insert(file.to_owned(), Some(bytes));
            if let Some(block) = edited.rewritten {
                let detail = format!(
                    "variables were declared: the block `{block}` was written anew; its comments are lost"
                );
                work.row(file, CapturedAs::Note, None, None, detail);
            }
        }
        // Never hidden: what was written refers to them.
        Err(error) => work.row(
            file,
            CapturedAs::Conflict,
            None,
            None,
            format!("`{place}` cannot be written: {error}"),
        ),
    }
}

/// `text` with more entries in the mapping at `place`.
fn with_all(
    text: &str,
    place: &FieldPath,
    entries: &Map<String, Value>,
) -> Result<Edited, EditError> {
    let before = yaml_edit::read(text)?;
    let there = place.get(&before).and_then(Value::as_object);
    let Some(there) = there.filter(|there| !there.is_empty()) else {
        let whole = Value::Object(entries.clone());
        return yaml_edit::set(text, &place.0, &whole, ORDER);
    };
    let mut whole = there.clone();
    whole.extend(entries.clone());
    if let Some(text) = in_one(text, &before, place, entries, &whole) {
        return Ok(Edited {
            text,
            rewritten: None,
        });
    }
    // In an odd layout each entry costs an edit, or the block its comments.
    if entries.len() > FEW {
        return yaml_edit::set(text, &place.0, &Value::Object(whole), ORDER);
    }
    let mut edited = Edited {
        text: text.to_owned(),
        rewritten: None,
    };
    for (name, value) in entries {
        let next = yaml_edit::set(&edited.text, &place.key(name).0, value, ORDER)?;
        edited.text = next.text;
        edited.rewritten = edited.rewritten.or(next.rewritten);
    }
    Ok(edited)
}

/// One edit that marks the place, and all entries put there; none where that does not mean what it should.
fn in_one(
    text: &str,
    before: &Value,
    place: &FieldPath,
    entries: &Map<String, Value>,
    whole: &Map<String, Value>,
) -> Option<String> {
    let (first, _) = entries.iter().next()?;
    let marked = yaml_edit::set(text, &place.key(first).0, &json!(HERE), ORDER).ok()?;
    let line = marked.text.lines().find(|line| line.ends_with(HERE))?;
    let indent: String = line.chars().take_while(|c| *c == ' ').collect();
    let block: String = yaml_edit::render(&Value::Object(entries.clone()), ORDER)
        .lines()
        .map(|line| match line {
            "" => "\n".to_owned(),
            line => format!("{indent}{line}\n"),
        })
        .collect();
    let mut block = block.trim_end_matches('\n').to_owned();
    if marked.text.contains(&format!("{line}\r\n")) {
        block = block.replace('\n', "\r\n");
    }
    let text = marked.text.replacen(line, &block, 1);
    let mut intended = before.clone();
    place.put(&mut intended, Some(Value::Object(whole.clone())));
    yaml_edit::read(&text)
        .is_ok_and(|value| value == intended)
        .then_some(text)
}
