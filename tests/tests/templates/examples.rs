//! `examples/foundation`: every module fits its template, every call its module, and the hub is the spokes' way out.

use std::collections::{BTreeMap, BTreeSet};

use hodman_model::files::{Environment, SourceBytes, Tree, parse_environment};
use hodman_model::foundation::templates::{Carried, SCHEME};
use hodman_model::modules::{Engine, Foundation, Module, host_of};
use hodman_tests::checkout::{files, read, root};
use hodman_tests::servers::python;
use serde::Deserialize;

use super::bench::{applied, fresh, look, output, probe, request};

const MODULES: &str = "examples/foundation/modules/";
const ENVIRONMENTS: &str = "examples/foundation/environments/";

/// What a template asks for (with whether it has a default) and gives.
#[derive(Deserialize)]
struct Interface {
    parameters: BTreeMap<String, bool>,
    outputs: BTreeSet<String>,
}

/// The examples as a user's repository has them.
fn tree() -> Tree {
    let ours = files().into_iter().filter_map(|path| {
        let inside = path.strip_prefix("examples/foundation/")?.to_owned();
        Some((inside, SourceBytes::plain(read(&path).into_bytes())))
    });
    ours.collect()
}

/// The files of one name below `folder`, by the folder that each lies in.
fn each<T>(folder: &str, name: &str, parse: impl Fn(&str, &str) -> T) -> BTreeMap<String, T> {
    let read = files().into_iter().filter_map(|path| {
        let inside = path.strip_prefix(folder)?.strip_suffix(name)?;
        Some((
            inside.trim_end_matches('/').to_owned(),
            parse(&path, &read(&path)),
        ))
    });
    read.collect()
}

fn modules() -> BTreeMap<String, Module> {
    each(MODULES, "module.yaml", |path, text| {
        Module::parse(path, text).unwrap_or_else(|wrong| panic!("{wrong}"))
    })
}

fn environments() -> BTreeMap<String, Environment> {
    each(ENVIRONMENTS, "environment.yaml", |path, text| {
        parse_environment(path, text).unwrap_or_else(|wrong| panic!("{wrong}"))
    })
}

/// What stands in every `${…}` of `text`.
fn placeholders(text: &str) -> BTreeSet<String> {
    let parts = text.split("${").skip(1);
    let inside = parts.filter_map(|part| part.split_once('}'));
    inside.map(|(inside, _)| inside.to_owned()).collect()
}

fn template(module: &str, name: &str) -> String {
    match name.strip_prefix(SCHEME) {
        Some(carried) => {
            let carried = Carried::named(carried).unwrap_or_else(|| panic!("{module}: {name}"));
            format!(
                "services/hodman-model/src/foundation/templates/{}.yaml",
                carried.name()
            )
        }
        None => format!("{MODULES}{module}/{name}"),
    }
}

async fn interface(path: &str) -> Interface {
    let path = root().join(path).display().to_string();
    let read = python(&probe("cfn_interface.py"), &[&path], &[]).await;
    assert!(read.ok, "{path}: {}", read.said);
    serde_json::from_str(&read.said).expect("JSON")
}

#[tokio::test]
async fn every_module_fits_its_template() {
    let modules = modules();
    let stacks = modules
        .iter()
        .filter(|(_, module)| module.engine == Engine::Cloudformation);
    let mut count = 0;
    for (name, module) in stacks {
        count += 1;
        let interface = interface(&template(
            name,
            module.template.as_deref().expect("a template"),
        ))
        .await;
        let known: BTreeSet<&String> = interface.parameters.keys().collect();
        let said: BTreeSet<&String> = module.parameters.keys().collect();
        assert!(said.is_subset(&known), "{name}: {said:?}, not {known:?}");
        for (parameter, has_default) in &interface.parameters {
            assert!(
                *has_default || said.contains(parameter),
                "{name}: {parameter}"
            );
        }
        let given = serde_json::to_string(&module.outputs).expect("JSON");
        for inside in placeholders(&given) {
            let output = inside.strip_prefix("stack.outputs.").expect("an output");
            assert!(interface.outputs.contains(output), "{name}: {output}");
        }
    }
    assert_eq!(count, 5);
}

#[test]
fn every_module_uses_all_that_it_is_told_and_nothing_else() {
    for (name, module) in modules() {
        let objects = serde_json::to_string(&module.resources).expect("JSON");
        let parameters = serde_json::to_string(&module.parameters).expect("JSON");
        let variables = match (&module.variables, module.engine) {
            (Some(variables), _) => serde_json::to_string(variables).expect("JSON"),
            // Each under its own name.
            (None, Engine::Terraform) => module
                .inputs
                .keys()
                .map(|name| format!("${{inputs.{name}}}"))
                .collect(),
            (None, _) => String::new(),
        };
        let outputs = serde_json::to_string(&module.outputs).expect("JSON");
        let mut used = BTreeSet::new();
        for inside in placeholders(&[objects, parameters, variables, outputs].concat()) {
            if let Some(input) = inside.strip_prefix("inputs.") {
                used.insert(input.to_owned());
            } else if let Some(reference) = inside.strip_prefix("resources.") {
                let parts: Vec<&str> = reference.splitn(3, '.').collect();
                let there = module.resources.get(parts[0]);
                assert!(
                    there.is_some_and(|keys| keys.contains_key(parts[1])),
                    "{name}: {inside}"
                );
            } else {
                assert!(inside.starts_with("stack.outputs."), "{name}: {inside}");
            }
        }
        let told: BTreeSet<String> = module.inputs.keys().cloned().collect();
        assert_eq!(used, told, "{name}");
    }
}

#[test]
fn every_environment_resolves_and_every_module_is_called() {
    let tree = tree();
    let mut called = BTreeSet::new();
    for (name, environment) in environments() {
        let file = format!("environments/{name}/environment.yaml");
        let resolved = Foundation::resolve("shop", &file, &environment, &tree)
            .unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        for workspace in &environment.workspaces {
            let (call, output) = host_of(&workspace.host).expect("a module's");
            assert!(resolved.outputs[call].contains_key(output), "{name}");
        }
        called.extend(environment.modules.into_values().map(|call| call.module));
    }
    let all: BTreeSet<String> = modules().into_keys().collect();
    assert_eq!(called, all);
}

#[tokio::test]
async fn spokes_reach_the_internet_through_the_hub_only() {
    let name = fresh("hub");
    let parameters = [
        ("Zones", "eu-west-1a,eu-west-1b"),
        ("VpcCidr", "10.255.0.0/24"),
        ("SpokesCidr", "10.0.0.0/9"),
    ];
    let hub = read(&format!("{MODULES}egress-hub/egress-hub.yaml"));
    let hub = applied(&request(&name, &hub, &parameters)).await;
    let seen = look("vpc", output(&hub, "VpcId")).await;
    for number in [1, 2] {
        let way = &seen["subnets"][format!("{name}-private-{number}")][2];
        assert_eq!(way, &format!("nat in {name}-public-{number}"));
        let way = &seen["subnets"][format!("{name}-public-{number}")][2];
        assert_eq!(way, "internet");
    }

    let vpc = fresh("spoke-vpc");
    let parameters = [("Zones", "eu-west-1a,eu-west-1b"), ("NatGateways", "none")];
    let network = applied(&request(&vpc, Carried::Network.body(), &parameters)).await;
    let parameters = [
        ("TransitGatewayId", output(&hub, "TransitGatewayId")),
        ("SpokesTableId", output(&hub, "SpokesTableId")),
        ("HubTableId", output(&hub, "HubTableId")),
        ("VpcId", output(&network, "VpcId")),
        ("SubnetIds", output(&network, "SubnetIds")),
        ("RouteTableIds", output(&network, "RouteTableIds")),
    ];
    let spoke = read(&format!("{MODULES}spoke/spoke.yaml"));
    let spoke = applied(&request(&fresh("spoke"), &spoke, &parameters)).await;
    let seen = look("vpc", output(&spoke, "VpcId")).await;
    for number in [1, 2] {
        let way = &seen["subnets"][format!("{vpc}-private-{number}")][2];
        assert_eq!(way, output(&hub, "TransitGatewayId"));
    }
}
