//! `/plans/<digest>`: a whole plan, however long.

use super::{Frame, rendered};
use crate::web::WebParts;
use crate::web::access::Visitor;
use crate::web::trouble::{PageTrouble, Trouble};
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Html;
use hodman_model::kinds::Reversibility;
use hodman_model::plan::{FileChangeKind, Plan, Row};
use serde_json::Value;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "plan.html")]
struct Page {
    frame: Frame,
    digest: String,
    summary: Vec<(usize, &'static str)>,
    parts: Vec<Part>,
    empty: bool,
}

struct Part {
    workspace: String,
    rows: Vec<Shown>,
    unchanged: Vec<String>,
}

struct Shown {
    sign: &'static str,
    word: &'static str,
    key: String,
    reason: String,
    loss: Option<(&'static str, String)>,
    digest: String,
    /// Something was there before: without that its column is left out.
    had: bool,
    changes: Vec<Change>,
    files: Vec<(&'static str, String)>,
}

struct Change {
    path: String,
    before: Option<String>,
    after: Option<String>,
    redacted: bool,
}

pub(super) async fn show(
    State(web): State<Arc<WebParts>>,
    Extension(visitor): Extension<Visitor>,
    Path(digest): Path<String>,
) -> Result<Html<String>, PageTrouble> {
    let bytes = web.store.get_blob("plan", &digest).await?;
    let bytes = bytes.ok_or_else(|| Trouble::Missing(format!("no plan {digest} is kept here")))?;
    let plan: Plan = serde_json::from_slice(&bytes)?;
    let summary = plan.summary();
    let counts = [
        (summary.create, "create"),
        (summary.update, "update"),
        (summary.replace, "replace"),
        (summary.adopt, "adopt"),
        (summary.delete, "delete"),
        (summary.none, "unchanged"),
    ];
    rendered(&Page {
        frame: Frame::of(&web, &visitor, 0),
        digest,
        summary: counts.into_iter().filter(|(count, _)| *count > 0).collect(),
        empty: plan.is_empty(),
        parts: plan
            .parts
            .into_iter()
            .map(|part| Part {
                workspace: part.workspace,
                rows: part.rows.iter().map(row).collect(),
                unchanged: part.unchanged.iter().map(ToString::to_string).collect(),
            })
            .collect(),
    })
}

fn row(row: &Row) -> Shown {
    let loss = match &row.reversible {
        Reversibility::Reversible => None,
        Reversibility::Compensable { loses } => Some(("loses", loses.clone())),
        Reversibility::Irreversible { loses } => {
            Some(("cannot be taken back, loses", loses.clone()))
        }
    };
    let sign = |what| match what {
        FileChangeKind::Added => "+",
        FileChangeKind::Changed => "~",
        FileChangeKind::Removed => "-",
    };
    Shown {
        sign: row.action.sign(),
        word: row.action.word(),
        key: if row.is_files_step() {
            "files".to_owned()
        } else {
            row.key.to_string()
        },
        reason: row.reason.clone(),
        loss,
        digest: row.digest.to_string(),
        had: row.changes.iter().any(|change| change.before.is_some()),
        changes: row
            .changes
            .iter()
            .map(|change| Change {
                path: change.path.to_string(),
                before: change.before.as_ref().map(text),
                after: change.after.as_ref().map(text),
                redacted: change.redacted,
            })
            .collect(),
        files: row
            .files
            .iter()
            .map(|file| (sign(file.what), file.path.clone()))
            .collect(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}
