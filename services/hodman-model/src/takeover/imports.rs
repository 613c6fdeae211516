//! Which resources of AWS become parts of stacks that are made new: proposed where it is beyond doubt, told where it is not.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::pairs::Pairs;
use super::{FormerResource, Left, Place};
use crate::diagnostic::did_you_mean;
use crate::stacks::{Imports, Said, TemplateText, importable};

/// A call of a module that is a stack of CloudFormation.
#[derive(Debug)]
pub struct Stack<'a> {
    /// The call.
    pub call: &'a str,
    /// Its template.
    pub template: &'a TemplateText,
    /// What the template says for the call's parameters.
    pub said: Said<'a>,
    /// The names of its resources, where there is such a stack already.
    pub there: Option<BTreeSet<String>>,
    /// What the call lists already.
    pub listed: &'a Imports,
}

/// A resource that becomes a part of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Where it is in which template.
    pub place: Place,
    /// Its type.
    pub kind: String,
    /// What identifies it.
    pub identifier: BTreeMap<String, String>,
    /// The same as people know it.
    pub id: String,
    /// How the former owner calls it.
    pub address: String,
    /// Why these two belong together.
    pub because: String,
}

/// A resource that a stack makes right after it took others over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// Where it is in which template.
    pub place: Place,
    /// Its type.
    pub kind: String,
    /// Whether a state is looked through for such; if not, there may be one already, and nobody here knows.
    pub is_known: bool,
}

/// The outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// What is taken over, by place.
    pub imports: Vec<Import>,
    /// What calls list already, as `call.Resource`.
    pub listed: Vec<String>,
    /// What is left alone.
    pub left: Vec<Left>,
    /// What these stacks make right after.
    pub after: Vec<After>,
}

/// Pairs `resources` with what the templates of `stacks` have. What a list names goes where it says; what a state knows goes to stacks
/// that are not there yet.
#[must_use]
pub fn match_imports(resources: &[FormerResource], stacks: &mut [Stack<'_>]) -> Imported {
    let mut done = Imported::default();
    for stack in &mut *stacks {
        for (name, identifier) in stack.listed {
            note(stack, name, identifier);
        }
    }
    let (placed, known): (Vec<_>, Vec<_>) = resources.iter().partition(|one| one.place.is_some());
    for one in placed {
        match as_placed(one, stacks, &done.imports) {
            Ok(Some(import)) => {
                if let Some(stack) = stacks
                    .iter_mut()
                    .find(|stack| stack.call == import.place.call)
                {
                    note(stack, &import.place.resource, &import.identifier);
                }
                done.imports.push(import);
            }
            Ok(None) => done.listed.extend(one.place.as_ref().map(dotted)),
            Err(because) => done.left.push(left(one, because, true)),
        }
    }
    let open = |one: &&FormerResource| {
        let place = listed(one, stacks);
        done.listed.extend(place.clone());
        place.is_none()
    };
    let known: Vec<&FormerResource> = known.into_iter().filter(open).collect();
    let mut pairs = Pairs::new(known, stacks, &done.imports);
    pairs.find(stacks);
    let (found, alone) = pairs.done(stacks);
    done.imports.extend(found);
    done.left.extend(alone);
    drop_what_aws_refuses(stacks, &mut done);
    done.imports.sort_by(|a, b| a.place.cmp(&b.place));
    done.left.sort_by(|a, b| a.address.cmp(&b.address));
    let took = |stack: &&Stack<'_>| done.imports.iter().any(|one| one.place.call == stack.call);
    done.after = stacks
        .iter()
        .filter(took)
        .flat_map(|stack| after(stack, &done.imports))
        .collect();
    done
}

/// A resource that is left alone.
pub(super) fn left(one: &FormerResource, because: String, blocks: bool) -> Left {
    Left {
        address: one.address.clone(),
        id: one.id.clone(),
        because,
        blocks,
    }
}

/// A place in words.
pub(super) fn dotted(place: &Place) -> String {
    format!("{}.{}", place.call, place.resource)
}

/// From now on references to the resource come to something.
pub(super) fn note(stack: &mut Stack<'_>, name: &str, identifier: &BTreeMap<String, String>) {
    let known = stack.template.kind_of(name).and_then(importable);
    if let Some(known) = known {
        stack.said.give(name, known.gives(identifier));
    }
}

/// Where a call lists it already.
fn listed(one: &FormerResource, stacks: &[Stack<'_>]) -> Option<String> {
    stacks.iter().find_map(|stack| {
        let mut same = stack
            .listed
            .iter()
            .filter(|(_, identifier)| **identifier == one.identifier);
        let (name, _) =
            same.find(|(name, _)| stack.template.kind_of(name) == one.kind.as_deref())?;
        Some(format!("{}.{name}", stack.call))
    })
}

/// What a list says; none when the call has it already. Whoever wrote it is told of every mistake.
fn as_placed(
    one: &FormerResource,
    stacks: &[Stack<'_>],
    before: &[Import],
) -> Result<Option<Import>, String> {
    let Some(place) = one.place.as_ref() else {
        return Ok(None);
    };
    let name = place.resource.as_str();
    let Some(stack) = stacks.iter().find(|stack| stack.call == place.call) else {
        let meant = did_you_mean(&place.call, stacks.iter().map(|stack| stack.call));
        let meant = meant.map(|hint| format!("; {hint}")).unwrap_or_default();
        return Err(format!(
            "the environment calls no stack of CloudFormation `{}`{meant}",
            place.call
        ));
    };
    if !stack.template.resources().contains_key(name) {
        let known = stack.template.resources().keys().map(String::as_str);
        let meant = did_you_mean(name, known)
            .map(|hint| format!("; {hint}"))
            .unwrap_or_default();
        return Err(format!("the template has no resource `{name}`{meant}"));
    }
    let kind = stack.template.kind_of(name).unwrap_or_default();
    let identifier = identified(one, name, kind)?;
    match stack.listed.get(name) {
        Some(there) if *there == identifier => return Ok(None),
        Some(there) => {
            let ids: Vec<&str> = there.values().map(String::as_str).collect();
            return Err(format!("the call lists {} there already", ids.join(", ")));
        }
        None => {}
    }
    if stack
        .there
        .as_ref()
        .is_some_and(|there| there.contains(name))
    {
        return Err(format!("there is a stack already, and it has a `{name}`"));
    }
    if stack.said.is_there(name) == Some(false) {
        return Err(format!("a condition of the template leaves `{name}` out"));
    }
    let same = |import: &&Import| import.kind == kind && import.identifier == identifier;
    if let Some(other) = before.iter().find(same) {
        return Err(format!("it was named for `{}`, too", dotted(&other.place)));
    }
    Ok(Some(Import {
        place: place.clone(),
        kind: kind.to_owned(),
        identifier,
        id: one.id.clone(),
        address: one.address.clone(),
        because: "the list says so".to_owned(),
    }))
}

/// What identifies it, in full.
fn identified(
    one: &FormerResource,
    name: &str,
    kind: &str,
) -> Result<BTreeMap<String, String>, String> {
    let needed: Option<Vec<&str>> = importable(kind).map(|known| known.identifier().collect());
    match (needed.as_deref(), one.identifier.is_empty()) {
        (Some([property]), true) => Ok([((*property).to_owned(), one.id.clone())].into()),
        (None, false) => Ok(one.identifier.clone()),
        (Some(needed), false)
            if one
                .identifier
                .keys()
                .eq(BTreeSet::from_iter(needed.iter().copied())) =>
        {
            Ok(one.identifier.clone())
        }
        (Some(needed), _) => {
            let parts: Vec<String> = needed
                .iter()
                .map(|property| format!("{property}: …"))
                .collect();
            Err(format!(
                "an {kind} is identified by `{name}: {{{}}}`",
                parts.join(", ")
            ))
        }
        (None, true) => Err(format!(
            "hodman does not know what identifies an {kind}: write it in full, as `{{Property: {}}}`; AWS's reference of the type names \
             its primary identifier",
            one.id
        )),
    }
}

/// Takes back what AWS would refuse, and what refers to that.
fn drop_what_aws_refuses(stacks: &[Stack<'_>], done: &mut Imported) {
    loop {
        let refused = done
            .imports
            .iter()
            .enumerate()
            .find_map(|(number, import)| {
                let stack = stacks
                    .iter()
                    .find(|stack| stack.call == import.place.call)?;
                let name = &import.place.resource;
                let own = done
                    .imports
                    .iter()
                    .filter(|one| one.place.call == stack.call);
                let there = own
                    .map(|one| &one.place.resource)
                    .chain(stack.listed.keys());
                let there: BTreeSet<String> =
                    there.chain(stack.there.iter().flatten()).cloned().collect();
                let words = stack
                    .template
                    .refuses_import(name)
                    .or_else(|| stack.said.decided().lacks(name, &there))?;
                Some((
                    number,
                    format!("it is `{}`, but {words}", dotted(&import.place)),
                ))
            });
        let Some((number, because)) = refused else {
            return;
        };
        let import = done.imports.remove(number);
        done.left.push(Left {
            blocks: import.address.starts_with("modules."),
            address: import.address,
            id: import.id,
            because,
        });
    }
}

/// What a stack makes beside what it takes over.
fn after(stack: &Stack<'_>, imports: &[Import]) -> Vec<After> {
    let names = stack.template.resources().keys();
    let made = names.filter(|name| {
        let is_it =
            |import: &Import| import.place.call == stack.call && import.place.resource == **name;
        let there = stack
            .there
            .as_ref()
            .is_some_and(|there| there.contains(*name));
        let stays = imports.iter().any(is_it) || stack.listed.contains_key(*name) || there;
        !stays && stack.said.is_there(name) != Some(false)
    });
    let after = made.map(|name| {
        let kind = stack.template.kind_of(name).unwrap_or_default();
        After {
            place: Place {
                call: stack.call.to_owned(),
                resource: name.clone(),
            },
            kind: kind.to_owned(),
            is_known: importable(kind).is_some(),
        }
    });
    after.collect()
}
