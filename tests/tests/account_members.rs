//! Who may do what in an account, and where its serverless compute may go: made, read back by the official client, changed
//! by hand and put back, removed.

use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use reqwest::Method;
use serde_json::{Value, json};

const GROUND: &str = "\
engine: native
resources:
  account_credentials:
    main:
      credentials_name: shop-qa
      aws_credentials: {sts_role: {role_arn: arn:aws:iam::123456789012:role/shop-qa}}
  account_storage_configurations:
    root:
      storage_configuration_name: shop-qa
      root_bucket_info: {bucket_name: shop-qa-root}
  account_workspaces:
    main:
      workspace_name: shop-qa
      aws_region: eu-central-1
      credentials_id: ${resources.account_credentials.main.id}
      storage_configuration_id: ${resources.account_storage_configurations.root.id}
";

const MEMBERS: &str = "  account_network_connectivity_configs:
    main: {name: shop-qa, region: eu-central-1}
  account_private_endpoint_rules:
    orders:
      network_connectivity_config_id: ${resources.account_network_connectivity_configs.main.id}
      endpoint_service: com.amazonaws.vpce.eu-central-1.vpce-svc-1
      domain_names: [orders.example]
  account_network_policies:
    tight:
      network_policy_id: shop-qa-tight
      egress: {network_access: {restriction_mode: RESTRICTED_ACCESS}}
  account_workspace_networks:
    main:
      workspace_id: ${resources.account_workspaces.main.id}
      network_policy_id: ${resources.account_network_policies.tight.id}
  account_service_principals:
    ci: {displayName: shop-qa-ci}
  account_service_principal_federation_policies:
    ci:
      service_principal_id: ${resources.account_service_principals.ci.id}
      policy_id: ci
      description: what the repository's workflows are
      oidc_policy:
        issuer: https://token.actions.githubusercontent.com
        audiences: [shop]
        subject: repo:example/shop-jobs:environment:qa
  account_federation_policies:
    people:
      policy_id: people
      oidc_policy: {issuer: https://login.example, audiences: [databricks]}
  account_groups:
    team:
      displayName: shop-qa-team
      members: [{value: \"${resources.account_service_principals.ci.id}\"}]
  account_permission_assignments:
    team:
      workspace_id: ${resources.account_workspaces.main.id}
      principal_id: ${resources.account_groups.team.id}
      permission_levels: [USER]
";

const CALL: &str = "\
account: main
modules:
  ground: {module: ground}
workspaces:
";

const MODULE: &str = "modules/ground/module.yaml";

/// Waits until qa is in place and nothing is going on there.
async fn healthy(short: &Short<'_>) {
    let at_rest = async || {
        let state = short.state().await.ok()?;
        let env = state.environments.get(&EnvName::from("qa"))?;
        let healthy = env.current.as_ref()?.healthy_since.is_some() && env.run.is_none();
        healthy.then_some(())
    };
    short.wait("qa", at_rest).await.expect("applied");
}

/// Asks for a comparison, waits for it, and gives what it found.
async fn compare(short: &Short<'_>, address: &str) -> Value {
    let of_qa = EnvName::from("qa");
    let last = short.state().await.expect("a state").environments[&of_qa]
        .drift
        .last;
    let ask = Ask::Reconcile { env: "qa".into() };
    short.ask("olga", ask).await.expect("asked");
    let compared = async || {
        let state = short.state().await.ok()?;
        let drift = &state.environments[&of_qa].drift;
        (drift.last != last && !drift.wanted && drift.comparing.is_none()).then_some(())
    };
    short
        .wait("a comparison", compared)
        .await
        .expect("compared");
    let url = format!("http://{address}/api/pipelines/shop/environments/qa/drift");
    let answer = reqwest::get(url).await.expect("sent");
    answer.json().await.expect("JSON")
}

fn options() -> Options {
    let module: &'static str = format!("{GROUND}{MEMBERS}").leak();
    Options::short()
        .file(MODULE, module)
        .edit("environments/qa/environment.yaml", "workspaces:\n", CALL)
        .edit(
            "environments/qa/environment.yaml",
            "drift: report",
            "drift: heal",
        )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_and_ways_out_are_made_put_back_and_removed() {
    let scene = Scene::start(options()).await;
    let account = scene.somebody();
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    for words in [
        "account_permission_assignments.ground-team",
        "account_service_principal_federation_policies.ground-ci",
        "account_private_endpoint_rules.ground-orders",
        "account_workspace_networks.ground-main",
    ] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    short.merge(&pull).expect("merged");
    healthy(&short).await;

    let found = scene.read_back().await;
    let (team, ci) = (
        &found["groups"]["shop-qa-team"],
        &found["principals"]["shop-qa-ci"],
    );
    let id = |of: &Value| of["id"].as_str().map(str::to_owned).expect("an id");
    assert_eq!(team["members"], json!([id(ci)]), "{found}");
    let workspace = &found["workspaces"]["shop-qa"];
    assert_eq!(
        workspace["assignments"][id(team)],
        json!(["USER"]),
        "{found}"
    );
    assert_eq!(workspace["network_policy_id"], "shop-qa-tight");
    assert_eq!(ci["policies"][0]["policy_id"], "ci");
    assert_eq!(
        ci["policies"][0]["oidc_policy"],
        json!({"issuer": "https://token.actions.githubusercontent.com", "audiences": ["shop"],
               "subject": "repo:example/shop-jobs:environment:qa"})
    );
    assert_eq!(
        found["policies"]["people"]["oidc_policy"]["issuer"],
        "https://login.example"
    );
    assert_eq!(
        found["egress"]["shop-qa"][0]["domain_names"],
        json!(["orders.example"])
    );
    let egress = &found["network_policies"]["shop-qa-tight"]["egress"];
    assert_eq!(
        egress["network_access"]["restriction_mode"],
        "RESTRICTED_ACCESS"
    );

    let drift = compare(&short, &daemon.address.to_string()).await;
    assert_eq!(drift["plan"], Value::Null, "{drift}");

    // By hand: more rights than given, a policy away, a rule that leads elsewhere.
    let made = account.all("workspaces").await;
    let made = made.iter().find(|one| one["workspace_name"] == "shop-qa");
    let workspace = made.expect("the workspace")["workspace_id"].to_string();
    let assignment = format!(
        "workspaces/{workspace}/permissionassignments/principals/{}",
        id(team)
    );
    let give = json!({"permissions": ["ADMIN"]});
    account.does(Method::PUT, &assignment, give).await;
    let policy = format!("servicePrincipals/{}/federationPolicies/ci", id(ci));
    account.does(Method::DELETE, &policy, Value::Null).await;
    let rule = &found["egress"]["shop-qa"][0];
    let text = |field: &str| rule[field].as_str().unwrap_or_default().to_owned();
    let rule = format!(
        "network-connectivity-configs/{}/private-endpoint-rules/{}?update_mask=domain_names",
        text("network_connectivity_config_id"),
        text("rule_id")
    );
    let lead = json!({"domain_names": ["elsewhere.example"]});
    account.does(Method::PATCH, &rule, lead).await;
    compare(&short, &daemon.address.to_string()).await;
    let as_approved = async || {
        let now = scene.read_back().await;
        let given = &now["workspaces"]["shop-qa"]["assignments"][id(team)];
        let policies = &now["principals"]["shop-qa-ci"]["policies"];
        let names = &now["egress"]["shop-qa"][0]["domain_names"];
        (*given == json!(["USER"])
            && policies[0]["policy_id"] == "ci"
            && *names == json!(["orders.example"]))
        .then_some(())
    };
    if let Err(error) = short.wait("what was approved", as_approved).await {
        let drift = compare(&short, &daemon.address.to_string()).await;
        panic!(
            "not put back: {error:#}\n{drift}\n{}",
            scene.read_back().await
        );
    }
    healthy(&short).await;

    // Nobody wants them any more.
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[(MODULE, Some(GROUND.as_bytes()))],
            "members go",
            "rita",
        )
        .expect("committed");
    let shown = async || {
        let mut pulls = scene.forge.pulls(REPOSITORY).into_iter();
        let removes =
            |words: &str| words.contains("delete") && words.contains("account_groups.ground-team");
        pulls.find(|pull| pull.open && pull.title.contains("qa") && removes(&pull.body))
    };
    let pull = short
        .wait("a plan that removes", shown)
        .await
        .expect("proposed");
    short.merge(&pull).expect("merged");
    let removed = async || {
        let now = scene.read_back().await;
        let left = [
            &now["groups"]["shop-qa-team"],
            &now["principals"]["shop-qa-ci"],
            &now["policies"]["people"],
            &now["network_policies"]["shop-qa-tight"],
            &now["egress"]["shop-qa"],
        ];
        let back = now["workspaces"]["shop-qa"]["network_policy_id"] == "default-policy";
        (back && left.iter().all(|one| one.is_null())).then_some(())
    };
    short.wait("nothing of it", removed).await.expect("removed");
    healthy(&short).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assignment_that_somebody_made_is_not_taken_without_a_word() {
    let scene = Scene::start(options()).await;
    let account = scene.somebody();
    let group = json!({"displayName": "theirs"});
    let group = account.does(Method::POST, "scim/v2/Groups", group).await;
    let id = group["id"].as_str().expect("its id").to_owned();
    let qa = scene.workspace("qa").workspace_id();
    let path = format!("workspaces/{qa}/permissionassignments/principals/{id}");
    let give = json!({"permissions": ["USER"]});
    account.does(Method::PUT, &path, give).await;
    let text = format!(
        "engine: native\nresources:\n  account_permission_assignments:\n    theirs:\n      workspace_id: \"{qa}\"\n      \
         principal_id: \"{id}\"\n      permission_levels: [ADMIN]\n"
    );
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[(MODULE, Some(text.as_bytes()))],
            "more for them",
            "rita",
        )
        .expect("committed");
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let refused = async || {
        let state = short.state().await.ok()?;
        let told = hodman_core::explain::explain(&state, &EnvName::from("qa"), scene.clock.now())?;
        let words: Vec<String> = told.waits.iter().map(ToString::to_string).collect();
        let words = words.join("; ");
        words
            .contains(&format!("wants the name `{qa}/{id}`"))
            .then_some(())
    };
    short.wait("a refusal", refused).await.expect("refused");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_environment_has_is_refused_with_both_names() {
    let scene = Scene::start(options()).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made by qa");
    let found = scene.read_back().await;
    let team = found["groups"]["shop-qa-team"]["id"].as_str();
    let team = team.expect("its id").to_owned();
    let workspaces = scene.somebody().all("workspaces").await;
    let mut made = workspaces.iter();
    let made = made.find(|one| one["workspace_name"] == "shop-qa");
    let made = made.expect("qa's workspace")["workspace_id"].to_string();

    let path = "environments/prod/environment.yaml";
    let head = scene.forge.head(REPOSITORY, "main").expect("main");
    let file = scene.forge.read_file(REPOSITORY, &head, path);
    let file = String::from_utf8(file.expect("prod's file")).expect("text");
    let in_prod = async |adopt: String, resources: String| {
        let calls = "account: main\nmodules:\n  theirs: {module: theirs}\n";
        let file = file.replace("workspaces:\n", &format!("{calls}{adopt}workspaces:\n"));
        let module = format!("engine: native\nresources:\n{resources}");
        let files = [
            (path, Some(file.as_bytes())),
            ("modules/theirs/module.yaml", Some(module.as_bytes())),
        ];
        let forge = &scene.forge;
        let committed = forge.commit(REPOSITORY, "main", &files, "what qa has", "rita");
        committed.expect("committed");
        let work = &daemon.parts().work;
        match work.preview("shop", &EnvName::from("prod"), None).await {
            Ok(plan) => panic!("planned: {}", plan.to_table()),
            Err(error) => error.to_string(),
        }
    };
    let words = in_prod(
        format!("adopt: {{account_groups.theirs-team: \"{team}\"}}\n"),
        "  account_groups:\n    team: {displayName: shop-qa-team}\n".to_owned(),
    );
    let words = words.await;
    let both = format!(
        "`account_groups.theirs-team` was to be adopted from object {team}, which hodman already manages as shop/qa/ground-team"
    );
    assert!(words.contains(&both), "{words}");
    // What is always there nobody has to adopt; whose it is is asked all the same.
    let network = format!(
        "  account_workspace_networks:\n    main: {{workspace_id: \"{made}\", network_policy_id: default-policy}}\n"
    );
    let words = in_prod(String::new(), network).await;
    let both = format!(
        "`account_workspace_networks.theirs-main` wants the name `{made}`, which belongs to shop/qa/ground-main"
    );
    assert!(words.contains(&both), "{words}");
    daemon.stop().await;
}
