//! One stack that qa stands on, and what people do.

use hodman_core::explain::explain;
use hodman_core::ids::EnvName;
use hodman_tests::harness::{Options, Scene, Short};
use hodman_tests::servers::AWS_REGION;

/// Where the stack's template is.
pub const TEMPLATE: &str = "modules/one/one.yaml";

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

/// A name that no other test has.
pub fn name(of: &str) -> String {
    format!("{of}-{:x}", rand::random::<u64>())
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
