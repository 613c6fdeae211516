//! The calls of an environment, each after those whose outputs it takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::module::{self, Engine, Module};
use super::text::{is_almost, is_reference, meant_output, nobody_gives, output, walk};
use super::{Late, fields, stack};
use crate::bundle::{Lifecycle, Resource, ResourceKey, lone};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::files::{Environment, ModuleCall, Spot, Tree};
use crate::foundation::policies::expand;
use crate::kinds::foundation_kinds;

type Outputs = BTreeMap<String, Value>;

/// The calls that were resolved so far.
pub(super) struct Calls<'a> {
    pipeline: &'a str,
    file: &'a str,
    environment: &'a Environment,
    tree: &'a Tree,
    resources: BTreeMap<ResourceKey, Resource>,
    outputs: BTreeMap<String, Outputs>,
    late: Vec<Late>,
    found: Diagnostics,
}

impl<'a> Calls<'a> {
    pub fn new(
        pipeline: &'a str,
        file: &'a str,
        environment: &'a Environment,
        tree: &'a Tree,
    ) -> Self {
        Self {
            pipeline,
            file,
            environment,
            tree,
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
            late: Vec::new(),
            found: Diagnostics::default(),
        }
    }

    pub fn done(
        self,
    ) -> (
        BTreeMap<ResourceKey, Resource>,
        BTreeMap<String, Outputs>,
        Vec<Late>,
        Diagnostics,
    ) {
        (self.resources, self.outputs, self.late, self.found)
    }

    /// Where a call stands, or an input of it.
    fn spot(&self, call: &str, input: Option<&str>) -> Spot {
        let call = self.environment.modules.get(call);
        call.map(|call| call.places.spot(input)).unwrap_or_default()
    }

    fn wrong(&mut self, spot: Spot, message: String, hint: Option<String>) {
        let mut error = spot.put(Diagnostic::error(self.file, message));
        error.hint = hint;
        self.found.push(error);
    }

    /// Resolves the call `name` and all that it takes from; `way` are the calls that led here.
    pub fn outputs(&mut self, name: &str, way: &mut Vec<String>) {
        if self.outputs.contains_key(name) {
            return;
        }
        let Some(call) = self.environment.modules.get(name) else {
            return;
        };
        if way.iter().any(|before| before == name) {
            let circle = way.join(" -> ");
            self.wrong(
                self.spot(name, None),
                format!("modules take from each other in a circle: {circle} -> {name}"),
                None,
            );
            self.outputs.insert(name.to_owned(), Outputs::new());
            return;
        }
        way.push(name.to_owned());
        let mut needed = BTreeSet::new();
        for value in call.inputs.values() {
            walk(value, &mut |inside| {
                needed.extend(output(inside).map(|(call, _)| call.to_owned()));
                None
            });
        }
        for other in needed {
            self.outputs(&other, way);
        }
        way.pop();
        let outputs = match self.module(name, &call.module) {
            Some(module) => self.one(name, call, &module),
            None => Outputs::new(),
        };
        self.outputs.insert(name.to_owned(), outputs);
    }

    fn module(&mut self, call: &str, name: &str) -> Option<Module> {
        let path = module::path(name);
        let Some(source) = self.tree.get(&path) else {
            let known = self
                .tree
                .keys()
                .filter_map(|path| path.strip_prefix("modules/")?.strip_suffix("/module.yaml"));
            let hint = did_you_mean(name, known);
            self.wrong(
                self.spot(call, None),
                format!("`modules.{call}` calls `{name}`, and there is no {path}"),
                hint,
            );
            return None;
        };
        match Module::parse(&path, &String::from_utf8_lossy(&source.bytes)) {
            Ok(module) => Some(module),
            Err(found) => {
                self.found.0.extend(found.0);
                None
            }
        }
    }

    /// The inputs of a call, checked, with what other calls give.
    fn inputs(&mut self, call: &str, module: &Module, said: &BTreeMap<String, Value>) -> Outputs {
        let mut inputs = Outputs::new();
        for name in said
            .keys()
            .filter(|name| !module.inputs.contains_key(*name))
        {
            let hint = did_you_mean(name, module.inputs.keys().map(String::as_str));
            self.wrong(
                self.spot(call, Some(name)),
                format!("`modules.{call}`: the module has no input `{name}`"),
                hint,
            );
        }
        for (name, input) in &module.inputs {
            let Some(value) = said.get(name).or(input.default.as_ref()) else {
                let hint = (!input.description.is_empty()).then(|| input.description.clone());
                let words = format!("`modules.{call}`: input `{name}` is missing");
                self.wrong(self.spot(call, None), words, hint);
                continue;
            };
            let mut wrong = Vec::new();
            let spot = self.spot(call, Some(name));
            let value = walk(value, &mut |inside| {
                let Some((other, field)) = output(inside) else {
                    if is_reference(inside) {
                        let words = format!(
                            "`modules.{call}`: input `{name}`: `${{{inside}}}` stands for nothing here"
                        );
                        let error = Diagnostic::error(self.file, words);
                        wrong.push(spot.put(error).hint(meant_output(inside)));
                    }
                    return None;
                };
                let given = self.outputs.get(other).and_then(|given| given.get(field));
                if given.is_none() {
                    let error = nobody_gives(self.file, other, field, &self.outputs);
                    wrong.push(spot.put(error));
                }
                given.cloned()
            });
            if !wrong.is_empty() {
                self.found.0.append(&mut wrong);
            } else if let Some(why) = input.refuses(&value) {
                let words = format!("`modules.{call}`: input `{name}` {why}");
                self.wrong(spot, words, None);
            } else {
                let late = Late::of((call, spot), name, input, &value);
                self.late.extend(late);
            }
            inputs.insert(name.clone(), value);
        }
        inputs
    }

    /// Adds the resources of a call; gives its outputs.
    fn one(&mut self, call: &str, called: &ModuleCall, module: &Module) -> Outputs {
        let name = called.module.as_str();
        let path = module::path(name);
        let inputs = self.inputs(call, module, &called.inputs);
        if !called.import.is_empty() && module.engine != Engine::Cloudformation {
            let hint = "only stacks of CloudFormation take resources over so: `adopt` lists objects, Terraform has blocks of its own";
            self.wrong(
                self.spot(call, None),
                format!("`modules.{call}.import` has no meaning for this module"),
                Some(hint.to_owned()),
            );
        }
        let mut unknown = BTreeSet::new();
        let stack = match module.engine {
            Engine::Native => None,
            Engine::Cloudformation => Some("cloudformation_stacks"),
            Engine::Terraform => Some("terraform_stacks"),
        };
        let env = self.env().to_owned();
        let mut refused = None;
        let mut fill = |value: &Value| {
            walk(value, &mut |inside| {
                if let Some(input) = inside.strip_prefix("inputs.") {
                    let (name, rest) = input.split_once('.').unwrap_or((input, ""));
                    let at = rest.split('.').filter(|step| !step.is_empty());
                    let given = inputs.get(name).and_then(|value| {
                        at.into_iter()
                            .try_fold(value, |value, step| value.get(step))
                    });
                    let told = inputs.contains_key(name) || !module.inputs.contains_key(name);
                    if given.is_none() && told {
                        unknown.insert(inside.to_owned());
                    }
                    return given.cloned();
                }
                match inside {
                    "call.name" => return Some(Value::from(call)),
                    "environment.name" => return Some(Value::from(env.as_str())),
                    _ => {}
                }
                if let (Some(kind), Some(field)) = (stack, inside.strip_prefix("stack.")) {
                    return Some(json!(format!("${{resources.{kind}.{call}.{field}}}")));
                }
                let named = || {
                    let (kind, rest) = inside.strip_prefix("resources.")?.split_once('.')?;
                    let (key, field) = rest.split_once('.')?;
                    Some((kind, key, field))
                };
                let Some((kind, key, field)) = named() else {
                    if is_almost(inside) {
                        unknown.insert(inside.to_owned());
                    }
                    return None;
                };
                let here = module
                    .resources
                    .get(kind)
                    .is_some_and(|keys| keys.contains_key(key));
                // What another call gave came in through an input, and is named in full already.
                if here {
                    return Some(json!(format!("${{resources.{kind}.{call}-{key}.{field}}}")));
                }
                unknown.insert(inside.to_owned());
                None
            })
        };
        let mut made = Vec::new();
        for (kind, keys) in &module.resources {
            for (key, config) in keys {
                made.push((
                    ResourceKey::new(kind, format!("{call}-{key}")),
                    fill(config),
                ));
            }
        }
        if let Some(kind) = stack {
            let told = stack::told(module);
            let told = fill(&told);
            let of = stack::Of {
                pipeline: self.pipeline,
                env: &env,
                call,
                module: name,
                tree: self.tree,
                import: &called.import,
            };
            if let Some((error, hint)) = stack::misnamed(&of, module, &told) {
                let spot = self.spot(call, None);
                refused = Some(spot.put(Diagnostic::error(self.file, error)).hint(hint));
            }
            match stack::config(&of, module, told) {
                Ok(config) => made.push((ResourceKey::new(kind, call), config)),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        let outputs: Outputs = module
            .outputs
            .iter()
            .map(|(name, output)| (name.clone(), fill(&output.value)))
            .collect();
        self.found.0.extend(refused);
        for inside in unknown {
            let error =
                Diagnostic::error(&path, format!("`${{{inside}}}` stands for nothing here"));
            self.found.push(error.hint(
                "`${inputs.<name>}`, `${resources.<kind>.<key>.<field>}` of this module, `${stack.outputs.<name>}`, `${call.name}` or `${environment.name}`",
            ));
        }
        for (key, mut config) in made {
            if let Err(wrong) = expand(&mut config) {
                let wrong = wrong.into_iter();
                let errors =
                    wrong.map(|words| Diagnostic::error(&path, format!("`{key}`: {words}")));
                self.found.0.extend(errors);
            }
            self.add(&path, key, config);
        }
        outputs
    }

    fn env(&self) -> &str {
        let folder = self.file.strip_suffix("/environment.yaml");
        folder
            .and_then(|folder| folder.rsplit('/').next())
            .unwrap_or_default()
    }

    fn add(&mut self, path: &str, key: ResourceKey, config: Value) {
        let ground = foundation_kinds().any(|kind| kind.name() == key.kind);
        let resource = match ground {
            true => self.of_ground(path, &key, config),
            false => Some(lone(&key, &config, path, &mut self.found)),
        };
        let Some(resource) = resource else { return };
        if self.resources.contains_key(&key) {
            let error = format!("`{key}` comes from two calls: name one of them otherwise");
            self.found.push(Diagnostic::error(self.file, error));
            return;
        }
        self.resources.insert(key, resource);
    }

    /// What no bundle has.
    fn of_ground(&mut self, path: &str, key: &ResourceKey, mut config: Value) -> Option<Resource> {
        let lifecycle = config
            .as_object_mut()
            .and_then(|map| map.remove("lifecycle"));
        let lifecycle = match lifecycle.map(serde_json::from_value::<Lifecycle>) {
            None => Lifecycle::default(),
            Some(Ok(lifecycle)) => lifecycle,
            Some(Err(error)) => {
                let error = format!("`{key}`: `lifecycle` is not understood: {error}");
                self.found.push(Diagnostic::error(path, error));
                return None;
            }
        };
        if !config.is_object() {
            let error = format!("`{key}` has no fields");
            self.found.push(Diagnostic::error(path, error));
            return None;
        }
        if !fields::of_resource(path, key, &config, &mut self.found) {
            return None;
        }
        Some(Resource {
            config: Arc::new(config),
            permissions: None,
            grants: None,
            lifecycle,
            needs: BTreeSet::new(),
            file: path.to_owned(),
            line: 1,
        })
    }
}
