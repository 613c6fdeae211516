//! `modules/<name>/module.yaml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Input, fields};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::files::yaml;
use crate::kinds::{KINDS, foundation_kinds};

/// What applies a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// hodman, object by object.
    Native,
    /// CloudFormation, by change sets.
    Cloudformation,
    /// Terraform or `OpenTofu`, by saved plans.
    Terraform,
}

/// Something that a module gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The value: `${resources.<kind>.<key>.<field>}` of a native module, `${stack.outputs.<name>}` of a stack,
    /// `${inputs.<name>}`, or texts and mappings with those inside.
    pub value: Value,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// One module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// What applies it.
    pub engine: Engine,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it wants to be told.
    #[serde(default)]
    pub inputs: BTreeMap<String, Input>,
    /// `native`: by kind and key, the objects, as their API names their fields; those of workspaces as bundles have them.
    /// `lifecycle: {prevent_destroy: true}` keeps one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, BTreeMap<String, Value>>,
    /// `cloudformation`: the template's file beside this one, or `hodman:network` and `hodman:kms-key` for those that hodman carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// `cloudformation`: the name of the stack; `hodman-<pipeline>-<environment>-<call>` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_name: Option<String>,
    /// `cloudformation`: the template's parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Value>,
    /// `cloudformation`: what the template may do beyond the usual, such as `CAPABILITY_NAMED_IAM`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// `cloudformation`: tags of the stack, which AWS gives to all in it that takes tags. One that is taken out here goes; those that
    /// others put on the stack stay.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Value>,
    /// `terraform`: the directory in the repository; this module's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// `terraform`: the variables; the inputs under their own names when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<BTreeMap<String, Value>>,
    /// `terraform`: types whose removal loses data, beside those that are known to, such as `snowflake_database`: an approval must name
    /// what goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stateful: Vec<String>,
    /// `terraform`: addresses that no plan may delete or replace for as long as they stand here, such as `aws_vpc.main`; all
    /// instances of them. The removal of the whole stack is asked for as ever.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protected: Vec<String>,
    /// What it gives.
    #[serde(default)]
    pub outputs: BTreeMap<String, Output>,
}

/// Why one kind is missing on purpose.
const NO_SECRETS: &str = "hodman makes no OAuth secrets: a secret is shown once, and wherever it is kept it is known to \
    one more; `account_service_principal_federation_policies` lets a service principal in without one";

/// Whether a tag is AWS's own or says whose something is.
fn is_reserved(tag: &str) -> bool {
    tag.to_lowercase().starts_with("aws:") || tag.starts_with("hodman_")
}

/// Where a module stands.
#[must_use]
pub fn path(module: &str) -> String {
    format!("modules/{module}/module.yaml")
}

impl Module {
    /// Reads a `module.yaml`; `path` is for the errors.
    ///
    /// # Errors
    /// What does not parse, unknown keys, and what does not fit together.
    pub fn parse(path: &str, text: &str) -> Result<Self, Diagnostics> {
        let module: Self = yaml::read(path, text)?;
        let mut found = Diagnostics::default();
        module.check(path, &mut found);
        fields::of_text(path, text, &mut found);
        found.into_result(module)
    }

    fn check(&self, path: &str, found: &mut Diagnostics) {
        let engine = match self.engine {
            Engine::Native => "native",
            Engine::Cloudformation => "cloudformation",
            Engine::Terraform => "terraform",
        };
        let said = [
            ("resources", !self.resources.is_empty(), Engine::Native),
            ("template", self.template.is_some(), Engine::Cloudformation),
            (
                "stack_name",
                self.stack_name.is_some(),
                Engine::Cloudformation,
            ),
            (
                "parameters",
                !self.parameters.is_empty(),
                Engine::Cloudformation,
            ),
            (
                "capabilities",
                !self.capabilities.is_empty(),
                Engine::Cloudformation,
            ),
            ("tags", !self.tags.is_empty(), Engine::Cloudformation),
            ("directory", self.directory.is_some(), Engine::Terraform),
            ("variables", self.variables.is_some(), Engine::Terraform),
            ("stateful", !self.stateful.is_empty(), Engine::Terraform),
            ("protected", !self.protected.is_empty(), Engine::Terraform),
        ];
        for (key, _, _) in said
            .iter()
            .filter(|(_, said, of)| *said && *of != self.engine)
        {
            found.push(Diagnostic::error(
                path,
                format!("`{key}` has no meaning in a module with `engine: {engine}`"),
            ));
        }
        if self.engine == Engine::Native && self.resources.is_empty() {
            found.push(Diagnostic::error(
                path,
                "a native module without `resources` makes nothing",
            ));
        }
        if self.engine == Engine::Cloudformation && self.template.is_none() {
            found.push(
                Diagnostic::error(path, "a CloudFormation module needs a `template`").hint(
                    "`template: network.yaml` for a file beside this one, or `hodman:network`",
                ),
            );
        }
        for tag in self.tags.keys().filter(|tag| is_reserved(tag)) {
            let error = format!("the tag `{tag}` is not for modules: AWS or hodman writes it");
            found.push(Diagnostic::error(path, error));
        }
        for kind in self.resources.keys() {
            let all = foundation_kinds().chain(KINDS.iter().copied());
            let known: Vec<&str> = all.map(|kind| kind.name()).collect();
            if !known.contains(&kind.as_str()) {
                let mut error = Diagnostic::error(
                    path,
                    format!("`{kind}` is no kind of object that a module makes"),
                );
                let no_secrets = kind == "account_service_principal_secrets";
                error.hint = no_secrets
                    .then(|| NO_SECRETS.to_owned())
                    .or_else(|| did_you_mean(kind, known.iter().copied()))
                    .or_else(|| Some(format!("one of {}", known.join(", "))));
                found.push(error);
            }
        }
        for (name, input) in &self.inputs {
            if let Some(why) = input
                .default
                .as_ref()
                .and_then(|value| input.refuses(value))
            {
                found.push(Diagnostic::error(
                    path,
                    format!("the default of input `{name}` {why}"),
                ));
            }
        }
    }
}
