//! What a reviewer must know of an object that is captured, and its files do not say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::beside::runs_as;
use super::git_code::GitCode;
use super::paths::{each_path, is_of_workspace, is_personal, short};
use super::{CapturedAs, LiveResource, Work, detached};
use crate::bundle::ResourceKey;
use crate::kinds::Kind;
use crate::plan::refers_to;

/// What a reviewer must know: ids and paths that mean nothing in another workspace.
pub(super) fn tell(
    work: &mut Work<'_>,
    kind: &dyn Kind,
    key: &ResourceKey,
    live: &LiveResource,
    dev: &Value,
) {
    let references = refers_to(kind, dev);
    let uncaptured = references.iter().map(|(other, id)| uncaptured(other, id));
    for detail in of(kind, live, dev).into_iter().chain(uncaptured) {
        work.row(&key.to_string(), CapturedAs::Note, None, None, detail);
    }
}

/// Of an object that is not captured, and to which one refers that is.
pub(super) fn uncaptured(kind: &str, id: &str) -> String {
    format!(
        "refers to {kind} {id}, which is not captured; the id means nothing in another workspace"
    )
}

/// The rest of it, of an object whose form is `dev`.
pub(super) fn of(kind: &dyn Kind, live: &LiveResource, dev: &Value) -> Vec<String> {
    let mut told = Vec::new();
    if live.deployed_by_bundle() {
        let detail = "deployed by a bundle: until that deployment is retired, it writes here, too"
            .to_owned();
        told.push(detail);
    }
    for field in ["budget_policy_id", "usage_policy_id"] {
        if live.listed.config.get(field).is_some_and(Value::is_string) && dev.get(field).is_none() {
            let detail = format!(
                "`{field}` is not captured: where nothing is said, each workspace gives its own; write it into Git \
                 where it ought to be another one"
            );
            told.push(detail);
        }
    }
    let mut left = BTreeSet::new();
    let mut scratch = dev.clone();
    GitCode::of([dev], &BTreeMap::new()).without(&mut scratch, |scratch| {
        each_path(kind, scratch, &mut |_, value| {
            let path = value.as_str().filter(|path| is_of_workspace(path));
            left.extend(path.map(str::to_owned));
        });
    });
    for path in &left {
        let detail = if is_personal(short(path)) {
            format!(
                "runs {path} from a personal folder, which is not captured; name the folder in the rules or move it"
            )
        } else {
            format!(
                "points to {path}, which is not captured as it is; the path means nothing in another workspace"
            )
        };
        told.push(detail);
    }
    told.extend(detached::told(kind, &live.listed, dev));
    let runs_as = live.listed.outputs.get("runs_as").and_then(Value::as_str);
    if let Some(name) = runs_as.filter(|_| dev.get("run_as").is_none()) {
        told.push(unsaid_runner(name));
    } else if live.listed.config.get("run_as").is_some() && dev.get("run_as").is_none() {
        let detail = "`run_as` is not captured: it names a person of this workspace".to_owned();
        told.push(detail);
    }
    told
}

/// Whom an object of the workspace runs as, where that is not what its form `dev` will say in Git, which is as `git` says now.
/// The form keeps what Git says, and is silent about people, so that no comparison of forms shows it.
pub(super) fn other_runner(live: &LiveResource, git: &Value, dev: &Value) -> Option<String> {
    let listed = &live.listed;
    let here = runs_as(&listed.config).or_else(|| runs_as(&listed.outputs))?;
    match runs_as(dev) {
        None => {
            let unsaid = listed.outputs.get("runs_as").and_then(Value::as_str);
            unsaid.map(unsaid_runner)
        }
        Some(said) => {
            let stays = runs_as(git) == Some(said) && said != here && !said.contains("${");
            stays.then(|| {
                format!(
                    "`run_as`: it runs as {here} in the workspace; Git says {said}, which stays"
                )
            })
        }
    }
}

fn unsaid_runner(name: &str) -> String {
    format!(
        "`run_as` is not captured: the workspace says that it runs as {name}, but not whether that is a person; \
         write it into Git where it ought to run so"
    )
}

/// The output of an all-purpose cluster with what is installed on it; missing where nobody let us look.
pub const LIBRARIES: &str = "libraries";

/// What is installed on a cluster: a bundle has no word for it.
pub(super) fn libraries(live: &LiveResource) -> Option<String> {
    let all = live.listed.outputs.get(LIBRARIES)?.as_array()?;
    let named: Vec<String> = all.iter().map(library).collect();
    (!named.is_empty()).then(|| {
        format!(
            "libraries that are installed on it are not captured, a bundle says them of tasks: {}",
            named.join(", ")
        )
    })
}

/// `pypi pandas==2.2`, `whl /Volumes/a/b/c.whl`.
fn library(library: &Value) -> String {
    let all = library.as_object().into_iter().flatten();
    let words = all.map(|(sort, what)| {
        let package = what.get("package").or_else(|| what.get("coordinates"));
        let text = package.unwrap_or(what).as_str().unwrap_or_default();
        format!("{sort} {text}")
    });
    words.collect::<Vec<_>>().join(" ")
}
