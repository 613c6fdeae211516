//! The XML of answers.

use axum::http::StatusCode;

/// What stands inside of an answer, or why there is none.
pub(super) type Answered = Result<String, Refusal>;

/// A refusal in AWS's words.
pub(super) struct Refusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
}

impl Refusal {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// An operation that the stand-in does not have.
    pub fn unknown(operation: &str) -> Self {
        let message = format!("the stand-in has no operation {operation:?}");
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }

    /// As services say it that are asked by a form.
    pub fn in_query(&self) -> String {
        let said = tag("Code", self.code) + &tag("Message", &self.message);
        format!("<ErrorResponse><Error><Type>Sender</Type>{said}</Error></ErrorResponse>")
    }

    /// As S3 says it.
    pub fn in_s3(&self) -> String {
        let said = tag("Code", self.code) + &tag("Message", &self.message);
        format!("<Error>{said}</Error>")
    }
}

/// The answer to an action of a form.
pub(super) fn answer(action: &str, inner: &str) -> String {
    format!("<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>")
}

/// An element with a text.
pub(super) fn tag(name: &str, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    format!("<{name}>{text}</{name}>")
}

/// Elements with texts.
pub(super) fn texts<const N: usize>(said: [(&str, &str); N]) -> String {
    said.map(|(name, text)| tag(name, text)).concat()
}

/// A list, of what stands inside of each entry.
pub(super) fn list(name: &str, entries: impl IntoIterator<Item = String>) -> String {
    let entries = entries.into_iter();
    let entries: String = entries
        .map(|inner| format!("<member>{inner}</member>"))
        .collect();
    format!("<{name}>{entries}</{name}>")
}
