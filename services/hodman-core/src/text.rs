//! Every text that hodman writes on pull requests and commits. Pure, so that a test can read it.

mod body;

pub use body::{
    Marker, PullText, adopt_text, capture_text, marker_of, new_environment_text, promotion_text,
    takeover_text,
};

use crate::explain::{Explanation, Standing, refuses};
use crate::facts::{Pin, PlanFacts, PullKind};
use crate::ids::EnvName;
use crate::reason::{Reason, Refusal};
use crate::state::{Accepted, Promotion};
use serde::Serialize;
use sha2::{Digest, Sha256};

impl PullKind {
    /// For titles.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Promotion => "promote",
            Self::Rollback => "roll back",
            Self::Replan => "approve a new plan for",
            Self::Capture => "capture",
            Self::Adopt => "adopt a change made in",
        }
    }
}

/// The check run's text on an open promotion.
#[must_use]
pub fn proposal(
    env: &EnvName,
    promotion: &Promotion,
    plan: &PlanFacts,
    waits: &[Reason],
) -> String {
    let mut text = format!(
        "Merging this pull request puts package `{}` (from {}) in place in **{env}**: {}.\n",
        promotion.package.short(),
        promotion.source_commit.short(),
        plan.counts()
    );
    if plan.is_empty() {
        text.push_str("\nThe workspace already is as this package says; only the pin moves.\n");
    }
    if !plan.irreversible.is_empty() {
        text.push_str(&format!(
            "\n**Cannot be undone:** {}\n",
            plan.irreversible.join(", ")
        ));
    }
    if waits.iter().any(refuses) {
        text.push_str(
            "\n**Do not merge it yet:** merged before its gates are open, it is refused, and has to be reverted.\n",
        );
    }
    text.push_str(&waiting(
        "Gates",
        waits,
        "Every gate is open: merging applies at once.",
    ));
    text
}

/// The report on a merged pull request and on the package's commit.
#[must_use]
pub fn deployment(
    env: &EnvName,
    accepted: &Accepted,
    standing: Standing,
    explanation: &Explanation,
) -> String {
    let mut text = format!(
        "**{env}** is *{standing}* with approved package `{}`.\n\n",
        accepted.package.short()
    );
    for line in &explanation.there {
        // When it was compared says nothing new, and would make a new report of every comparison.
        if !line.starts_with("last ") {
            text.push_str(&format!("- {line}\n"));
        }
    }
    text
}

/// The report on the head that was merged.
#[must_use]
pub fn approval(env: &EnvName, accepted: &Accepted) -> String {
    format!(
        "Merging it approved package `{}` (from {}) for **{env}**. What becomes of it stands in the pull request's comment.\n",
        accepted.package.short(),
        accepted.source_commit.short()
    )
}

/// The report on a merged pull request whose pin does not count.
#[must_use]
pub fn refusal(env: &EnvName, pin: &Pin, refusal: &Refusal) -> String {
    format!(
        "This was merged, and is not applied: {refusal}. Package `{}` does not come into **{env}** by it; what is there stays as \
         it is.\n\nWhat helps: {}.\n",
        pin.package.short(),
        refusal.way_out()
    )
}

fn waiting(title: &str, waits: &[Reason], none: &str) -> String {
    let mut text = format!("\n### {title}\n\n");
    if waits.is_empty() {
        text.push_str(none);
        text.push('\n');
    }
    for reason in waits {
        text.push_str(&format!("- {reason}\n"));
    }
    text
}

/// Equal words, equal fingerprint.
#[must_use]
pub fn fingerprint(words: &impl Serialize) -> String {
    let json = serde_json::to_vec(words).unwrap_or_default();
    hex::encode(Sha256::digest(json))
}
