//! What of the workspace is captured at all.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use globset::{Glob, GlobSet, GlobSetBuilder};
use serde_json::Value;

use super::copies::{Prefix, Users, fold};
use super::folders;
use super::paths::{each_path, is_checkout, is_personal, short, split_pattern};
use super::{CaptureInput, LiveFile, LiveResource, UNKNOWN};
use crate::files::{CaptureRules, Selection};
use crate::kinds::{Captured, Kind, Listed, Marker, RESTORED, kind};

/// What is captured, in a fixed order.
pub(super) struct Selected<'a> {
    /// Objects, sorted by kind, name and id.
    pub resources: Vec<Cow<'a, LiveResource>>,
    /// Objects of which only the name is told.
    pub named: Vec<&'a LiveResource>,
    /// Development copies that were folded into another object: (copy, name of the other).
    pub copies: Vec<(&'a LiveResource, String)>,
    /// Notebooks and files by short path (without `/Workspace`).
    pub files: BTreeMap<String, &'a LiveFile>,
    /// The named folders, as short paths.
    pub roots: Vec<String>,
    /// The short paths of files and folders that the objects point to.
    pub referred: BTreeSet<String>,
}

/// `prefix` is what the target puts before names.
pub(super) fn select<'a>(input: &CaptureInput<'a>, prefix: Option<Prefix<'_>>) -> Selected<'a> {
    let rules = input.rules;
    let roots = roots(rules);
    let choice = Choice::new(rules);
    let apps = of_apps(&input.snapshot.resources);
    let mut chosen: Vec<&LiveResource> = input
        .snapshot
        .resources
        .iter()
        .filter(|live| choice.takes(&live.kind, &live.listed))
        .filter(|live| !(live.kind == PRINCIPALS && apps.contains(live.listed.id.as_str())))
        .collect();
    chosen.sort_by(|a, b| {
        (&a.kind, &a.listed.name, &a.listed.id).cmp(&(&b.kind, &b.listed.name, &b.listed.id))
    });
    let (named, whole): (Vec<_>, Vec<_>) = chosen
        .into_iter()
        .partition(|live| kind(&live.kind).map(Kind::captured) == Some(Captured::NameOnly));
    let users = Users::of(&input.snapshot.resources);
    let (mut resources, copies) = fold(whole, input.lock, prefix, &users);
    folders::keep_shared(&mut resources, input.lock);
    let referred = referred(&resources);
    let files = input
        .snapshot
        .files
        .iter()
        .map(|(path, file)| (short(path).to_owned(), file))
        .filter(|(path, _)| !path.starts_with("/Shared/.hodman/"))
        .filter(|(path, file)| {
            is_below(&referred, path) && !is_personal(path) && !is_checkout(path)
                || names(&roots, path) && since(rules, file.modified_at.or(file.created_at))
        })
        .collect();
    Selected {
        resources,
        named,
        copies,
        files,
        roots,
        referred,
    }
}

/// Whether the rules name a folder that `path` lies in. What a person keeps for themselves is not meant by a folder
/// around everybody's.
pub(super) fn names(roots: &[String], path: &str) -> bool {
    let personal = is_personal(path);
    roots.iter().any(|root| {
        below_one_of(std::slice::from_ref(root), path)
            && (!personal || is_personal(&format!("{root}/")))
    })
}

/// Whether one of `paths` is `path` or a folder that it lies in. What is at the top, such as `/Shared`, is everybody's.
fn is_below(paths: &BTreeSet<String>, path: &str) -> bool {
    paths.contains(path)
        || path
            .match_indices('/')
            .skip(2)
            .any(|(slash, _)| paths.contains(&path[..slash]))
}

/// Whether the rules name the folder of a file in the workspace.
pub fn path_chooser(rules: &CaptureRules) -> impl Fn(&str) -> bool {
    let roots = roots(rules);
    move |path| names(&roots, short(path))
}

/// The kind of the principals that apps have.
const PRINCIPALS: &str = "service_principals";

/// The ids of the principals that apps came with: each app makes its own.
fn of_apps(resources: &[LiveResource]) -> BTreeSet<String> {
    let apps = resources.iter().filter(|live| live.kind == "apps");
    apps.filter_map(
        |live| match live.listed.outputs.get("service_principal_id")? {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        },
    )
    .collect()
}

/// The short paths of files that chosen objects point to, as far as they are captured: what a workspace has to be asked
/// for besides the folders that the rules name.
#[must_use]
pub fn wanted_paths(rules: &CaptureRules, resources: &[LiveResource]) -> BTreeSet<String> {
    let roots = roots(rules);
    let choice = Choice::new(rules);
    let chosen: Vec<Cow<'_, LiveResource>> = resources
        .iter()
        .filter(|live| choice.takes(&live.kind, &live.listed))
        .map(Cow::Borrowed)
        .collect();
    referred(&chosen)
        .into_iter()
        .filter(|path| path.starts_with('/'))
        .filter(|path| !is_personal(path) && !is_checkout(path) || names(&roots, path))
        // What is at the top is everybody's folder.
        .filter(|path| path.matches('/').count() > 1)
        .collect()
}

/// Whether the rules choose an object, by kind.
pub fn chooser(rules: &CaptureRules) -> impl Fn(&str, &Listed) -> bool + '_ {
    let choice = Choice::new(rules);
    move |kind, listed| choice.takes(kind, listed)
}

/// The folders that the rules name, as short paths.
fn roots(rules: &CaptureRules) -> Vec<String> {
    rules
        .paths
        .iter()
        .map(|path| short(path).trim_end_matches('/').to_owned())
        .collect()
}

/// The rules, compiled.
struct Choice<'a> {
    rules: &'a CaptureRules,
    roots: Vec<String>,
    kinds: (GlobSet, GlobSet),
    names: BTreeMap<&'a str, (GlobSet, GlobSet)>,
    creators: (GlobSet, GlobSet),
    tags: (Tags<'a>, Tags<'a>),
}

/// Tags by name, with what their value must match.
type Tags<'a> = Vec<(&'a str, GlobSet)>;

impl<'a> Choice<'a> {
    fn new(rules: &'a CaptureRules) -> Self {
        let everything = Selection::default();
        let kinds = if rules.kinds.is_empty() {
            &everything.include
        } else {
            &rules.kinds
        };
        let pair = |selection: &Selection| (globs(&selection.include), globs(&selection.exclude));
        let tags = |wanted: &'a BTreeMap<String, String>| {
            wanted
                .iter()
                .map(|(tag, glob)| (tag.as_str(), globs(std::slice::from_ref(glob))))
                .collect()
        };
        Self {
            rules,
            roots: roots(rules),
            kinds: (globs(kinds), globs(&rules.exclude_kinds)),
            names: rules
                .by_kind
                .iter()
                .map(|(kind, selection)| (kind.as_str(), pair(selection)))
                .collect(),
            creators: pair(&rules.creators),
            tags: (tags(&rules.tags.include), tags(&rules.tags.exclude)),
        }
    }

    fn takes(&self, name: &str, listed: &Listed) -> bool {
        let Some(kind) = kind(name).filter(|kind| !matches!(kind.captured(), Captured::Never(_)))
        else {
            return false;
        };
        // A marker says that a promotion made it, or that somebody copied what one made; but what was restored is people's
        // own again.
        let promoted = |marker: &Marker| marker.env != RESTORED;
        !listed.marker.as_ref().is_some_and(promoted)
            && matches(&self.kinds, name)
            && self
                .names
                .get(name)
                .is_none_or(|globs| matches(globs, &listed.name))
            && matches(&self.creators, listed.creator.as_deref().unwrap_or(UNKNOWN))
            && self.by_tags(kind, &listed.config)
            && since(self.rules, listed.modified_at)
            && !self.is_scratch(listed)
    }

    fn by_tags(&self, kind: &dyn Kind, config: &Value) -> bool {
        let field = kind.rules().tags_field;
        if field.is_empty() {
            return true;
        }
        let tags = config.get(field);
        let has = |(tag, value): &(&str, GlobSet)| {
            let said = tags.and_then(|tags| tag_of(tags, tag));
            said.is_some_and(|text| value.is_match(text))
        };
        self.tags.0.iter().all(has) && !self.tags.1.iter().any(has)
    }

    /// What lies in a person's own folder is nobody else's, unless the rules name the folder.
    fn is_scratch(&self, listed: &Listed) -> bool {
        let path = listed
            .natural
            .as_deref()
            .filter(|path| path.starts_with('/'));
        let folder = ["parent_path", "path"]
            .iter()
            .find_map(|field| listed.config.get(field)?.as_str());
        path.or(folder).map(short).is_some_and(|path| {
            path.starts_with("/Shared/.hodman/") || is_personal(path) && !names(&self.roots, path)
        })
    }
}

/// The value of a tag. APIs have them as a mapping, as a list of `{key, value}`, or as such a list one deeper.
fn tag_of<'c>(tags: &'c Value, name: &str) -> Option<&'c str> {
    match tags {
        Value::Array(list) => {
            let tag = list
                .iter()
                .find(|tag| tag.get("key").and_then(Value::as_str) == Some(name))?;
            // A tag without a value is there all the same.
            Some(tag.get("value").and_then(Value::as_str).unwrap_or_default())
        }
        Value::Object(map) => match map.get("custom_tags") {
            Some(list @ Value::Array(_)) => tag_of(list, name),
            _ => map.get(name)?.as_str(),
        },
        _ => None,
    }
}

/// Whether something changed at that moment is new enough; what nobody knows the time of is.
fn since(rules: &CaptureRules, at: Option<chrono::DateTime<chrono::Utc>>) -> bool {
    rules
        .changed_since
        .zip(at)
        .is_none_or(|(since, at)| at >= since)
}

/// Whether `path` lies in one of the folders, or is one of them.
pub(super) fn below_one_of(roots: &[String], path: &str) -> bool {
    roots.iter().any(|root| {
        path.strip_prefix(root.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The short paths that objects point to; of a pattern, the folder that it begins in.
fn referred(resources: &[Cow<'_, LiveResource>]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for live in resources {
        let Some(kind) = kind(&live.kind) else {
            continue;
        };
        let mut scratch = live.listed.config.clone();
        each_path(kind, &mut scratch, &mut |_, value| {
            let fixed = value.as_str().map(|path| split_pattern(short(path)).0);
            found.extend(fixed.map(str::to_owned));
        });
    }
    found
}

fn matches((include, exclude): &(GlobSet, GlobSet), name: &str) -> bool {
    include.is_match(name) && !exclude.is_match(name)
}

/// The rules were checked when they were read; a pattern that does not compile matches nothing.
fn globs(patterns: &[String]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in patterns
        .iter()
        .filter_map(|pattern| Glob::new(pattern).ok())
    {
        builder.add(glob);
    }
    builder.build().unwrap_or_default()
}
