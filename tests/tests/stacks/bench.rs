//! One stack that qa stands on, and what people do.

use hodman_core::event::Ask;
use hodman_core::explain::explain;
use hodman_core::ids::EnvName;
use hodman_core::state::{Environment, PipelineState, RunPhase};
use hodman_sandbox::github::PullView;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use hodman_tests::servers::{AWS_REGION, aws_hand};
use serde_json::Value;

/// Where the stack's template is.
pub const TEMPLATE: &str = "modules/one/one.yaml";

/// A module of a stack that is called as its call says.
pub const MODULE: &str = "\
engine: cloudformation
inputs: {name: {type: string}}
stack_name: ${inputs.name}
template: one.yaml
parameters: {Name: \"${inputs.name}\"}
";

/// Its template: one group of logs with that name.
pub const LOGS: &str = "\
Parameters: {Name: {Type: String}}
Resources:
  Logs: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: !Ref Name, RetentionInDays: 7}}
";

/// qa's file.
pub const FILE: &str = "environments/qa/environment.yaml";

/// qa stands on `one`, a stack with this template, called as `call` says. `more` are settings of its AWS account at `endpoint`.
pub fn options(
    module: &str,
    template: &str,
    call: &str,
    (endpoint, more): (&str, &str),
) -> Options {
    let leak = |text: String| -> &'static str { text.leak() };
    let call = leak(format!(
        "aws: main\nmodules:\n  one: {{module: one{call}}}\nworkspaces:\n"
    ));
    let mut options = Options::short()
        .file("modules/one/module.yaml", leak(module.to_owned()))
        .file(TEMPLATE, leak(template.to_owned()))
        .edit(FILE, "workspaces:\n", call);
    options.settings = format!(
        "aws:\n  main: {{region: {AWS_REGION}, endpoint: \"{endpoint}\", access_key_id: {{value: test}}, secret_access_key: {{value: test}}, \
         environments: [qa]{more}}}"
    );
    options
}

/// What AWS says of a stack; `none` where there is none.
pub async fn status(stack: &str) -> String {
    let told: Value = serde_json::from_str(&aws_hand(&["status", stack]).await).expect("JSON");
    told["status"].as_str().unwrap_or("none").to_owned()
}

/// A name that no other test has.
pub fn name(of: &str) -> String {
    format!("{of}-{:x}", rand::random::<u64>())
}

/// Somebody changes files on main.
pub fn commit(scene: &Scene, files: &[(&str, &str)]) {
    let files: Vec<(&str, Option<&[u8]>)> = files
        .iter()
        .map(|(path, text)| (*path, Some(text.as_bytes())))
        .collect();
    scene
        .forge
        .commit(REPOSITORY, "main", &files, "a change", "rita")
        .expect("committed");
}

/// A file as it is on main.
pub fn on_main(scene: &Scene, path: &str) -> String {
    let head = scene.forge.head(REPOSITORY, "main").expect("main");
    let text = scene.forge.read_file(REPOSITORY, &head, path);
    String::from_utf8(text.expect("the file")).expect("text")
}

fn qa(state: &PipelineState) -> Option<&Environment> {
    state.environments.get(&EnvName::from("qa"))
}

/// The open pull request for qa whose text has these words.
pub async fn asked(short: &Short<'_>, scene: &Scene, words: &[&str]) -> PullView {
    let open = async || {
        let state = short.state().await.ok()?;
        let open = qa(&state)?.promotion.as_ref()?.number()?;
        let mut pulls = scene.forge.pulls(REPOSITORY).into_iter();
        pulls.find(|pull| pull.open && pull.number == open.0)
    };
    let asked = short
        .wait(&format!("a pull request with {words:?}"), async || {
            let pull = open().await?;
            words
                .iter()
                .all(|word| pull.body.contains(word))
                .then_some(pull)
        })
        .await;
    let there = open().await.map(|pull| pull.body);
    asked.unwrap_or_else(|error| panic!("{error:#}: {there:?}"))
}

/// Merges it and waits until that is in place.
pub async fn applied(short: &Short<'_>, pull: &PullView) {
    short.merge(pull).expect("merged");
    short
        .wait("it in place", async || {
            is_in_place(&short.state().await.ok()?, pull)
        })
        .await
        .expect("applied");
}

fn is_in_place(state: &PipelineState, pull: &PullView) -> Option<()> {
    let env = qa(state)?;
    let accepted = env.accepted.as_ref()?;
    let by_it = accepted.pull.is_some_and(|number| number.0 == pull.number);
    let healthy = env.current.as_ref()?.healthy_since.is_some();
    (by_it && accepted.done && healthy && env.run.is_none()).then_some(())
}

/// Merges it, waits until a step is refused, and gives the words.
pub async fn refused(short: &Short<'_>, pull: &PullView) -> String {
    short.merge(pull).expect("merged");
    why(short).await
}

/// Why the run failed.
pub async fn why(short: &Short<'_>) -> String {
    short
        .wait("a refusal", async || {
            let state = short.state().await.ok()?;
            match qa(&state)?.run.clone()?.phase {
                RunPhase::Failed {
                    why,
                    not_before: None,
                    ..
                } => Some(why),
                _ => None,
            }
        })
        .await
        .expect("a refusal")
}

/// Somebody has it tried again; the next run does the rest, and nobody approves anything.
pub async fn the_rest(short: &Short<'_>, pull: &PullView) {
    let again = Ask::Retry { env: "qa".into() };
    short.ask("olga", again).await.expect("asked");
    short
        .wait("the rest without another approval", async || {
            let state = short.state().await.ok()?;
            if let Some(run) = &qa(&state)?.run
                && let RunPhase::NeedsApproval { outside, .. } = &run.phase
            {
                panic!("asks for {outside:?}");
            }
            is_in_place(&state, pull)
        })
        .await
        .expect("the rest");
}

/// What `hodman explain qa` says, once it says these words.
pub async fn explained(short: &Short<'_>, scene: &Scene, words: &str) -> String {
    short
        .wait(&format!("an explanation with {words}"), async || {
            let state = short.state().await.ok()?;
            let told = explain(&state, &EnvName::from("qa"), scene.clock.now())?;
            let told: Vec<String> = told.waits.iter().map(ToString::to_string).collect();
            let told = told.join("; ");
            told.contains(words).then_some(told)
        })
        .await
        .expect("explained")
}
