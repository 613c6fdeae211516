//! The comments of a text.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_saphyr::granit_parser::{Event, Options, Parser};

use super::splice::Spliced;

/// Where the comments of `text` stand.
fn comments(text: &str) -> Vec<Range<usize>> {
    let parser = Parser::new_from_str_with_options(text, Options::default());
    parser
        .map_while(Result::ok)
        .filter(|(event, _)| matches!(event, Event::Comment(..)))
        .filter_map(|(_, span)| span.byte_range())
        .collect()
}

/// Whether a comment of `before` is not in the new text, although it was not about what went.
pub(super) fn loses(before: &str, new: &Spliced) -> bool {
    let mut kept = new.comments.clone();
    kept.retain(|at| !new.gone.iter().any(|gone| gone.contains(&at.start)));
    if kept.is_empty() {
        return false;
    }
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for at in comments(&new.text) {
        *left.entry(new.text[at].trim_end()).or_default() += 1;
    }
    kept.into_iter()
        .any(|at| match left.get_mut(before[at].trim_end()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        })
}
