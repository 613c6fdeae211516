//! What the package asks of the workspace by name: exactly one object must answer.

use super::desired::Desired;
use super::error::PlanError;
use super::observed::Observed;
use crate::bundle::Lookup;
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};

/// How many candidates are named.
const NAMED: usize = 5;

/// # Errors
/// The names that nothing or several have, each with its place and what could be meant.
pub(super) fn check(
    desired: &Desired,
    observed: &Observed,
    workspace: &str,
) -> Result<(), PlanError> {
    let mut found = Diagnostics::default();
    for lookup in &desired.lookups {
        if lookup.kind == Lookup::CURRENT_USER {
            found.0.extend(unnamed(lookup, observed, workspace));
            continue;
        }
        let (kind, name) = (lookup.kind.replace('_', " "), &lookup.name);
        let at = |message: String| {
            let position = &lookup.position;
            Diagnostic::error(&position.file, message).at(position.line, position.column)
        };
        match observed.called(&lookup.kind, name).as_slice() {
            [_] => {}
            [] => {
                let mut error = at(format!(
                    "variable `{}`: the workspace {workspace} has no {kind} called `{name}`",
                    lookup.variable
                ));
                let names = observed.names(&lookup.kind);
                error.hint = did_you_mean(name, names.iter().copied()).or_else(|| {
                    let some: Vec<&str> = names.iter().copied().take(NAMED).collect();
                    (!some.is_empty()).then(|| format!("there are {}", some.join(", ")))
                });
                found.push(error);
            }
            several => found.push(
                at(format!(
                    "variable `{}`: the workspace {workspace} has {} objects of kind {kind} called `{name}`",
                    lookup.variable,
                    several.len()
                ))
                .hint(format!(
                    "give the variable the id of one of them: {}",
                    several.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ")
                )),
            ),
        }
    }
    if found.0.is_empty() {
        return Ok(());
    }
    found.0.sort();
    Err(PlanError::Bundle(found))
}

/// What who deploys has none of: a service principal without a name that people see, for one.
fn unnamed(lookup: &Lookup, observed: &Observed, workspace: &str) -> Option<Diagnostic> {
    if !observed.called(&lookup.kind, &lookup.name).is_empty() {
        return None;
    }
    let (asked, position) = (&lookup.variable, &lookup.position);
    let message = format!(
        "`${{{asked}}}` is not known of hodman's own principal in the workspace {workspace}"
    );
    let unknown = Diagnostic::error(&position.file, message).at(position.line, position.column);
    Some(unknown.hint("use a variable, with its value in environment.yaml"))
}
