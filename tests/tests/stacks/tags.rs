//! Tags of a stack: those of others stay, those of the module come and go with it.

use super::bench::{LOGS, MODULE, applied, asked, commit, name, options};
use hodman_sandbox::github::PullView;
use hodman_tests::harness::{Scene, Short};
use hodman_tests::servers::{aws_endpoint, aws_hand};
use serde_json::Value;

const FILE: &str = "modules/one/module.yaml";

/// The tags of a stack, without those that say whose it is.
async fn tags(stack: &str) -> Value {
    let mut told: Value = serde_json::from_str(&aws_hand(&["status", stack]).await).expect("JSON");
    let mut tags = told["tags"].take();
    if let Some(tags) = tags.as_object_mut() {
        assert_eq!(tags.remove("hodman_key"), Some("one".into()), "it is ours");
        tags.retain(|tag, _| !tag.starts_with("hodman_"));
    }
    tags
}

/// Merges another module, whose plan has these words; nothing is left to do then.
async fn told(short: &Short<'_>, scene: &Scene, tags: &str, words: &[&str]) -> PullView {
    let module = format!("{MODULE}{tags}");
    commit(scene, &[(FILE, &module)]);
    let pull = asked(short, scene, words).await;
    applied(short, &pull).await;
    assert_eq!(short.compared("qa").await.expect("compared").found, None);
    pull
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_of_others_stay_and_those_of_the_module_come_and_go_with_it() {
    let own = name("tagged");
    aws_hand(&["stack", &own, LOGS, &format!("Name={own}")]).await;
    aws_hand(&["tag-stack", &own, "owner", "ana"]).await;
    let call = format!(", inputs: {{name: {own}}}");
    let adopt: &'static str =
        format!("aws: main\nadopt: {{cloudformation_stacks.one: {own}}}\n").leak();
    let endpoint = aws_endpoint();
    let options = options(MODULE, LOGS, &call, (&endpoint, ""));
    let scene = Scene::start(options.edit(super::bench::FILE, "aws: main\n", adopt)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());

    // Taking it over leaves them.
    let pull = asked(&short, &scene, &["adopt", "cloudformation_stacks.one"]).await;
    applied(&short, &pull).await;
    assert_eq!(tags(&own).await, serde_json::json!({"owner": "ana"}));
    assert_eq!(short.compared("qa").await.expect("compared").found, None);

    // So does a change; somebody may put on one more.
    aws_hand(&["tag-stack", &own, "audit", "2026"]).await;
    assert_eq!(short.compared("qa").await.expect("compared").found, None);
    let words = ["cloudformation_stacks.one", "tags: ", "\"team\":\"data\""];
    told(&short, &scene, "tags: {team: data, cost: 7}\n", &words).await;
    let all = serde_json::json!({"owner": "ana", "audit": "2026", "team": "data", "cost": "7"});
    assert_eq!(tags(&own).await, all);

    let words = ["tags.team", "lake", "tags.cost"];
    told(&short, &scene, "tags: {team: lake}\n", &words).await;
    let all = serde_json::json!({"owner": "ana", "audit": "2026", "team": "lake"});
    assert_eq!(tags(&own).await, all);

    let words = ["cloudformation_stacks.one", "- tags: "];
    told(&short, &scene, "", &words).await;
    let all = serde_json::json!({"owner": "ana", "audit": "2026"});
    assert_eq!(tags(&own).await, all);
    daemon.stop().await;
}
