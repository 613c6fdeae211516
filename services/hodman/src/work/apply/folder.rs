//! The folders of a workspace in which an object lies by its paths: in one that was just made nobody has made them yet.

use super::super::WorkError;
use super::site::Site;
use hodman_model::kinds::Kind;
use hodman_model::kinds::pattern::Keep;
use serde_json::Value;
use std::collections::BTreeSet;

/// Makes the folders that the object's paths lie in, and says whether there are any. Those that are there stay as they
/// are.
pub(super) async fn folder(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    config: &Value,
) -> Result<bool, WorkError> {
    let mut paths = BTreeSet::new();
    let mut scratch = config.clone();
    for at in &kind.rules().workspace_paths {
        at.visit(&mut scratch, &mut |value| {
            paths.extend(value.as_str().map(str::to_owned));
            Keep::Yes
        });
    }
    let mut any = false;
    for path in paths {
        let is_folder = config.get("parent_path").and_then(Value::as_str) == Some(path.as_str());
        let folder = if is_folder {
            path.as_str()
        } else {
            path.rsplit_once('/').map_or("", |(folder, _)| folder)
        };
        if folder.len() > 1 {
            site.job.fence.check().await?;
            site.part.workspace.files().mkdirs(folder).await?;
            any = true;
        }
    }
    Ok(any)
}
