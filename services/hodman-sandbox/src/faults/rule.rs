//! What a fault rule matches and does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// HTTP method; `None` matches every method.
    #[serde(default)]
    pub method: Option<String>,
    /// Which paths.
    #[serde(default)]
    pub path: PathMatch,
    /// How many matching requests pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// How many requests are hit; `None`: all until the rule is removed.
    #[serde(default)]
    pub times: Option<u32>,
    /// The handler does its work, then the fault replaces its answer.
    #[serde(default)]
    pub after_effect: bool,
    /// What happens.
    pub action: FaultAction,
}

/// Which paths a rule is about; paths are compared with their query string.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathMatch {
    /// Every path.
    #[default]
    Any,
    /// Path contains this text.
    Contains(String),
    /// Path starts with this text.
    Prefix(String),
    /// Path without its query ends with this text.
    Suffix(String),
    /// Path without its query is this text.
    Exact(String),
}

/// What a rule does to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultAction {
    /// Answers this instead.
    Status {
        /// HTTP status.
        code: u16,
        /// Further headers, for example `retry-after`.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// Body as text.
        #[serde(default)]
        body: String,
    },
    /// Waits, then goes on; with `after_effect` the answer is then a 504.
    Delay {
        /// Milliseconds.
        millis: u64,
    },
    /// Closes the connection without an answer.
    DropConnection,
}

impl FaultRule {
    /// Answers the next `times` requests with `code` before they reach their handler.
    #[must_use]
    pub fn status(code: u16, times: u32) -> Self {
        Self::new(
            FaultAction::Status {
                code,
                headers: BTreeMap::new(),
                body: String::new(),
            },
            times,
        )
    }

    /// Drops the connection of the next `times` requests.
    #[must_use]
    pub fn drop_connection(times: u32) -> Self {
        Self::new(FaultAction::DropConnection, times)
    }

    /// Delays the next `times` requests.
    #[must_use]
    pub fn delay(millis: u64, times: u32) -> Self {
        Self::new(FaultAction::Delay { millis }, times)
    }

    fn new(action: FaultAction, times: u32) -> Self {
        Self {
            method: None,
            path: PathMatch::Any,
            skip: 0,
            times: Some(times),
            after_effect: false,
            action,
        }
    }

    /// Only this HTTP method.
    #[must_use]
    pub fn on(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only these paths.
    #[must_use]
    pub fn path(mut self, path: PathMatch) -> Self {
        self.path = path;
        self
    }

    /// Only paths that contain this text.
    #[must_use]
    pub fn path_contains(self, text: &str) -> Self {
        self.path(PathMatch::Contains(text.to_owned()))
    }

    /// The first `skip` matching requests pass.
    #[must_use]
    pub fn skipping(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// The work is done, only the answer is lost.
    #[must_use]
    pub fn after_effect(mut self) -> Self {
        self.after_effect = true;
        self
    }

    /// Adds a header to a [`FaultAction::Status`] answer; nothing for the other actions.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let FaultAction::Status { headers, .. } = &mut self.action {
            headers.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    /// Sets the body of a [`FaultAction::Status`] answer; nothing for the other actions.
    #[must_use]
    pub fn body(mut self, text: &str) -> Self {
        if let FaultAction::Status { body, .. } = &mut self.action {
            text.clone_into(body);
        }
        self
    }

    pub(super) fn matches(&self, method: &str, path: &str) -> bool {
        let bare = path.split('?').next().unwrap_or(path);
        self.times != Some(0)
            && self
                .method
                .as_deref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && match &self.path {
                PathMatch::Any => true,
                PathMatch::Contains(text) => path.contains(text),
                PathMatch::Prefix(text) => path.starts_with(text),
                PathMatch::Suffix(text) => bare.ends_with(text),
                PathMatch::Exact(text) => bare == text,
            }
    }
}
