//! The main job in little: the package of main goes to qa and prod, a change is merged and follows. No moment matters, so
//! that it can be told again and again with something else going wrong.

use super::ending::checks;
use super::{Ending, REPOSITORY, Scene, until};
use anyhow::Context as _;
use hodman::intake::CommandRequest;
use hodman_core::event::{Ask, Unlock};
use hodman_core::explain;
use hodman_core::ids::EnvName;
use hodman_core::state::{Drift, Environment, Phase, PipelineState};
use hodman_sandbox::github::{MergeMethod, PullView};
use hodman_store::{Store, StoreUrl};

/// The story's teller. It reads hodman's state, and writes nothing of it.
pub struct Short<'s> {
    scene: &'s Scene,
    store: Store,
}

impl<'s> Short<'s> {
    /// A teller for a hodman in this process.
    #[must_use]
    pub fn new(scene: &'s Scene, store: Store) -> Self {
        Self { scene, store }
    }

    /// A teller for a hodman in a process of its own, whose database is read beside it.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub async fn beside(scene: &'s Scene) -> anyhow::Result<Self> {
        std::fs::create_dir_all(scene.data())?;
        let store = Store::open(
            &StoreUrl::sqlite(scene.data().join("hodman.db")),
            scene.clock.now(),
        )
        .await?;
        Ok(Self { scene, store })
    }

    /// Plays it to its end.
    ///
    /// # Errors
    /// What did not happen, and how things stand.
    pub async fn play(&self) -> anyhow::Result<Ending> {
        self.promote("qa").await?;
        self.promote("prod").await?;
        let text = b"# Databricks notebook source\nprint(\"loading orders gently\")\n";
        self.scene
            .forge
            .commit(
                REPOSITORY,
                "main",
                &[("src/load.py", Some(text))],
                "orders are loaded gently",
                "rita",
            )
            .map_err(|error| anyhow::anyhow!(error.message))?;
        self.promote("qa").await?;
        self.promote("prod").await?;
        let state = self.settled().await?;
        let ending = Ending::of(self.scene, &state).await?;
        ending.nothing_twice()?;
        Ok(ending)
    }

    /// Somebody asks hodman for something.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn ask(&self, by: &str, ask: Ask) -> anyhow::Result<()> {
        let id = format!("{:032x}", rand::random::<u128>());
        let request = CommandRequest::new(id.clone(), Some("shop".to_owned()), by, ask);
        let event = request.to_event(&id, self.scene.clock.now());
        self.store.insert_events(vec![event]).await?;
        Ok(())
    }

    /// Somebody asks for the stack `one` of qa to be freed.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn unlock(&self, unlock: Unlock) -> anyhow::Result<()> {
        let (env, stack) = ("qa".into(), "one".to_owned());
        self.ask("olga", Ask::Unlock { env, stack, unlock }).await
    }

    /// Waits until that is refused with these words.
    ///
    /// # Errors
    /// When it is not.
    pub async fn unlock_refused(&self, words: &str) -> anyhow::Result<()> {
        assert!(!words.is_empty(), "every refusal says that");
        let what = format!("a refusal with {words}");
        let refused = async || {
            let state = self.state().await.ok()?;
            let qa = state.environments.get(&EnvName::from("qa"))?;
            let error = qa.unlocking.error.as_ref()?;
            error.contains(words).then_some(())
        };
        self.wait(&what, refused).await
    }

    /// What hodman remembers.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The state as it is now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn state(&self) -> anyhow::Result<PipelineState> {
        match self.store.load_state("shop").await? {
            Some(row) => serde_json::from_str(&row.json).context("the pipeline's state"),
            None => Ok(PipelineState::default()),
        }
    }

    /// Has an environment compared with what it should be, and waits until that is done and nothing is applied for it.
    ///
    /// # Errors
    /// When it does not come to rest, or could not be compared: what was found before stands then.
    pub async fn compared(&self, env: &str) -> anyhow::Result<Drift> {
        let of = EnvName::from(env);
        let rest = async || {
            let env = self.state().await.ok()?.environments.remove(&of)?;
            let busy = env.drift.wanted || env.drift.comparing.is_some() || env.run.is_some();
            (!busy).then_some(env.drift)
        };
        let before = self.wait("rest", rest).await?;
        self.ask("olga", Ask::Reconcile { env: of.clone() }).await?;
        let after = async || rest().await.filter(|drift| drift.last != before.last);
        let drift = self.wait("a comparison", after).await?;
        anyhow::ensure!(drift.error.is_none(), "not compared: {:?}", drift.error);
        Ok(drift)
    }

    /// Waits for the open promotion of the newest package, reviews and merges it, and waits until it is in place.
    ///
    /// # Errors
    /// What did not happen.
    pub async fn promote(&self, env: &str) -> anyhow::Result<String> {
        let pull = self.proposed(env).await?;
        self.merge(&pull)?;
        self.healthy(env, &package_of(&pull)?).await
    }

    /// Waits for the open promotion of what main holds now, and for its check run: nobody merges what says nothing yet.
    ///
    /// # Errors
    /// It does not come.
    pub async fn proposed(&self, env: &str) -> anyhow::Result<PullView> {
        let head = self.scene.forge.head(REPOSITORY, "main").context("main")?;
        let read = |at: &str| self.scene.forge.read_file(REPOSITORY, at, "src/load.py");
        let main = read(&head);
        let check = format!("hodman/{env}");
        self.wait(
            &format!("the pull request for {env} with its check run"),
            async || {
                let state = self.state().await.ok()?;
                let newest = state
                    .packages
                    .last()
                    .filter(|newest| read(newest.commit.as_str()) == main)?;
                let branch = format!("hodman/promote/{env}/{}", newest.digest.short());
                let pulls = self.scene.forge.pulls(REPOSITORY);
                let pull = pulls
                    .into_iter()
                    .find(|pull| pull.open && pull.head_ref == branch)?;
                let checks = checks(self.scene, &pull.head_sha).await.ok()?;
                // The second where the plan names what cannot be undone, the last where its gates wait for a review.
                let ends = ["success", "action_required", "in_progress"];
                let said = checks.iter().any(|(name, conclusion)| {
                    *name == check && ends.contains(&conclusion.as_str())
                });
                said.then_some(pull)
            },
        )
        .await
    }

    /// Somebody reviews and merges it.
    ///
    /// # Errors
    /// The forge refuses.
    pub fn merge(&self, pull: &PullView) -> anyhow::Result<()> {
        let forge = &self.scene.forge;
        forge
            .review(REPOSITORY, pull.number, "rita", true)
            .map_err(|error| anyhow::anyhow!("reviewing #{}: {}", pull.number, error.message))?;
        forge
            .merge(REPOSITORY, pull.number, "olga", MergeMethod::Merge)
            .map_err(|error| anyhow::anyhow!("merging #{}: {}", pull.number, error.message))?;
        Ok(())
    }

    /// Waits until a package is in place and verified.
    ///
    /// # Errors
    /// It is not.
    pub async fn healthy(&self, env: &str, package: &str) -> anyhow::Result<String> {
        self.wait(&format!("{env} healthy with {package}"), async || {
            let state = self.state().await.ok()?;
            let env = environment(&state, env)?;
            let current = env.current.as_ref()?;
            (current.package.as_str() == package
                && current.healthy_since.is_some()
                && env.run.is_none())
            .then(|| package.to_owned())
        })
        .await
    }

    /// Somebody says that an environment is to go, and merges the pull request that shows what goes. Waits until it has gone.
    ///
    /// # Errors
    /// What did not happen.
    pub async fn destroy(&self, env: &str) -> anyhow::Result<PullView> {
        let (forge, file) = (
            &self.scene.forge,
            format!("environments/{env}/environment.yaml"),
        );
        let head = forge.head(REPOSITORY, "main").context("main")?;
        let text = forge
            .read_file(REPOSITORY, &head, &file)
            .context("its file")?;
        let text =
            String::from_utf8(text)?.replace("mode: promoted", "mode: promoted\nstate: absent");
        forge
            .commit(
                REPOSITORY,
                "main",
                &[(file.as_str(), Some(text.as_bytes()))],
                &format!("{env} goes"),
                "olga",
            )
            .map_err(|error| anyhow::anyhow!(error.message))?;
        let shown = async || {
            let state = self.state().await.ok()?;
            let open = environment(&state, env)?.promotion.as_ref()?.number()?;
            let mut pulls = forge.pulls(REPOSITORY).into_iter();
            pulls.find(|pull| pull.open && pull.number == open.0 && pull.body.contains("absent"))
        };
        let pull = self.wait("a plan that destroys", shown).await?;
        self.merge(&pull)?;
        let gone = async || {
            let state = self.state().await.ok()?;
            let env = environment(&state, env)?;
            (explain::standing(env) == explain::Standing::Gone && env.run.is_none()).then_some(())
        };
        self.wait("nothing of it", gone).await?;
        Ok(pull)
    }

    /// Waits until nothing is going on and everything was said.
    ///
    /// # Errors
    /// Something is still going on.
    pub async fn settled(&self) -> anyhow::Result<PipelineState> {
        self.wait("the end of everything that goes on", async || {
            let state = self.state().await.ok()?;
            let quiet = |env: &Environment| {
                env.run.is_none() && env.promotion.is_none() && env.saying.is_empty()
            };
            let all = state.environments.values().all(quiet) && state.build.is_none();
            (all && state.observing.running.is_none()).then_some(state)
        })
        .await
    }

    /// Waits until nothing is going on but promotions that people have to merge.
    ///
    /// # Errors
    /// Something else is still going on.
    pub async fn settled_but_open(&self) -> anyhow::Result<PipelineState> {
        self.wait("the end of everything but open promotions", async || {
            let state = self.state().await.ok()?;
            let open = |env: &Environment| match env
                .promotion
                .as_ref()
                .map(|promotion| &promotion.phase)
            {
                None => true,
                Some(Phase::Open(pull)) => pull.updating.is_none() && pull.refreshing.is_none(),
                Some(_) => false,
            };
            let quiet = |env: &Environment| env.run.is_none() && open(env) && env.saying.is_empty();
            let all = state.environments.values().all(quiet) && state.build.is_none();
            let looked = state.checked.values().all(|pull| pull.op.is_none());
            (all && looked && state.observing.running.is_none()).then_some(state)
        })
        .await
    }

    /// Waits until `found` finds something.
    ///
    /// # Errors
    /// It did not within the bound; the message tells how every environment stands.
    pub async fn wait<T>(
        &self,
        what: &str,
        found: impl AsyncFnMut() -> Option<T>,
    ) -> anyhow::Result<T> {
        until(what, found, async || match self.state().await {
            Ok(state) => told(&state, self.scene.clock.now()),
            Err(error) => format!("{error:#}"),
        })
        .await
    }
}

/// The package that a promotion's pin names, by its body's marker.
fn package_of(pull: &PullView) -> anyhow::Result<String> {
    let marker = hodman_core::text::marker_of(&pull.body).context("a marker in the body")?;
    Ok(marker
        .package
        .context("a package in the marker")?
        .to_string())
}

/// An environment by name.
#[must_use]
pub fn environment<'s>(state: &'s PipelineState, name: &str) -> Option<&'s Environment> {
    state.environments.get(&EnvName::from(name))
}

/// How every environment stands, for failures.
fn told(state: &PipelineState, now: chrono::DateTime<chrono::Utc>) -> String {
    let mut words = Vec::new();
    for name in state.environments.keys() {
        if let Some(told) = explain::explain(state, name, now) {
            let waits: Vec<String> = told.waits.iter().map(ToString::to_string).collect();
            words.push(format!(
                "{name} is {} ({})",
                told.standing,
                waits.join("; ")
            ));
        }
    }
    words.extend(
        state
            .observing
            .error
            .iter()
            .map(|error| format!("looking failed: {error}")),
    );
    words.extend(
        state
            .inputs_error
            .iter()
            .map(|error| format!("the bundle: {error}")),
    );
    if let Some(error) = state.build.as_ref().and_then(|build| build.error.as_ref()) {
        words.push(format!("building failed: {error}"));
    }
    if words.is_empty() {
        "nothing is known yet".to_owned()
    } else {
        words.join(" | ")
    }
}
