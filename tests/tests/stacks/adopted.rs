//! A network that somebody made with Terraform: `hodman adopt` finds out which part of it is what in a template, and a stack that is made
//! new takes it over.

use super::bench::{FILE, applied, asked, name, options};
use hodman_core::event::Ask;
use hodman_model::takeover::From;
use hodman_sandbox::github::PullView;
use hodman_tests::harness::{REPOSITORY, Scene, Short, takeover};
use hodman_tests::servers::{AWS_REGION, aws_endpoint, aws_hand};
use serde_json::{Value, json};

const MODULE: &str = "\
engine: cloudformation
inputs: {name: {type: string}, cidr: {type: string}}
stack_name: ${inputs.name}
template: one.yaml
parameters: {Cidr: \"${inputs.cidr}\", Name: \"${inputs.name}\"}
";

const NETWORK: &str = "\
Parameters: {Cidr: {Type: String}, Name: {Type: String}}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', DeletionPolicy: Retain, Properties: {CidrBlock: !Ref Cidr}}
  Subnet1:
    Type: AWS::EC2::Subnet
    DeletionPolicy: Retain
    Properties: {VpcId: !Ref Vpc, AvailabilityZone: !Sub '${AWS::Region}a', CidrBlock: !Select [0, !Cidr [!Ref Cidr, 2, 8]]}
  Subnet2:
    Type: AWS::EC2::Subnet
    DeletionPolicy: Retain
    Properties: {VpcId: !Ref Vpc, AvailabilityZone: !Sub '${AWS::Region}b', CidrBlock: !Select [1, !Cidr [!Ref Cidr, 2, 8]]}
  Routes1: {Type: 'AWS::EC2::RouteTable', DeletionPolicy: Retain, Properties: {VpcId: !Ref Vpc}}
  Routes2: {Type: 'AWS::EC2::RouteTable', DeletionPolicy: Retain, Properties: {VpcId: !Ref Vpc}}
  Of1:
    Type: AWS::EC2::SubnetRouteTableAssociation
    DeletionPolicy: Retain
    Properties: {SubnetId: !Ref Subnet1, RouteTableId: !Ref Routes1}
  Of2:
    Type: AWS::EC2::SubnetRouteTableAssociation
    DeletionPolicy: Retain
    Properties: {SubnetId: !Ref Subnet2, RouteTableId: !Ref Routes2}
  Logs: {Type: 'AWS::Logs::LogGroup', DeletionPolicy: Retain, Properties: {LogGroupName: !Ref Name, RetentionInDays: 7}}
  Letters: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub '${Name}-letters'}}
Outputs:
  VpcId: {Value: !Ref Vpc}
";

async fn ask(short: &Short<'_>, from: From, text: &str) {
    let (env, takeover) = ("qa".into(), takeover(from, text));
    short
        .ask("olga", Ask::Adopt { env, takeover })
        .await
        .expect("asked");
}

/// The pull request that proposes the takeover.
async fn proposed(short: &Short<'_>, scene: &Scene) -> PullView {
    let open = async || {
        let mut pulls = scene.forge.pulls(REPOSITORY).into_iter();
        pulls.find(|pull| pull.open && pull.head_ref == "hodman/takeover/qa")
    };
    short.wait("a takeover", open).await.expect("proposed")
}

/// Waits until the history says these words.
async fn told(short: &Short<'_>, words: &str) {
    let said = async || {
        let history = short.store().history("shop", Some("qa"), 50).await.ok()?;
        let mut entries = history.iter().map(|entry| format!("{entry:?}"));
        entries.any(|entry| entry.contains(words)).then_some(())
    };
    short.wait(words, said).await.expect("told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_by_hand_is_proposed_line_by_line_and_becomes_a_new_stacks() {
    let own = name("by-hand");
    let cidr = format!("10.{}.0.0/16", rand::random_range(100..250));
    let block = |number: &str| cidr.replace(".0.0/16", &format!(".{number}.0/24"));
    let (one, two) = (block("0"), block("1"));
    let made = aws_hand(&["make-network", &cidr, &one, &two]).await;
    let before: Value =
        serde_json::from_str(&aws_hand(&["look-networks", &cidr]).await).expect("JSON");
    aws_hand(&["make-logs", &own, "7"]).await;
    let mut state: Value = serde_json::from_str(&made).expect("JSON");
    let more = |kind: &str, name: &str, attributes: Value| json!({"mode": "managed", "type": kind, "name": name, "instances": [{"attributes": attributes}]});
    let resources = state["resources"].as_array_mut().expect("a list");
    resources.push(more(
        "aws_cloudwatch_log_group",
        "main",
        json!({"name": own}),
    ));
    resources.push(more(
        "aws_cloudwatch_log_group",
        "other",
        json!({"name": "another"}),
    ));
    let id = |kind: &str, name: &str| {
        let resources = state["resources"].as_array().expect("a list");
        let found = resources
            .iter()
            .find(|one| one["type"] == kind && one["name"] == name);
        let id = &found.expect(kind)["instances"][0]["attributes"]["id"];
        id.as_str().expect("an id").to_owned()
    };

    let call = format!(", inputs: {{name: {own}, cidr: {cidr}}}");
    let endpoint = aws_endpoint();
    let options = options(MODULE, NETWORK, &call, (&endpoint, ""));
    let commented = "  # what the first team made\n  one: {module: one";
    let scene = Scene::start(options.edit(FILE, "  one: {module: one", commented)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let first = short.proposed("qa").await.expect("a plan");
    assert!(
        !first.body.contains("takes over"),
        "nothing is taken over unasked: {}",
        first.body
    );

    // A list is taken at its word or not at all.
    ask(&short, From::Ids, "modules.one.import.Vcp: vpc-1\n").await;
    told(&short, "the template has no resource `Vcp`").await;
    ask(&short, From::Tfstate, &state.to_string()).await;
    let pull = proposed(&short, &scene).await;
    for words in [
        "`modules.one.import.Vpc` | AWS::EC2::VPC",
        &format!("the same CidrBlock `{one}`"),
        "`Of1` refers to it",
        "`aws_cloudwatch_log_group.other`",
        &format!("has the LogGroupName `{own}`, and this one `another`"),
        "- `one.Letters` (AWS::SQS::Queue)",
        "takes over what exists: 8 resources",
        "from = aws_subnet.s1",
    ] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    let file = scene
        .forge
        .read_file(REPOSITORY, &pull.head_sha, FILE)
        .expect("the file");
    let text = String::from_utf8(file).expect("text");
    for words in [
        "  # what the first team made\n  one:",
        "# qa: what dev made, tried out.",
    ] {
        assert!(text.contains(words), "comments stay: {text}");
    }
    let environment = hodman_model::files::parse_environment(FILE, &text).expect("understood");
    let import = &environment.modules["one"].import;
    let names: Vec<&str> = import.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "Logs", "Of1", "Of2", "Routes1", "Routes2", "Subnet1", "Subnet2", "Vpc"
        ]
    );
    assert_eq!(
        import["Routes2"]["RouteTableId"],
        id("aws_route_table", "s2")
    );
    short.merge(&pull).expect("merged");

    let pull = asked(
        &short,
        &scene,
        &[
            "takes over what exists: 8 resources",
            "resources.Letters",
            "outputs.VpcId",
        ],
    )
    .await;
    applied(&short, &pull).await;
    let stack: Value = serde_json::from_str(&aws_hand(&["status", &own]).await).expect("JSON");
    assert_eq!(stack["ids"]["Vpc"], id("aws_vpc", "main"), "{stack}");
    assert_eq!(
        stack["ids"]["Of2"],
        id("aws_route_table_association", "s2"),
        "{stack}"
    );
    assert_eq!(stack["ids"]["Logs"], own.as_str(), "{stack}");
    assert_eq!(stack["tags"]["hodman_key"], "one", "{stack}");
    assert!(stack["ids"]["Letters"].is_string(), "{stack}");
    let after: Value =
        serde_json::from_str(&aws_hand(&["look-networks", &cidr]).await).expect("JSON");
    assert_eq!(after, before, "nothing was made a second time");
    assert_eq!(short.compared("qa").await.expect("compared").found, None);

    ask(&short, From::Tfstate, &state.to_string()).await;
    told(&short, "names all of them already").await;
    daemon.stop().await;
}

/// The module of a network as hodman carries it.
const CARRIED: &str = "\
engine: cloudformation
inputs: {name: {type: string}, cidr: {type: string}, zones: {type: string}}
stack_name: ${inputs.name}
template: hodman:network
parameters: {VpcCidr: \"${inputs.cidr}\", Zones: \"${inputs.zones}\", SubnetBits: 8, NatGateways: none, AwsEndpoints: \"false\"}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_network_that_hodman_carries_takes_one_over_too() {
    let own = name("carried");
    let cidr = format!("10.{}.0.0/16", rand::random_range(20..90));
    let block = |number: &str| cidr.replace(".0.0/16", &format!(".{number}.0/24"));
    let made = aws_hand(&["make-network", &cidr, &block("0"), &block("1")]).await;
    let before = aws_hand(&["look-networks", &cidr]).await;
    let zones = format!("\"{AWS_REGION}a,{AWS_REGION}b\"");
    let call = format!(", inputs: {{name: {own}, cidr: {cidr}, zones: {zones}}}");
    let endpoint = aws_endpoint();
    let scene = Scene::start(options(CARRIED, "", &call, (&endpoint, ""))).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.proposed("qa").await.expect("a plan");

    ask(&short, From::Tfstate, &made).await;
    let pull = proposed(&short, &scene).await;
    for words in [
        "`modules.one.import.PrivateSubnetRoutes2`",
        "- `one.WorkspaceInternalIngressTcp` (AWS::EC2::SecurityGroupIngress): a state is not looked through for such",
        "takes over what exists: 7 resources",
    ] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    assert!(
        !pull.body.contains("`one.PrivateSubnet3`"),
        "a condition leaves it out: {}",
        pull.body
    );
    short.merge(&pull).expect("merged");
    let pull = asked(
        &short,
        &scene,
        &[
            "takes over what exists: 7 resources",
            "resources.S3Endpoint",
        ],
    )
    .await;
    applied(&short, &pull).await;
    let stack: Value = serde_json::from_str(&aws_hand(&["status", &own]).await).expect("JSON");
    assert_eq!(stack["tags"]["hodman_key"], "one", "{stack}");
    assert!(
        stack["ids"]["WorkspaceSecurityGroup"].is_string(),
        "{stack}"
    );
    assert_eq!(
        aws_hand(&["look-networks", &cidr]).await,
        before,
        "nothing was made a second time"
    );
    daemon.stop().await;
}
