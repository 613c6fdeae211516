//! What has no list and is asked for by its name.

use super::lists::by_id;
use super::request;
use super::scope::Scope;
use crate::work::WorkError;
use hodman_clients::databricks::Workspace;
use hodman_model::kinds::{Kind, Listed, TerraformStacks, Whose};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What stacks of Terraform are told now.
#[derive(Clone, Copy)]
pub(in crate::work) struct Wanted<'a> {
    /// By name.
    pub by_name: &'a BTreeMap<String, Arc<Value>>,
    /// Whose words they are. Unless they are merged they are remembered for nobody else.
    pub whose: Whose,
}

/// One object by its name; a stack of Terraform with what it is told now.
pub(super) async fn by_name(
    workspace: &Workspace,
    kind: &dyn Kind,
    name: &str,
    scope: &Scope,
) -> Result<Option<Listed>, WorkError> {
    let told = scope.told.get(name);
    let Some(told) = told.filter(|_| kind.name() == TerraformStacks.name()) else {
        return Box::pin(by_id(workspace, kind, name)).await;
    };
    let call = TerraformStacks::look(name, told, scope.whose);
    match workspace.call(request(&call)).await {
        Ok(answer) => kind
            .read(&answer)
            .map_err(|error| WorkError::lasting(error.to_string())),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
