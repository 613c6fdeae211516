//! The capture as Terraform: one file for each object, merged by lines with what people changed in Git.

use std::collections::{BTreeMap, BTreeSet};

use super::chosen;
use super::form::{Names, of_live};
use super::identity::{description, said};
use super::keys::{Keys, slug};
use super::select::Selected;
use super::sources::{self, Piece, gone, merge_text_file};
use super::varied::{Sort, catalog_in, sort_called, sort_of, with_pauses};
use super::{CapturedAs, LiveResource, NAME_ONLY, Work};
use crate::bundle::{Language, ResourceKey};
use crate::digest::sha256;
use crate::files::{CapturedEntry, Tree};
use crate::hcl::{self, Variable};
use crate::kinds::{Kind, kind};
use crate::plan::refers_to;

/// How its files end.
pub(super) const END: &str = ".tf";
/// Where they lie.
const FOLDER: &str = "terraform";
/// The kind, in the lock, of files that are no object's.
const AROUND: &str = "terraform";

pub(super) fn capture(
    work: &mut Work<'_>,
    selected: &Selected<'_>,
    keys: &Keys,
    sources: &BTreeMap<String, String>,
) {
    let lookups = BTreeMap::new();
    let known = known(work, selected, keys);
    let names = Names {
        keys: &known,
        sources,
        folders: false,
        lookups: &lookups,
    };
    let files = files(work, selected, sources);
    let names_of = address_names(work.input.tree, files.keys().copied());
    let mut words = Words {
        literals: &work.input.rules.literals,
        addresses: addresses(&files, &names_of),
        keys: &known,
        variables: BTreeMap::new(),
    };
    let mut written: BTreeSet<(String, String)> = BTreeSet::new();
    for live in &selected.resources {
        let found = kind(&live.kind).zip(keys.get(&(live.kind.clone(), live.listed.id.clone())));
        let Some((kind, key)) = found else { continue };
        object(work, kind, key, live, &names, &mut words);
        written.insert((live.kind.clone(), live.listed.id.clone()));
    }
    for (place, (path, language)) in &files {
        let name = &names_of[place];
        let text = hcl::notebook(name, path, &format!("../{place}"), *language);
        around(work, &source_file(name), &text, &mut written);
    }
    for (name, variable) in &words.variables {
        if let Some((sort, value)) = said(&variable.description) {
            work.declared.knows(sort, value, name);
        }
    }
    let env = work.input.env;
    for (file, text) in [
        (
            format!("{FOLDER}/variables{END}"),
            hcl::variables(&words.variables),
        ),
        (
            format!("{FOLDER}/{env}.tfvars"),
            hcl::values(&words.variables),
        ),
        (format!("{FOLDER}/versions{END}"), hcl::versions()),
    ] {
        around(work, &file, &text, &mut written);
    }
    rest(work, &written, selected, keys);
}

fn object(
    work: &mut Work<'_>,
    kind: &dyn Kind,
    key: &ResourceKey,
    live: &LiveResource,
    names: &Names<'_>,
    words: &mut Words<'_>,
) {
    let form = of_live(kind, &live.listed, names);
    for (other, id) in refers_to(kind, &form) {
        if work.locked(&other, &id).is_some() {
            let detail = format!(
                "refers to {other} {id}, which is gone; the id means nothing in another workspace"
            );
            work.row(&key.to_string(), CapturedAs::Note, None, None, detail);
        }
    }
    let said = format!("{} `{}`", kind.singular(), live.listed.name);
    let new = work.locked(&live.kind, &live.listed.id).is_none();
    let form = match work.literal("pause_statuses") {
        true => form,
        false => with_pauses(kind, &form),
    };
    let Some(written) = hcl::resource(key, &live.listed.id, &live.listed.outputs, &form, words)
    else {
        if new {
            let detail = "the Databricks provider has no resource for it".to_owned();
            work.row(&key.to_string(), CapturedAs::Note, None, None, detail);
        }
        return;
    };
    if new && !written.unknown.is_empty() {
        let detail = format!(
            "the Databricks provider has no field for {}",
            written.unknown.join(", ")
        );
        work.row(&key.to_string(), CapturedAs::Note, None, None, detail);
    }
    for detail in chosen::unknown(kind, &live.listed)
        .into_iter()
        .filter(|_| new)
    {
        work.row(&key.to_string(), CapturedAs::Note, None, None, detail);
    }
    let place = format!("{FOLDER}/{}.{}{END}", key.key, kind.singular());
    let piece = Piece {
        kind: &live.kind,
        id: &live.listed.id,
        key: &key.key,
        place: &place,
        detail: said,
        creator: live.listed.creator.as_deref(),
        created_at: live.listed.created_at,
        modified_at: live.listed.modified_at,
        seen: None,
        from: None,
    };
    merge_text_file(work, &piece, written.text.into_bytes());
}

fn around(work: &mut Work<'_>, place: &str, text: &str, written: &mut BTreeSet<(String, String)>) {
    let piece = Piece {
        kind: AROUND,
        id: place,
        key: place,
        place,
        detail: "what the other files need".to_owned(),
        creator: None,
        created_at: None,
        modified_at: None,
        seen: None,
        from: None,
    };
    merge_text_file(work, &piece, text.as_bytes().to_vec());
    written.insert((AROUND.to_owned(), place.to_owned()));
}

/// What the last capture wrote and this one did not.
fn rest(
    work: &mut Work<'_>,
    written: &BTreeSet<(String, String)>,
    selected: &Selected<'_>,
    keys: &Keys,
) {
    let key_of = |live: &LiveResource| keys.get(&(live.kind.clone(), live.listed.id.clone()));
    let inherited: BTreeSet<&ResourceKey> = selected
        .resources
        .iter()
        .filter_map(|live| key_of(live))
        .collect();
    let present: BTreeSet<(&str, &str)> = work
        .input
        .snapshot
        .resources
        .iter()
        .map(|live| (live.kind.as_str(), live.listed.id.as_str()))
        .collect();
    let left: Vec<CapturedEntry> = work
        .input
        .lock
        .entries
        .iter()
        .filter(|entry| entry.kind != sources::KIND && entry.file != NAME_ONLY)
        .filter(|entry| entry.kind == AROUND || entry.file.ends_with(END))
        .filter(|entry| !written.contains(&(entry.kind.clone(), entry.id.clone())))
        .filter(|entry| !inherited.contains(&ResourceKey::new(&entry.kind, &entry.key)))
        .cloned()
        .collect();
    for entry in left {
        let there = present.contains(&(entry.kind.as_str(), entry.id.as_str()))
            || work.input.snapshot.unread.contains_key(&entry.kind);
        gone(work, entry, !there);
    }
}

/// The keys that a reference may name: those of objects that have a file when this capture is merged.
fn known(work: &Work<'_>, selected: &Selected<'_>, keys: &Keys) -> Keys {
    let ids = |live: &LiveResource| (live.kind.clone(), live.listed.id.clone());
    let chosen: BTreeSet<(String, String)> =
        selected.resources.iter().map(|live| ids(live)).collect();
    let present: BTreeSet<(String, String)> =
        work.input.snapshot.resources.iter().map(ids).collect();
    let replaced: BTreeSet<(&str, &str)> = work
        .heirs
        .iter()
        .map(|((kind, _), old)| (kind.as_str(), old.as_str()))
        .collect();
    let stays = |identity: &(String, String)| {
        let entry = work.locked(&identity.0, &identity.1);
        let in_git = entry.map(|entry| work.input.tree.contains_key(&entry.file));
        let there = present.contains(identity)
            || replaced.contains(&(&*identity.0, &*identity.1))
            || work.input.snapshot.unread.contains_key(&identity.0);
        in_git.unwrap_or_else(|| chosen.contains(identity)) && there
    };
    // Copies have no file of their own: they go by the key of what they are folded into.
    let copies: BTreeSet<(String, String)> =
        selected.copies.iter().map(|(live, _)| ids(live)).collect();
    let staying: BTreeSet<&ResourceKey> = keys
        .iter()
        .filter(|(identity, _)| !copies.contains(identity) && stays(identity))
        .map(|(_, key)| key)
        .collect();
    keys.iter()
        .filter(|(_, key)| staying.contains(key))
        .map(|(identity, key)| (identity.clone(), key.clone()))
        .collect()
}

/// Captured files by place: path in the workspace, and language. Those that were not read now are as Git has them.
fn files<'s>(
    work: &Work<'_>,
    selected: &Selected<'_>,
    sources: &'s BTreeMap<String, String>,
) -> BTreeMap<&'s str, (&'s str, Option<Language>)> {
    let mut files = BTreeMap::new();
    for (path, place) in sources {
        let live = selected.files.get(path);
        let language = match live {
            Some(live) => live.language,
            None => {
                let git = work.input.tree.get(place);
                git.and_then(|git| Language::of_notebook(place, &git.bytes))
            }
        };
        // A file that was renamed has its old path here, too.
        if live.is_some() || !files.contains_key(place.as_str()) {
            files.insert(place.as_str(), (path.as_str(), language));
        }
    }
    files
}

/// The addresses of captured files, by path in the repository.
fn addresses(
    files: &BTreeMap<&str, (&str, Option<Language>)>,
    names: &BTreeMap<&str, String>,
) -> BTreeMap<String, String> {
    files
        .iter()
        .map(|(place, (_, language))| {
            let kind = match language {
                Some(_) => "databricks_notebook",
                None => "databricks_workspace_file",
            };
            ((*place).to_owned(), format!("{kind}.{}", names[place]))
        })
        .collect()
}

/// The name of each file in its address. Two paths can make one name: what has it keeps it, for another address is
/// another object to Terraform; the other one has a piece of its path's digest behind it.
fn address_names<'p>(
    tree: &Tree,
    places: impl Iterator<Item = &'p str>,
) -> BTreeMap<&'p str, String> {
    let has = |place: &str, name: &str| {
        let file = tree.get(&source_file(name));
        let said = format!("/../{place}\"");
        file.is_some_and(|file| String::from_utf8_lossy(&file.bytes).contains(&said))
    };
    let wanted = |place: &str| {
        let plain = slug(place.strip_prefix("src/").unwrap_or(place), "file");
        let digest = sha256(place.as_bytes()).to_string();
        let piece: String = digest.chars().rev().take(PIECE).collect();
        [plain.clone(), format!("{plain}_{piece}")]
    };
    let mut names = BTreeMap::new();
    let mut taken = BTreeSet::new();
    let mut new = Vec::new();
    for place in places {
        match wanted(place).into_iter().find(|name| has(place, name)) {
            Some(name) => {
                taken.insert(name.clone());
                names.insert(place, name);
            }
            None => new.push(place),
        }
    }
    for place in new {
        let [plain, longer] = wanted(place);
        let name = if taken.contains(&plain) {
            longer
        } else {
            plain
        };
        taken.insert(name.clone());
        names.insert(place, name);
    }
    names
}

/// Characters of a digest that tell two files apart.
const PIECE: usize = 8;

fn source_file(name: &str) -> String {
    format!("{FOLDER}/{name}.source{END}")
}

/// What stands for values.
struct Words<'a> {
    literals: &'a [String],
    addresses: BTreeMap<String, String>,
    keys: &'a Keys,
    variables: BTreeMap<String, Variable>,
}

impl Words<'_> {
    fn named(&mut self, sort: &Sort, text: &str) -> Option<String> {
        if self.literals.iter().any(|name| name == sort.name) {
            return None;
        }
        let wanted = slug(&format!("{} {text}", sort.word), sort.word);
        let variable = Variable {
            description: description(sort.name, text),
            value: Some(text.to_owned()),
        };
        let mut name = wanted.clone();
        let mut number = 2;
        // Two values can have one name: the second gets a number.
        while self
            .variables
            .get(&name)
            .is_some_and(|known| *known != variable)
        {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        self.variables.insert(name.clone(), variable);
        Some(name)
    }
}

impl hcl::Names for Words<'_> {
    fn variable(&mut self, kind: &str, path: &[&str], text: &str) -> Option<String> {
        self.named(sort_of(kind, path, text)?, text)
    }

    fn inside<'t>(
        &mut self,
        kind: &str,
        path: &[&str],
        text: &'t str,
    ) -> Option<(&'t str, String, &'t str)> {
        let (before, catalog, after) = catalog_in(kind, path, text)?;
        let name = self.named(sort_called("catalogs")?, catalog)?;
        Some((before, name, after))
    }

    fn secret(&mut self, key: &ResourceKey, field: &str) -> String {
        let mut name = format!("{}_{}", key.key, slug(field, "secret"));
        let variable = Variable {
            description: format!("`{field}` of {key}: a secret that was not captured"),
            value: None,
        };
        // Objects of two kinds can have one key.
        if self
            .variables
            .get(&name)
            .is_some_and(|known| *known != variable)
        {
            name = format!("{}_{name}", key.kind);
        }
        self.variables.insert(name.clone(), variable);
        name
    }

    fn id(&self, key: &ResourceKey) -> Option<String> {
        let mut of_key = self.keys.iter().filter(|(_, other)| *other == key);
        of_key.next().map(|((_, id), _)| id.clone())
    }

    fn source(&self, path: &str) -> Option<String> {
        self.addresses.get(path).cloned()
    }
}
