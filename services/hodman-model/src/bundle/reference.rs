//! `${a.b[0].c}` in texts, by the grammar of the Databricks CLI.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

/// One reference in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// Where it stands in the text, `${` and `}` included.
    pub range: Range<usize>,
    /// What stands between the dots, indexes after their list.
    pub path: Vec<Step>,
}

/// One step of a reference's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a mapping.
    Key(String),
    /// Into a list.
    Index(usize),
}

impl Reference {
    /// The key at a position of the path.
    pub fn key(&self, position: usize) -> Option<&str> {
        match self.path.get(position) {
            Some(Step::Key(key)) => Some(key),
            _ => None,
        }
    }
}

/// The references in `text`, from left to right. What only looks like one (`${1x}`, `{{job.id}}`) stays text.
pub(super) fn references(text: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find("${").map(|at| from + at) {
        let inside = start + 2;
        let Some(end) = text[inside..].find('}').map(|at| inside + at) else {
            break;
        };
        match path(&text[inside..end]) {
            Some(path) => {
                found.push(Reference {
                    range: start..end + 1,
                    path,
                });
                from = end + 1;
            }
            None => from = inside,
        }
    }
    found
}

fn path(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in text.split('.') {
        let name_end = part.find('[').unwrap_or(part.len());
        let (name, mut indexes) = part.split_at(name_end);
        if !is_name(name) {
            return None;
        }
        steps.push(Step::Key(name.to_owned()));
        while !indexes.is_empty() {
            let (digits, rest) = indexes.strip_prefix('[')?.split_once(']')?;
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            steps.push(Step::Index(digits.parse().ok()?));
            indexes = rest;
        }
    }
    Some(steps)
}

/// A letter first, a letter or digit last, of any script; `_` and `-` between.
fn is_name(name: &str) -> bool {
    name.starts_with(is_letter)
        && name.ends_with(is_letter_or_digit)
        && name
            .chars()
            .all(|char| is_letter_or_digit(char) || matches!(char, '_' | '-'))
}

fn is_letter(char: char) -> bool {
    char.is_alphabetic() && !char.is_numeric() && !is_combining_mark(char)
}

fn is_letter_or_digit(char: char) -> bool {
    is_letter(char) || char.is_numeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<&str> {
        references(text)
            .into_iter()
            .map(|reference| &text[reference.range])
            .collect()
    }

    #[test]
    fn references_are_found_by_the_grammar() {
        assert_eq!(
            shown("a ${var.x}-${var.y.z[0][1].w} b"),
            ["${var.x}", "${var.y.z[0][1].w}"]
        );
        assert_eq!(shown("${${var.x}}"), ["${var.x}"]);
        assert_eq!(shown("${var.a_${var.x}}"), ["${var.x}"]);
        assert_eq!(
            shown("${var.größe} ${变量.x９}"),
            ["${var.größe}", "${变量.x９}"]
        );
        for text in [
            "",
            "$",
            "${",
            "${}",
            "${1a}",
            "${a.}",
            "${.a}",
            "${a-}",
            "${a b}",
            "${a[x]}",
            "${a[]}",
            "{{job.id}}",
            "$ {a}",
            "${9é}",
            "${a.e\u{301}}",
        ] {
            assert_eq!(shown(text), Vec::<&str>::new(), "{text}");
        }
        let path = &references("${a-b.c[2]}")[0].path;
        assert_eq!(
            path,
            &[
                Step::Key("a-b".into()),
                Step::Key("c".into()),
                Step::Index(2)
            ]
        );
    }
}
