//! Texts: each reference gives way to its value, until what stands there is no reference any more.

use std::ops::Range;

use super::{FILES, Resolver};
use crate::bundle::reference::{Reference, references};
use crate::files::node::{Node, Place, Yaml};
use crate::number;

/// How often values may make up another reference. The CLI stops after 11.
const MOST_ROUNDS: usize = 16;

/// How references to the bundle itself begin: none may be left, since nobody would read it again.
const OURS: [&str; 4] = ["${var.", "${variables.", "${bundle.", "${workspace."];

/// A text on its way, with the parts of it that are as they will be.
struct Text {
    text: String,
    /// Values that were put in, and references that stay, from left to right.
    settled: Vec<Range<usize>>,
}

impl Text {
    /// The references that still stand in it, those among them that values made up.
    fn open(&self) -> Vec<Reference> {
        let mut all = references(&self.text);
        all.retain(|one| !self.is_settled(&one.range));
        all
    }

    fn is_settled(&self, range: &Range<usize>) -> bool {
        let holds = |part: &Range<usize>| part.start <= range.start && range.end <= part.end;
        self.settled.iter().any(holds)
    }

    /// What looks like a reference of ours and is none: `${var.x`, `${var.a b}`.
    fn left_over(&self) -> Option<&str> {
        let mut starts = self.text.match_indices("${").filter(|(at, _)| {
            let after = &self.text[*at..];
            OURS.iter().any(|ours| after.starts_with(ours)) && !self.is_settled(&(*at..*at + 2))
        });
        let (at, _) = starts.next()?;
        let rest = &self.text[at..];
        let end = rest.find(['}', '\n']).unwrap_or(rest.len());
        let end = end + usize::from(rest[end..].starts_with('}'));
        Some(&rest[..end])
    }

    /// Whether nothing but one reference stands there.
    fn is_whole(&self, open: &[Reference]) -> bool {
        matches!(open, [one] if one.range == (0..self.text.len()))
    }
}

impl Resolver<'_> {
    pub(super) fn text(&mut self, text: &str, place: &Place) -> Node {
        let made = |value: Yaml| Node {
            place: place.clone(),
            value,
        };
        let mut now = Text {
            text: self.with_one_prefix(text, place).into_owned(),
            settled: Vec::new(),
        };
        for _ in 0..MOST_ROUNDS {
            let open = now.open();
            if open.is_empty() {
                if let Some(left) = now.left_over() {
                    let error = self.at(left, place, format!("`{left}` is no reference"));
                    let hint = "names are letters, digits, `_` and `-`, between dots, and `}` follows them";
                    self.found.push(error.hint(hint));
                    return made(Yaml::Null);
                }
                return made(Yaml::Text(self.with_files(now.text, place)));
            }
            if now.is_whole(&open) {
                return match self.lookup(&open[0], &now.text, place) {
                    Ok(Some(node)) if matches!(node.value, Yaml::Map(_) | Yaml::List(_)) => node,
                    Ok(Some(Node { value, .. })) => match value {
                        Yaml::Text(text) => made(Yaml::Text(self.with_files(text, place))),
                        scalar => made(scalar),
                    },
                    Ok(None) => made(Yaml::Text(now.text)),
                    Err(()) => made(Yaml::Null),
                };
            }
            now = self.one_round(&now, open, place);
        }
        let message = format!("references make up references more than {MOST_ROUNDS} deep");
        self.found.push(place.error(message));
        made(Yaml::Null)
    }

    /// The text with the values of `open`, which are its references from left to right.
    fn one_round(&mut self, now: &Text, open: Vec<Reference>, place: &Place) -> Text {
        let mut out = Text {
            text: String::with_capacity(now.text.len()),
            settled: Vec::new(),
        };
        let mut end = 0;
        for reference in open {
            keep(&mut out, now, end..reference.range.start);
            let written = &now.text[reference.range.clone()];
            let from = out.text.len();
            end = reference.range.end;
            if let Some(length) = self.files_below(&reference, &now.text[end..]) {
                out.text.push_str(FILES);
                end += length;
            } else {
                match self.lookup(&reference, written, place) {
                    Ok(None) | Err(()) => out.text.push_str(written),
                    Ok(Some(Node { value, .. })) => match value {
                        Yaml::Text(value) => out.text.push_str(&value),
                        Yaml::Bool(value) => out.text.push_str(&value.to_string()),
                        Yaml::Number(value) => out.text.push_str(&number::inside_text(&value)),
                        Yaml::Null => {}
                        Yaml::List(_) | Yaml::Map(_) => {
                            out.text.push_str(written);
                            let message = format!(
                                "`{written}` is not a single value and cannot stand inside a text"
                            );
                            let error = self.at(written, place, message);
                            self.found.push(error);
                        }
                    },
                }
            }
            out.settled.push(from..out.text.len());
        }
        keep(&mut out, now, end..now.text.len());
        out
    }
}

/// Takes a part of a text over, with what in it is settled.
fn keep(out: &mut Text, from: &Text, part: Range<usize>) {
    let at = out.text.len();
    let inside = from
        .settled
        .iter()
        .filter(|range| part.start <= range.start && range.end <= part.end);
    let moved = inside.map(|range| range.start - part.start + at..range.end - part.start + at);
    out.settled.extend(moved);
    out.text.push_str(&from.text[part]);
}
