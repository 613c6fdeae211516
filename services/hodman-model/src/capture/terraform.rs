//! The capture as Terraform: one file for each object, merged by lines with what people changed in Git.

mod last;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::chosen;
use super::folders::was_looked_for;
use super::form::{Names, of_live};
use super::identity::said;
use super::keys::{Keys, slug};
use super::select::Selected;
use super::sources::{self, Piece, gone, merge_text_file};
use super::varied::with_pauses;
use super::{CapturedAs, LIBRARIES, LiveResource, NAME_ONLY, Work, notes};
use crate::bundle::{Language, ResourceKey, is_designer};
use crate::digest::sha256;
use crate::files::{CapturedEntry, Tree};
use crate::hcl;
use crate::kinds::{Kind, kind};
use crate::plan::refers_to;
use words::Words;

/// How its files end.
pub(super) const END: &str = ".tf";
/// Where they lie.
const FOLDER: &str = "terraform";
/// The kind, in the lock, of files that are no object's.
const AROUND: &str = "terraform";

/// Whether a file of the lock is one of Terraform's, also one of values.
pub(super) fn is_one(entry: &CapturedEntry) -> bool {
    entry.kind == AROUND || entry.file.ends_with(END)
}

pub(super) fn capture(
    work: &mut Work<'_>,
    selected: &Selected<'_>,
    keys: &Keys,
    sources: &BTreeMap<String, String>,
) {
    let lookups = BTreeMap::new();
    let known = known(work, selected, keys);
    let sources = &without_designers(work, sources);
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
        let source = source_file(name);
        around(work, &source, &text);
        written.insert((AROUND.to_owned(), source));
    }
    let places = [
        place_of_variables(),
        place_of_values(work.input.env),
        format!("{FOLDER}/versions{END}"),
    ];
    written.extend(
        places
            .iter()
            .map(|place| (AROUND.to_owned(), place.clone())),
    );
    rest(work, &written, selected, keys);
    // Only now it is known which files stay.
    last::keep_variables(work, &mut words.variables);
    for (name, variable) in &words.variables {
        if let Some((sort, value)) = said(&variable.description) {
            work.declared.knows(sort, value, name);
        }
    }
    let texts = [
        hcl::variables(&words.variables),
        hcl::values(&words.variables),
        hcl::versions(),
    ];
    for (place, text) in places.iter().zip(&texts) {
        around(work, place, text);
    }
}

/// The provider is not known to make files of Designer, and what it would make of one, nobody opens in Designer again.
fn without_designers(
    work: &mut Work<'_>,
    sources: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let (designers, rest): (BTreeMap<_, _>, BTreeMap<_, _>) = sources
        .iter()
        .map(|(path, place)| (path.clone(), place.clone()))
        .partition(|(_, place)| is_designer(place));
    for (path, place) in designers {
        let detail = format!(
            "left out of Terraform: {path} is a Designer file, and no resource of the provider is known to make one; put \
             it there by hand"
        );
        work.row(&place, CapturedAs::Note, None, None, detail);
    }
    rest
}

/// Where the variables lie.
fn place_of_variables() -> String {
    format!("{FOLDER}/variables{END}")
}

/// Where their values lie.
fn place_of_values(env: &str) -> String {
    format!("{FOLDER}/{env}.tfvars")
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
    let mut form = match work.literal("pause_statuses") {
        true => form,
        false => with_pauses(kind, &form),
    };
    if let Some(libraries @ Value::Array(_)) = live.listed.outputs.get(LIBRARIES) {
        form[LIBRARIES] = libraries.clone();
    }
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
    if last::hides_libraries(work, live) {
        let detail = "not compared: what is installed on it could not be read".to_owned();
        work.row(&key.to_string(), CapturedAs::Note, None, None, detail);
        let locked = work.locked(&live.kind, &live.listed.id).cloned();
        work.entries.extend(locked);
        return;
    }
    let text = last::with_access(work, kind, live, written.text);
    merge_text_file(work, &piece, text.into_bytes());
    if new || work.out.changes.contains_key(&place) {
        let mut told = notes::of(kind, live, &form);
        let uncaptured = refers_to(kind, &form)
            .into_iter()
            // The others are told above.
            .filter(|(other, id)| work.locked(other, id).is_none());
        told.extend(uncaptured.map(|(other, id)| notes::uncaptured(&other, &id)));
        for detail in told {
            work.row(&key.to_string(), CapturedAs::Note, None, None, detail);
        }
    }
}

fn around(work: &mut Work<'_>, place: &str, text: &str) {
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
        .filter(|entry| is_one(entry))
        .filter(|entry| !written.contains(&(entry.kind.clone(), entry.id.clone())))
        .filter(|entry| !inherited.contains(&ResourceKey::new(&entry.kind, &entry.key)))
        .cloned()
        .collect();
    for entry in left {
        let there = present.contains(&(entry.kind.as_str(), entry.id.as_str()))
            || work.input.snapshot.unread.contains_key(&entry.kind)
            || !was_looked_for(work.input, work.repo, selected, &entry);
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
