//! Which object becomes which resource.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{After, Former, FormerState, Import, Imported, facts};
use crate::bundle::ResourceKey;
use crate::diagnostic::did_you_mean;
use crate::kinds::kind;
use crate::plan::{Desired, Observed};

/// One object that is to become a resource of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The resource.
    pub key: ResourceKey,
    /// The object's id.
    pub id: String,
    /// The object's name in the workspace.
    pub name: String,
    /// How the former owner calls it.
    pub address: String,
    /// Why these two belong together.
    pub because: String,
    /// What still marks it as somebody else's: the deployment of a bundle, and whether the page forbids editing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marked: Option<String>,
}

/// One object of the former owner that is left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// How the former owner calls it.
    pub address: String,
    /// Its id.
    pub id: String,
    /// Why.
    pub because: String,
    /// Whether somebody has to decide before anything is taken over: two candidates, or an owner who is not us.
    pub blocks: bool,
}

/// The outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matched {
    /// What is taken over, by key.
    pub matches: Vec<Match>,
    /// What is ours already, by key.
    pub ours: Vec<ResourceKey>,
    /// What is left alone.
    pub left: Vec<Left>,
    /// Resources of the bundle for which the former owner has nothing: the plan makes them.
    pub made_anew: Vec<ResourceKey>,
    /// What stacks take over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Import>,
    /// What calls list already, as `call.Resource`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<String>,
    /// What the same stacks make right after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<After>,
}

impl Matched {
    /// Whether something has to be decided by a person first.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.left.iter().any(|left| left.blocks)
    }

    /// Takes what is left alone for something that a person has to settle first: what somebody wrote into a list is meant, and a slip in it
    /// would make a second object.
    pub fn all_must_fit(&mut self) {
        for left in &mut self.left {
            left.blocks = true;
        }
    }

    /// Says of each object what still marks it as somebody else's, as far as `observed` has it in full.
    pub fn look_for_marks(&mut self, observed: &Observed) {
        for found in &mut self.matches {
            let marked = observed
                .objects
                .iter()
                .find(|object| object.kind == found.key.kind && object.listed.id == found.id)
                .and_then(|object| object.listed.outputs.get("deployed_by")?.as_str());
            if let Some(marked) = marked {
                found.marked = Some(marked.to_owned());
            }
        }
    }

    /// Both, of what workspaces stand on and of what is in one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.matches.extend(other.matches);
        self.ours.extend(other.ours);
        self.left.extend(other.left);
        self.made_anew.extend(other.made_anew);
        self.imports.extend(other.imports);
        self.listed.extend(other.listed);
        self.after.extend(other.after);
        self
    }

    /// With what stacks take over: what they take is not left any more, and of what is left both say why.
    #[must_use]
    pub fn with_imports(mut self, found: Imported) -> Self {
        let taken = |left: &Left| {
            let mut imports = found.imports.iter();
            imports.any(|import| import.address == left.address)
        };
        self.left.retain(|left| !taken(left));
        for more in found.left {
            let mut known = self.left.iter_mut();
            match known.find(|left| left.address == more.address) {
                Some(left) => left.because = format!("{}; {}", left.because, more.because),
                None => self.left.push(more),
            }
        }
        self.imports = found.imports;
        self.listed = found.listed;
        self.after = found.after;
        self
    }

    /// Whether there is nothing to propose.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.matches.is_empty() && self.imports.is_empty()
    }

    /// Keys and ids, as they stand in the environment's file.
    #[must_use]
    pub fn adopt(&self) -> BTreeMap<ResourceKey, String> {
        self.matches
            .iter()
            .map(|found| (found.key.clone(), found.id.clone()))
            .collect()
    }
}

/// Pairs what the former owner knows with what is wanted, in one workspace as it was observed for (`pipeline`, `env`).
///
/// By key first. A key that the bundle does not have is paired by name, when exactly one wanted resource of that kind and
/// exactly one such object have it.
#[must_use]
pub fn match_up(
    state: &FormerState,
    desired: &Desired,
    observed: &Observed,
    pipeline: &str,
    env: &str,
) -> Matched {
    let live: BTreeMap<(&str, &str), &crate::kinds::Listed> = observed
        .objects
        .iter()
        .map(|object| {
            (
                (object.kind.as_str(), object.listed.id.as_str()),
                &object.listed,
            )
        })
        .collect();
    let claimed: BTreeSet<ResourceKey> = observed
        .objects
        .iter()
        .filter_map(|object| {
            let marker = object.listed.marker.as_ref()?;
            (marker.pipeline == pipeline && marker.env == env)
                .then(|| ResourceKey::new(&object.kind, &marker.key))
        })
        .collect();
    let mut chosen: BTreeMap<ResourceKey, Vec<(&Former, &'static str)>> = BTreeMap::new();
    let mut result = Matched::default();
    let mut later = Vec::new();
    for former in &state.objects {
        match resource_for(former, state, desired) {
            Ok((key, because)) => chosen.entry(key).or_default().push((former, because)),
            Err(left) if former.facts.is_empty() => result.left.push(left),
            Err(left) => later.push((former, left)),
        }
    }
    // What has no name is told by what it lies in, once that is known.
    let paired = paired(&chosen, observed, pipeline, env);
    for (former, left) in later {
        match facts::resource_for(former, &state.objects, desired, &paired) {
            Ok(Some(key)) => {
                let because = "the same in all that cannot change";
                chosen.entry(key).or_default().push((former, because));
            }
            Ok(None) => result.left.push(left),
            Err(left) => result.left.push(left),
        }
    }
    let mut used: BTreeMap<(String, String), ResourceKey> = BTreeMap::new();
    for (key, candidates) in chosen {
        let [(former, because)] = candidates.as_slice() else {
            let ids: Vec<&str> = candidates
                .iter()
                .map(|(former, _)| former.id.as_str())
                .collect();
            result
                .left
                .extend(candidates.iter().map(|(former, _)| Left {
                    address: former.address.clone(),
                    id: former.id.clone(),
                    because: format!("{} objects could be `{key}`: {}", ids.len(), ids.join(", ")),
                    blocks: true,
                }));
            continue;
        };
        let left = |because: String, blocks: bool| Left {
            address: former.address.clone(),
            id: former.id.clone(),
            because,
            blocks,
        };
        let Some(object) = live.get(&(key.kind.as_str(), former.id.as_str())) else {
            let name = desired.resources.get(&key).and_then(|wanted| {
                kind(&key.kind).and_then(|kind| super::bundle_state::name_in(kind, &wanted.config))
            });
            let mut objects = observed.objects.iter();
            let named = objects.find(|object| {
                object.kind == key.kind && Some(&object.listed.name) == name.as_ref()
            });
            let hint = named
                .map(|object| format!("; {} is called `{}`", object.listed.id, object.listed.name));
            let because = format!("there is no such object{}", hint.unwrap_or_default());
            result.left.push(left(because, false));
            continue;
        };
        if let Some(marker) = &object.marker {
            if marker.pipeline == pipeline && marker.env == env && marker.key == key.key {
                result.ours.push(key);
            } else {
                let owner = format!("{}/{}/{}", marker.pipeline, marker.env, marker.key);
                result
                    .left
                    .push(left(format!("it belongs to {owner} already"), true));
            }
            continue;
        }
        if claimed.contains(&key) {
            result.left.push(left(
                format!("`{key}` is another object of ours already"),
                true,
            ));
            continue;
        }
        let place = (key.kind.clone(), former.id.clone());
        if let Some(other) = used.insert(place, key.clone()) {
            result
                .left
                .push(left(format!("it was named for `{other}`, too"), true));
            result.matches.retain(|found| found.key != other);
            continue;
        }
        result.matches.push(Match {
            id: former.id.clone(),
            name: object.name.clone(),
            address: former.address.clone(),
            because: (*because).to_owned(),
            marked: None,
            key,
        });
    }
    result.made_anew = desired
        .resources
        .keys()
        .filter(|key| {
            !claimed.contains(*key) && !result.matches.iter().any(|found| found.key == **key)
        })
        .cloned()
        .collect();
    result.left.sort_by(|a, b| a.address.cmp(&b.address));
    result
}

/// The ids by key of what is paired beyond doubt, or ours already.
fn paired(
    chosen: &BTreeMap<ResourceKey, Vec<(&Former, &'static str)>>,
    observed: &Observed,
    pipeline: &str,
    env: &str,
) -> BTreeMap<ResourceKey, String> {
    let ours = observed.objects.iter().filter_map(|object| {
        let marker = object.listed.marker.as_ref()?;
        let ours = marker.pipeline == pipeline && marker.env == env;
        let key = ResourceKey::new(&object.kind, &marker.key);
        ours.then(|| (key, object.listed.id.clone()))
    });
    let one = chosen
        .iter()
        .filter_map(|(key, formers)| match formers.as_slice() {
            [(former, _)] => Some((key.clone(), former.id.clone())),
            _ => None,
        });
    ours.chain(one).collect()
}

fn resource_for(
    former: &Former,
    state: &FormerState,
    desired: &Desired,
) -> Result<(ResourceKey, &'static str), Left> {
    if desired.resources.contains_key(&former.key) {
        return Ok((former.key.clone(), "the same key"));
    }
    let left = |because: String, blocks: bool| Left {
        address: former.address.clone(),
        id: former.id.clone(),
        because,
        blocks,
    };
    let Some(name) = &former.name else {
        let keys = desired.resources.keys();
        let keys = keys.filter(|key| key.kind == former.key.kind);
        let hint = did_you_mean(&former.key.key, keys.map(|key| key.key.as_str()));
        let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        return Err(left(
            format!("nothing here is called `{}`{hint}", former.key),
            false,
        ));
    };
    let wanted: Vec<&ResourceKey> = desired
        .resources
        .iter()
        .filter(|(key, wanted)| {
            key.kind == former.key.kind
                && kind(&key.kind)
                    .and_then(|kind| super::bundle_state::name_in(kind, &wanted.config))
                    .as_ref()
                    == Some(name)
        })
        .map(|(key, _)| key)
        .collect();
    let same_name = state
        .objects
        .iter()
        .filter(|other| other.key.kind == former.key.kind && other.name.as_ref() == Some(name))
        .count();
    match (wanted.as_slice(), same_name) {
        ([], _) => Err(left(
            format!(
                "nothing here is called `{}`, and nothing has the name `{name}`",
                former.key
            ),
            false,
        )),
        ([key], 1) => Ok(((*key).clone(), "the same name, and no other has it")),
        (wanted, _) => Err(left(
            format!(
                "the name `{name}` fits {} resources and {same_name} objects",
                wanted.len()
            ),
            true,
        )),
    }
}
