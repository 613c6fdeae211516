//! What is wrong with a user's file, said so that an editor can jump to it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad a [`Diagnostic`] is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The file is read, but something in it has no effect or is about to change.
    Warning,
    /// The file cannot be used.
    #[default]
    Error,
}

/// One finding in one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Path in the repository.
    pub file: String,
    /// Line, from 1; none when the finding is about the whole file.
    pub line: Option<u32>,
    /// Column in characters, from 1.
    pub column: Option<u32>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What would make it right, when we can guess.
    pub hint: Option<String>,
    /// Whether the file can still be used.
    pub severity: Severity,
}

impl Diagnostic {
    /// An error about a whole file.
    #[must_use]
    pub fn error(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: None,
            column: None,
            message: message.into(),
            hint: None,
            severity: Severity::Error,
        }
    }

    /// The same finding at a place.
    #[must_use]
    pub fn at(mut self, line: u32, column: u32) -> Self {
        self.line = Some(line);
        self.column = Some(column);
        self
    }

    /// The same finding with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::bundle::written(&self.file))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        write!(f, ": {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " (hint: {hint})")?;
        }
        Ok(())
    }
}

/// Everything found wrong, in the order of the files; as an error it holds at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Whether one of them forbids using the files.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|found| found.severity == Severity::Error)
    }

    /// `value` if nothing forbids using it, else all findings, sorted by place.
    ///
    /// # Errors
    /// When one finding is an error.
    pub fn into_result<T>(mut self, value: T) -> Result<T, Self> {
        if self.has_errors() {
            self.0.sort();
            self.0.dedup();
            return Err(self);
        }
        Ok(value)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

/// "did you mean `merge`?" for the nearest of `known`, when one is near enough to be a slip of the hand.
#[must_use]
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| {
            let (shorter, longer) = {
                let (a, b) = (candidate.chars().count(), word.chars().count());
                (a.min(b), a.max(b))
            };
            *distance < shorter && *distance <= 1 + longer / 4
        })
        .min()
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_the_place_and_the_advice() {
        let found = Diagnostic::error("a.yml", "unknown key `marge`")
            .at(3, 5)
            .hint("did you mean `merge`?");
        assert_eq!(
            found.to_string(),
            "a.yml:3:5: unknown key `marge` (hint: did you mean `merge`?)"
        );
        assert_eq!(
            Diagnostic::error("a.yml", "is missing").to_string(),
            "a.yml: is missing"
        );
    }

    #[test]
    fn only_near_words_are_offered() {
        assert_eq!(
            did_you_mean("marge", ["mode", "merge"]).as_deref(),
            Some("did you mean `merge`?")
        );
        assert_eq!(
            did_you_mean("wrokspaces", ["workspaces"]).as_deref(),
            Some("did you mean `workspaces`?")
        );
        assert_eq!(did_you_mean("banana", ["merge", "gates"]), None);
        assert_eq!(did_you_mean("x", ["y"]), None);
    }
}
