//! hodman's planner and executor on a branch and one workspace, and a person there.

use std::collections::BTreeMap;

use anyhow::Context as _;
use base64::Engine as _;
use hodman::daemon::Daemon;
use hodman::work::{Restore, Restored};
use hodman_model::kinds::{self, Call, Kind, ListCall, Listing};
use hodman_model::plan::{Action, Plan};
use hodman_sandbox::databricks::WorkspaceHandle;
use hodman_store::Store;
use serde_json::{Map, Value, json};

use super::{KEY, kept_leaves, leaves};
use crate::harness::{CANARY, Options, REPOSITORY, Scene};

/// A scene whose branch is put into a workspace as `hodman restore` does it.
pub struct Bench {
    /// Everything around.
    pub scene: Scene,
    daemon: Daemon,
    workspace: String,
    token: String,
    web: reqwest::Client,
}

impl Bench {
    /// A new scene; objects go into its workspace `qa`.
    ///
    /// # Panics
    /// When a part does not start.
    pub async fn start() -> Self {
        let scene = Scene::start(Options::short()).await;
        Self::on(scene, format!("ana-{CANARY}")).await
    }

    /// The same where the workspaces are at other addresses and take this token from everybody.
    ///
    /// # Panics
    /// When a part does not start.
    pub async fn elsewhere(options: Options, hosts: Vec<(String, String)>, token: &str) -> Self {
        let scene = Scene::with_workspaces(options, hosts, token).await;
        Self::on(scene, token.to_owned()).await
    }

    async fn on(scene: Scene, token: String) -> Self {
        let daemon = scene.daemon().await;
        Self {
            scene,
            daemon,
            workspace: "qa".to_owned(),
            token,
            web: reqwest::Client::new(),
        }
    }

    /// The workspace, when it is one of the sandbox's.
    #[must_use]
    pub fn workspace(&self) -> WorkspaceHandle {
        self.scene.workspace(&self.workspace)
    }

    /// What hodman remembers.
    #[must_use]
    pub fn store(&self) -> Store {
        self.daemon.parts().store.clone()
    }

    /// Makes the branch declare these, and nothing of these kinds else.
    ///
    /// # Panics
    /// When the forge refuses.
    pub fn declare(&self, samples: &[(&str, Value)]) {
        let mut resources = Map::new();
        for (kind, config) in samples {
            resources.insert((*kind).to_owned(), json!({KEY: config}));
        }
        self.declare_all(&Value::Object(resources));
    }

    /// Makes the branch declare these resources, by kind and key.
    ///
    /// # Panics
    /// When the forge refuses.
    pub fn declare_all(&self, resources: &Value) {
        let text = json!({"resources": resources}).to_string();
        self.scene
            .forge
            .commit(
                REPOSITORY,
                "main",
                &[("resources/proof.yml", Some(text.as_bytes()))],
                "other objects",
                "rita",
            )
            .unwrap_or_else(|error| panic!("{}", error.message));
    }

    fn wanted(&self) -> Restore {
        Restore {
            branch: "main".to_owned(),
            workspace: self.workspace.clone(),
            target: None,
            like: Some("qa".to_owned()),
            force: false,
        }
    }

    /// What hodman would do now.
    ///
    /// # Errors
    /// Why no plan can be made.
    pub async fn plan(&self) -> anyhow::Result<Plan> {
        let work = &self.daemon.parts().work;
        Ok(work.plan_restore("shop", &self.wanted()).await?)
    }

    /// Does what a plan says.
    ///
    /// # Errors
    /// The first failure, in the API's own words.
    pub async fn apply(&self, plan: &Plan) -> anyhow::Result<Restored> {
        let work = &self.daemon.parts().work;
        Ok(work.apply_restore("shop", &self.wanted(), plan).await?)
    }

    /// Plans and applies until nothing is left to do; gives the first plan.
    ///
    /// # Errors
    /// What failed, or what the second plan still wants.
    pub async fn converge(&self) -> anyhow::Result<Plan> {
        let plan = self.plan().await.context("planning")?;
        self.apply(&plan).await.context(plan.to_table())?;
        let left = self.plan().await.context("planning again")?;
        anyhow::ensure!(left.is_empty(), "left after an apply:\n{}", left.to_table());
        Ok(plan)
    }

    /// The ids of the samples' objects by kind: by claims where they are claimed, else by tags.
    ///
    /// # Panics
    /// When the workspace does not answer.
    pub async fn ids(&self, kinds: &[&str]) -> BTreeMap<String, String> {
        let claims = self.claims().await;
        let mut ids = BTreeMap::new();
        for name in kinds {
            let kind = kinds::kind(name).expect("a kind");
            let claim = &claims["claims"][format!("{name}.{KEY}")];
            if let Some(id) = claim["id"].as_str() {
                ids.insert((*name).to_owned(), id.to_owned());
                continue;
            }
            // Whose id was not noted when the workspace refused everything is ours by its name.
            let named = claim["natural"].as_str();
            let mine = self.all(kind).await.into_iter().find(|listed| {
                let marked = listed.marker.as_ref();
                marked.is_some_and(|marker| marker.key == KEY)
                    || (named.is_some() && listed.natural.as_deref() == named)
            });
            if let Some(listed) = mine {
                ids.insert((*name).to_owned(), listed.id);
            } else if let Some(named) = named.filter(|_| !matches!(kind.listing(), Listing::All(_)))
                && self.show(kind, named).await.is_ok()
            {
                // What no list shows in one go is asked for by its name.
                ids.insert((*name).to_owned(), named.to_owned());
            }
        }
        ids
    }

    /// Our claims there; null when there are none.
    async fn claims(&self) -> Value {
        let path = hodman_model::claims::path("shop", "restore");
        let call = Call {
            method: kinds::Method::Get,
            path: "/api/2.0/workspace/export".to_owned(),
            query: [
                ("path".to_owned(), path),
                ("format".to_owned(), "AUTO".to_owned()),
            ]
            .into(),
            body: None,
            idempotent: true,
        };
        let Ok(answer) = self.ask(&call).await else {
            return Value::Null;
        };
        let content = answer["content"].as_str().unwrap_or_default();
        let bytes = base64::engine::general_purpose::STANDARD.decode(content);
        serde_json::from_slice(&bytes.expect("base64")).expect("claims")
    }

    /// Somebody removes our claims, so that nothing is known to be hodman's but by its tags.
    ///
    /// # Errors
    /// The workspace refuses.
    pub async fn forget(&self) -> anyhow::Result<()> {
        let path = hodman_model::claims::path("shop", "restore");
        let call = Call {
            method: kinds::Method::Post,
            path: "/api/2.0/workspace/delete".to_owned(),
            query: BTreeMap::new(),
            body: Some(json!({ "path": path })),
            idempotent: true,
        };
        self.ask(&call).await.map(drop)
    }

    /// Everything of a kind that is listed in one go; nothing for kinds that are not.
    ///
    /// # Panics
    /// When the workspace does not answer.
    pub async fn all(&self, kind: &dyn Kind) -> Vec<kinds::Listed> {
        let Listing::All(list) = kind.listing() else {
            return vec![];
        };
        let answer = self.ask(&call_of(&list)).await.expect("a list");
        let items = answer[list.items_field].as_array().cloned();
        let mut all = vec![];
        for item in items.unwrap_or_default() {
            let whole = if list.whole {
                item
            } else {
                let id = &item[list.id_field];
                let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
                self.show(kind, &id).await.expect("one of the list")
            };
            all.extend(kind.read(&whole).expect("readable"));
        }
        all
    }

    /// The person sends a request.
    ///
    /// # Errors
    /// What the API says.
    pub async fn ask(&self, call: &Call) -> anyhow::Result<Value> {
        let method = match call.method {
            kinds::Method::Get => reqwest::Method::GET,
            kinds::Method::Post => reqwest::Method::POST,
            kinds::Method::Put => reqwest::Method::PUT,
            kinds::Method::Patch => reqwest::Method::PATCH,
            kinds::Method::Delete => reqwest::Method::DELETE,
        };
        let (_, host) = self
            .scene
            .hosts
            .iter()
            .find(|(name, _)| *name == self.workspace)
            .context("the workspace")?;
        let mut url = reqwest::Url::parse(host).context("a URL")?;
        url.set_path(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut request = self.web.request(method, url).bearer_auth(&self.token);
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let answer = request.send().await.context("asking")?;
        let status = answer.status();
        let text = answer.text().await.context("an answer")?;
        anyhow::ensure!(status.is_success(), "{}: {status} {text}", call.path);
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// The object as the workspace shows it, its details in it.
    ///
    /// # Errors
    /// It is not there.
    pub async fn show(&self, kind: &dyn Kind, id: &str) -> anyhow::Result<Value> {
        let mut answer = self.ask(&kind.get(id)).await?;
        if !matches!(kind.read(&answer), Ok(Some(_)))
            && let Listing::All(list) = kind.listing()
        {
            // Scopes of secrets are shown in their list only; what is asked for is what is in them.
            let listed = self.ask(&call_of(&list)).await?;
            let items = listed[list.items_field].as_array();
            let mine = |item: &&Value| item[list.id_field] == json!(id);
            let item = items.into_iter().flatten().find(mine);
            answer = item.context("not in the list")?.clone();
        }
        for detail in kind.details(id) {
            if let Ok(more) = self.ask(&detail.call).await
                && let Some(map) = answer.as_object_mut()
            {
                map.insert(detail.field.to_owned(), more);
            }
        }
        Ok(answer)
    }

    /// What of a declaration the object does not show.
    pub async fn shows(&self, kind: &str, id: &str, config: &Value) -> Vec<String> {
        let Some(known) = kinds::kind(kind) else {
            return vec![format!("{kind} is no kind")];
        };
        let shown = match self.show(known, id).await {
            Ok(shown) => shown,
            Err(error) => return vec![format!("{kind} {id}: {error:#}")],
        };
        let (wanted, mut there) = (kept_leaves(known, config), vec![]);
        leaves(&shown, &mut there);
        wanted
            .iter()
            .filter(|leaf| {
                // Some numbers and switches are answered as texts.
                let text = leaf
                    .as_str()
                    .map_or_else(|| leaf.to_string(), str::to_owned);
                !there.contains(leaf) && !there.contains(&Value::String(text))
            })
            .map(|leaf| format!("{kind} {id} does not show {leaf}: {shown}"))
            .collect()
    }

    /// Ends it.
    pub async fn stop(self) {
        self.daemon.stop().await;
    }
}

fn call_of(list: &ListCall) -> Call {
    Call {
        method: kinds::Method::Get,
        path: list.path.clone(),
        query: list.query.iter().cloned().collect(),
        body: None,
        idempotent: true,
    }
}

/// What a plan does with the samples, by kind.
#[must_use]
pub fn by_key(plan: &Plan) -> BTreeMap<String, Action> {
    plan.rows()
        .filter(|(_, row)| row.key.key == KEY)
        .map(|(_, row)| (row.key.kind.clone(), row.action))
        .collect()
}
