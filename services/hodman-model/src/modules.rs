//! Modules: what an environment stands on, said once in `modules/<name>/module.yaml` and called by environments, each with
//! its own inputs, also several times.
//!
//! A module is native (objects of AWS and of the Databricks account, planned and applied one by one) or a stack of
//! CloudFormation or Terraform. Whatever it is, it becomes resources of one graph: what one call gives, another takes by
//! `${modules.<call>.outputs.<name>}`, and so do the host of a workspace and the variables of the bundle. A native module may also
//! hold objects of workspaces, such as a cluster: they are made in each workspace of the environment, beside the bundle's.

mod binding;
mod call;
mod fields;
mod input;
mod late;
mod module;
mod stack;
mod terraform;
mod text;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

pub use input::{Input, InputType};
use late::Late;
pub use module::{Engine, Module, Output};
pub use stack::{LONGEST_BODY, carried_templates};
pub use terraform::{StackFile, reached, stack_files, walked};
pub use text::host_of;

use crate::bundle::{ResolvedBundle, Resource, ResourceKey};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::digest::sha256;
use crate::files::{Environment, Tree};
use crate::kinds::{Kind as _, TerraformStacks, foundation_kinds};
use crate::plan::{Desired, Known, PlanError, substitute_known};

/// The name under which the foundation stands among the parts of a plan; no workspace may have it.
pub const FOUNDATION: &str = "foundation";

/// What an environment's modules come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Foundation {
    /// What ought to be there.
    pub desired: Desired,
    /// What the modules ask for inside of the environment's workspaces.
    pub inside: BTreeMap<ResourceKey, Resource>,
    /// By name: what stacks of Terraform are told, also where everything is to go.
    pub told: BTreeMap<String, Arc<Value>>,
    /// By call: what it gives, with placeholders for what only AWS and the account know.
    pub outputs: BTreeMap<String, BTreeMap<String, Value>>,
    late: Vec<Late>,
}

/// Why the modules of an environment cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub enum ModulesError {
    /// A module, or a call of one, is wrong.
    #[error("{0}")]
    Module(Diagnostics),
    /// What they ask for together is.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl Foundation {
    /// What the modules that `environment` (whose file is `file`) calls come to, with the modules as they are in `tree`.
    ///
    /// # Errors
    /// Every module that is not there or not understood, every input that is missing, unknown or of another type, outputs
    /// that nobody gives, and calls that wait for each other in a circle.
    pub fn resolve(
        pipeline: &str,
        file: &str,
        environment: &Environment,
        tree: &Tree,
    ) -> Result<Self, ModulesError> {
        let mut calls = call::Calls::new(pipeline, file, environment, tree);
        for name in environment.modules.keys() {
            calls.outputs(name, &mut Vec::new());
        }
        let (resources, outputs, late, found) = calls.done();
        if !found.0.is_empty() {
            return Err(ModulesError::Module(found));
        }
        let is_ground = |key: &ResourceKey| foundation_kinds().any(|kind| kind.name() == key.kind);
        let (ground, inside) = resources
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(key, _)| is_ground(key));
        let bundle = bundle(ground);
        let mut desired = Desired::from_bundle(&bundle, &sha256(b""))?;
        for value in outputs.values().flat_map(BTreeMap::values) {
            desired.ask(value);
        }
        for resource in inside.values() {
            desired.ask(&resource.config);
        }
        let stacks = desired.resources.iter();
        let told = stacks.filter(|(key, _)| key.kind == TerraformStacks.name());
        let told = told.filter_map(|(_, wanted)| {
            let name = TerraformStacks.natural(&wanted.config)?;
            Some((name, Arc::clone(&wanted.config)))
        });
        Ok(Self {
            told: told.collect(),
            desired,
            inside,
            outputs,
            late,
        })
    }

    /// Says the template's default for parameters that were `said` once and that no module says now: AWS would keep their last values.
    pub fn say_defaults(&mut self, said: &BTreeMap<&ResourceKey, &BTreeSet<String>>) {
        for (key, names) in said {
            if let Some(wanted) = self.desired.resources.get_mut(*key) {
                stack::say_defaults(Arc::make_mut(&mut wanted.config), names);
            }
        }
    }

    /// What is wrong in `file` with what modules gave to each other, as far as it is in `known`: an output is of no type before it is there.
    #[must_use]
    pub fn given_wrongly(&self, file: &str, known: &Known) -> Option<Diagnostic> {
        self.late.iter().find_map(|late| late.wrong(file, known))
    }

    /// The resources of modules that a bundle may refer to.
    #[must_use]
    pub fn outside(&self) -> BTreeSet<ResourceKey> {
        let ground = self.desired.resources.keys();
        ground.chain(self.inside.keys()).cloned().collect()
    }

    /// The values of an environment's variables, with what modules give in place of `${modules.….outputs.…}`: as placeholders, for
    /// a plan must read the same before and after it is made.
    ///
    /// # Errors
    /// Outputs that no call gives.
    pub fn variables(
        &self,
        file: &str,
        variables: &BTreeMap<String, Value>,
    ) -> Result<BTreeMap<String, Value>, Diagnostic> {
        let filled = variables.iter().map(|(name, value)| {
            let value = text::fill_outputs(file, value, &self.outputs)?;
            Ok((name.clone(), value))
        });
        filled.collect()
    }

    /// Puts what the modules ask for in workspaces beside what `bundle` has.
    ///
    /// # Errors
    /// A resource that both have.
    pub fn put_inside(&self, bundle: &mut ResolvedBundle) -> Result<(), Diagnostics> {
        let mut found = Diagnostics::default();
        bundle
            .outside
            .extend(self.desired.resources.keys().cloned());
        for (key, resource) in &self.inside {
            bundle.outside.remove(key);
            if let Some(other) = bundle.resources.insert(key.clone(), resource.clone()) {
                let message = format!(
                    "`{key}` comes from {} and from {}",
                    other.file, resource.file
                );
                found.push(Diagnostic::error(&other.file, message).at(other.line, 1));
            }
        }
        found.into_result(())
    }

    /// `value` with every `${modules.….outputs.…}` as `known` has it.
    ///
    /// # Errors
    /// Outputs that no call gives. Those that are given but not known yet are none.
    pub fn fill(
        &self,
        file: &str,
        value: &Value,
        known: &Known,
    ) -> Result<Option<Value>, Diagnostic> {
        let symbolic = text::fill_outputs(file, value, &self.outputs)?;
        Ok(substitute_known(&symbolic, "", known).ok())
    }

    /// What every call gives, as far as it is known.
    #[must_use]
    pub fn known_outputs(&self, known: &Known) -> BTreeMap<String, BTreeMap<String, Value>> {
        let filled = |value: &Value| substitute_known(value, "", known).ok();
        self.outputs
            .iter()
            .map(|(call, outputs)| {
                let outputs = outputs
                    .iter()
                    .filter_map(|(name, value)| Some((name.clone(), filled(value)?)));
                (call.clone(), outputs.collect())
            })
            .collect()
    }
}

/// The resources in the form in which bundles have theirs, so that one plan serves both.
fn bundle(resources: BTreeMap<ResourceKey, Resource>) -> ResolvedBundle {
    ResolvedBundle {
        name: FOUNDATION.to_owned(),
        target: FOUNDATION.to_owned(),
        mode: None,
        variables: BTreeMap::new(),
        resources,
        outside: BTreeSet::new(),
        files: BTreeMap::new(),
        lookups: Vec::new(),
        builds: Vec::new(),
        sections: BTreeMap::new(),
        warnings: Vec::new(),
    }
}
