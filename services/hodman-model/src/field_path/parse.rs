//! Reads a field path back from its text.

use super::{PathSegment, is_plain};

pub(super) fn field_path(text: &str) -> Option<Vec<PathSegment>> {
    let mut segments = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        rest = match rest.strip_prefix('[') {
            Some(inside) => bracket(inside, &mut segments)?,
            None => {
                if !segments.is_empty() {
                    rest = rest.strip_prefix('.')?;
                }
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let key = &rest[..end];
                if !is_plain(key) {
                    return None;
                }
                segments.push(PathSegment::Key(key.to_owned()));
                &rest[end..]
            }
        };
    }
    Some(segments)
}

/// Reads what follows a `[`; gives back what follows its `]`.
fn bracket<'t>(inside: &'t str, segments: &mut Vec<PathSegment>) -> Option<&'t str> {
    if inside.starts_with('"') {
        let (key, rest) = quoted(inside)?;
        segments.push(PathSegment::Key(key));
        return rest.strip_prefix(']');
    }
    let end = inside.find([']', '='])?;
    let (word, rest) = inside.split_at(end);
    if let Some(rest) = rest.strip_prefix(']') {
        segments.push(PathSegment::Index(word.parse().ok()?));
        return Some(rest);
    }
    let value = rest.strip_prefix('=')?;
    let (value, rest) = if value.starts_with('"') {
        quoted(value)?
    } else {
        let end = value.find(']')?;
        (value[..end].to_owned(), &value[end..])
    };
    segments.push(PathSegment::Element {
        field: word.to_owned(),
        value,
    });
    rest.strip_prefix(']')
}

/// Reads a JSON string at the start of `text`.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let value = stream.next()?.ok()?;
    let end = stream.byte_offset();
    Some((value, &text[end..]))
}
