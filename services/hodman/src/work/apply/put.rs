//! What was put and cannot be read back: noted in the claims, by version and time, so that the next plan knows it.

use super::super::secrets::Values;
use super::super::{WorkError, live};
use super::site::Site;
use hodman_clients::databricks::Request;
use hodman_model::claims::Put;
use hodman_model::kinds::{Kind, Listing};
use hodman_model::plan::{Action, Row};
use serde_json::Value;

/// The values that the row's request wants, as they were when the plan was taken a moment ago.
pub(super) async fn values(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    row: &Row,
) -> Result<Values, WorkError> {
    if matches!(row.action, Action::Delete | Action::Resize) {
        return Ok(Values::none());
    }
    let wanted = site.wanted(row)?;
    if kind.rules().write_only_field(&wanted.config).is_none() {
        return Ok(Values::none());
    }
    let values = Values::read(site.job, site.env, kind, &row.key, wanted).await?;
    if site.taken.sent.get(&row.key) != Some(&values.sent) {
        return Err(WorkError::transient(format!(
            "a secret of {} changed where it comes from; looked at anew",
            row.key
        )));
    }
    Ok(values)
}

/// Notes what was put, after the request for it.
pub(super) async fn note(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    row: &Row,
    values: &Values,
) -> Result<(), WorkError> {
    if values.sent.version.is_empty() || !row.changes_object() {
        return Ok(());
    }
    // Such a value is taken with the object or never.
    if kind.rules().open && matches!(row.action, Action::Update | Action::Resize) {
        return Ok(());
    }
    let config = site.filled(&site.wanted(row)?.config)?;
    let at = match kind.natural(&config) {
        Some(id) => changed_at(site, kind, &id).await?,
        None => 0,
    };
    let put = Put {
        version: values.sent.version.clone(),
        at,
        reference: values.sent.reference.clone(),
    };
    site.ledger.put(&row.key, put).await;
    Ok(())
}

/// When the service says that the value was changed, in milliseconds since 1970; 0 where it says nothing of it. Only the
/// list that the object lies in says so.
async fn changed_at(site: &Site<'_>, kind: &'static dyn Kind, id: &str) -> Result<i64, WorkError> {
    let (Listing::Below { list, .. }, Some((parent, _))) = (kind.listing(), id.rsplit_once('/'))
    else {
        return Ok(0);
    };
    let list = list(parent);
    let mut call = Request::get(&list.path);
    for (name, value) in &list.query {
        call = call.query(name, value);
    }
    let answer = site.part.workspace.call(call).await?;
    let items = answer.get(list.items_field).and_then(Value::as_array);
    for item in items.into_iter().flatten() {
        let mut item = item.clone();
        live::add(&mut item, &list.adds);
        let listed = kind
            .read(&item)
            .map_err(|error| WorkError::lasting(error.to_string()))?;
        if let Some(listed) = listed.filter(|listed| listed.id == id) {
            let at = listed.outputs.get("last_updated_timestamp");
            return Ok(at.and_then(Value::as_i64).unwrap_or_default());
        }
    }
    Ok(0)
}
