//! `hodman template`, which needs nothing but its arguments.

use super::{code, err, out, run};
use serde_json::Value;

const POLICY: [&str; 2] = ["template", "policy"];

#[test]
fn a_policy_is_printed_as_aws_takes_it() {
    let account = "11111111-2222-3333-4444-555555555555";
    let arguments = [
        "root-bucket",
        "--bucket",
        "shop-root",
        "--account-id",
        account,
    ];
    let printed = run(&[&POLICY[..], &arguments].concat());
    assert_eq!(code(&printed), 0, "{}", err(&printed));
    let policy: Value = serde_json::from_str(&out(&printed)).expect("JSON");
    let condition = &policy["Statement"][0]["Condition"]["StringEquals"];
    assert_eq!(condition["aws:PrincipalTag/DatabricksAccountId"], account);
}

#[test]
fn a_narrow_policy_is_never_a_wider_one() {
    let arguments = ["cross-account", "--variant", "restricted", "--vpc", "vpc-1"];
    let refused = run(&[&POLICY[..], &arguments].concat());
    assert_eq!((code(&refused), out(&refused)), (2, String::new()));
    assert!(
        err(&refused).contains("--security-group"),
        "{}",
        err(&refused)
    );
}

#[test]
fn a_wrong_input_says_where_the_right_one_is() {
    let refused = run(&[&POLICY[..], &["cross-account-trust", "--account-id", "me"]].concat());
    assert_eq!(code(&refused), 2);
    assert!(
        err(&refused).contains("account console"),
        "{}",
        err(&refused)
    );
}

#[test]
fn templates_are_printed_as_they_are_carried() {
    for (arguments, first) in [
        (&["network"][..], "  VpcCidr:"),
        (&["network", "--existing-vpc"], "  VpcId:"),
        (&["kms-key"], "  DatabricksAccountId:"),
    ] {
        let printed = run(&[&["template"], arguments].concat());
        assert_eq!(code(&printed), 0, "{}", err(&printed));
        let text = out(&printed);
        let after = text.split("\nParameters:\n").nth(1).expect("parameters");
        assert_eq!(after.lines().next(), Some(first));
    }
}
