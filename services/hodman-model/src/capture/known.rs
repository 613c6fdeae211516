//! Files of the workspace that the repository has already, at places of its own: what a deployment of the bundle uploaded,
//! and what a resource of the bundle names where its object in the workspace names a file of the same name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::copies::Users;
use super::form::{of_repo, with_variables};
use super::keys::Keys;
use super::paths::{REPO, each_path, extension, short};
use super::repo::Repo;
use super::select::Selected;
use super::{CaptureInput, sources};
use crate::bundle::{CURRENT_USER, Language};
use crate::files::Tree;
use crate::kinds::{Kind, kind};

const LANGUAGES: [Option<Language>; 6] = [
    None,
    Some(Language::Python),
    Some(Language::Sql),
    Some(Language::Scala),
    Some(Language::R),
    Some(Language::Jupyter),
];

/// The repository's path of each such file or folder, by short path in the workspace.
pub(super) fn places(
    input: &CaptureInput<'_>,
    repo: &Repo,
    selected: &Selected<'_>,
    keys: &Keys,
) -> BTreeMap<String, String> {
    let deployed = Deployed::of(input, repo);
    let mut known: BTreeMap<String, String> = selected
        .referred
        .iter()
        .chain(selected.files.keys())
        .filter_map(|path| Some((path.clone(), deployed.place(path, input.tree)?)))
        .collect();
    let locked: BTreeSet<&str> = input
        .lock
        .entries
        .iter()
        .filter(|entry| entry.kind == sources::KIND)
        .map(|entry| entry.id.as_str())
        .collect();
    for live in &selected.resources {
        let (Some(kind), Some(key)) = (
            kind(&live.kind),
            keys.get(&(live.kind.clone(), live.listed.id.clone())),
        ) else {
            continue;
        };
        let new: BTreeSet<String> = paths(kind, &live.listed.config)
            .iter()
            .map(|path| short(path).to_owned())
            .filter(|path| !locked.contains(path.as_str()) && !known.contains_key(path))
            .filter(|path| selected.files.contains_key(path))
            .collect();
        if new.is_empty() {
            continue;
        }
        let git = of_repo(kind, key, repo, input.target, input.tree, input.variables);
        let named = paths(kind, &git.unwrap_or_default());
        let named: Vec<&str> = named
            .iter()
            .filter_map(|path| path.strip_prefix(REPO))
            .filter(|path| input.tree.contains_key(*path))
            .collect();
        for path in new {
            let language = selected.files.get(&path).and_then(|file| file.language);
            let wanted = format!("{}{}", last(&path), extension(language));
            let mut fit = named.iter().filter(|place| last(place) == wanted);
            if let (Some(place), None) = (fit.next(), fit.next()) {
                known.insert(path, (*place).to_owned());
            }
        }
    }
    known
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What a config names of files and notebooks, each once.
fn paths(kind: &dyn Kind, config: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut scratch = config.clone();
    each_path(kind, &mut scratch, &mut |_, value| {
        found.extend(value.as_str().map(str::to_owned));
    });
    found
}

/// Where a deployment of the bundle puts its files.
struct Deployed {
    /// In anybody's folder: `…/.bundle/<name>/`, then the target.
    usual: Option<String>,
    /// As the bundle says it, for everybody who may have deployed where the user is in it.
    said: Vec<String>,
}

impl Deployed {
    fn of(input: &CaptureInput<'_>, repo: &Repo) -> Self {
        let said = with_variables(&repo.said, input.variables);
        let own = said
            .get("targets")
            .and_then(|targets| targets.get(input.target));
        let workspace = |field: &str| {
            let of = |all: &Value| Some(all.get("workspace")?.get(field)?.as_str()?.to_owned());
            let path = own.and_then(of).or_else(|| of(&said))?;
            let home = format!("/Workspace/Users/{CURRENT_USER}userName}}/");
            Some(
                path.strip_prefix("~/")
                    .map_or(path.clone(), |rest| format!("{home}{rest}")),
            )
        };
        let files =
            workspace("file_path").or_else(|| Some(format!("{}/files", workspace("root_path")?)));
        let name = said
            .get("bundle")
            .and_then(|bundle| bundle.get("name")?.as_str());
        let users = Users::of(&input.snapshot.resources);
        let files = files
            .into_iter()
            .flat_map(|path| match path.contains(CURRENT_USER) {
                true => users
                    .all()
                    .filter_map(|user| user.named_in(&path))
                    .collect(),
                false => vec![path],
            });
        Self {
            usual: name.map(|name| format!("/.bundle/{name}/")),
            said: files
                .filter(|path| path.starts_with('/') && !path.contains("${"))
                .map(|path| format!("{}/", short(&path).trim_end_matches('/')))
                .collect(),
        }
    }

    /// The file or folder of the repository that was uploaded to that short path.
    fn place(&self, path: &str, tree: &Tree) -> Option<String> {
        let said = self
            .said
            .iter()
            .find_map(|start| path.strip_prefix(start.as_str()));
        let usual = || {
            let (_, rest) = path.split_once(self.usual.as_deref()?)?;
            let (_target, rest) = rest.split_once('/')?;
            rest.strip_prefix("files/")
        };
        let inside = said.or_else(usual)?;
        LANGUAGES
            .iter()
            .map(|language| format!("{inside}{}", extension(*language)))
            .find(|place| tree.contains_key(place))
            .or_else(|| {
                let below = format!("{inside}/");
                let (first, _) = tree.range(below.clone()..).next()?;
                first.starts_with(&below).then(|| inside.to_owned())
            })
    }
}
