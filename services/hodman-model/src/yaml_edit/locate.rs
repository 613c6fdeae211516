//! Where each node of a YAML text stands.

use std::ops::Range;

use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle};

use crate::field_path::PathSegment;

/// A node with its place in the text, in bytes.
#[derive(Debug)]
pub(super) struct Located {
    /// From its first to behind its last character; for blocks without the line break at the end.
    pub at: Range<usize>,
    /// What it is.
    pub what: What,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum What {
    /// A text, number or the like.
    Scalar(String),
    /// Anything that an edit must not cut into: aliases, anchors, tags.
    Opaque,
    /// A mapping.
    Map {
        /// Written in braces.
        flow: bool,
        /// Keys and values in order.
        entries: Vec<(Located, Located)>,
    },
    /// A list.
    List {
        /// Written in brackets.
        flow: bool,
        /// The elements in order.
        items: Vec<Located>,
    },
}

/// Reads the first document of `text`, and where its comments stand, each from the `#` to the end of the line; none when it
/// does not parse or is empty.
pub(super) fn locate(text: &str) -> Option<(Located, Vec<Range<usize>>)> {
    let mut events = Vec::new();
    let mut comments = Vec::new();
    for event in Parser::new_from_str_with_options(text, Options::default()) {
        let (event, span) = event.ok()?;
        match event {
            Event::Comment(..) => comments.push(span.byte_range()?),
            event => events.push((event, span.byte_range()?)),
        }
    }
    let mut reader = Reader {
        text,
        events: events.into_iter(),
    };
    Some((reader.node()?, comments))
}

struct Reader<'t, I> {
    text: &'t str,
    events: I,
}

enum Next {
    Node(Located),
    End(usize),
}

impl<'t, I: Iterator<Item = (Event<'t>, Range<usize>)>> Reader<'t, I> {
    fn node(&mut self) -> Option<Located> {
        match self.next()? {
            Next::Node(node) => Some(node),
            Next::End(_) => None,
        }
    }

    /// The next node, or the place of the end of the collection around it.
    fn next(&mut self) -> Option<Next> {
        loop {
            let (event, at) = self.events.next()?;
            let node = match event {
                Event::Scalar(value, style, anchor, tag) => {
                    let end = match style {
                        // The parser counts the line breaks behind a block scalar to it.
                        ScalarStyle::Literal | ScalarStyle::Folded => {
                            at.start + self.text[at.clone()].trim_end().len()
                        }
                        _ => at.end,
                    };
                    let plain = anchor == 0 && tag.is_none();
                    let what = if plain {
                        What::Scalar(value.into_owned())
                    } else {
                        What::Opaque
                    };
                    Located {
                        at: at.start..end.max(at.start),
                        what,
                    }
                }
                Event::Alias(_) => Located {
                    at,
                    what: What::Opaque,
                },
                Event::SequenceStart(style, anchor, tag) => {
                    let flow = style == StructureStyle::Flow;
                    let (items, end) = self.children()?;
                    let end = if flow {
                        end
                    } else {
                        items.last().map_or(at.end, |item| item.at.end)
                    };
                    let what = if anchor == 0 && tag.is_none() {
                        What::List { flow, items }
                    } else {
                        What::Opaque
                    };
                    Located {
                        at: at.start..end.max(at.start),
                        what,
                    }
                }
                Event::MappingStart(style, anchor, tag) => {
                    let flow = style == StructureStyle::Flow;
                    let (nodes, end) = self.children()?;
                    let end = if flow {
                        end
                    } else {
                        nodes.last().map_or(at.end, |node| node.at.end)
                    };
                    let start = if flow {
                        at.start
                    } else {
                        nodes.first().map_or(at.start, |node| node.at.start)
                    };
                    let what = if anchor == 0 && tag.is_none() {
                        What::Map {
                            flow,
                            entries: pairs(nodes),
                        }
                    } else {
                        What::Opaque
                    };
                    Located {
                        at: start..end.max(start),
                        what,
                    }
                }
                Event::SequenceEnd | Event::MappingEnd => return Some(Next::End(at.end)),
                Event::DocumentEnd | Event::StreamEnd => return None,
                _ => continue,
            };
            return Some(Next::Node(node));
        }
    }

    fn children(&mut self) -> Option<(Vec<Located>, usize)> {
        let mut nodes = Vec::new();
        loop {
            match self.next()? {
                Next::Node(node) => nodes.push(node),
                Next::End(end) => return Some((nodes, end)),
            }
        }
    }
}

fn pairs(nodes: Vec<Located>) -> Vec<(Located, Located)> {
    let mut pairs = Vec::new();
    let mut nodes = nodes.into_iter();
    while let (Some(key), Some(mut value)) = (nodes.next(), nodes.next()) {
        // A value that is not written stands, for the parser, somewhere behind its key; for an edit it ends there.
        if value.at.is_empty() {
            value.at = key.at.end..key.at.end;
        }
        pairs.push((key, value));
    }
    pairs
}

impl Located {
    /// The place of the child that `segment` names.
    pub fn child(&self, segment: &PathSegment) -> Option<usize> {
        match (&self.what, segment) {
            (What::Map { entries, .. }, PathSegment::Key(wanted)) => {
                entries.iter().position(|(key, _)| key.is_text(wanted))
            }
            (What::List { items, .. }, PathSegment::Index(index)) => {
                Some(*index).filter(|index| *index < items.len())
            }
            (What::List { items, .. }, PathSegment::Element { field, value }) => {
                items.iter().position(|item| match &item.what {
                    What::Map { entries, .. } => entries
                        .iter()
                        .any(|(key, found)| key.is_text(field) && found.is_text(value)),
                    _ => false,
                })
            }
            _ => None,
        }
    }

    fn is_text(&self, wanted: &str) -> bool {
        matches!(&self.what, What::Scalar(text) if text == wanted)
    }
}
