//! What a stack of an engine is told, as the fields of its resource.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::module::{self, Engine, Module};
use super::terraform;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::digest::sha256;
use crate::files::Tree;
use crate::foundation::templates::{Carried, SCHEME, keeping};
use crate::kinds::{IMPORT, SOURCES, TEMPLATE_BODY};
use crate::plan::asked_in;
use crate::stacks::{Imports, TemplateText};

/// The most that AWS takes in a request, in bytes (AWS CloudFormation quotas). More lies in a bucket.
pub const LONGEST_BODY: usize = 51_200;

/// The most that AWS takes from a bucket, in bytes: 1 MB, which it counts in thousands.
const LONGEST_TEMPLATE: usize = 1_000_000;

/// Whose stack it is, and where its files are.
pub(super) struct Of<'a> {
    pub pipeline: &'a str,
    pub env: &'a str,
    pub call: &'a str,
    pub module: &'a str,
    pub tree: &'a Tree,
    /// What exists and becomes the stack's.
    pub import: &'a Imports,
}

/// What the module says, before inputs are put in.
pub(super) fn told(module: &Module) -> Value {
    let inputs = || {
        let names = module.inputs.keys();
        names.map(|name| (name.clone(), json!(format!("${{inputs.{name}}}"))))
    };
    json!({
        "stack_name": module.stack_name,
        "parameters": module.parameters,
        "tags": module.tags,
        "variables": match &module.variables {
            Some(variables) => json!(variables),
            None => inputs().collect::<Map<String, Value>>().into(),
        },
    })
}

/// The longest name that AWS takes for a stack; a file's has little more.
const LONGEST_NAME: usize = 128;

/// What the stack is called.
fn name(of: &Of<'_>, told: &Value) -> String {
    match told["stack_name"].as_str() {
        Some(name) => name.to_owned(),
        None => format!("hodman-{}-{}-{}", of.pipeline, of.env, of.call),
    }
}

/// Why a stack cannot be called that, and what helps; none when it can.
pub(super) fn misnamed(of: &Of<'_>, module: &Module, told: &Value) -> Option<(String, String)> {
    let name = name(of, told);
    let letters = match module.engine {
        // A folder, a state and a request are called by it.
        Engine::Terraform => "-_.",
        _ => "-",
    };
    let first = name.chars().next();
    let fits = first.is_some_and(|c| c.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || letters.contains(c))
        && name.len() <= LONGEST_NAME;
    // What is not known yet is seen when it is.
    if fits || name.contains("${") {
        return None;
    }
    let marks: Vec<String> = letters.chars().map(|mark| format!("`{mark}`")).collect();
    let error = format!(
        "`modules.{}` would be a stack called `{name}`: its name has letters, digits and {} only, a letter first, and {LONGEST_NAME} of \
         them at most",
        of.call,
        marks.join(", ")
    );
    let hint = format!(
        "another name for the call, or `stack_name:` in {}",
        module::path(of.module)
    );
    Some((error, hint))
}

/// The fields of the stack's resource; `told` is what [`told`] gave, inputs put in.
pub(super) fn config(of: &Of<'_>, module: &Module, mut told: Value) -> Result<Value, Diagnostic> {
    let name = name(of, &told);
    if module.engine == Engine::Terraform {
        let (directory, digest, sources) = terraform::sources(of, module)?;
        let variables = told["variables"].take();
        let uses: Vec<String> = asked_in(&variables)
            .into_keys()
            .map(|key| key.to_string())
            .collect();
        return Ok(json!({
            "name": name,
            "source": digest,
            "variables": variables,
            "directory": directory,
            (SOURCES): sources,
            "uses": uses,
            "stateful": module.stateful,
            "protected": module.protected,
        }));
    }
    let named = module.template.as_deref().unwrap_or_default();
    let mut body = template(of, named)?;
    if named.starts_with(SCHEME) {
        body = keeping(&body, of.import.keys());
    }
    if body.len() > LONGEST_TEMPLATE {
        let error = format!(
            "the template has {} bytes; AWS takes {LONGEST_TEMPLATE}",
            body.len()
        );
        return Err(Diagnostic::error(module::path(of.module), error)
            .hint("split it into modules that give each other their outputs"));
    }
    let mut parameters = told["parameters"].take();
    if let Some(map) = parameters.as_object_mut() {
        map.values_mut().for_each(joined);
    }
    let mut config = json!({
        "stack_name": name,
        "template": sha256(body.as_bytes()).as_str(),
        "parameters": parameters,
        "capabilities": module.capabilities,
    });
    let tags = told["tags"].take();
    if let Some(all) = tags.as_object().filter(|all| !all.is_empty()) {
        let listed = |value: &Value| value.is_array() || value.is_object() || value.is_null();
        if let Some((tag, _)) = all.iter().find(|(_, value)| listed(value)) {
            let error = format!("the tag `{tag}` must be a text");
            return Err(Diagnostic::error(module::path(of.module), error));
        }
        config["tags"] = tags;
    }
    if !of.import.is_empty() {
        can_import(of, &body)?;
        config[IMPORT] = json!(of.import);
    }
    config[TEMPLATE_BODY] = json!(body);
    Ok(config)
}

/// Says the template's default for those of `names` that nobody says; those without one stay as they are.
pub(super) fn say_defaults(config: &mut Value, names: &BTreeSet<String>) {
    let body = config[TEMPLATE_BODY].as_str().unwrap_or_default();
    let unsaid = |name: &&String| config["parameters"].get(name.as_str()).is_none();
    let unsaid: Vec<&String> = names.iter().filter(unsaid).collect();
    if unsaid.is_empty() {
        return;
    }
    let template = TemplateText::read(body).unwrap_or_default();
    for name in unsaid {
        if let Some(default) = template.default_of(name) {
            config["parameters"][name.as_str()] = Value::from(default);
        }
    }
}

/// Refuses what AWS would not take over by this template.
fn can_import(of: &Of<'_>, body: &str) -> Result<(), Diagnostic> {
    let refused = |words: String| {
        let error = format!("`modules.{}.import`: {words}", of.call);
        Err(Diagnostic::error(module::path(of.module), error))
    };
    let Some(template) = TemplateText::read(body) else {
        return refused("the template is neither YAML nor JSON".to_owned());
    };
    for (name, identifier) in of.import {
        if let Some(words) = template.refuses_import(name) {
            return refused(words);
        }
        if identifier.is_empty() || identifier.values().any(|value| value.trim().is_empty()) {
            return refused(format!(
                "`{name}` needs what identifies it, such as `{name}: {{VpcId: vpc-0a1b}}`"
            ));
        }
    }
    Ok(())
}

/// CloudFormation takes lists as one text with commas.
fn joined(value: &mut Value) {
    if let Value::Array(items) = value {
        let items: Vec<String> = items
            .iter()
            .map(|item| {
                item.as_str()
                    .map_or_else(|| item.to_string(), str::to_owned)
            })
            .collect();
        *value = Value::from(items.join(","));
    }
}

/// Where a package keeps a template that hodman carries.
fn packed_at(carried: &str) -> String {
    format!("modules/.hodman/{carried}.yaml")
}

/// The templates that hodman carries and that modules among these files use, as files of the package: what a package does must
/// not change with the hodman that applies it.
#[must_use]
pub fn carried_templates<'f>(
    files: impl Iterator<Item = (&'f str, &'f [u8])>,
) -> Vec<(String, &'static str)> {
    let mut used: Vec<Carried> = files
        .filter(|(path, _)| path.starts_with("modules/") && path.ends_with("/module.yaml"))
        .filter_map(|(path, bytes)| Module::parse(path, std::str::from_utf8(bytes).ok()?).ok())
        .filter_map(|module| Carried::named(module.template?.strip_prefix(SCHEME)?))
        .collect();
    used.sort();
    used.dedup();
    let packed = used.into_iter();
    packed
        .map(|carried| (packed_at(carried.name()), carried.body()))
        .collect()
}

fn template(of: &Of<'_>, named: &str) -> Result<String, Diagnostic> {
    let path = module::path(of.module);
    if let Some(carried) = named.strip_prefix(SCHEME) {
        // As it was when the package was made: another hodman may carry another one.
        if let Some(packed) = of.tree.get(&packed_at(carried)) {
            return text(&packed_at(carried), &packed.bytes);
        }
        return match Carried::named(carried) {
            Some(template) => Ok(template.body().to_owned()),
            None => {
                let mut error =
                    Diagnostic::error(path, format!("hodman carries no template `{carried}`"));
                error.hint = did_you_mean(carried, Carried::ALL.map(Carried::name));
                Err(error)
            }
        };
    }
    let file = format!("modules/{}/{named}", of.module);
    match of.tree.get(&file) {
        Some(source) => text(&file, &source.bytes),
        None => Err(Diagnostic::error(
            path,
            format!("there is no template {file}"),
        )),
    }
}

fn text(path: &str, bytes: &[u8]) -> Result<String, Diagnostic> {
    std::str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|_| Diagnostic::error(path, "is not UTF-8 text"))
}
