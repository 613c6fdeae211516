//! What was found, for people and for machines.

use std::{error::Error, fmt};

use serde::Serialize;

/// Everything that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order of the settings.
    pub checks: Vec<Check>,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was tried: `github acme/shop`.
    pub what: String,
    /// How it went.
    pub verdict: Verdict,
    /// What was found.
    pub detail: String,
    /// What would make it right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It works.
    Ok,
    /// It works, but not as well as it could; or it could not be found out.
    Warning,
    /// It does not work.
    Wrong,
}

impl Check {
    pub(super) fn fine(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            verdict: Verdict::Ok,
            detail: detail.into(),
            hint: None,
        }
    }

    pub(super) fn warning(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warning,
            ..Self::fine(what, detail)
        }
    }

    pub(super) fn wrong(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Wrong,
            ..Self::fine(what, detail)
        }
    }

    /// Something that ended with an error, told with its causes.
    pub(super) fn failed(what: impl Into<String>, error: &(dyn Error + 'static)) -> Self {
        Self::wrong(what, with_causes(error))
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// An error and its causes on one line. A cause that says what was said is left out.
pub(super) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        next = cause.source();
    }
    text
}

impl Report {
    /// Whether everything works.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.checks
            .iter()
            .all(|check| check.verdict != Verdict::Wrong)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let mark = match check.verdict {
                Verdict::Ok => "ok     ",
                Verdict::Warning => "warning",
                Verdict::Wrong => "WRONG  ",
            };
            writeln!(f, "{mark}  {}: {}", check.what, check.detail)?;
            if let Some(hint) = &check.hint {
                writeln!(f, "         -> {hint}")?;
            }
        }
        let count = |verdict| {
            self.checks
                .iter()
                .filter(|check| check.verdict == verdict)
                .count()
        };
        write!(
            f,
            "{} ok, {} warnings, {} wrong",
            count(Verdict::Ok),
            count(Verdict::Warning),
            count(Verdict::Wrong)
        )
    }
}
