//! What stacks take over that are made new: lines under `import` of their calls.

use super::super::taken;
use hodman_model::bundle::ResourceKey;
use hodman_model::files::Environment;
use hodman_model::foundation::templates::{Carried, keeping};
use hodman_model::kinds::{CloudformationStacks, Kind as _, TEMPLATE_BODY};
use hodman_model::plan::{Known, substitute_known};
use hodman_model::stacks::{Said, TemplateText};
use hodman_model::takeover::{FormerState, Import, Imported, Matched, Place, Stack, match_imports};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What identifies a resource, and where it goes.
pub(super) type Entry = (Place, BTreeMap<String, String>);

/// Whether stacks may take something of this over.
pub(super) fn concerns(state: &FormerState, environment: &Environment) -> bool {
    let listed = state.resources.iter().any(|one| one.place.is_some());
    listed || !state.resources.is_empty() && !environment.modules.is_empty()
}

/// Lists nothing any more.
pub(super) fn clear(environment: &mut Environment) {
    let calls = environment.modules.values_mut();
    calls.for_each(|call| call.import.clear());
}

/// Lists these, too.
pub(super) fn list(environment: &mut Environment, entries: &[Entry]) {
    for (place, identifier) in entries {
        if let Some(call) = environment.modules.get_mut(&place.call) {
            let (name, identifier) = (place.resource.clone(), identifier.clone());
            call.import.insert(name, identifier);
        }
    }
}

/// A stack as it is wanted: its call, its template, what it is told, its name as far as it is known.
struct Wanted<'a> {
    call: &'a str,
    template: TemplateText,
    parameters: Value,
    name: Option<String>,
}

/// Pairs what `state` knows with the templates of the environment's stacks; `found` is the world without anything listed. What `matched`
/// has for objects of their own is no part of a stack.
pub(super) fn matched(
    state: &FormerState,
    environment: &Environment,
    found: &taken::Taken,
    (region, matched): (Option<&str>, &Matched),
) -> Imported {
    let objects = state.objects.iter().map(|object| &object.address);
    let alone = matched
        .left
        .iter()
        .filter(|left| !left.blocks)
        .map(|left| &left.address);
    let alone: BTreeSet<&String> = alone.collect();
    let taken: BTreeSet<&String> = objects.filter(|address| !alone.contains(address)).collect();
    let resources = state
        .resources
        .iter()
        .filter(|one| !taken.contains(&one.address));
    let resources: Vec<_> = resources.cloned().collect();
    let wanted: Vec<Wanted<'_>> = environment
        .modules
        .keys()
        .filter_map(|call| wanted(call, found))
        .collect();
    let mut stacks: Vec<Stack<'_>> = wanted
        .iter()
        .map(|one| {
            let aws = [
                ("AWS::StackName", one.name.as_deref()),
                ("AWS::Region", region),
            ];
            let aws = aws
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
            Stack {
                call: one.call,
                template: &one.template,
                said: Said::new(&one.template, &one.parameters, aws.collect()),
                there: one.name.as_deref().and_then(|name| there(name, found)),
                listed: &environment.modules[one.call].import,
            }
        })
        .collect();
    match_imports(&resources, &mut stacks)
}

fn wanted<'a>(call: &'a str, found: &taken::Taken) -> Option<Wanted<'a>> {
    let key = ResourceKey::new(CloudformationStacks.name(), call);
    let config = &found.foundation.desired.resources.get(&key)?.config;
    let body = config.get(TEMPLATE_BODY)?.as_str()?;
    let mut template = TemplateText::read(body)?;
    // Those that hodman carries keep whatever is listed.
    if Carried::ALL.iter().any(|carried| carried.body() == body) {
        template = TemplateText::read(&keeping(body, template.resources().keys()))?;
    }
    let mut parameters = config.get("parameters").cloned().unwrap_or_default();
    if let Some(all) = parameters.as_object_mut() {
        all.values_mut().for_each(|value| fill(value, &found.given));
    }
    let mut name = config.get("stack_name").cloned().unwrap_or_default();
    fill(&mut name, &found.given);
    let name = name.as_str().filter(|name| !name.contains("${"));
    Some(Wanted {
        call,
        template,
        parameters,
        name: name.map(str::to_owned),
    })
}

/// With what is known already of what others give; the rest stays as it is said.
fn fill(value: &mut Value, known: &Known) {
    if let Ok(filled) = substitute_known(value, "", known) {
        *value = filled;
    }
}

/// The names of the resources of a stack; none when there is none.
fn there(name: &str, found: &taken::Taken) -> Option<BTreeSet<String>> {
    let part = found.parts.iter().find(|part| part.is_foundation())?;
    let kind = CloudformationStacks.name();
    let mut objects = part.observed.objects.iter();
    let stack = objects.find(|object| object.kind == kind && object.listed.id == name)?;
    let names = stack
        .listed
        .outputs
        .get("resources")
        .and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    Some(names.map(str::to_owned).collect())
}

/// What goes into the file.
pub(super) fn entries(matched: &Matched) -> impl Iterator<Item = Entry> {
    let imports = matched.imports.iter();
    imports.map(|import| (import.place.clone(), import.identifier.clone()))
}

/// The entries that `proposed` has and `environment` does not, but for those whose resource `imports` has: what was asked for last
/// counts.
pub(super) fn earlier(
    environment: &Environment,
    proposed: &Environment,
    imports: &[Import],
) -> Vec<Entry> {
    let calls = environment
        .modules
        .iter()
        .filter_map(|(name, here)| Some((name, here, proposed.modules.get(name)?)));
    let all = calls.flat_map(|(call, here, there)| {
        let new = there
            .import
            .iter()
            .filter(|(name, identifier)| here.import.get(*name) != Some(*identifier));
        new.map(|(name, identifier)| {
            let place = Place {
                call: call.clone(),
                resource: name.clone(),
            };
            (place, identifier.clone())
        })
    });
    let asked = |(place, identifier): &Entry| {
        imports
            .iter()
            .any(|import| import.place == *place || import.identifier == *identifier)
    };
    all.filter(|entry| !asked(entry)).collect()
}

/// An entry in words.
pub(super) fn said((place, identifier): Entry) -> (String, String) {
    let ids: Vec<String> = identifier.into_values().collect();
    (
        format!("modules.{}.import.{}", place.call, place.resource),
        ids.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use hodman_model::files::parse_environment;
    use serde_json::json;

    fn file(network: Value) -> Environment {
        let text = json!({
            "mode": "promoted",
            "bundle_target": "qa",
            "modules": {"net": {"module": "network", "import": network}, "own": {"module": "logs"}},
            "workspaces": [{"name": "eu", "host": "https://eu.example"}],
        });
        parse_environment("environments/qa/environment.yaml", &text.to_string()).unwrap()
    }

    #[test]
    fn what_was_proposed_before_goes_along_but_where_the_new_list_says_otherwise() {
        let main = file(json!({"Merged": {"Id": "m"}}));
        let proposed = file(json!({
            "Merged": {"Id": "m"}, "Vpc": {"VpcId": "vpc-1"}, "Subnet1": {"SubnetId": "s-1"}, "Subnet2": {"SubnetId": "s-2"},
        }));
        let import = |resource: &str, id: &str| Import {
            place: Place {
                call: "net".to_owned(),
                resource: resource.to_owned(),
            },
            kind: "AWS::EC2::Subnet".to_owned(),
            identifier: [("SubnetId".to_owned(), id.to_owned())].into(),
            id: id.to_owned(),
            address: String::new(),
            because: String::new(),
        };
        // Another resource for one place, another place for one resource.
        let now = [import("Subnet1", "s-7"), import("Subnet3", "s-2")];
        let left = earlier(&main, &proposed, &now);
        let said: Vec<(String, String)> = left.iter().cloned().map(said).collect();
        assert_eq!(
            said,
            [("modules.net.import.Vpc".to_owned(), "vpc-1".to_owned())]
        );
        let mut with = main.clone();
        list(&mut with, &left);
        assert_eq!(with.modules["net"].import.len(), 2);
        clear(&mut with);
        assert!(with.modules["net"].import.is_empty());
    }

    #[test]
    fn a_state_concerns_stacks_where_modules_are_called_and_a_list_that_names_them_always() {
        let none = Environment {
            modules: BTreeMap::new(),
            ..file(json!({}))
        };
        let read =
            |from, text: &str| hodman_model::takeover::read(from, "f", text.as_bytes()).unwrap();
        let list = read(
            hodman_model::takeover::From::Ids,
            "modules.net.import.Vpc: vpc-1",
        );
        let state = json!({"version": 4, "resources": [
            {"mode": "managed", "type": "aws_vpc", "name": "x", "instances": [{"attributes": {"id": "vpc-1"}}]},
        ]});
        let state = read(hodman_model::takeover::From::Tfstate, &state.to_string());
        assert!(
            concerns(&list, &none)
                && !concerns(&state, &none)
                && concerns(&state, &file(json!({})))
        );
    }
}
