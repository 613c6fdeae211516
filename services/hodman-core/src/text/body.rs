//! Titles and bodies of pull requests, and the marker by which they are found again.

use crate::facts::PullKind;
use crate::ids::{EnvName, PackageDigest, PipelineName, PlanDigest};
use serde::{Deserialize, Serialize};

/// The hidden first line of a body: which pull request this is. With it and Git a lost database loses nothing but history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The environment.
    pub env: EnvName,
    /// Why it was opened.
    pub kind: PullKind,
    /// The package it pins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<PackageDigest>,
    /// The plan it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanDigest>,
}

const OPEN: &str = "<!-- hodman: ";
const CLOSE: &str = " -->";

impl Marker {
    fn line(&self) -> String {
        // Only digests and names: nothing in them can end the comment early.
        format!(
            "{OPEN}{}{CLOSE}",
            serde_json::to_string(self).unwrap_or_default()
        )
    }
}

/// Reads a body's marker. Only the first line counts: text quoted further down is somebody else's.
#[must_use]
pub fn marker_of(body: &str) -> Option<Marker> {
    let line = body.lines().next()?.trim();
    serde_json::from_str(line.strip_prefix(OPEN)?.strip_suffix(CLOSE)?).ok()
}

/// Title and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullText {
    /// One line.
    pub title: String,
    /// Markdown, the marker first.
    pub body: String,
}

/// A pull request that changes a release pin. `plan` is the rendered plan, `whole_plan` where all of it is shown.
#[must_use]
pub fn promotion_text(
    marker: &Marker,
    because: &str,
    counts: &str,
    gates: &[String],
    plan: &str,
    whole_plan: Option<&str>,
) -> PullText {
    let package = marker.package.as_ref().map_or("", PackageDigest::short);
    let title = format!("{}: {} package {package}", marker.env, marker.kind.label());
    let mut body = format!("{}\n{because}.\n\n", marker.line());
    body.push_str(&format!(
        "Merging applies exactly this plan to **{}**: {counts}. Anything else that would be needed by then stops it \
         before its first effect.\n",
        marker.env
    ));
    body.push_str("\n### Gates\n\n");
    for gate in gates {
        body.push_str(&format!("- {gate}\n"));
    }
    body.push_str(&format!("\n### Plan\n\n{plan}\n"));
    if let Some(url) = whole_plan {
        body.push_str(&format!("\nThe whole plan: {url}\n"));
    }
    PullText { title, body }
}

/// A capture. `rows` is a rendered table of what was made or changed, by whom and when.
#[must_use]
pub fn capture_text(marker: &Marker, workspace: &str, rows: &str, conflicts: usize) -> PullText {
    let title = format!("{}: capture what was made by hand", marker.env);
    // On top: what is too long loses its end.
    let told = match conflicts {
        0 => String::new(),
        _ => format!(
            "**{conflicts} conflicts:** changed here and there since the last capture. Git's side was kept; they are the first rows.\n\n"
        ),
    };
    let body = format!(
        "{}\n{told}What people made or changed in workspace `{workspace}`, as files. Merging makes it the next package.\n\n{rows}\n",
        marker.line()
    );
    PullText { title, body }
}

/// Objects of a former owner proposed for takeover. Without a marker: it changes a binding, and is planned, approved and
/// merged like everybody's change of one. `objects` is a rendered table, `letting_go` what the former owner has to do.
#[must_use]
pub fn takeover_text(
    env: &EnvName,
    by: &str,
    objects: &str,
    plan: &str,
    letting_go: &str,
) -> PullText {
    PullText {
        title: format!("{env}: take over what was there before"),
        body: format!(
            "{by} asks that these objects of **{env}** become hodman's instead of being made a second time. Merging \
             approves it, as far as the plan that the checks show; nothing else changes.\n\n{objects}\n\n\
             ### What would be done\n\n{plan}\n\n### How the former owner lets go\n\n{letting_go}\n"
        ),
    }
}

/// A new environment. Without a marker: it is a change of `environments/` like everybody's. `files` are its paths, `kept` those that
/// the repository has already.
#[must_use]
pub fn new_environment_text(
    env: &EnvName,
    by: &str,
    from: &str,
    files: &[String],
    kept: &[String],
) -> PullText {
    let list = |files: &[String]| -> String {
        let lines = files.iter().map(|file| format!("- `{file}`\n"));
        lines.collect()
    };
    let mut body = format!(
        "{by} asks for the environment **{env}**, made from `{from}`. Nothing is made by merging this: the first package that comes to \
         **{env}** is planned in a pull request of its own, and with it everything that the environment stands on.\n\n{}",
        list(files)
    );
    if !kept.is_empty() {
        body.push_str(&format!(
            "\nThe repository has these already; they stay as they are:\n\n{}",
            list(kept)
        ));
    }
    PullText {
        title: format!("{env}: a new environment"),
        body,
    }
}

/// A hand edit proposed back.
#[must_use]
pub fn adopt_text(marker: &Marker, plan: &str, notes: &[String]) -> PullText {
    let title = format!("{}: adopt a change made by hand", marker.env);
    let mut body = format!(
        "{}\nSomebody changed **{}** by hand. Merging keeps that change in Git; closing leaves Git as it is, and the \
         difference stays reported.\n\n### What putting it back would do\n\n{plan}\n",
        marker.line(),
        marker.env
    );
    if !notes.is_empty() {
        body.push_str("\n### Notes\n\n");
    }
    for note in notes {
        body.push_str(&format!("- {note}\n"));
    }
    PullText { title, body }
}
