//! What stacks take over.

use serde_json::{Value, json};

use super::super::{From, Imported, Matched, Place, Stack, letting_go, match_imports, read};
use super::network::{NETWORK, state};
use crate::stacks::{Imports, Said, TemplateText};

fn tfstate(resources: &[(&str, &str, Value)]) -> String {
    let one = |(kind, name, attributes): &(&str, &str, Value)| json!({"mode": "managed", "type": kind, "name": name, "instances": [{"attributes": attributes}]});
    let resources: Vec<Value> = resources.iter().map(one).collect();
    json!({"version": 4, "resources": resources}).to_string()
}

/// Pairs a file with calls: name, template, parameters, what is there.
fn paired(
    from: From,
    text: &str,
    calls: &[(&str, &str, Value, Option<&[&str]>)],
    listed: &Imports,
) -> Imported {
    let state = read(from, "file", text.as_bytes()).unwrap();
    let templates: Vec<TemplateText> = calls
        .iter()
        .map(|(_, text, ..)| TemplateText::read(text).unwrap())
        .collect();
    let stacks = calls.iter().zip(&templates);
    let mut stacks: Vec<Stack<'_>> = stacks
        .map(|((call, _, parameters, there), template)| Stack {
            call,
            template,
            said: Said::new(template, parameters, [].into()),
            there: there.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            listed,
        })
        .collect();
    match_imports(&state.resources, &mut stacks)
}

fn places(found: &Imported) -> Vec<(&str, &str)> {
    let imports = found.imports.iter();
    imports
        .map(|import| (import.place.resource.as_str(), import.id.as_str()))
        .collect()
}

fn why<'f>(found: &'f Imported, address: &str) -> &'f str {
    let left = found.left.iter().find(|left| left.address == address);
    left.map_or("", |left| left.because.as_str())
}

#[test]
fn a_network_is_found_by_its_ranges_and_by_what_refers_to_what() {
    let calls = [("net", NETWORK, json!({"Cidr": "10.1.0.0/16"}), None)];
    let found = paired(From::Tfstate, &tfstate(&state()), &calls, &[].into());
    let wanted = [
        ("Attached", "IGW, vpc-1"),
        ("Gateway", "igw-1"),
        ("Nat", "nat-1"),
        ("Of1", "as-a"),
        ("Of2", "as-b"),
        ("Own", "eipalloc-1, 192.0.2.1"),
        ("Routes1", "rtb-a"),
        ("Routes2", "rtb-b"),
        ("Subnet1", "subnet-a"),
        ("Subnet2", "subnet-b"),
        ("Vpc", "vpc-1"),
    ];
    assert_eq!(places(&found), wanted, "{:?}", found.left);
    let because = |name: &str| {
        &found
            .imports
            .iter()
            .find(|one| one.place.resource == name)
            .unwrap()
            .because
    };
    assert_eq!(because("Vpc"), "the same CidrBlock `10.1.0.0/16`");
    assert_eq!(because("Own"), "`Nat` refers to it");
    assert_eq!(because("Gateway"), "`Attached` refers to it");
    assert_eq!(
        json!(found.imports[5].identifier),
        json!({"PublicIp": "192.0.2.1", "AllocationId": "eipalloc-1"})
    );
    for (address, words) in [
        (
            "aws_vpc.other",
            "`net.Vpc` has the CidrBlock `10.1.0.0/16`, and this one `10.2.0.0/16`",
        ),
        (
            "aws_subnet.far",
            "`net.Subnet1` has the VpcId `vpc-1`, and this one `vpc-2`; `net.Subnet2` has the CidrBlock",
        ),
        (
            "aws_security_group.m",
            "it is `net.Group`, but the template's resource `Group` has no `DeletionPolicy`",
        ),
        (
            "aws_sqs_queue.letters",
            "no stack that is yet to be made has an AWS::SQS::Queue",
        ),
    ] {
        assert!(
            why(&found, address).contains(words),
            "{address}: {}",
            why(&found, address)
        );
    }
    assert!(!found.left.iter().any(|left| left.blocks));
    let after: Vec<(&str, bool)> = found
        .after
        .iter()
        .map(|one| (one.place.resource.as_str(), one.is_known))
        .collect();
    assert_eq!(
        after,
        [("Group", true), ("Rule", false)],
        "a condition leaves the third subnet out"
    );
    let matched = Matched::default().with_imports(found);
    let words = letting_go(From::Tfstate, &matched);
    assert!(
        words.contains("from = aws_internet_gateway.main\n") && !words.contains("attachment"),
        "{words}"
    );
}

#[test]
fn what_nothing_decides_is_told_and_a_list_decides_it() {
    let two = "\
Resources:
  A: {Type: 'AWS::Logs::LogGroup', DeletionPolicy: Retain}
  B: {Type: 'AWS::Logs::LogGroup', DeletionPolicy: Retain}
  C: {Type: 'AWS::SQS::Queue', DeletionPolicy: Retain, Properties: {QueueName: letters}}
";
    let calls = [("logs", two, Value::Null, None)];
    let one = [("aws_cloudwatch_log_group", "x", json!({"name": "x"}))];
    let found = paired(From::Tfstate, &tfstate(&one), &calls, &[].into());
    let words = "it could be `logs.A` or `logs.B`; nothing decides: say it with --from ids, as `modules.logs.import.A: x`";
    assert_eq!(
        (
            places(&found).len(),
            why(&found, "aws_cloudwatch_log_group.x")
        ),
        (0, words)
    );
    let queues = [
        (
            "aws_sqs_queue",
            "x",
            json!({"id": "https://sqs/x", "name": "x"}),
        ),
        (
            "aws_sqs_queue",
            "y",
            json!({"id": "https://sqs/letters", "name": "letters"}),
        ),
    ];
    let found = paired(From::Tfstate, &tfstate(&queues), &calls, &[].into());
    assert_eq!(places(&found), [("C", "https://sqs/letters")]);

    let list = "modules.logs.import.A: x\nmodules.logs.import.C: {QueueUrl: https://sqs/c}\n";
    let found = paired(From::Ids, list, &calls, &[].into());
    assert_eq!(
        places(&found),
        [("A", "x"), ("C", "https://sqs/c")],
        "{:?}",
        found.left
    );
    // Whatever is there already, too.
    let calls = [("logs", two, Value::Null, Some(["B"].as_slice()))];
    let found = paired(From::Ids, list, &calls, &[].into());
    assert_eq!(places(&found).len(), 2);
    let found = paired(From::Tfstate, &tfstate(&one), &calls, &[].into());
    assert!(
        why(&found, "aws_cloudwatch_log_group.x").starts_with("no stack that is yet to be made")
    );
}

#[test]
fn what_a_call_lists_is_not_proposed_again() {
    let calls = [("net", NETWORK, json!({"Cidr": "10.1.0.0/16"}), None)];
    let vpc = [("VpcId".to_owned(), "vpc-1".to_owned())].into();
    let listed: Imports = [("Vpc".to_owned(), vpc)].into();
    let found = paired(From::Tfstate, &tfstate(&state()), &calls, &listed);
    assert_eq!(found.listed, ["net.Vpc"]);
    assert!(
        places(&found).contains(&("Subnet1", "subnet-a")),
        "{:?}",
        found.left
    );
    assert!(!places(&found).iter().any(|(name, _)| *name == "Vpc"));
    let found = paired(
        From::Ids,
        "modules.net.import.Vpc: vpc-1\n",
        &calls,
        &listed,
    );
    assert_eq!(
        (found.listed, found.imports.len()),
        (vec!["net.Vpc".to_owned()], 0)
    );
}

#[test]
fn what_a_list_gets_wrong_is_refused_with_what_is_right() {
    let calls = [(
        "net",
        NETWORK,
        json!({"Cidr": "10.1.0.0/16"}),
        Some(["Routes1"].as_slice()),
    )];
    let vpc = [("VpcId".to_owned(), "vpc-1".to_owned())].into();
    let listed: Imports = [("Vpc".to_owned(), vpc)].into();
    for (line, words) in [
        (
            "modules.nett.import.Vpc: vpc-1",
            "calls no stack of CloudFormation `nett`",
        ),
        ("modules.net.import.Vpcc: vpc-1", "has no resource `Vpcc`"),
        (
            "modules.net.import.Vpc: vpc-7",
            "the call lists vpc-1 there already",
        ),
        ("modules.net.import.Group: sg-1", "has no `DeletionPolicy`"),
        (
            "modules.net.import.Subnet3: subnet-3",
            "a condition of the template leaves `Subnet3` out",
        ),
        (
            "modules.net.import.Routes1: rtb-1",
            "there is a stack already, and it has a `Routes1`",
        ),
        (
            "modules.net.import.Own: eipalloc-1",
            "is identified by `Own: {PublicIp: …, AllocationId: …}`",
        ),
        ("modules.net.import.Nat: nat-1", "`Nat` refers to `Own`"),
        (
            "modules.net.import.Rule: sgr-1",
            "does not know what identifies an AWS::EC2::SecurityGroupIngress",
        ),
        (
            "modules.net.import.Subnet1: {Id: subnet-1}",
            "`Subnet1: {SubnetId: …}`",
        ),
    ] {
        let found = paired(From::Ids, line, &calls, &listed);
        assert_eq!(found.imports, [], "{line}");
        let left = found.left.first().unwrap();
        assert!(
            left.blocks && left.because.contains(words),
            "{line}: {}",
            left.because
        );
    }
    let twice = "modules.net.import.Subnet1: subnet-1\nmodules.net.import.Subnet2: subnet-1\n";
    let found = paired(From::Ids, twice, &calls, &listed);
    assert!(
        why(&found, "modules.net.import.Subnet2").contains("it was named for `net.Subnet1`, too")
    );
    for line in [
        "modules.net.Vpc: vpc-1",
        "modules.net.import.Vpc: [1]",
        "modules.net.import.Vpc: ''",
    ] {
        let problems = read(From::Ids, "ids.yaml", line.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(problems.contains("modules.net"), "{problems}");
    }
}

#[test]
fn two_calls_of_one_template_are_told_apart_by_their_parameters() {
    let call = |name, cidr: &str| (name, NETWORK, json!({"Cidr": cidr}), None);
    let calls = [call("hub", "10.2.0.0/16"), call("net", "10.1.0.0/16")];
    let found = paired(From::Tfstate, &tfstate(&state()[..5]), &calls, &[].into());
    let vpcs = found
        .imports
        .iter()
        .filter(|import| import.kind == "AWS::EC2::VPC");
    let vpcs: Vec<(&Place, &str)> = vpcs
        .map(|import| (&import.place, import.id.as_str()))
        .collect();
    let at = |call: &str| Place {
        call: call.to_owned(),
        resource: "Vpc".to_owned(),
    };
    assert_eq!(vpcs, [(&at("hub"), "vpc-2"), (&at("net"), "vpc-1")]);
    // The range of the first subnet is another one there.
    assert!(
        why(&found, "aws_subnet.far").contains("CidrBlock"),
        "{}",
        why(&found, "aws_subnet.far")
    );
}
