//! What exists and becomes a stack's.

use serde_json::{Value, json};

use super::{GROUND, resolve};

#[test]
fn what_exists_is_taken_over_by_stacks_whose_templates_keep_it() {
    let module = |template: &str| format!("engine: cloudformation\ntemplate: hodman:{template}\n");
    let (network, key) = (module("network"), module("kms-key"));
    let modules = [
        ("ground", GROUND),
        ("net", network.as_str()),
        ("key", key.as_str()),
    ];
    let call = |module: &str, import: Value| json!({"one": {"module": module, "import": import}});
    let id = json!({"KeyId": "1234"});
    let found = resolve(&call("key", json!({"Key": id})), &modules).unwrap();
    let stack = &found.desired.resources[&"cloudformation_stacks.one".parse().unwrap()];
    assert_eq!(stack.config["import"]["Key"], id);
    for (call, words) in [
        (
            call("net", json!({"Vpc": {"VpcId": "vpc-1"}})),
            "`Vpc` has no `DeletionPolicy`",
        ),
        (call("key", json!({"Kee": id})), "has no resource `Kee`"),
        (
            call("key", json!({"Key": {}})),
            "`Key` needs what identifies it",
        ),
        (
            call("ground", json!({"Key": id})),
            "`modules.one.import` has no meaning",
        ),
    ] {
        let said = resolve(&call, &modules).unwrap_err();
        assert!(said.contains(words), "{call}: {said}");
    }
}
