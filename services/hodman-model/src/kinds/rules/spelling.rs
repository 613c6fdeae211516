//! What the service takes in several forms, and keeps in one.

use serde_json::Value;

use super::Rules;
use crate::kinds::pattern::{Keep, Pattern};

/// A value of which the service answers one form, in whatever it was sent.
#[derive(Clone, Debug)]
pub struct Spelling {
    /// Where.
    pub at: Pattern,
    /// Brings a value to that form.
    pub form: Form,
}

/// How a value is brought to the form that the service answers. What it does not know, such as a placeholder, it leaves alone.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A text.
    Text(fn(&str) -> String),
    /// Anything.
    Any(fn(&mut Value)),
}

impl Rules {
    /// Brings values to the form that the service answers.
    pub(super) fn spell(&self, value: &mut Value) {
        for spelling in &self.spellings {
            spelling.at.visit(value, &mut |found| {
                match (spelling.form, &mut *found) {
                    (Form::Text(form), Value::String(text)) => *text = form(text),
                    (Form::Text(_), _) => {}
                    (Form::Any(form), found) => form(found),
                }
                Keep::Yes
            });
        }
    }
}

/// The texts at each of `places` in the spelling that `form` gives.
pub(in crate::kinds) fn spelled(places: &[Pattern], form: fn(&str) -> String) -> Vec<Spelling> {
    let at = places.iter().cloned();
    let form = Form::Text(form);
    at.map(|at| Spelling { at, form }).collect()
}

/// In capitals, but for placeholders, whose case means something.
pub(in crate::kinds) fn upper_case(text: &str) -> String {
    in_case(text, &str::to_uppercase)
}

/// `name` in lower case, but for the names of resources in placeholders, whose case means something.
pub(super) fn lower_case(name: &str) -> String {
    in_case(name, &str::to_lowercase)
}

/// `name` as `cased` writes it, but for what is in placeholders.
fn in_case(name: &str, cased: &dyn Fn(&str) -> String) -> String {
    let mut written = String::new();
    let mut rest = name;
    while let Some((before, (inside, after))) = rest
        .split_once("${")
        .and_then(|(before, behind)| Some((before, behind.split_once('}')?)))
    {
        written += &format!("{}${{{inside}}}", cased(before));
        rest = after;
    }
    written + &cased(rest)
}

impl Rules {
    /// Whether the server keeps any field in another spelling than it was given in.
    pub(crate) fn respells(&self) -> bool {
        !self.lower_case.is_empty() || !self.locations.is_empty() || !self.spellings.is_empty()
    }
}
