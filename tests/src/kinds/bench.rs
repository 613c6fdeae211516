//! hodman's planner and executor on a branch and one workspace, and a person there.

use std::collections::BTreeMap;

use anyhow::Context as _;
use axum::http::Method;
use hodman::daemon::Daemon;
use hodman::work::{Restore, Restored};
use hodman_model::kinds::{self, Call, Kind, ListCall, Listing, Marker};
use hodman_model::plan::{Action, Plan};
use hodman_sandbox::databricks::WorkspaceHandle;
use serde_json::{Map, Value, json};

use super::{KEY, Sample};
use crate::harness::{Options, REPOSITORY, Scene};

const PERSON: &str = "ana@acme.example";

/// A scene whose branch is put into a workspace as `hodman restore` does it.
pub struct Bench {
    /// Everything around.
    pub scene: Scene,
    daemon: Daemon,
    workspace: String,
}

impl Bench {
    /// A new scene; objects go into its workspace `qa`.
    ///
    /// # Panics
    /// When a part does not start.
    pub async fn start() -> Self {
        rustls::crypto::aws_lc_rs::default_provider()
            .install_default()
            .ok();
        let scene = Scene::start(Options::short()).await;
        let daemon = scene.daemon().await;
        Self {
            scene,
            daemon,
            workspace: "qa".to_owned(),
        }
    }

    /// The workspace.
    #[must_use]
    pub fn workspace(&self) -> WorkspaceHandle {
        self.scene.workspace(&self.workspace)
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
        let workspace = self.workspace();
        let path = hodman_model::claims::path("shop", "restore");
        let claims: Value = workspace
            .read_file(&path)
            .map(|bytes| serde_json::from_slice(&bytes).expect("claims"))
            .unwrap_or_default();
        let mut ids = BTreeMap::new();
        for name in kinds {
            let kind = kinds::kind(name).expect("a kind");
            let claimed = &claims["claims"][format!("{name}.{KEY}")]["id"];
            if let Some(id) = claimed.as_str() {
                ids.insert((*name).to_owned(), id.to_owned());
                continue;
            }
            let mine = self.all(kind).await.into_iter().find(|listed| {
                listed
                    .marker
                    .as_ref()
                    .is_some_and(|marker| marker.key == KEY)
            });
            if let Some(listed) = mine {
                ids.insert((*name).to_owned(), listed.id);
            }
        }
        ids
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
            kinds::Method::Get => Method::GET,
            kinds::Method::Post => Method::POST,
            kinds::Method::Put => Method::PUT,
            kinds::Method::Patch => Method::PATCH,
            kinds::Method::Delete => Method::DELETE,
        };
        let mut url = reqwest::Url::parse("http://workspace/").context("a URL")?;
        url.set_path(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let body = call.body.clone().unwrap_or_default();
        let answer = self.workspace().call(PERSON, method, &path, body).await;
        answer.map_err(|error| anyhow::anyhow!("{} {path}: {error:?}", call.path))
    }

    /// The object as the workspace shows it, its details in it.
    ///
    /// # Errors
    /// It is not there.
    pub async fn show(&self, kind: &dyn Kind, id: &str) -> anyhow::Result<Value> {
        let mut answer = self.ask(&kind.get(id)).await?;
        if answer == json!({})
            && let Listing::All(list) = kind.listing()
        {
            // Scopes of secrets are shown in their list only.
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

    /// The person changes fields of a sample's object in the workspace, its tags staying.
    ///
    /// # Errors
    /// What the API refuses.
    pub async fn edit(&self, sample: &Sample, id: &str) -> anyhow::Result<()> {
        let kind = kinds::kind(sample.kind).context("a kind")?;
        let shown = self.show(kind, id).await?;
        let listed = kind.read(&shown)?.context("an object of ours")?;
        let marker = Marker {
            pipeline: "shop".to_owned(),
            env: "restore".to_owned(),
            key: KEY.to_owned(),
        };
        if sample.by_hand.is_null() {
            for call in kind.delete(id, &listed.config) {
                self.ask(&call).await?;
            }
        }
        let mut config = listed.config.clone();
        for (field, value) in sample.by_hand.as_object().into_iter().flatten() {
            match field.as_str() {
                "permissions" => {
                    let permissions = kind.permissions().context("permissions")?;
                    let object = match permissions.id_output {
                        Some(output) => listed.outputs[output].as_str().unwrap_or(id),
                        None => id,
                    };
                    for call in
                        permissions.calls(object, value, &Value::Null, &format!("user:{PERSON}"))
                    {
                        self.ask(&call).await?;
                    }
                }
                "grants" => {
                    let securable = kind.securable().context("grants")?;
                    if let Some(call) = kinds::grants::patch(securable, id, value, &json!({})) {
                        self.ask(&call).await?;
                    }
                }
                _ => config[field] = value.clone(),
            }
        }
        if config != listed.config {
            for call in kind.update(id, &listed.config, &config, &marker) {
                self.ask(&call).await?;
            }
        }
        Ok(())
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
