//! A change of a whole block as changes of what is in it, so that the rest stays as it is written.

use serde_json::Value;

use super::arrange::{Slot, arranged};
use super::{Edited, comments, edit};
use crate::field_path::{FieldPath, PathSegment};
use crate::pairs::Pairs;

/// Each step reads the text again: of more, with those inside of them, the block is written anew.
const MOST_STEPS: usize = 200;

/// Puts `new` in the place of `old` at `path` step by step; none where the two have nothing in common, or where a step would
/// write more anew than the block itself.
pub(super) fn taken(
    text: &str,
    path: &[PathSegment],
    (old, new): (&Value, &Value),
    order: &[&str],
) -> Option<Edited> {
    if changes(old, new) > MOST_STEPS {
        return None;
    }
    let mut steps = Steps {
        edited: Edited {
            text: text.to_owned(),
            rewritten: None,
        },
        path,
        order,
    };
    match (old, new) {
        (Value::Object(old), Value::Object(new)) if old.keys().any(|key| new.contains_key(key)) => {
            let key = |key: &String| PathSegment::Key(key.clone());
            for name in old.keys().filter(|name| !new.contains_key(*name)) {
                steps.one(key(name), None)?;
            }
            let rank = |name: &String| order.iter().position(|known| known == name);
            let mut changed: Vec<_> = new
                .iter()
                .filter(|(name, value)| old.get(*name) != Some(*value))
                .collect();
            changed.sort_by_key(|(name, _)| (rank(name).unwrap_or(order.len()), *name));
            for (name, value) in changed {
                steps.one(key(name), Some(value))?;
            }
        }
        (Value::Array(old), Value::Array(new)) if !old.is_empty() && !new.is_empty() => {
            steps.list(old, new)?;
        }
        _ => return None,
    }
    Some(steps.edited)
}

struct Steps<'a> {
    edited: Edited,
    path: &'a [PathSegment],
    order: &'a [&'a str],
}

/// How many values differ, all the way down; items of lists by their places, so that one more at the beginning counts as all.
fn changes(old: &Value, new: &Value) -> usize {
    match (old, new) {
        _ if old == new => 0,
        (Value::Object(old), Value::Object(new)) => {
            let gone = old.keys().filter(|key| !new.contains_key(*key)).count();
            let there = new.iter().map(|(key, value)| {
                let before = old.get(key);
                before.map_or(1, |before| changes(before, value))
            });
            gone + there.sum::<usize>()
        }
        (Value::Array(old), Value::Array(new)) => {
            let both = old.iter().zip(new).map(|(old, new)| changes(old, new));
            both.sum::<usize>() + old.len().abs_diff(new.len())
        }
        _ => 1,
    }
}

impl Steps<'_> {
    /// Sets or removes what is at `segment` of the block.
    fn one(&mut self, segment: PathSegment, value: Option<&Value>) -> Option<()> {
        let path = [self.path, &[segment]].concat();
        let step = edit(&self.edited.text, &path, value, self.order).ok()?;
        self.edited.text = step.text;
        match step.rewritten {
            Some(block) => self.rewrote(block),
            None => Some(()),
        }
    }

    /// The outermost block that had to be written anew is what is told.
    fn rewrote(&mut self, block: FieldPath) -> Option<()> {
        if block.0.len() < self.path.len() {
            return None;
        }
        let told = self.edited.rewritten.as_ref();
        if told.is_none_or(|told| block.0.len() < told.0.len()) {
            self.edited.rewritten = Some(block);
        }
        Some(())
    }

    fn list(&mut self, old: &[Value], new: &[Value]) -> Option<()> {
        let is = |o: usize, n: usize| old[o] == new[n];
        let covers = |o: usize, n: usize| match (&old[o], &new[n]) {
            (Value::Object(old), Value::Object(new)) => {
                !new.is_empty() && new.iter().all(|(key, value)| old.get(key) == Some(value))
            }
            _ => false,
        };
        let at = Pairs::of(old.len(), new.len(), &is, &covers).at;
        let mut slots = Vec::with_capacity(new.len());
        for (value, before) in new.iter().zip(&at) {
            match before {
                Some(before) => {
                    if old[*before] != *value {
                        self.one(PathSegment::Index(*before), Some(value))?;
                    }
                    slots.push(Slot::Old(*before));
                }
                None => slots.push(Slot::New(value)),
            }
        }
        if slots.len() == old.len() && (0..old.len()).all(|index| slots[index] == Slot::Old(index))
        {
            return Some(());
        }
        let arranged = arranged(&self.edited.text, self.path, &slots, self.order)?;
        if comments::loses(&self.edited.text, &arranged) {
            self.rewrote(FieldPath(self.path.to_vec()))?;
        }
        self.edited.text = arranged.text;
        Some(())
    }
}
