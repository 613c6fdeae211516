//! What must hold before a package may come into an environment.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::CheckName;
use crate::files::duration::Span;

/// The conditions on a promotion; all must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gates {
    /// How long every predecessor must have been healthy with the package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<Span>,
    /// Check runs or statuses that must be green on the package's source commit. Of several with one name all must be;
    /// with an app named, all of that app.
    #[serde(default)]
    pub checks: Vec<CheckName>,
    /// How many others than its author must have approved the promotion pull request's head.
    #[serde(default)]
    pub approvals: u32,
    /// When applying is allowed or denied. Without an `allow` window, always but in a `deny` window.
    #[serde(default)]
    pub windows: Vec<Window>,
    /// Stretches of time in which nothing is applied.
    #[serde(default)]
    pub freezes: Vec<Freeze>,
}

/// A repeated stretch of time that guards the apply.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Whether applying is allowed or denied in it.
    pub kind: WindowKind,
    /// When it opens, in five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday).
    pub cron: String,
    /// How long it stays open.
    pub duration: Span,
    /// The IANA time zone that `cron` is read in. Asked for, because a guess would be an hour off twice a year.
    pub zone: String,
}

/// What a window means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WindowKind {
    /// Applying is allowed in it.
    Allow,
    /// Applying is denied in it, whatever `allow` windows say.
    Deny,
}

/// One stretch of time in which nothing is applied.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// From this instant, itself included.
    #[serde(deserialize_with = "instant")]
    pub from: DateTime<Utc>,
    /// To this instant, itself not included.
    #[serde(deserialize_with = "instant")]
    pub to: DateTime<Utc>,
    /// Why; shown wherever it holds something up.
    pub reason: String,
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(deserializer)?;
    DateTime::parse_from_rfc3339(&text)
        .map(|instant| instant.with_timezone(&Utc))
        .map_err(|_| D::Error::custom("expected an instant such as `2026-12-20T00:00:00Z`"))
}
