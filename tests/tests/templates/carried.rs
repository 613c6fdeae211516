//! What the carried templates make.

use hodman_clients::cloudformation::ChangeSetOutcome;
use hodman_model::foundation::policies::{self, KeyUse, Partition};
use hodman_model::foundation::templates::Carried;
use serde_json::{Value, json};

use super::bench::{applied, client, fresh, look, output, request};

/// The only account of the AWS server.
const OWNER: &str = "000000000000";
const ACCOUNT: &str = "11111111-2222-3333-4444-555555555555";

fn out(cidr: &str) -> Value {
    let ports = [
        "tcp 2443-2443",
        "tcp 3306-3306",
        "tcp 443-443",
        "tcp 53-53",
        "tcp 5432-5432",
        "tcp 6666-6666",
        "tcp 8443-8443",
        "tcp 8444-8444",
        "tcp 8445-8451",
        "udp 53-53",
    ];
    let mut all: Vec<String> = ports.map(|port| format!("{port} {cidr}")).to_vec();
    all.extend(["tcp 0-65535", "udp 0-65535"].map(|port| format!("{port} workspace")));
    all.sort();
    json!(all)
}

/// The endpoints' rules in both directions.
fn with(ports: &[&str]) -> Value {
    let mut all: Vec<String> = ports
        .iter()
        .map(|port| format!("tcp {port} workspace"))
        .collect();
    all.sort();
    json!({"in": all, "out": all})
}

#[tokio::test]
async fn a_network_with_one_way_out() {
    let name = fresh("net");
    let parameters = [("Zones", "eu-west-1a,eu-west-1b")];
    let stack = applied(&request(&name, Carried::Network.body(), &parameters)).await;
    assert_eq!(output(&stack, "SubnetIds").split(',').count(), 2);
    assert!(!stack.outputs.contains_key("RelayEndpointId"));

    let seen = look("vpc", output(&stack, "VpcId")).await;
    let own = |what: &str| format!("{name}-{what}");
    assert_eq!(seen["dns"], json!([true, true]));
    let nat = format!("nat in {}", own("public-1"));
    assert_eq!(
        seen["subnets"],
        json!({
            own("private-1"): ["eu-west-1a", "10.0.0.0/20", nat],
            own("private-2"): ["eu-west-1b", "10.0.16.0/20", nat],
            own("public-1"): ["eu-west-1a", "10.0.64.0/20", "internet"],
        })
    );
    let groups = |group: &str| rename(&seen["groups"][own(group)], &name);
    assert_eq!(
        groups("workspace"),
        json!({"in": ["tcp 0-65535 workspace", "udp 0-65535 workspace"], "out": out("0.0.0.0/0")})
    );
    assert_eq!(groups("endpoints"), with(&["443-443"]));
    let private = json!([own("private-1"), own("private-2")]);
    let interface = json!(["Interface", private, 0]);
    assert_eq!(
        seen["endpoints"],
        json!({
            "com.amazonaws.eu-west-1.s3": ["Gateway", [], 2],
            "com.amazonaws.eu-west-1.sts": interface,
            "com.amazonaws.eu-west-1.kinesis-streams": interface,
        })
    );
    let addresses = seen["addresses"].as_array().expect("a list");
    assert!(addresses.contains(&json!(output(&stack, "NatAddresses"))));
}

#[tokio::test]
async fn a_network_with_a_way_out_of_each_zone_and_private_link() {
    let name = fresh("net");
    let parameters = [
        ("Zones", "eu-west-1a,eu-west-1b"),
        ("ThirdZone", "eu-west-1c"),
        ("VpcCidr", "10.8.0.0/18"),
        ("SubnetBits", "9"),
        ("NatGateways", "each-zone"),
        (
            "WorkspaceServiceName",
            "com.amazonaws.vpce.eu-west-1.vpce-svc-0a",
        ),
        (
            "RelayServiceName",
            "com.amazonaws.vpce.eu-west-1.vpce-svc-0b",
        ),
    ];
    let stack = applied(&request(&name, Carried::Network.body(), &parameters)).await;
    for (output_of, count) in [("SubnetIds", 3), ("RouteTableIds", 3), ("NatAddresses", 3)] {
        assert_eq!(output(&stack, output_of).split(',').count(), count);
    }
    assert_ne!(
        output(&stack, "WorkspaceEndpointId"),
        output(&stack, "RelayEndpointId")
    );

    let seen = look("vpc", output(&stack, "VpcId")).await;
    let own = |what: &str| format!("{name}-{what}");
    let mut wanted = serde_json::Map::new();
    for (number, zone, private, public) in [
        (1, "a", "10.8.0.0/23", "10.8.8.0/23"),
        (2, "b", "10.8.2.0/23", "10.8.10.0/23"),
        (3, "c", "10.8.4.0/23", "10.8.12.0/23"),
    ] {
        let zone = format!("eu-west-1{zone}");
        let nat = format!("nat in {}", own(&format!("public-{number}")));
        wanted.insert(
            own(&format!("private-{number}")),
            json!([zone, private, nat]),
        );
        wanted.insert(
            own(&format!("public-{number}")),
            json!([zone, public, "internet"]),
        );
    }
    assert_eq!(seen["subnets"], Value::Object(wanted));
    assert_eq!(
        rename(&seen["groups"][own("endpoints")], &name),
        with(&["443-443", "2443-2443", "6666-6666", "8443-8451"])
    );
    let private = json!([own("private-1"), own("private-2"), own("private-3")]);
    for service in ["vpce-svc-0a", "vpce-svc-0b"] {
        let endpoint = &seen["endpoints"][format!("com.amazonaws.vpce.eu-west-1.{service}")];
        assert_eq!(*endpoint, json!(["Interface", private, 0]));
    }
}

#[tokio::test]
async fn a_network_without_a_way_out() {
    let name = fresh("net");
    let parameters = [
        ("Zones", "eu-west-1a,eu-west-1b"),
        ("NatGateways", "none"),
        ("AwsEndpoints", "false"),
        ("EgressCidr", "10.0.0.0/8"),
    ];
    let stack = applied(&request(&name, Carried::Network.body(), &parameters)).await;
    assert!(!stack.outputs.contains_key("NatAddresses"));
    let seen = look("vpc", output(&stack, "VpcId")).await;
    let own = |what: &str| format!("{name}-{what}");
    assert_eq!(
        seen["subnets"],
        json!({
            own("private-1"): ["eu-west-1a", "10.0.0.0/20", "nothing"],
            own("private-2"): ["eu-west-1b", "10.0.16.0/20", "nothing"],
        })
    );
    let group = rename(&seen["groups"][own("workspace")], &name);
    assert_eq!(group["out"], out("10.0.0.0/8"));
    assert_eq!(seen["groups"].as_object().expect("groups").len(), 1);
    assert_eq!(
        seen["endpoints"],
        json!({"com.amazonaws.eu-west-1.s3": ["Gateway", [], 2]})
    );
}

#[tokio::test]
async fn a_network_grows_without_anything_of_it_being_made_anew() {
    let name = fresh("grows");
    let small = [("Zones", "eu-west-1a,eu-west-1b")];
    let before = applied(&request(&name, Carried::Network.body(), &small)).await;
    let large = [
        small[0],
        ("ThirdZone", "eu-west-1c"),
        ("NatGateways", "each-zone"),
        (
            "WorkspaceServiceName",
            "com.amazonaws.vpce.eu-west-1.vpce-svc-0a",
        ),
        (
            "RelayServiceName",
            "com.amazonaws.vpce.eu-west-1.vpce-svc-0b",
        ),
    ];
    let larger = request(&name, Carried::Network.body(), &large);
    let client = client().await;
    let outcome = client.change_set(&larger, "larger").await.expect("a set");
    let ChangeSetOutcome::Ready(set) = outcome else {
        panic!("there is something to do");
    };
    let mut changed = Vec::new();
    for change in set.changes.as_array().expect("a list") {
        let change = &change["ResourceChange"];
        let resource = change["LogicalResourceId"].as_str().expect("a name");
        // The server calls some that are not there yet changed, too.
        if change["PhysicalResourceId"].as_str().unwrap_or_default() != "" {
            assert_eq!(change["Action"], "Modify", "{resource}");
            assert_ne!(change["Replacement"], "True", "{resource}");
            changed.push(resource);
        }
    }
    changed.sort_unstable();
    assert_eq!(
        changed,
        [
            "KinesisEndpoint",
            "PrivateRouteOut2",
            "S3Endpoint",
            "StsEndpoint"
        ]
    );
    let after = client.execute(&set, "larger").await.expect("executed");
    for kept in ["VpcId", "SubnetId1", "SubnetId2", "SecurityGroupIds"] {
        assert_eq!(output(&after, kept), output(&before, kept), "{kept}");
    }
    assert_eq!(output(&after, "SubnetIds").split(',').count(), 3);
}

#[tokio::test]
async fn more_workspaces_in_a_vpc_that_exists() {
    let first = fresh("net");
    let parameters = [("Zones", "eu-west-1a,eu-west-1b")];
    let network = applied(&request(&first, Carried::Network.body(), &parameters)).await;
    let (vpc, tables) = (output(&network, "VpcId"), output(&network, "RouteTableIds"));

    let second = fresh("more");
    let parameters = [
        ("VpcId", vpc),
        ("SubnetCidrs", "10.0.48.0/20,10.0.112.0/20"),
        ("Zones", "eu-west-1a,eu-west-1b"),
        ("RouteTableIds", tables),
        (
            "EndpointGroupId",
            output(&network, "EndpointSecurityGroupId"),
        ),
    ];
    let more = applied(&request(&second, Carried::NetworkInVpc.body(), &parameters)).await;
    let seen = look("vpc", vpc).await;
    let nat = format!("nat in {first}-public-1");
    for (number, range) in [(1, "10.0.48.0/20"), (2, "10.0.112.0/20")] {
        let zone = ["eu-west-1a", "eu-west-1b"][number - 1];
        let subnet = &seen["subnets"][format!("{second}-private-{number}")];
        assert_eq!(*subnet, json!([zone, range, nat]));
    }
    let group = rename(&seen["groups"][format!("{second}-workspace")], &second);
    assert_eq!(group["out"], out("0.0.0.0/0"));
    assert_ne!(
        output(&more, "SecurityGroupIds"),
        output(&network, "SecurityGroupIds")
    );
    // The endpoints of the first answer the machines of the second, too.
    let endpoints = seen["groups"][format!("{first}-endpoints")]["in"].to_string();
    for other in [&first, &second] {
        assert!(
            endpoints.contains(&format!("tcp 443-443 {other}-workspace")),
            "{endpoints}"
        );
    }
    assert!(
        endpoints.contains(&format!("tcp 8443-8451 {second}-workspace")),
        "{endpoints}"
    );

    let third = fresh("given");
    let subnets = output(&more, "SubnetIds");
    let parameters = [("VpcId", vpc), ("SubnetIds", subnets)];
    let given = applied(&request(&third, Carried::NetworkInVpc.body(), &parameters)).await;
    assert_eq!(output(&given, "SubnetIds"), subnets);
    let after = look("vpc", vpc).await;
    assert_eq!(after["subnets"], seen["subnets"]);
}

#[tokio::test]
async fn a_vpc_without_subnets_is_refused_before_anything_is_made() {
    let name = fresh("none");
    let wanted = request(
        &name,
        Carried::NetworkInVpc.body(),
        &[("VpcId", "vpc-0123")],
    );
    let client = client().await;
    let refused = client.change_set(&wanted, "first").await;
    let error = refused.expect_err("refused").to_string();
    assert!(error.contains("SubnetCidrs"), "{error}");
    assert_eq!(client.describe(&name).await.expect("an answer"), None);
}

#[tokio::test]
async fn a_key_has_the_policy_that_hodman_prints_and_outlives_its_stack() {
    let role = "arn:aws:iam::000000000000:role/machines";
    let storage = |cross_account_role| KeyUse::Storage { cross_account_role };
    let disks = Some(role.parse().expect("a role"));
    for (wanted, role, uses) in [
        ("managed-services", "", vec![KeyUse::ManagedServices]),
        ("storage", "", vec![storage(None)]),
        ("both", role, vec![KeyUse::ManagedServices, storage(disks)]),
    ] {
        let name = fresh("key");
        let alias = format!("alias/{name}");
        let parameters = [
            ("DatabricksAccountId", ACCOUNT),
            ("Use", wanted),
            ("CrossAccountRoleArn", role),
            ("AliasName", &alias),
        ];
        let stack = applied(&request(&name, Carried::KmsKey.body(), &parameters)).await;
        let seen = look("key", output(&stack, "KeyArn")).await;
        let policy = policies::kms_key(
            Partition::Aws,
            &OWNER.parse().expect("an account"),
            &ACCOUNT.parse().expect("an account"),
            &uses,
        );
        let printed: Value = serde_json::from_str(&policy.to_json()).expect("JSON");
        assert_eq!(seen["policy"], printed, "{wanted}");
        assert_eq!(seen["rotates"], true);
        assert_eq!(seen["aliases"], json!([output(&stack, "KeyAlias")]));

        let removed = client().await.remove(&stack.id, "gone").await;
        removed.expect("the stack is removed");
        let left = look("key", output(&stack, "KeyArn")).await;
        assert_eq!(left["state"], "Enabled", "{wanted}");
    }
}

#[tokio::test]
async fn a_key_of_a_creation_that_failed_goes_with_it() {
    let name = fresh("key");
    // Only AWS's own keys are called so.
    let alias = format!("alias/aws/{name}");
    let parameters = [("DatabricksAccountId", ACCOUNT), ("AliasName", &alias)];
    let client = client().await;
    let wanted = request(&name, Carried::KmsKey.body(), &parameters);
    let set = client.change_set(&wanted, "first").await.expect("a set");
    let ChangeSetOutcome::Ready(set) = set else {
        panic!("a new stack has changes");
    };
    let error = client.execute(&set, "first").await.expect_err("refused");
    assert!(error.to_string().contains("Alias"), "{error}");
    let left = look("keys", &format!("Databricks {name}")).await;
    assert_eq!(
        left,
        json!([]),
        "nobody can use it, and nobody would remove it"
    );
}

/// A group's rules without the stack's name in them.
fn rename(rules: &Value, stack: &str) -> Value {
    let text = rules.to_string().replace(&format!("{stack}-"), "");
    serde_json::from_str(&text).expect("JSON")
}
