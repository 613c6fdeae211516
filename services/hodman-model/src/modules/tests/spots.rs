//! Where it is told that a call does not fit its module.

use serde_json::json;

use super::{FILE, Foundation, GROUND, environment, parse_environment, tree};

const CALLS: &str = "\
mode: promoted
account: main
workspaces: [{name: qa, host: \"https://x.example\"}]
modules:
  one:
    module: ground
    inputs:
      name: shop
      zone: 2
      zones: many
  two:
    module: ground
    inputs: {role: \"${modules.one.outputs.roles}\"}
  three: {module: grounds}
  four:
    module: ground
    inputs: {name: \"${modules.five.outputs.host}\"}
  five:
    module: ground
    inputs: {name: \"${modules.four.outputs.host}\", role: \"${inputs.role}\"}
";

#[test]
fn what_does_not_fit_is_told_where_it_stands() {
    let environment = parse_environment(FILE, CALLS).unwrap();
    let error = Foundation::resolve("shop", FILE, &environment, &tree(&[("ground", GROUND)]));
    let said = error.unwrap_err().to_string();
    for (line, column, words) in [
        (9, 7, "has no input `zone`"),
        (10, 7, "input `zones` is"),
        (11, 3, "`modules.two`: input `name` is missing"),
        (13, 14, "`modules.one` has no output `roles`"),
        (14, 3, "there is no modules/grounds/module.yaml"),
        (18, 3, "in a circle: "),
        (20, 52, "`${inputs.role}` stands for nothing here"),
    ] {
        let place = format!("{FILE}:{line}:{column}: ");
        let mut lines = said.lines();
        let found = lines.any(|line| line.contains(&place) && line.contains(words));
        assert!(found, "{place}{words}\n{said}");
    }
}

#[test]
fn where_a_call_stands_is_no_part_of_what_it_says() {
    let calls = json!({"one": {"module": "ground", "inputs": {"name": "shop"}}});
    let one = environment(&calls);
    let text = format!("# Elsewhere.\n{}", serde_json::to_string(&one).unwrap());
    assert_eq!(parse_environment(FILE, &text).unwrap(), one);
}
