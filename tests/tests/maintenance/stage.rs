//! A made workspace, seen from inside, and what is waited for.

use hodman_clients::databricks::{Auth, Connections, Request, Retry, Workspace, WorkspaceConfig};
use hodman_core::explain;
use hodman_core::ids::EnvName;
use hodman_sandbox::github::PullView;
use hodman_tests::harness::{CANARY, Options, REPOSITORY, Scene, Short};
use serde_json::{Value, json};

pub const FILE: &str = "modules/workspace/module.yaml";
pub const MODULE: &str = include_str!("../../../examples/foundation/modules/workspace/module.yaml");

pub const CALL: &str = "\
account: main
modules:
  workspace:
    module: workspace
    inputs: {name: shop, region: eu-west-1, role_arn: \"arn:aws:iam::123456789012:role/shop\", bucket: shop-root}
workspaces:
";

/// The made workspace as its first member sees it.
pub struct Inside(Workspace);

impl Inside {
    pub fn new(url: &str) -> Self {
        let config = WorkspaceConfig {
            name: "shop".to_owned(),
            host: url.to_owned(),
            auth: Auth::OAuth {
                client_id: "hodman-qa".to_owned(),
                client_secret: format!("qa-{CANARY}").into(),
                token_url: None,
            },
            timeout: std::time::Duration::from_secs(60),
            user_agent: "somebody".to_owned(),
        };
        let connections = Connections::new().expect("TLS");
        Self(Workspace::new(config, &connections).expect("a client"))
    }

    pub async fn makes(&self, path: &str, body: Value) -> Value {
        let request = Request::post(path, body, Retry::NotIdempotent);
        let answer = self.0.call(request).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub async fn reads(&self, path: &str, name: &str, value: &str) -> Value {
        let request = Request::get(path);
        let request = match name {
            "" => request,
            name => request.query(name, value),
        };
        let answer = self.0.call(request).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

/// What explain says that qa waits for.
pub async fn waits(scene: &Scene, short: &Short<'_>) -> Option<String> {
    let state = short.state().await.ok()?;
    let told = explain::explain(&state, &EnvName::from("qa"), scene.clock.now())?;
    let words: Vec<String> = told.waits.iter().map(ToString::to_string).collect();
    Some(words.join("; "))
}

/// Waits until explain says so of qa.
pub async fn says(scene: &Scene, short: &Short<'_>, wanted: &str) {
    let said = async || waits(scene, short).await?.contains(wanted).then_some(());
    short.wait(wanted, said).await.expect("said");
}

/// The same of another try than those that were before.
pub async fn says_again(scene: &Scene, short: &Short<'_>, wanted: &str) {
    let requests = || scene.databricks.account_faults().requests().len();
    let before = requests();
    let tried = async || (requests() > before).then_some(());
    short.wait("another try", tried).await.expect("tried");
    says(scene, short, wanted).await;
}

/// Commits the module with something in it replaced.
pub fn module_with(scene: &Scene, changes: &[(&str, &str)], why: &str) {
    let text = changes.iter().fold(MODULE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    commit(scene, &text, why);
}

pub fn commit(scene: &Scene, module: &str, why: &str) {
    let files = [(FILE, Some(module.as_bytes()))];
    let committed = scene.forge.commit(REPOSITORY, "main", &files, why, "rita");
    committed.expect("committed");
}

const CREDENTIALS: (&str, &str) = (
    "credentials_name: ${inputs.name}",
    "credentials_name: ${inputs.name}-keys",
);

/// Everything that runs in a workspace stands on its credentials.
pub fn other_credentials(scene: &Scene) {
    module_with(scene, &[CREDENTIALS], "other credentials");
}

/// The same, and more.
pub fn other_credentials_and(scene: &Scene, more: (&str, &str)) {
    module_with(scene, &[CREDENTIALS, more], "other credentials and more");
}

/// Settings that nothing else is replaced for.
pub fn private_access(scene: &Scene) {
    let settings = (
        "resources:\n",
        "resources:\n  account_private_access_settings:\n    access: {private_access_settings_name: shop, region: eu-west-1}\n",
    );
    let named = (
        "      lifecycle: {prevent_destroy: true}\n",
        "      private_access_settings_id: ${resources.account_private_access_settings.access.id}\n",
    );
    module_with(scene, &[settings, named], "private access");
}

pub async fn start() -> Scene {
    start_with(MODULE, CALL).await
}

/// With another module in the place of that of the examples, called so.
pub async fn start_with(module: &'static str, call: &'static str) -> Scene {
    start_in(module, call, Vec::new()).await
}

/// The same, with more replaced in the file of qa.
pub async fn start_in(
    module: &'static str,
    call: &'static str,
    edits: Vec<(&'static str, &'static str)>,
) -> Scene {
    let file = "environments/qa/environment.yaml";
    let options = Options::short().file(FILE, module);
    let mut options = options.edit(file, "workspaces:\n", call);
    for (from, to) in edits {
        options = options.edit(file, from, to);
    }
    options.made = vec!["qa"];
    Scene::start(options).await
}

/// Somebody's pool with two idle instances; its id.
pub async fn pool(inside: &Inside) -> String {
    let pool = json!({"instance_pool_name": "people's", "node_type_id": "m5.large", "min_idle_instances": 2,
                      "idle_instance_autotermination_minutes": 30});
    let pool = inside.makes("/api/2.0/instance-pools/create", pool).await;
    pool["instance_pool_id"].as_str().expect("an id").to_owned()
}

/// How many idle instances the pool keeps.
pub async fn idle(inside: &Inside, pool: &str) -> Value {
    let path = "/api/2.0/instance-pools/get";
    let pool = inside.reads(path, "instance_pool_id", pool).await;
    pool["min_idle_instances"].clone()
}

/// The workspace that qa's module made, as the account shows it.
pub async fn shop(scene: &Scene) -> Value {
    let all = scene.somebody().all("workspaces").await;
    let mut shops = all
        .into_iter()
        .filter(|one| one["workspace_name"] == "shop");
    let shop = shops.next().expect("a workspace");
    assert_eq!(shops.next(), None, "there is one");
    shop
}

/// The open pull request whose body has these words.
pub async fn shown(scene: &Scene, short: &Short<'_>, words: &str) -> PullView {
    let open = async || {
        let pulls = scene.forge.pulls(REPOSITORY);
        let mut pulls = pulls.into_iter().filter(|pull| pull.open);
        pulls.find(|pull| pull.body.contains(words))
    };
    short.wait(words, open).await.expect("a pull request")
}

pub async fn healthy(short: &Short<'_>) {
    let at_rest = async || {
        let state = short.state().await.ok()?;
        let env = state.environments.get(&EnvName::from("qa"))?;
        let healthy = env.current.as_ref()?.healthy_since.is_some() && env.run.is_none();
        healthy.then_some(())
    };
    if let Err(error) = short.wait("qa", at_rest).await {
        let state = short.state().await.expect("a state");
        let env = &state.environments[&EnvName::from("qa")];
        panic!("{error:#}: {:?} {:?}", env.current, env.run);
    }
}
