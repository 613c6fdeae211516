//! Lines of output: plain ones, and those of `-json`.

use serde::Deserialize;

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "@message", default)]
    message: String,
    diagnostic: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    severity: String,
    summary: String,
    #[serde(default)]
    detail: String,
    address: Option<String>,
}

/// A line as people read it, and the error in it.
pub(super) struct Said {
    pub(super) text: String,
    pub(super) error: Option<String>,
}

/// Reads a line. What is no event is said as it is.
pub(super) fn read(line: &str) -> Said {
    let Ok(event) = serde_json::from_str::<Event>(line) else {
        return Said {
            text: line.to_owned(),
            error: None,
        };
    };
    let Some(diagnostic) = event.diagnostic else {
        return Said {
            text: event.message,
            error: None,
        };
    };
    let mut text = diagnostic.summary;
    if let Some(address) = diagnostic.address {
        text = format!("{address}: {text}");
    }
    if !diagnostic.detail.is_empty() {
        text = format!("{text}: {}", diagnostic.detail);
    }
    Said {
        error: (diagnostic.severity == "error").then(|| text.clone()),
        text,
    }
}
