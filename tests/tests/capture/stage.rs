//! A scene with hodman in it, and what every story of a capture does.

use hodman::daemon::Daemon;
use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_core::state::Capture;
use hodman_sandbox::github::{MergeMethod, PullView};
use hodman_store::Store;
use hodman_tests::harness::{CANARY, Options, REPOSITORY, Scene, Short};
use serde_json::{Value, json};

pub struct Stage {
    pub scene: Scene,
    pub daemon: Option<Daemon>,
    pub store: Store,
    web: reqwest::Client,
}

impl Stage {
    pub async fn start(options: Options) -> Self {
        let scene = Scene::start(options).await;
        let daemon = scene.daemon().await;
        let store = daemon.parts().store.clone();
        Self {
            scene,
            daemon: Some(daemon),
            store,
            web: reqwest::Client::new(),
        }
    }

    pub fn short(&self) -> Short<'_> {
        Short::new(&self.scene, self.store.clone())
    }

    /// What a person's tool sends to a workspace; gives the answer.
    pub async fn call(&self, workspace: &str, method: &str, path: &str, body: Value) -> Value {
        let (_, url) = self
            .scene
            .hosts
            .iter()
            .find(|(name, _)| name == workspace)
            .expect("a workspace");
        let mut request = self
            .web
            .request(method.parse().expect("a method"), format!("{url}{path}"))
            .bearer_auth(format!("ana-{CANARY}"));
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.call("dev", "POST", path, body).await
    }

    pub async fn get(&self, workspace: &str, path: &str) -> Value {
        self.call(workspace, "GET", path, Value::Null).await
    }

    async fn state(&self) -> Capture {
        let state = self.short().state().await.expect("a state");
        state
            .environments
            .get(&EnvName::from("dev"))
            .map(|env| env.capture.clone())
            .unwrap_or_default()
    }

    /// Captures dev once more; gives how it ended.
    pub async fn capture(&self) -> Capture {
        let done = self.state().await.done;
        let short = self.short();
        short
            .wait("dev to be known", async || {
                let state = short.state().await.ok()?;
                (state.head.is_some() && state.environments.contains_key(&EnvName::from("dev")))
                    .then_some(())
            })
            .await
            .expect("dev is known");
        // What was merged a moment ago is to be seen first.
        short.ask("ana", Ask::Observe).await.expect("asked");
        let main = self.scene.forge.head(REPOSITORY, "main").expect("main");
        short
            .wait("main to be seen", async || {
                let state = short.state().await.ok()?;
                (state.head.as_ref()?.as_str() == main).then_some(())
            })
            .await
            .expect("main is seen");
        short
            .ask("ana", Ask::Capture { env: "dev".into() })
            .await
            .expect("asked");
        short
            .wait("a capture", async || {
                let now = self.state().await;
                assert!(now.error.is_none(), "{:?}", now.error);
                (now.done > done && now.running.is_none() && !now.wanted).then_some(now)
            })
            .await
            .expect("a capture")
    }

    /// Open pull requests of captures.
    pub fn open(&self) -> Vec<PullView> {
        let pulls = self.scene.forge.pulls(REPOSITORY);
        pulls
            .into_iter()
            .filter(|pull| pull.open && pull.head_ref.starts_with("hodman/capture/"))
            .collect()
    }

    /// The only one.
    pub fn pull(&self) -> PullView {
        let mut open = self.open();
        assert_eq!(open.len(), 1, "{open:#?}");
        open.remove(0)
    }

    pub fn file(&self, at: &str, path: &str) -> Option<String> {
        let bytes = self.scene.forge.read_file(REPOSITORY, at, path)?;
        Some(String::from_utf8(bytes).expect("text"))
    }

    pub fn main(&self, path: &str) -> Option<String> {
        let main = self.scene.forge.head(REPOSITORY, "main").expect("main");
        self.file(&main, path)
    }

    pub fn merge(&self, pull: &PullView) {
        let merged = self
            .scene
            .forge
            .merge(REPOSITORY, pull.number, "olga", MergeMethod::Merge);
        if let Err(error) = merged {
            panic!("#{}: {}", pull.number, error.message);
        }
    }

    /// Captures, and merges what is proposed.
    pub async fn captured(&self) -> PullView {
        self.capture().await;
        let pull = self.pull();
        self.merge(&pull);
        pull
    }

    pub fn commit(&self, branch: &str, path: &str, text: Option<&str>) {
        let change = [(path, text.map(str::as_bytes))];
        let made = self
            .scene
            .forge
            .commit(REPOSITORY, branch, &change, "by hand", "rita");
        if let Err(error) = made {
            panic!("{path}: {}", error.message);
        }
    }

    /// A tag, as somebody makes one with a release.
    pub async fn tag(&self, name: &str, commit: &str) {
        let url = format!("{}/repos/{REPOSITORY}/releases", self.scene.forge.url());
        let answer = self
            .web
            .post(url)
            .bearer_auth(format!("rita-{CANARY}"))
            .header("user-agent", "a test")
            .json(&json!({"tag_name": name, "target_commitish": commit}))
            .send()
            .await
            .expect("an answer");
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// A job of one task that runs a notebook.
    pub async fn job(&self, name: &str) -> i64 {
        let body = json!({"name": name, "tasks": [
            {"task_key": "a", "notebook_task": {"notebook_path": "/Shared/shop/load"}}]});
        let made = self.post("/api/2.2/jobs/create", body).await;
        made["job_id"].as_i64().expect("an id")
    }

    pub async fn stop(self) {
        if let Some(daemon) = self.daemon {
            daemon.stop().await;
        }
    }
}
