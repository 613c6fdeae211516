//! The variables that a directory declares, as far as it matters for how their values are written.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::path::Path;
use std::str::Chars;

use serde_json::Value;

/// What a variable takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// One text, number or truth; also whatever is given to a variable without a type.
    #[default]
    Scalar,
    /// A list, a mapping and the like.
    Structure,
    /// Anything.
    Any,
}

/// One variable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Variable {
    pub form: Form,
    /// It stands in no plan, and is told again when one is applied.
    pub ephemeral: bool,
}

/// Those of a directory, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Declared(BTreeMap<String, Variable>);

/// Whether a file overrides what others say: `override.tf`, `x_override.tf.json`.
fn overrides(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default();
    stem == "override" || stem.ends_with("_override")
}

impl Declared {
    /// As far as the files in it can be read: what is wrong with them Terraform says itself.
    pub fn read(directory: &Path) -> Self {
        let mut found = Self::default();
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        // As Terraform does: by name, and what overrides comes last and says only what it changes.
        paths.sort_by_key(|path| (overrides(path), path.clone()));
        for path in paths {
            let name = path.to_string_lossy().into_owned();
            let ends = |end: [&str; 2]| end.iter().any(|end| name.ends_with(end));
            let (hcl, json) = (ends([".tf", ".tofu"]), ends([".tf.json", ".tofu.json"]));
            let Some(text) = (hcl || json)
                .then(|| std::fs::read_to_string(&path).ok())
                .flatten()
            else {
                continue;
            };
            match json {
                true => found.add_json(&serde_json::from_str(&text).unwrap_or_default()),
                false => found.add_hcl(&tokens(&text)),
            }
        }
        found
    }

    /// What a variable takes; none when nobody declares it.
    pub fn form(&self, name: &str) -> Option<Form> {
        self.0.get(name).map(|variable| variable.form)
    }

    /// Whether one of these is ephemeral.
    pub fn any_ephemeral<'a>(&self, mut names: impl Iterator<Item = &'a String>) -> bool {
        names.any(|name| self.0.get(name).is_some_and(|known| known.ephemeral))
    }

    fn add_json(&mut self, file: &Value) {
        let blocks = match &file["variable"] {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        for (name, said) in blocks.iter().filter_map(Value::as_object).flatten() {
            let said = said
                .as_array()
                .and_then(|said| said.first())
                .unwrap_or(said);
            let variable = self.0.entry(name.clone()).or_default();
            if let Some(of) = said["type"].as_str() {
                variable.form = form(of);
            }
            if let Some(ephemeral) = said["ephemeral"].as_bool() {
                variable.ephemeral = ephemeral;
            }
        }
    }

    fn add_hcl(&mut self, tokens: &[Token]) {
        let mut depth = 0_usize;
        let mut open: Option<(String, Variable)> = None;
        for (at, token) in tokens.iter().enumerate() {
            let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
            match token {
                Token::Sign('{' | '[' | '(') => {
                    if let (0, Some(Token::Word(what)), Some(Token::Word(name) | Token::Text(name))) =
                        (depth, before(2), before(1))
                        && what == "variable"
                    {
                        let known = self.0.get(name).copied().unwrap_or_default();
                        open = Some((name.clone(), known));
                    }
                    depth += 1;
                }
                Token::Sign('}' | ']' | ')') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        self.0.extend(open.take());
                    }
                }
                Token::Word(said) | Token::Text(said) if depth == 1 => {
                    let (Some((_, variable)), Some(Token::Sign('='))) = (&mut open, before(1))
                    else {
                        continue;
                    };
                    match before(2) {
                        Some(Token::Word(field)) if field == "type" => variable.form = form(said),
                        Some(Token::Word(field)) if field == "ephemeral" => {
                            variable.ephemeral = said == "true";
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }
}

/// From how a type begins: `list(string)`.
fn form(written: &str) -> Form {
    let head = written.split('(').next().unwrap_or_default();
    match head.trim() {
        "any" => Form::Any,
        "list" | "set" | "map" | "object" | "tuple" => Form::Structure,
        _ => Form::Scalar,
    }
}

/// As little of HCL as declarations are found by.
#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    let in_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    while let Some(c) = rest.next() {
        match c {
            '#' => skip_line(&mut rest),
            '/' if rest.peek() == Some(&'/') => skip_line(&mut rest),
            '/' if rest.peek() == Some(&'*') => {
                let mut last = ' ';
                rest.next();
                for c in rest.by_ref() {
                    if (last, c) == ('*', '/') {
                        break;
                    }
                    last = c;
                }
            }
            '"' => found.push(Token::Text(quoted(&mut rest))),
            '<' if rest.peek() == Some(&'<') => skip_heredoc(&mut rest),
            c if in_word(c) => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| in_word(*c)) {
                    word.push(c);
                }
                found.push(Token::Word(word));
            }
            c if c.is_whitespace() => {}
            c => found.push(Token::Sign(c)),
        }
    }
    found
}

fn skip_line(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| *c != '\n').is_some() {}
}

/// To the end of a text, which may have others in its placeholders.
fn quoted(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    let mut last = ' ';
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => {
                text.push(c);
                text.extend(rest.next());
                last = ' ';
                continue;
            }
            '{' if last == '$' || last == '%' => skip_placeholder(rest),
            c => text.push(c),
        }
        last = c;
    }
    text
}

fn skip_placeholder(rest: &mut Peekable<Chars<'_>>) {
    let mut depth = 1;
    while depth > 0 {
        match rest.next() {
            Some('{') => depth += 1,
            Some('}') => depth -= 1,
            Some('"') => {
                quoted(rest);
            }
            Some(_) => {}
            None => return,
        }
    }
}

/// To the end of what `<<-END` begins.
fn skip_heredoc(rest: &mut Peekable<Chars<'_>>) {
    let mut line = || {
        let line: String = rest.by_ref().take_while(|c| *c != '\n').collect();
        let more = rest.peek().is_some();
        (line, more)
    };
    let (first, mut more) = line();
    let end = first.trim_start_matches(['<', '-']).trim().to_owned();
    while more {
        let (next, left) = line();
        if next.trim() == end {
            return;
        }
        more = left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_variables_take_is_found_in_whatever_form_they_are_declared() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "main.tf",
            r#"
# variable "gone" { type = list(string) }
/* variable "gone" {
  type = any
} */
variable "text" { type = string }
variable "bare" {}
variable words {
  description = <<-END
    type = string
    variable "gone" {
  END
  default     = ["}", "${join("}", ["{"])}"]
  type        = list(string)
  validation {
    condition     = length(var.words) > 0
    error_message = "type = any"
  }
}
variable "shape" {
  type = object({
    type = string // no = any
  })
  ephemeral = true
}
variable "old" { type = "map" }
resource "x" "variable" { type = any }
"#,
        );
        write(
            "more.tf.json",
            r#"{"variable": {"all": {"type": "any"}, "two": [{"type": "set(string)", "ephemeral": true}]}}"#,
        );
        write("other.txt", "variable \"gone\" { type = any }");
        let found = Declared::read(folder.path());
        let of = |name: &str| found.form(name);
        assert_eq!(
            (of("text"), of("bare")),
            (Some(Form::Scalar), Some(Form::Scalar))
        );
        for name in ["words", "shape", "old", "two"] {
            assert_eq!(of(name), Some(Form::Structure), "{name}");
        }
        assert_eq!((of("all"), of("gone")), (Some(Form::Any), None));
        assert_eq!(found.0.len(), 7, "{found:?}");
        let ephemeral = |name: &str| found.any_ephemeral([name.to_owned()].iter());
        assert!(ephemeral("shape") && ephemeral("two") && !ephemeral("words"));
    }
}
