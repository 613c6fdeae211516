//! What of the templates can be seen in their text; the tests package lints and applies them.

use super::{Carried, SCHEME};

/// From the line that begins with `start` to the one that begins with `end`, for a VPC under one name.
fn part(template: Carried, start: &str, end: &str) -> String {
    let lines = template.body().lines();
    let lines = lines.skip_while(|line| !line.starts_with(start));
    let part: Vec<&str> = lines.take_while(|line| !line.starts_with(end)).collect();
    assert!(part.len() > 20, "{template} has no {start}");
    part.join("\n").replace("!Ref VpcId", "!Ref Vpc")
}

#[test]
fn each_is_found_by_its_name() {
    for one in Carried::ALL {
        assert_eq!(Carried::named(one.name()), Some(one));
        assert_eq!(one.to_string().strip_prefix(SCHEME), Some(one.name()));
    }
    assert_eq!(Carried::named("Network"), None);
}

#[test]
fn each_can_be_sent_with_the_call() {
    for one in Carried::ALL {
        assert!(one.body().len() <= 51_200, "{one} needs a bucket");
    }
}

#[test]
fn a_workspace_may_speak_to_the_same_in_a_new_vpc_and_in_an_old_one() {
    let [new, old] = [Carried::Network, Carried::NetworkInVpc]
        .map(|one| part(one, "  # The machines of one workspace", "  S3"))
        .map(|text| {
            text.split("  # The endpoints' names")
                .next()
                .unwrap_or_default()
                .trim_end()
                .to_owned()
        });
    assert_eq!(new, old);
    let [new, old] = [Carried::Network, Carried::NetworkInVpc]
        .map(|one| part(one, "  WorkspaceServiceName:", "Rules:"))
        .map(|text| {
            text.lines()
                .take_while(|line| *line != "Conditions:")
                .collect::<String>()
        });
    assert_eq!(new, old);
}

/// The AWS server of the tests does not tell these two of an endpoint.
#[test]
fn each_interface_endpoint_answers_the_machines_only_and_under_the_usual_name() {
    for one in [Carried::Network, Carried::NetworkInVpc] {
        let lines = |text: &str| {
            one.body()
                .lines()
                .filter(|line| line.trim() == text)
                .count()
        };
        assert_eq!(lines("VpcEndpointType: Interface"), 4, "{one}");
        let group = "SecurityGroupIds: [!GetAtt EndpointSecurityGroup.GroupId]";
        assert_eq!(lines(group), 4, "{one}");
        let names = lines("PrivateDnsEnabled: true")
            + lines("PrivateDnsEnabled: !If [PrivateLinkNames, true, false]");
        assert_eq!(names, 4, "{one}");
    }
}
