//! One module in several environments: they differ by what they tell it, and by nothing else.

use serde_json::{Value, json};

use super::{Foundation, SourceBytes, parse_environment, tree};

const CLUSTER: &str =
    include_str!("../../../../../examples/foundation/modules/cluster/module.yaml");

/// What `environments/<env>` makes of the cluster module, in words.
pub fn cluster_in(env: &str, inputs: &Value) -> (Foundation, String) {
    let file = format!("environments/{env}/environment.yaml");
    let calls = json!({"compute": {"module": "cluster", "inputs": inputs}});
    let text = format!(
        "mode: promoted\nworkspaces: [{{name: {env}, host: \"https://x.example\"}}]\nmodules: {calls}\n"
    );
    let environment = parse_environment(&file, &text).unwrap();
    let tree = tree(&[("cluster", CLUSTER)]);
    let found = Foundation::resolve("shop", &file, &environment, &tree).unwrap();
    let words = format!("{:?}", found.inside);
    (found, words)
}

#[test]
fn one_cluster_module_in_three_environments_differs_only_by_its_inputs() {
    let told = [
        (
            "dev-like",
            json!({"name": "INPUT-1", "workers": 1111, "node_type": "INPUT-2"}),
        ),
        (
            "qa",
            json!({"name": "shop-qa", "workers": 2222, "node_type": "m5d.large"}),
        ),
        (
            "prod",
            json!({"name": "shop-prod", "workers": 3333, "node_type": "r5d.4xlarge"}),
        ),
    ];
    let made = told.map(|(env, inputs)| {
        let (found, mut words) = cluster_in(env, &inputs);
        assert!(
            found.desired.resources.is_empty(),
            "nothing below the workspaces"
        );
        assert_eq!(found.inside.len(), 2);
        for (name, value) in inputs.as_object().unwrap() {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            assert!(words.contains(&value), "{env}: {name} is used");
            words = words.replace(&value, &format!("<{name}>"));
        }
        words
    });
    assert_eq!(made[0], made[1]);
    assert_eq!(made[1], made[2]);
}

#[test]
fn one_terraform_module_in_three_environments_differs_only_by_its_inputs_and_by_whose_it_is() {
    let module = "engine: terraform\ninputs:\n  cidr: {type: string}\n  zones: {type: integer}\noutputs:\n  id: {value: \"${stack.outputs.id}\"}\n";
    let text = "terraform {\n  backend \"s3\" {}\n}\nvariable \"cidr\" {}\nvariable \"zones\" {}\noutput \"id\" { value = var.cidr }\n";
    let made = [("dev-like", 1111), ("qa", 2222), ("prod", 3333)].map(|(env, zones)| {
        let cidr = format!("CIDR-OF-{env}");
        let call = |zones: i32| json!({"module": "net", "inputs": {"cidr": cidr, "zones": zones}});
        let calls = json!({"one": call(zones), "two": call(zones + 1)});
        let mut tree = tree(&[("net", module)]);
        tree.insert("modules/net/main.tf".to_owned(), SourceBytes::plain(text.as_bytes()));
        let file = format!("environments/{env}/environment.yaml");
        let environment = format!(
            "mode: promoted\nterraform: main\nworkspaces: [{{name: {env}, host: \"https://x.example\"}}]\nmodules: {calls}\n"
        );
        let environment = parse_environment(&file, &environment).unwrap();
        let found = Foundation::resolve("shop", &file, &environment, &tree).unwrap();
        let stacks: Vec<(String, Value)> = found
            .desired
            .resources
            .iter()
            .map(|(key, wanted)| (key.to_string(), Value::clone(&wanted.config)))
            .collect();
        assert_eq!(stacks.len(), 2, "each call has a stack of its own");
        assert_eq!(stacks[0].1["source"], stacks[1].1["source"]);
        assert_eq!(stacks[0].1["variables"], json!({"cidr": cidr, "zones": zones}));
        assert_eq!(stacks[1].1["name"], format!("hodman-shop-{env}-two"));
        let words = serde_json::to_string(&stacks).unwrap();
        let words = words.replace(&cidr, "<cidr>").replace(&format!("-{env}-"), "-<env>-");
        words.replace(&zones.to_string(), "<n>").replace(&(zones + 1).to_string(), "<n+1>")
    });
    assert_eq!(made[0], made[1]);
    assert_eq!(made[1], made[2]);
}
