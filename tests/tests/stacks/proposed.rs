//! What nobody merged yet: its change sets are made by whoever may only look, where the settings name somebody.

use hodman_tests::harness::{REPOSITORY, Scene, Short};
use hodman_tests::servers::{Relay, Sent};

use super::bench::{FILE, name, on_main, options};

const MODULE: &str = "\
engine: cloudformation
inputs: {name: {type: string}, days: {type: string}}
stack_name: ${inputs.name}
template: one.yaml
parameters: {Name: \"${inputs.name}\", Days: \"${inputs.days}\"}
";

const LOGS: &str = "\
Parameters: {Name: {Type: String}, Days: {Type: Number}}
Resources:
  Logs: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: !Ref Name, RetentionInDays: !Ref Days}}
";

/// Whose keys made change sets.
fn makers(sent: &[Sent]) -> Vec<String> {
    let sets = sent.iter().filter(|one| one.action() == "CreateChangeSet");
    sets.map(|one| {
        let key = one.credential.split('/').next();
        key.unwrap_or_default().to_owned()
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn change_sets_of_a_pull_request_are_made_by_who_may_look() {
    let relay = Relay::start().await;
    let stack = name("proposed");
    let call = format!(", inputs: {{name: {stack}, days: \"7\"}}");
    let more = ", plan_role_arn: \"arn:aws:iam::000000000000:role/looks\"";
    let options = options(MODULE, LOGS, &call, (&relay.url, more));
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    let own = makers(&relay.take());
    assert!(
        !own.is_empty() && own.iter().all(|key| key == "test"),
        "{own:?}"
    );

    let text = on_main(&scene, FILE).replace("days: \"7\"", "days: \"14\"");
    let files = [(FILE, Some(text.as_bytes()))];
    let forge = &scene.forge;
    let head = forge.commit(REPOSITORY, "longer", &files, "longer", "rita");
    let head = head.expect("committed");
    let number = forge.open_pull(REPOSITORY, "longer", "main", "longer", "", "rita");
    number.expect("a pull request");
    let path = format!("/repos/{REPOSITORY}/commits/{head}/check-runs");
    let summary = short
        .wait("its check", async || {
            let runs = scene.github(&path).await.ok()?;
            let runs = runs["check_runs"].as_array()?;
            let run = runs.iter().find(|run| run["name"] == "hodman/validate")?;
            Some(run["output"]["summary"].as_str()?.to_owned())
        })
        .await
        .expect("looked through");
    assert!(summary.contains("Logs"), "{summary}");
    let sent = relay.take();
    let looks = makers(&sent);
    assert!(
        !looks.is_empty() && !looks.contains(&"test".to_owned()),
        "{looks:?}"
    );
    let taken = sent.iter().any(|one| {
        let role = one.form().remove("RoleArn");
        one.action() == "AssumeRole" && role.is_some_and(|role| role.ends_with("role/looks"))
    });
    assert!(taken, "that role's");
    daemon.stop().await;
}
