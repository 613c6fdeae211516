//! `hodman adopt`: what a former owner's file says, as a request; and with `--dry-run` what would come of it.

use super::args::{AdoptFrom, Remote};
use super::failure::{Exit, Failure};
use super::output::{print, print_json};
use super::plan;
use anyhow::Context as _;
use hodman_core::event::{FormerObject, Takeover};
use hodman_core::ids::EnvName;
use hodman_model::plan::Plan;
use hodman_model::takeover::{self, From, Matched};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Reads a former owner's file: keys, ids and names, and what tells resources of AWS apart; nothing else of it.
pub(super) fn read(
    from: AdoptFrom,
    file: &Path,
    workspace: Option<String>,
) -> anyhow::Result<Takeover> {
    let (from, word) = match from {
        AdoptFrom::BundleState => (From::BundleState, "bundle-state"),
        AdoptFrom::Tfstate => (From::Tfstate, "tfstate"),
        AdoptFrom::Ids => (From::Ids, "ids"),
    };
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let state = takeover::read(from, &file.display().to_string(), &bytes)
        .map_err(|problems| Failure::new(Exit::Failed, problems.to_string()))?;
    if !state.others.is_empty() {
        eprintln!(
            "Not of a kind that hodman manages, and left alone: {}",
            state.others.join(", ")
        );
    }
    // The same form, in words that decisions know.
    let resources = serde_json::from_value(json!(state.resources))?;
    let objects = state
        .objects
        .into_iter()
        .map(|object| FormerObject {
            key: object.key.to_string(),
            address: object.address,
            id: object.id,
            name: object.name,
            facts: object.facts,
        })
        .collect();
    Ok(Takeover {
        from: word.to_owned(),
        workspace,
        objects,
        resources,
    })
}

/// Shows what would be proposed. Only reads.
pub(super) async fn dry_run(
    env: &str,
    from: AdoptFrom,
    file: &Path,
    workspace: Option<String>,
    remote: &Remote,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let takeover = read(from, file, workspace)?;
    let (pipeline, parts) = plan::parts(remote, "--dry-run").await?;
    let proposal = parts
        .work
        .preview_takeover(&pipeline, &EnvName::from(env), &takeover)
        .await?;
    if json {
        print_json(&json!({"matched": proposal.matched, "plan": proposal.plan}))?;
    } else {
        print(&format!(
            "{}\n{}\n{}",
            table(&proposal.matched, &proposal.plan),
            proposal.plan.to_table(),
            takeover::letting_go(proposal.from, &proposal.matched)
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(matched: &Matched, plan: &Plan) -> String {
    let mut text = String::new();
    for found in &matched.matches {
        text.push_str(&format!(
            "adopt  {}  {}  {}  ({}: {})\n",
            found.key, found.id, found.name, found.address, found.because
        ));
    }
    for found in &matched.imports {
        text.push_str(&format!(
            "import modules.{}.import.{}  {}  ({}: {})\n",
            found.place.call, found.place.resource, found.id, found.address, found.because
        ));
    }
    for place in &matched.listed {
        text.push_str(&format!("listed {place}\n"));
    }
    for key in &matched.ours {
        text.push_str(&format!("ours   {key}\n"));
    }
    for left in &matched.left {
        text.push_str(&format!(
            "left   {}  {}: {}\n",
            left.address, left.id, left.because
        ));
    }
    for key in &matched.made_anew {
        let mut rows = plan.rows().map(|(_, row)| row);
        let perhaps = rows.find(|row| row.key == *key && row.perhaps.is_some());
        let perhaps = perhaps.and_then(|row| row.perhaps.as_ref());
        let perhaps =
            perhaps.map(|there| format!("  ({there} has that name and no marker of ours)"));
        text.push_str(&format!("new    {key}{}\n", perhaps.unwrap_or_default()));
    }
    for after in &matched.after {
        text.push_str(&format!(
            "after  {}.{}  {}\n",
            after.place.call, after.place.resource, after.kind
        ));
    }
    text
}
