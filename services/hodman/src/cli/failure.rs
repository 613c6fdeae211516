//! How a command fails: what went wrong, what would help, and the exit code.

use hodman_model::diagnostic::{Diagnostics, Severity};
use std::fmt;
use std::process::ExitCode;

/// Exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It did not work, or was refused by what was decided.
    Failed = 1,
    /// What was asked for makes no sense.
    Usage = 2,
    /// The daemon does not answer.
    Away = 3,
    /// Not allowed.
    NotAllowed = 4,
}

/// A failure with advice.
#[derive(Debug)]
pub struct Failure {
    /// What went wrong.
    pub what: String,
    /// What would help.
    pub hint: Option<String>,
    /// How the process ends.
    pub exit: Exit,
}

impl Failure {
    /// A failure without advice.
    #[must_use]
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: None,
            exit,
        }
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

/// Says it on standard error, cause after cause.
pub(super) fn report(error: &anyhow::Error) -> ExitCode {
    if let Some(found) = error.downcast_ref::<Diagnostics>() {
        for problem in &found.0 {
            let word = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            eprintln!("{word}: {problem}");
        }
        return ExitCode::from(Exit::Usage as u8);
    }
    eprintln!("error: {}", in_words(error));
    let failure = error.downcast_ref::<Failure>();
    if let Some(hint) = failure.and_then(|failure| failure.hint.as_ref()) {
        eprintln!("  hint: {hint}");
    }
    ExitCode::from(failure.map_or(Exit::Failed, |failure| failure.exit) as u8)
}

/// An error with its causes; a cause that says what was said is left out.
pub(super) fn in_words(error: &anyhow::Error) -> String {
    let mut words = String::new();
    for cause in error.chain() {
        let more = cause.to_string();
        if words.contains(&more) {
            continue;
        }
        if !words.is_empty() {
            words.push_str(": ");
        }
        words.push_str(&more);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_said_once() {
        let error = anyhow::anyhow!("the port is taken")
            .context("listening: the port is taken")
            .context("starting");
        assert_eq!(in_words(&error), "starting: listening: the port is taken");
    }
}
