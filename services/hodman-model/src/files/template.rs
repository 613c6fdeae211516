//! `template.yaml` beside an environment's file: which of the values that stand there are others in a new environment.
//!
//! So an environment that works is its own template, and nothing has to be kept in step with it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{node::Node, yaml};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::field_path::PathSegment;
use crate::yaml_edit;

/// What a new environment is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// What one gets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// In the order in which they are asked for.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The text in the environment's file that it takes the place of, wherever that begins a word.
    pub of: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it is when nobody says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

impl Template {
    /// Reads a `template.yaml`; `path` is for the errors.
    ///
    /// # Errors
    /// What does not parse, unknown keys, and parameters that are there twice.
    pub fn parse(path: &str, text: &str) -> Result<Self, Diagnostics> {
        let template: Self = yaml::read(path, text)?;
        let mut found = Diagnostics::default();
        for (at, parameter) in template.parameters.iter().enumerate() {
            let before = &template.parameters[..at];
            if parameter.of.is_empty() {
                let message = format!("parameter `{}`: `of` is empty", parameter.name);
                found.push(Diagnostic::error(path, message));
            }
            if before
                .iter()
                .any(|other| other.name == parameter.name || other.of == parameter.of)
            {
                let message = format!("parameter `{}` is there twice", parameter.name);
                found.push(Diagnostic::error(path, message));
            }
        }
        found.into_result(template)
    }

    /// The file of the environment `env`, from `text`, the file of `from`, with what was `given` for the parameters. Comments and
    /// order stay. `path` is for the errors.
    ///
    /// # Errors
    /// Parameters that nobody knows or gives a value for, and values that would make something else of the file than a value.
    pub fn fill(
        &self,
        path: &str,
        text: &str,
        (from, env): (&str, &str),
        given: &BTreeMap<String, String>,
    ) -> Result<String, Diagnostics> {
        let values = self.values(path, given)?;
        let one = |message: String| Diagnostics(vec![Diagnostic::error(path, message)]);
        let mut expected = Node::parse(path, text.as_bytes())
            .map_err(|error| Diagnostics(vec![error]))?
            .to_value();
        let mut text = replaced(text, &values);
        visit(&mut expected, &values);
        let made = Node::parse(path, text.as_bytes()).map(|node| node.to_value());
        if made.ok().as_ref() != Some(&expected) {
            let values = values.iter().map(|(_, value)| format!("{value:?}"));
            let values: Vec<String> = values.collect();
            return Err(one(format!(
                "one of the values would be more than a value in the file: {}",
                values.join(", ")
            )));
        }
        let workspaces = expected["workspaces"].as_array().into_iter().flatten();
        for (at, workspace) in workspaces.enumerate() {
            // Credentials are kept under the workspace's name, which is mostly the environment's.
            if workspace["name"] == from {
                let place = [
                    PathSegment::Key("workspaces".to_owned()),
                    PathSegment::Index(at),
                    PathSegment::Key("name".to_owned()),
                ];
                let edited = yaml_edit::set(&text, &place, &Value::from(env), &[]);
                text = edited.map_err(|error| one(error.to_string()))?.text;
            }
        }
        Ok(text)
    }

    /// What is put in place of what, the longest first.
    fn values<'a>(
        &'a self,
        path: &str,
        given: &'a BTreeMap<String, String>,
    ) -> Result<Vec<(&'a str, &'a str)>, Diagnostics> {
        let mut found = Diagnostics::default();
        let names = || self.parameters.iter().map(|known| known.name.as_str());
        for name in given
            .keys()
            .filter(|name| names().all(|known| known != *name))
        {
            let mut error = Diagnostic::error(path, format!("there is no parameter `{name}`"));
            error.hint = did_you_mean(name, names());
            found.push(error);
        }
        let mut values = Vec::new();
        for parameter in &self.parameters {
            let value = given.get(&parameter.name).or(parameter.default.as_ref());
            match value {
                Some(value) => values.push((parameter.of.as_str(), value.as_str())),
                None => {
                    let mut error =
                        Diagnostic::error(path, format!("`{}` is missing", parameter.name));
                    error.hint = Some(format!(
                        "{} (such as {})",
                        parameter.description, parameter.of
                    ));
                    found.push(error);
                }
            }
        }
        values.sort_by_key(|(of, _)| std::cmp::Reverse(of.len()));
        found.into_result(values)
    }
}

fn visit(value: &mut Value, values: &[(&str, &str)]) {
    match value {
        Value::String(text) => *text = replaced(text, values),
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, values)),
        Value::Object(map) => {
            let entries = std::mem::take(map).into_iter();
            *map = entries
                .map(|(key, mut item)| {
                    visit(&mut item, values);
                    (replaced(&key, values), item)
                })
                .collect();
        }
        _ => {}
    }
}

/// From left to right, so that what was put in place is not looked at again.
fn replaced(text: &str, values: &[(&str, &str)]) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    let mut inside = false;
    while let Some(next) = rest.chars().next() {
        let found = values.iter().find(|(of, _)| rest.starts_with(of));
        if let Some((of, value)) = found.filter(|_| !inside) {
            done.push_str(value);
            rest = &rest[of.len()..];
            inside = true;
            continue;
        }
        done.push(next);
        inside = next.is_alphanumeric();
        rest = &rest[next.len_utf8()..];
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# The shop in its own network; workshops are elsewhere.
mode: promoted
modules:
  vpc: {module: network, inputs: {zones: [eu-west-1a, eu-west-1b], name: shop-net}} # shop
  w: {module: w, inputs: {role: \"arn:aws:iam::1:role/shop\", region: eu-west-1}}
workspaces:
  - name: own-vpc
    host: ${modules.w.outputs.host}
";

    fn template() -> Template {
        let text = "description: x\nparameters:\n  - {name: name, of: shop, description: A name}\n  - {name: region, of: eu-west-1, default: eu-west-1}\n  \
                    - {name: role, of: \"arn:aws:iam::1:role/shop\"}\n";
        Template::parse("template.yaml", text).unwrap()
    }

    fn fill(given: &[(&str, &str)]) -> Result<String, String> {
        let given = given.iter();
        let given = given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        template()
            .fill("t", TEXT, ("own-vpc", "eu"), &given.collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn values_take_the_place_of_those_that_were_there_and_the_rest_stays() {
        let made = fill(&[
            ("name", "hats"),
            ("role", "arn:aws:iam::2:role/shop"),
            ("region", "us-east-1"),
        ]);
        let made = made.unwrap();
        assert!(made.starts_with("# The hats in its own network; workshops are elsewhere."));
        assert!(
            made.contains("zones: [us-east-1a, us-east-1b], name: hats-net"),
            "{made}"
        );
        assert!(
            made.contains("arn:aws:iam::2:role/shop"),
            "not looked at again: {made}"
        );
        assert!(made.contains("- name: eu\n"), "{made}");
        assert!(made.contains("${modules.w.outputs.host}"));
    }

    #[test]
    fn what_is_missing_unknown_or_no_value_is_named() {
        let said = fill(&[("name", "hats")]).unwrap_err();
        assert!(said.contains("`role` is missing"), "{said}");
        let said = fill(&[("nam", "hats"), ("name", "x"), ("role", "r")]).unwrap_err();
        assert!(said.contains("did you mean `name`"), "{said}");
        for value in [
            "a, evil: b",
            "a}}\nstate: absent\nx: {a: {b: c",
            "\"",
            "a #b",
        ] {
            let said = fill(&[("name", value), ("role", "r")]).unwrap_err();
            assert!(said.contains("more than a value"), "{value}: {said}");
        }
        let twice = Template::parse("t", "parameters: [{name: a, of: x}, {name: a, of: y}]");
        assert!(twice.unwrap_err().to_string().contains("twice"));
    }
}
