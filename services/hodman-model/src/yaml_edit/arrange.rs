//! Another order of a block list, with items that come and go: each goes with the comments right above it.

use serde_json::Value;

use super::locate::{Located, What, locate};
use super::splice::{Splice, Spliced};
use super::write::item;
use crate::field_path::PathSegment;

/// What stands at one place of the new list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Slot<'v> {
    /// The item that had this number.
    Old(usize),
    /// One that was not there.
    New(&'v Value),
}

/// Gives the list at `path` the items of `slots`; none where it is no list of lines.
pub(super) fn arranged(
    text: &str,
    path: &[PathSegment],
    slots: &[Slot<'_>],
    order: &[&str],
) -> Option<Spliced> {
    let (root, comments) = locate(text)?;
    let list = path.iter().try_fold(&root, |node, segment| {
        let index = node.child(segment)?;
        match &node.what {
            What::Map { entries, .. } => Some(&entries[index].1),
            What::List { items, .. } => Some(&items[index]),
            What::Scalar(_) | What::Opaque => None,
        }
    })?;
    let splice = Splice {
        text,
        order,
        comments,
    };
    splice.arrange(list, slots)
}

/// The lines of an item.
struct Lines<'t> {
    /// Before it, and not about it.
    apart: &'t str,
    /// Comments right above it.
    above: &'t str,
    /// Itself.
    own: &'t str,
}

impl Splice<'_> {
    fn arrange(&self, list: &Located, slots: &[Slot<'_>]) -> Option<Spliced> {
        let What::List { flow: false, items } = &list.what else {
            return None;
        };
        let dashes: Vec<usize> = (0..items.len())
            .map(|index| self.dash(list, index))
            .collect::<Option<_>>()?;
        let begins_line = self.starts_line(*dashes.first()?);
        if !begins_line && slots.first() != Some(&Slot::Old(0)) {
            return None;
        }
        let column = self.column(dashes[0]);
        let mut gone = Vec::new();
        let mut lines = Vec::new();
        let mut begin = 0;
        let mut end = 0;
        for (index, dash) in dashes.iter().enumerate() {
            let line = match index == 0 && !begins_line {
                true => *dash,
                false => self.line_start(*dash),
            };
            if index > 0 && line < end {
                return None;
            }
            let above = match begins_line || index > 0 {
                true => self.comments_above(*dash),
                false => line,
            };
            if index == 0 {
                (begin, end) = (above, above);
            }
            let above = above.max(end);
            let after = self.line_end(items[index].at.end);
            lines.push(Lines {
                apart: &self.text[end..above],
                above: &self.text[above..line],
                own: &self.text[line..after],
            });
            if !slots.contains(&Slot::Old(index)) {
                // What stands above the first may be about the whole list.
                gone.push(if index == 0 { line } else { above }..after);
            }
            end = after;
        }
        let mut out = String::new();
        // A file's first lines are about the file.
        let head_stays = begin == 0 || !slots.contains(&Slot::Old(0));
        if head_stays {
            out.push_str(lines[0].above);
        }
        // What stood before an item that goes stands before the next one then.
        let mut left: Vec<usize> = Vec::new();
        let mut before: Vec<String> = Vec::new();
        for (index, item) in lines.iter().enumerate() {
            left.push(index);
            before.push(String::new());
            if slots.contains(&Slot::Old(index)) {
                before[index] = left.drain(..).map(|index| lines[index].apart).collect();
            } else if item.apart.trim().is_empty() {
                left.pop();
            }
        }
        for slot in slots {
            match slot {
                Slot::Old(index) => {
                    let item = &lines[*index];
                    out.push_str(&before[*index]);
                    if *index > 0 || !head_stays {
                        out.push_str(item.above);
                    }
                    out.push_str(item.own);
                }
                Slot::New(value) => {
                    out.push_str(&self.indented(&item(value, self.order), column, true));
                }
            }
            if !out.ends_with('\n') {
                out.push('\n');
            }
        }
        left.iter()
            .for_each(|index| out.push_str(lines[*index].apart));
        let text = format!("{}{out}{}", &self.text[..begin], &self.text[end..]);
        Some(Spliced {
            text,
            comments: self.comments.clone(),
            gone,
        })
    }
}
