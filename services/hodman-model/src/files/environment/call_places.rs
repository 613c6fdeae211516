//! Where the calls of an environment's file stand, for whoever finds out later that one does not fit its module.

use std::collections::BTreeMap;

use super::Environment;
use crate::diagnostic::Diagnostic;
use crate::files::node::{Node, Place};

/// Line and column, where they are known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spot(Option<(u32, u32)>);

impl PartialEq for Spot {
    /// Where something stands is no part of what it says.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Spot {
    fn of(place: &Place) -> Self {
        Self(Some((place.line, place.column)))
    }

    /// A finding of the same file, here.
    pub fn put(self, found: Diagnostic) -> Diagnostic {
        match self.0 {
            Some((line, column)) => found.at(line, column),
            None => found,
        }
    }
}

/// Where one call stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CallPlaces {
    call: Spot,
    inputs: BTreeMap<String, Spot>,
}

impl CallPlaces {
    /// That of an input, where the call says it; else that of the call.
    pub fn spot(&self, input: Option<&str>) -> Spot {
        let said = input.and_then(|input| self.inputs.get(input));
        said.copied().unwrap_or(self.call)
    }
}

/// Notes them in what was read from `root`.
pub(super) fn note(environment: &mut Environment, root: &Node) {
    let calls = root.get("modules").and_then(Node::as_map);
    for (name, entry) in calls.into_iter().flatten() {
        let Some(call) = environment.modules.get_mut(name) else {
            continue;
        };
        let inputs = entry.node.get("inputs").and_then(Node::as_map);
        let inputs = inputs.into_iter().flatten();
        call.places = CallPlaces {
            call: Spot::of(&entry.place),
            inputs: inputs
                .map(|(input, entry)| (input.clone(), Spot::of(&entry.place)))
                .collect(),
        };
    }
}
