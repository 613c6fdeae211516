//! Lists that a resource says, and its target too: the bundle has both, one after the other. So a target can add to a list
//! and nothing else, and what it says is never the whole.

use std::collections::BTreeMap;

use serde_json::Value;

use super::form::same;
use super::git_code::GitCode;
use super::kept::{Said, There, has_reference};
use super::overlay::is_joined;
use super::repo::{Piece, Repo, place_of};
use crate::bundle::ResourceKey;
use crate::field_path::FieldPath;
use crate::files::Tree;
use crate::kinds::Kind;

/// The bundle as files say it for one target.
pub(super) struct World<'w> {
    pub repo: &'w Repo,
    pub tree: &'w Tree,
    pub target: &'w str,
    pub variables: &'w BTreeMap<String, Value>,
}

/// What one file says of a list.
pub(super) struct Part {
    /// The file.
    pub file: String,
    /// Where in it the resource stands.
    pub place: FieldPath,
    /// Whether other targets have it, too.
    pub for_all: bool,
    said: Option<Said>,
    /// What it means here.
    means: Vec<Value>,
}

impl Part {
    /// What it says of `path`, its list.
    pub fn there(&self, path: &FieldPath) -> Option<There<'_>> {
        self.said.as_ref()?.at(path)
    }
}

/// A list that more than one file says or may say.
pub(super) struct Divided {
    parts: Vec<Part>,
    unordered: bool,
}

impl World<'_> {
    /// What one file says of a resource.
    pub fn said(&self, kind: &dyn Kind, key: &ResourceKey, piece: &Piece<'_>) -> Said {
        let pieces = self.repo.pieces(key, self.target);
        let (tree, variables) = (self.tree, self.variables);
        let code = GitCode::of(pieces.iter().map(|piece| piece.raw), variables);
        Said::new(kind, (piece.raw, piece.file), &code, tree, variables)
    }

    /// The parts of the list at `path`; none where one file alone says it, so that nothing is added to anything. Where the
    /// resource says it with references, the target `may_add`: what it adds leaves them as they are for the others.
    pub fn divided(
        &self,
        kind: &dyn Kind,
        key: &ResourceKey,
        path: &FieldPath,
        may_add: bool,
    ) -> Option<Divided> {
        if is_joined(&key.kind, path) {
            return None;
        }
        let pieces = self.repo.pieces(key, self.target);
        let own = self.repo.resources.get(key)?;
        let mut parts = Vec::new();
        for piece in &pieces {
            match path.get(piece.raw) {
                None | Some(Value::Null) => continue,
                Some(Value::Array(_)) => {}
                Some(_) => return None,
            }
            let said = self.said(kind, key, piece);
            let means = said.at(path).and_then(|there| there.means.as_array());
            parts.push(Part {
                file: piece.file.to_owned(),
                place: piece.place.clone(),
                for_all: piece.place == place_of(key),
                means: means.cloned().unwrap_or_default(),
                said: Some(said),
            });
        }
        let by_reference = path.get(&own.raw).is_some_and(has_reference);
        if let ([own], true) = (parts.as_slice(), may_add && by_reference)
            && own.for_all
            && let Some((file, place)) = self.repo.over_place(key, self.target, path)
        {
            parts.push(Part {
                file,
                place,
                for_all: false,
                said: None,
                means: Vec::new(),
            });
        }
        let unordered = kind.rules().sets.iter().any(|set| set.matches(path));
        (parts.len() > 1).then_some(Divided { parts, unordered })
    }
}

impl Divided {
    /// The part that can take `wanted`, the whole list, while the others stay, with what it says then. The target before the
    /// resource: that is the smaller change.
    pub fn taken(&self, wanted: &[Value]) -> Option<(&Part, Vec<Value>)> {
        (0..self.parts.len()).rev().find_map(|at| {
            let means = |parts: &[Part]| -> Vec<Value> {
                parts.iter().flat_map(|part| part.means.clone()).collect()
            };
            let (before, after) = (means(&self.parts[..at]), means(&self.parts[at + 1..]));
            let rest = match self.unordered {
                true => without(wanted, &before, &after),
                false => between(wanted, &before, &after),
            };
            rest.map(|rest| (&self.parts[at], rest))
        })
    }
}

/// What stands in `wanted` between the two.
fn between(wanted: &[Value], before: &[Value], after: &[Value]) -> Option<Vec<Value>> {
    let end = wanted.len().checked_sub(after.len())?;
    let middle = wanted.get(before.len()..end)?;
    let is = |wanted: &[Value], said: &[Value]| {
        let mut pairs = wanted.iter().zip(said);
        pairs.all(|(wanted, said)| same(Some(wanted), Some(said)))
    };
    (is(wanted, before) && is(&wanted[end..], after)).then(|| middle.to_vec())
}

/// What else stands in `wanted`, whose order means nothing.
fn without(wanted: &[Value], before: &[Value], after: &[Value]) -> Option<Vec<Value>> {
    let mut rest: Vec<Value> = wanted.to_vec();
    for said in before.iter().chain(after) {
        if !wanted.iter().any(|wanted| same(Some(wanted), Some(said))) {
            return None;
        }
        rest.retain(|wanted| !same(Some(wanted), Some(said)));
    }
    Some(rest)
}
