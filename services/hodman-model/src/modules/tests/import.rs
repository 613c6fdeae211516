//! What exists and becomes a stack's, its tags, and its parameters.

use serde_json::{Value, json};

use super::{GROUND, resolve};
use crate::foundation::templates::Carried;
use crate::kinds::TEMPLATE_BODY;
use crate::stacks::TemplateText;

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
    // What hodman carries keeps what is listed, and stays as it is otherwise.
    let body = |import: Value| {
        let found = resolve(&call("net", import), &modules).unwrap();
        let stack = &found.desired.resources[&"cloudformation_stacks.one".parse().unwrap()];
        stack.config[TEMPLATE_BODY].as_str().unwrap().to_owned()
    };
    let template = TemplateText::read(&body(json!({"Vpc": {"VpcId": "vpc-1"}}))).unwrap();
    let kept = template
        .resources()
        .iter()
        .filter(|(_, one)| one.get("DeletionPolicy").is_some());
    let kept: Vec<(&str, &Value)> = kept
        .map(|(name, one)| (name.as_str(), &one["DeletionPolicy"]))
        .collect();
    assert_eq!(kept, [("Vpc", &json!("Retain"))]);
    assert_eq!(body(json!({})), Carried::Network.body());
    for (call, words) in [
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

#[test]
fn tags_of_a_stack_are_texts_and_none_of_those_that_aws_or_hodman_writes() {
    let module = |tags: &str| {
        format!(
            "engine: cloudformation\ninputs: {{cost: {{type: integer}}}}\ntemplate: hodman:kms-key\ntags: {{{tags}}}\n"
        )
    };
    let call = json!({"one": {"module": "key", "inputs": {"cost": 7}}});
    let of = |tags: &str| resolve(&call, &[("key", module(tags).as_str())]);
    let found = of("team: data, cost: \"${inputs.cost}\"").unwrap();
    let stack = &found.desired.resources[&"cloudformation_stacks.one".parse().unwrap()];
    assert_eq!(stack.config["tags"], json!({"team": "data", "cost": 7}));
    for (tags, words) in [
        ("hodman_env: prod", "`hodman_env` is not for modules"),
        ("\"aws:x\": y", "`aws:x` is not for modules"),
        ("team: [a, b]", "`team` must be a text"),
    ] {
        let said = of(tags).unwrap_err();
        assert!(said.contains(words), "{tags}: {said}");
    }
    let said = resolve(
        &json!({"one": {"module": "ground"}}),
        &[("ground", &format!("{GROUND}tags: {{a: b}}\n"))],
    );
    let said = said.unwrap_err();
    assert!(said.contains("`tags` has no meaning"), "{said}");
}

#[test]
fn a_parameter_that_was_said_once_goes_back_to_its_default() {
    let module =
        "engine: cloudformation\ntemplate: hodman:kms-key\nparameters: {AliasName: alias/shop}\n";
    let call = json!({"one": {"module": "key"}});
    let mut found = resolve(&call, &[("key", module)]).unwrap();
    let key = "cloudformation_stacks.one".parse().unwrap();
    let said = ["AliasName", "Use", "DatabricksAccountId", "Gone"].map(str::to_owned);
    found.say_defaults(&[(&key, &said.into())].into());
    let parameters = &found.desired.resources[&key].config["parameters"];
    // What has no default stays as it is.
    assert_eq!(
        parameters,
        &json!({"AliasName": "alias/shop", "Use": "both"})
    );
}
