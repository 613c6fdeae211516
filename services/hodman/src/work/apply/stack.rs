//! A stack: brought to what is wanted, or removed, by what was shown and nothing else.

use super::super::{WorkError, live, stacks};
use super::site::Site;
use hodman_model::kinds::{Call, CloudformationStacks, Kind, Listed, TerraformStacks};
use hodman_model::plan::{Action, Row};
use serde_json::Value;

pub(super) async fn step(site: &Site<'_>, row: &Row) -> Result<(), WorkError> {
    let shown = stacks::shown(&site.part.observed.previews, &row.key)?.digest();
    if row.action == Action::Delete {
        let id = &site.live(row)?.id;
        let wanted = site.taken.foundation.told.get(id);
        let call = TerraformStacks::remove(id, wanted.map(AsRef::as_ref), &shown);
        site.job.fence.check().await?;
        match site.part.workspace.call(live::request(&call)).await {
            Ok(_) => {}
            // Removed by a try whose end nobody heard of.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
        site.known().forget(&row.key);
        site.ledger.gone(&row.key).await;
        return Ok(());
    }
    let config = site.filled(&site.wanted(row)?.config)?;
    let name = TerraformStacks
        .natural(&config)
        .ok_or_else(|| WorkError::lasting(format!("{} has no name", row.key)))?;
    let call = TerraformStacks::bring(&name, &config, &site.marker(&row.key), &shown);
    site.job.fence.check().await?;
    let answer = site.part.workspace.call(live::request(&call)).await?;
    note(site, row, &answer).await
}

/// Notes what stacks of Terraform are told that have nothing to do for it: where a later look could take only what they were applied
/// with last, a Terraform that does not take those files any more would be in everybody's way.
pub(super) async fn note_told(site: &Site<'_>, rows: &[Row]) -> Result<(), WorkError> {
    for (key, wanted) in &site.part.desired(site.taken).resources {
        let has_row = rows.iter().any(|row| row.key == *key);
        let preview = site.part.observed.previews.get(key);
        let Some(preview) = preview.filter(|_| stacks::is_terraform(key) && !has_row) else {
            continue;
        };
        let config = site.filled(&wanted.config)?;
        let name = TerraformStacks.natural(&config).unwrap_or_default();
        let marker = site.marker(key);
        let call = TerraformStacks::note(&name, &config, &marker, &preview.digest());
        site.job.fence.check().await?;
        site.part.workspace.call(live::request(&call)).await?;
    }
    Ok(())
}

/// Brings a stack of CloudFormation by what was shown; none for other kinds.
pub(super) fn bring(
    site: &Site<'_>,
    row: &Row,
    id: &str,
    config: &Value,
) -> Result<Option<Call>, WorkError> {
    if row.key.kind != CloudformationStacks.name() {
        return Ok(None);
    }
    let shown = stacks::shown(&site.part.observed.previews, &row.key)?.digest();
    let marker = site.marker(&row.key);
    Ok(Some(CloudformationStacks::bring(
        id, config, &marker, &shown,
    )))
}

/// The creation of a stack that was shown, and no other: one that takes over what exists. None for all others.
pub(super) fn make(site: &Site<'_>, row: &Row, config: &Value) -> Option<Call> {
    let of_ours = row.key.kind == CloudformationStacks.name();
    let preview = site.part.observed.previews.get(&row.key);
    let shown = preview.filter(|_| of_ours)?.digest();
    let marker = site.marker(&row.key);
    Some(CloudformationStacks::make(config, &marker, &shown))
}

/// What it gives is known from here on.
async fn note(site: &Site<'_>, row: &Row, answer: &Value) -> Result<(), WorkError> {
    let listed: Option<Listed> = TerraformStacks
        .read(answer)
        .map_err(|error| WorkError::lasting(error.to_string()))?;
    let Some(listed) = listed else {
        return Ok(());
    };
    site.known()
        .made(site.part.desired(site.taken), &row.key, &listed);
    site.ledger.made(&row.key, &listed).await
}
