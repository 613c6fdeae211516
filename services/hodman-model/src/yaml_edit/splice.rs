//! One edit as a splice of the text. Gives nothing where it sees no safe way; the caller checks the result anyway.

use std::ops::Range;

use serde_json::Value;

use super::locate::{Located, What, locate};
use super::scalar::{quoted, scalar};
use super::write::{block, entry, indent, item};
use crate::field_path::PathSegment;

/// The text after a splice.
pub(super) struct Spliced {
    /// The text.
    pub text: String,
    /// Where comments stood in the text before.
    pub comments: Vec<Range<usize>>,
    /// What of that text was taken out because somebody wanted it so.
    pub gone: Vec<Range<usize>>,
}

pub(super) fn splice(
    text: &str,
    path: &[PathSegment],
    new: Option<&Value>,
    order: &[&str],
) -> Option<Spliced> {
    let Some((root, comments)) = locate(text) else {
        let new = nested(path, new?);
        let head = if text.is_empty() || text.ends_with('\n') {
            text.to_owned()
        } else {
            format!("{text}\n")
        };
        return Some(Spliced {
            text: head + &block(&new, order).join("\n") + "\n",
            comments: Vec::new(),
            gone: Vec::new(),
        });
    };
    let splice = Splice {
        text,
        order,
        comments,
    };
    splice.at(&root, path, new)
}

/// `value` below mappings and one-element lists for every segment of `path`.
fn nested(path: &[PathSegment], value: &Value) -> Value {
    path.iter()
        .rev()
        .fold(value.clone(), |value, segment| match segment {
            PathSegment::Key(key) => serde_json::json!({ key.as_str(): value }),
            PathSegment::Index(_) => Value::Array(vec![value]),
            PathSegment::Element { field, value: name } => {
                let mut element = value;
                if let Value::Object(map) = &mut element {
                    map.entry(field.clone())
                        .or_insert_with(|| Value::String(name.clone()));
                }
                Value::Array(vec![element])
            }
        })
}

/// A text and how new blocks are written.
pub(super) struct Splice<'a> {
    pub text: &'a str,
    pub order: &'a [&'a str],
    pub comments: Vec<Range<usize>>,
}

impl Splice<'_> {
    fn at(&self, node: &Located, path: &[PathSegment], new: Option<&Value>) -> Option<Spliced> {
        let (segment, rest) = path.split_first()?;
        let index = node.child(segment);
        match (&node.what, index) {
            (What::Map { flow: true, .. } | What::List { flow: true, .. }, _) => {
                let inside = index.and_then(|index| self.inside_flow(node, index, rest, new));
                inside.or_else(|| self.in_flow(node, path, new))
            }
            (What::Map { entries, .. }, Some(index)) => {
                let (key, value) = &entries[index];
                match (rest.is_empty(), new) {
                    (false, _) if is_empty_scalar(value) => {
                        let PathSegment::Key(name) = segment else {
                            return None;
                        };
                        self.replace_entry(node, index, name, &nested(rest, new?))
                    }
                    (false, _) => self.at(value, rest, new),
                    (true, None) => {
                        self.remove_lines(node, index, key.at.start, value.at.end, entries.len())
                    }
                    (true, Some(new)) => {
                        let PathSegment::Key(name) = segment else {
                            return None;
                        };
                        self.set_value(node, index, name, value, new)
                    }
                }
            }
            (What::List { items, .. }, Some(index)) => match (rest.is_empty(), new) {
                (false, _) => self.at(&items[index], rest, new),
                (true, None) => {
                    let start = self.dash(node, index)?;
                    self.remove_lines(node, index, start, items[index].at.end, items.len())
                }
                (true, Some(new)) if self.is_one_line(&items[index]) && !is_long(new) => {
                    Some(self.put_scalar(&items[index], new, false))
                }
                (true, Some(new)) => {
                    let start = self.dash(node, index)?;
                    let lines = item(new, self.order);
                    Some(self.put(
                        start,
                        items[index].at.end,
                        &self.indented(&lines, self.column(start), false),
                    ))
                }
            },
            (What::Map { entries, .. }, None) => {
                let PathSegment::Key(name) = segment else {
                    return None;
                };
                let lines = entry(name, &nested(rest, new?), self.order);
                let (last_key, last) = entries.last()?;
                self.append(
                    last.at.end.max(last_key.at.end),
                    self.column(node.at.start),
                    &lines,
                )
            }
            (What::List { items, .. }, None) => {
                let Value::Array(element) = nested(path, new?) else {
                    return None;
                };
                let lines = item(element.first()?, self.order);
                let column = self.column(self.dash(node, items.len().checked_sub(1)?)?);
                self.append(items.last()?.at.end, column, &lines)
            }
            (What::Scalar(_) | What::Opaque, _) => None,
        }
    }

    /// Puts a value in the place of another.
    fn set_value(
        &self,
        map: &Located,
        index: usize,
        name: &str,
        old: &Located,
        new: &Value,
    ) -> Option<Spliced> {
        if self.is_one_line(old) && !is_long(new) {
            return Some(self.put_scalar(old, new, false));
        }
        if matches!(old.what, What::Opaque) {
            return None;
        }
        self.replace_entry(map, index, name, new)
    }

    /// Writes a whole entry of a block mapping anew.
    fn replace_entry(
        &self,
        map: &Located,
        index: usize,
        name: &str,
        new: &Value,
    ) -> Option<Spliced> {
        let What::Map { entries, .. } = &map.what else {
            return None;
        };
        let (key, value) = &entries[index];
        let mut lines = entry(name, new, self.order);
        let colon = self.behind_colon(key.at.end)?;
        let mut end = value.at.end.max(colon);
        // The comment behind the key stays there.
        let behind_key = colon..self.line_end(colon).min(value.at.start.max(colon));
        let behind_key = self
            .comments
            .iter()
            .find(|at| behind_key.contains(&at.start));
        if let Some(at) = behind_key.filter(|at| at.end <= end) {
            lines[0].push_str(self.text[colon..at.end].trim_end());
        }
        // The comment behind the old value goes behind the key: behind the last line it could become text.
        let rest = self.text[end..self.line_end(end)].trim_end();
        if lines.len() > 1 && rest.trim_start().starts_with('#') {
            lines[0].push_str(rest);
            end += rest.len();
        }
        Some(self.put(
            key.at.start,
            end,
            &self.indented(&lines, self.column(map.at.start), false),
        ))
    }

    /// Whether it is a scalar that ends in the line in which it begins.
    fn is_one_line(&self, node: &Located) -> bool {
        matches!(node.what, What::Scalar(_))
            && !node.at.is_empty()
            && !self.text[node.at.clone()].contains('\n')
    }

    /// Puts a scalar in the place of another; a text keeps its kind of quotes if it may.
    fn put_scalar(&self, old: &Located, new: &Value, flow: bool) -> Spliced {
        let before = &self.text[old.at.clone()];
        let written = match new.as_str() {
            Some(text) if before.starts_with('"') => quoted(text),
            Some(text)
                if before.starts_with('\'')
                    && !text.contains(|c: char| c == '\'' || c.is_control())
                    && !text.is_empty() =>
            {
                format!("'{text}'")
            }
            _ => scalar(new, flow),
        };
        self.put(old.at.start, old.at.end, &written)
    }

    /// Edits inside of one part of a flow collection; what stands around it stays as it is.
    fn inside_flow(
        &self,
        node: &Located,
        index: usize,
        rest: &[PathSegment],
        new: Option<&Value>,
    ) -> Option<Spliced> {
        let part = match &node.what {
            What::Map { entries, .. } => &entries[index].1,
            What::List { items, .. } => &items[index],
            What::Scalar(_) | What::Opaque => return None,
        };
        match new {
            Some(new) if rest.is_empty() && self.is_one_line(part) => {
                Some(self.put_scalar(part, new, true))
            }
            _ if rest.is_empty() => None,
            new => self.at(part, rest, new),
        }
    }

    /// Writes the flow collection anew with the edit in it.
    fn in_flow(
        &self,
        node: &Located,
        path: &[PathSegment],
        new: Option<&Value>,
    ) -> Option<Spliced> {
        let mut value = super::read(&self.text[node.at.clone()]).ok()?;
        if !crate::field_path::FieldPath(path.to_vec()).put(&mut value, new.cloned()) {
            return None;
        }
        Some(self.put(node.at.start, node.at.end, &scalar(&value, true)))
    }

    /// Takes out the lines of an entry or element, with the comment lines right above it.
    fn remove_lines(
        &self,
        node: &Located,
        index: usize,
        start: usize,
        end: usize,
        count: usize,
    ) -> Option<Spliced> {
        // The only one: an empty block would be null, so the caller writes the block around it.
        if count < 2 {
            return None;
        }
        if index == 0 && !self.starts_line(start) {
            // `- first: 1` and `- - x`: the next one moves up to where this one stands, with the comments above it.
            let next = match &node.what {
                What::Map { entries, .. } => entries[1].0.at.start,
                What::List { .. } => self.dash(node, 1)?,
                _ => return None,
            };
            let after = self.line_end(end)..next;
            let comment = self.comments.iter().find(|at| after.contains(&at.start));
            return Some(self.put_out(start, comment.map_or(next, |at| at.start)));
        }
        let start = match index {
            0 => self.line_start(start),
            _ => self.comments_above(start),
        };
        Some(self.put_out(start, self.line_end(end)))
    }

    fn append(&self, end: usize, column: usize, lines: &[String]) -> Option<Spliced> {
        let at = self.line_end(end);
        let lead = if at > 0 && !self.text[..at].ends_with('\n') {
            "\n"
        } else {
            ""
        };
        let body = self.indented(lines, column, true);
        Some(self.put(at, at, &format!("{lead}{body}\n")))
    }

    fn put(&self, start: usize, end: usize, new: &str) -> Spliced {
        Spliced {
            text: format!("{}{new}{}", &self.text[..start], &self.text[end..]),
            comments: self.comments.clone(),
            gone: Vec::new(),
        }
    }

    fn put_out(&self, start: usize, end: usize) -> Spliced {
        Spliced {
            gone: std::iter::once(start..end).collect(),
            ..self.put(start, end, "")
        }
    }

    pub fn indented(&self, lines: &[String], column: usize, first: bool) -> String {
        let indented: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(index, line)| {
                if index == 0 && !first {
                    line.clone()
                } else {
                    indent(line, column)
                }
            })
            .collect();
        indented.join("\n")
    }

    /// The place of the dash before element `index`.
    pub fn dash(&self, list: &Located, index: usize) -> Option<usize> {
        let What::List { items, .. } = &list.what else {
            return None;
        };
        let start = items.get(index)?.at.start;
        let before = self.text[..start].trim_end_matches([' ', '\t']);
        before.ends_with('-').then(|| before.len() - 1)
    }

    fn behind_colon(&self, key_end: usize) -> Option<usize> {
        Some(key_end + self.text[key_end..].find(':')? + 1)
    }

    pub fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// Behind the line break that ends the line of `at`.
    pub fn line_end(&self, at: usize) -> usize {
        self.text[at..]
            .find('\n')
            .map_or(self.text.len(), |newline| at + newline + 1)
    }

    pub fn column(&self, at: usize) -> usize {
        self.text[self.line_start(at)..at].chars().count()
    }

    pub fn starts_line(&self, at: usize) -> bool {
        self.text[self.line_start(at)..at].trim().is_empty()
    }

    /// The start of the comment lines right above what begins at `at`, and as far to the right.
    pub fn comments_above(&self, at: usize) -> usize {
        let column = self.column(at);
        let mut start = self.line_start(at);
        while start > 0 {
            let above = self.line_start(start - 1);
            let comment = above + column;
            let is_one = |comment: usize| self.comments.iter().any(|at| at.start == comment);
            if !is_one(comment) || !self.starts_line(comment) {
                break;
            }
            start = above;
        }
        start
    }
}

fn is_empty_scalar(node: &Located) -> bool {
    matches!(&node.what, What::Scalar(_)) && node.at.is_empty()
}

/// Whether a value takes more than the rest of a line.
fn is_long(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => super::scalar::literal(value).is_some(),
    }
}
