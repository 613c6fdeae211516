//! Which resource of a state is which resource of a template: by what both say, by what refers to it, and where one is left of each.

use std::collections::BTreeMap;

use super::imports::{Import, Stack, dotted, left, note};
use super::{FormerResource, Left, Place};
use crate::stacks::{Decides, importable};

/// How a resource fits a place.
enum Fit {
    /// It does not, for that.
    Not(String),
    /// Nothing speaks against it.
    Perhaps,
    /// By that.
    Surely(String),
}

/// The search.
pub(super) struct Pairs<'a> {
    resources: Vec<&'a FormerResource>,
    /// Places that nobody has yet, with the stack's number.
    free: Vec<(usize, Place)>,
    /// All places, free or not.
    places: Vec<(usize, Place)>,
    found: BTreeMap<usize, (Place, String)>,
}

impl<'a> Pairs<'a> {
    /// With the places of stacks that are not there yet, but for those that `taken` has.
    pub fn new(resources: Vec<&'a FormerResource>, stacks: &[Stack<'_>], taken: &[Import]) -> Self {
        let mut free = Vec::new();
        let mut places = Vec::new();
        for (number, stack) in stacks
            .iter()
            .enumerate()
            .filter(|(_, stack)| stack.there.is_none())
        {
            for name in stack.template.resources().keys() {
                let place = Place {
                    call: stack.call.to_owned(),
                    resource: name.clone(),
                };
                if stack.said.is_there(name) == Some(false) {
                    continue;
                }
                places.push((number, place.clone()));
                let is_taken = taken.iter().any(|import| import.place == place);
                if !is_taken && !stack.listed.contains_key(name) {
                    free.push((number, place));
                }
            }
        }
        // What a list named is nobody else's.
        let same = |one: &FormerResource, import: &Import| {
            one.kind.as_deref() == Some(&import.kind) && one.identifier == import.identifier
        };
        let resources = resources.into_iter();
        Self {
            resources: resources
                .filter(|one| !taken.iter().any(|import| same(one, import)))
                .collect(),
            free,
            places,
            found: BTreeMap::new(),
        }
    }

    /// Pairs until nothing more is beyond doubt. What is left over on both sides comes last: a name or a reference says more.
    pub fn find(&mut self, stacks: &mut [Stack<'_>]) {
        loop {
            let next = self
                .unique(stacks, |fit| matches!(fit, Fit::Surely(_)))
                .or_else(|| self.referred(stacks))
                .or_else(|| self.unique(stacks, |fit| !matches!(fit, Fit::Not(_))));
            let Some((number, place, because)) = next else {
                return;
            };
            let taken = self.free.iter().position(|(_, free)| *free == place);
            let stack = taken.map(|at| self.free.remove(at).0);
            if let Some(stack) = stack.and_then(|stack| stacks.get_mut(stack)) {
                note(stack, &place.resource, &self.resources[number].identifier);
            }
            self.found.insert(number, (place, because));
        }
    }

    /// What is taken over, and what is left.
    pub fn done(self, stacks: &[Stack<'_>]) -> (Vec<Import>, Vec<Left>) {
        let (mut imports, mut alone) = (Vec::new(), Vec::new());
        for (number, one) in self.resources.iter().enumerate() {
            match self.found.get(&number) {
                Some((place, because)) => imports.push(Import {
                    place: place.clone(),
                    kind: one.kind.clone().unwrap_or_default(),
                    identifier: one.identifier.clone(),
                    id: one.id.clone(),
                    address: one.address.clone(),
                    because: because.clone(),
                }),
                None => alone.push(left(one, self.why_not(number, stacks), false)),
            }
        }
        (imports, alone)
    }

    fn open(&self) -> impl Iterator<Item = (usize, &'a FormerResource)> + '_ {
        let all = self.resources.iter().copied().enumerate();
        all.filter(|(number, _)| !self.found.contains_key(number))
    }

    /// A resource and a place that have only each other in this sense.
    fn unique(
        &self,
        stacks: &[Stack<'_>],
        counts: impl Fn(&Fit) -> bool,
    ) -> Option<(usize, Place, String)> {
        for (number, one) in self.open() {
            let fitting = of_kind(&self.free, one, stacks)
                .map(|(stack, place)| (place, fit(one, stack, place)));
            let fitting: Vec<(&Place, Fit)> = fitting.filter(|(_, fit)| counts(fit)).collect();
            let [(place, how)] = fitting.as_slice() else {
                continue;
            };
            if self.fitting(place, stacks, &counts).count() == 1 {
                let because = match how {
                    Fit::Surely(because) => because.clone(),
                    _ => "the only one of its type left here and there".to_owned(),
                };
                return Some((number, (*place).clone(), because));
            }
        }
        None
    }

    /// The open resources that fit a place in this sense.
    fn fitting(
        &self,
        place: &Place,
        stacks: &[Stack<'_>],
        counts: impl Fn(&Fit) -> bool,
    ) -> impl Iterator<Item = &'a FormerResource> {
        let stack = stacks.iter().find(|stack| stack.call == place.call);
        let all = self.open().map(|(_, one)| one).filter(move |one| {
            stack.is_some_and(|stack| {
                stack.template.kind_of(&place.resource) == one.kind.as_deref()
                    && counts(&fit(one, stack, place))
            })
        });
        all.collect::<Vec<_>>().into_iter()
    }

    /// A resource that one with a place refers to, as the template does at that place.
    fn referred(&self, stacks: &[Stack<'_>]) -> Option<(usize, Place, String)> {
        for (number, (place, _)) in &self.found {
            let stack = stacks.iter().find(|stack| stack.call == place.call)?;
            for (property, value) in &self.resources[*number].properties {
                let Some((name, attribute)) = stack.said.refers(&place.resource, property) else {
                    continue;
                };
                let there = self.free.iter().map(|(_, free)| free);
                let mut there =
                    there.filter(|free| free.call == place.call && free.resource == name);
                let Some(other) = there.next() else { continue };
                let known = stack.template.kind_of(name).and_then(importable);
                let Some(known) = known else { continue };
                let is_it = |one: &FormerResource| {
                    one.kind.as_deref() == Some(known.kind)
                        && known.gives(&one.identifier).get(attribute) == Some(value)
                        && !matches!(fit(one, stack, other), Fit::Not(_))
                };
                if let Some((number, _)) = self.open().find(|(_, one)| is_it(one)) {
                    let because = format!("`{}` refers to it", place.resource);
                    return Some((number, other.clone(), because));
                }
            }
        }
        None
    }

    /// Why a resource has no place.
    fn why_not(&self, number: usize, stacks: &[Stack<'_>]) -> String {
        let one = self.resources[number];
        let kind = one.kind.as_deref().unwrap_or_default();
        let all = of_kind(&self.places, one, stacks);
        let fits: Vec<(&Place, Fit)> = all
            .map(|(stack, place)| (place, fit(one, stack, place)))
            .collect();
        if fits.is_empty() {
            return format!("no stack that is yet to be made has an {kind}");
        }
        let is_free = |place: &Place| self.free.iter().any(|(_, free)| free == place);
        let could = fits
            .iter()
            .filter(|(place, fit)| is_free(place) && !matches!(fit, Fit::Not(_)));
        let could: Vec<&Place> = could.map(|(place, _)| *place).collect();
        let Some(first) = could.first() else {
            let against = fits.iter().map(|(place, fit)| match fit {
                Fit::Not(because) => because.clone(),
                _ => format!("`{}` is another one", dotted(place)),
            });
            let against: Vec<String> = against.take(3).collect();
            return against.join("; ");
        };
        let names: Vec<String> = could
            .iter()
            .map(|place| format!("`{}`", dotted(place)))
            .collect();
        let rivals = self.fitting(first, stacks, |fit| !matches!(fit, Fit::Not(_)));
        let rivals: Vec<String> = rivals
            .filter(|other| other.address != one.address)
            .map(|other| format!("`{}`", other.address))
            .collect();
        let rivals = match rivals.is_empty() {
            true => String::new(),
            false => format!(", and so could {}", rivals.join(", ")),
        };
        format!(
            "it could be {}{rivals}; nothing decides: say it with --from ids, as `modules.{}.import.{}: {}`",
            names.join(" or "),
            first.call,
            first.resource,
            one.id
        )
    }
}

/// Those of `places` that have a resource's type.
fn of_kind<'s>(
    places: &'s [(usize, Place)],
    one: &'s FormerResource,
    stacks: &'s [Stack<'_>],
) -> impl Iterator<Item = (&'s Stack<'s>, &'s Place)> {
    let places = places.iter().map(|(stack, place)| (&stacks[*stack], place));
    places.filter(|(stack, place)| stack.template.kind_of(&place.resource) == one.kind.as_deref())
}

/// How a resource fits a place of its type.
fn fit(one: &FormerResource, stack: &Stack<'_>, place: &Place) -> Fit {
    let name = place.resource.as_str();
    let Some(known) = one.kind.as_deref().and_then(importable) else {
        return Fit::Not("its type is not known".to_owned());
    };
    let (mut same, mut open) = (Vec::new(), false);
    for (property, decides) in known.traits() {
        let says = stack.said.property(name, property);
        match (one.properties.get(property), says) {
            (Some(has), Some(says)) if *has == says => {
                if decides != Decides::Tells {
                    same.push((decides, format!("the same {property} `{has}`")));
                }
            }
            (Some(has), Some(says)) if decides != Decides::Hints => {
                let place = dotted(place);
                return Fit::Not(format!(
                    "`{place}` has the {property} `{says}`, and this one `{has}`"
                ));
            }
            _ => open |= decides == Decides::Names && stack.said.says(name, property),
        }
    }
    let counts = |decides: Decides| decides == Decides::Hints || !open;
    let words: Vec<String> = same
        .into_iter()
        .filter(|(decides, _)| counts(*decides))
        .map(|(_, words)| words)
        .collect();
    match words.is_empty() {
        true => Fit::Perhaps,
        false => Fit::Surely(words.join(", ")),
    }
}
