//! What is installed on all-purpose clusters: their own API does not say it.

use super::super::WorkError;
use super::snapshot::is_refusal;
use hodman_clients::databricks::{Request, Workspace};
use hodman_model::capture::{LIBRARIES, LiveResource};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The kind of those clusters.
const CLUSTERS: &str = "clusters";
/// One request for all of them.
const PATH: &str = "/api/2.0/libraries/all-cluster-statuses";
/// What is on its way out.
const LEAVING: &str = "UNINSTALL_ON_RESTART";

/// Puts them into what is known of the clusters. A workspace that does not tell leaves it unknown.
pub(super) async fn add(
    workspace: &Workspace,
    resources: &mut [LiveResource],
) -> Result<(), WorkError> {
    if resources.iter().all(|live| live.kind != CLUSTERS) {
        return Ok(());
    }
    let answer = match workspace.call(Request::get(PATH)).await {
        Ok(answer) => answer,
        Err(error) if error.is_not_found() || is_refusal(&error) => return Ok(()),
        Err(error) => return Err(WorkError::from(error).doing("reading the libraries of clusters")),
    };
    let mut by_cluster = installed(&answer);
    for live in resources.iter_mut().filter(|live| live.kind == CLUSTERS) {
        let all = by_cluster.remove(&live.listed.id).unwrap_or_default();
        let outputs = &mut live.listed.outputs;
        if !outputs.is_object() {
            *outputs = Value::Object(Map::new());
        }
        outputs[LIBRARIES] = Value::Array(all);
    }
    Ok(())
}

/// The libraries of each cluster, in an order of our own: the answer has none.
fn installed(answer: &Value) -> BTreeMap<String, Vec<Value>> {
    let list = |value: &Value, field: &str| {
        let items = value.get(field).and_then(Value::as_array);
        items.cloned().unwrap_or_default()
    };
    let stays = |status: &Value| status.get("status").and_then(Value::as_str) != Some(LEAVING);
    list(answer, "statuses")
        .iter()
        .filter_map(|cluster| {
            let all = list(cluster, "library_statuses");
            let all = all.iter().filter(|status| stays(status));
            let all = all.filter_map(|status| status.get("library").cloned());
            let mut all: Vec<Value> = all.collect();
            all.sort_by_key(Value::to_string);
            Some((cluster.get("cluster_id")?.as_str()?.to_owned(), all))
        })
        .collect()
}
