//! `kill -9` of the real binary after each write to the account, while objects of every kind are made, changed and made anew
//! under a workspace that runs, and destroyed. It ends as it should without anybody being asked, nothing is there twice, and in the end
//! nothing is left.

use axum::http::Method;
use axum::http::request::Parts;
use hodman_sandbox::faults::{Direction, Director};
use hodman_tests::harness::{Hodman, Killer, Options, REPOSITORY, Scene, Short};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Each telling is killed at every so manieth write; together they are killed at each.
const TELLINGS: usize = 6;

const FILE: &str = "modules/objects/module.yaml";
const FIRST: &str = include_str!("../fixtures/account_objects/first.yaml");
const SECOND: &str = include_str!("../fixtures/account_objects/second.yaml");

const CALL: &str = "\
account: main
modules:
  objects: {module: objects}
workspaces:
";

/// Kinds of the account, and what their objects are called by.
const KINDS: [(&str, &str); 10] = [
    ("credentials", "credentials_name"),
    ("storage-configurations", "storage_configuration_name"),
    ("vpc-endpoints", "vpc_endpoint_name"),
    ("networks", "network_name"),
    ("private-access-settings", "private_access_settings_name"),
    ("customer-managed-keys", "aws_key_info"),
    ("network-connectivity-configs", "name"),
    ("ip-access-lists", "label"),
    ("metastores", "name"),
    ("workspaces", "workspace_name"),
];

fn is_write(request: &Parts) -> bool {
    request.method != Method::GET && !request.uri.path().contains("/oidc/")
}

/// The names of everything of ours, sorted; of log deliveries those that are on.
async fn there(scene: &Scene) -> BTreeMap<&'static str, Vec<String>> {
    let account = scene.somebody();
    let mut found: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for (what, name) in KINDS {
        let all = account.all(what).await;
        let ours = all.iter().filter(|one| {
            let name = one[name].to_string();
            what == "customer-managed-keys" || name.contains("shop") || name.contains("office")
        });
        found.insert(what, ours.map(|one| one[name].to_string()).collect());
    }
    let logs = account.all("log-delivery").await;
    let on = logs.iter().filter(|one| one["status"] == "ENABLED");
    let on =
        on.map(|one| one["config_name"].to_string() + &one["delivery_path_prefix"].to_string());
    found.insert("log-delivery", on.collect());
    for names in found.values_mut() {
        names.sort_unstable();
    }
    found
}

/// One telling.
struct Telling<'s> {
    scene: &'s Scene,
    short: Short<'s>,
    killer: Killer,
    /// At which writes it is killed, after their effect and before their answer; at none undisturbed.
    at: Option<usize>,
}

impl Telling<'_> {
    /// Something that hodman does, killed meanwhile; how many writes it took. Never more than twice at one and the same request: what
    /// is sent again after each kill, in rounds that are as long as those between two kills, would be killed at the same place for ever.
    async fn killed<T>(
        &self,
        doing: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<usize> {
        let (killer, at) = (self.killer.clone(), self.at);
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let kills: Mutex<BTreeMap<String, u8>> = Mutex::default();
        let director = Director::new(move |request| {
            if !is_write(request) {
                return Direction::Pass;
            }
            let number = counted.fetch_add(1, Ordering::SeqCst);
            if at.is_none_or(|at| number % TELLINGS != at) {
                return Direction::Pass;
            }
            let what = format!("{} {}", request.method, request.uri.path());
            let mut kills = kills.lock().unwrap_or_else(PoisonError::into_inner);
            let kills = kills.entry(what).or_insert(0_u8);
            *kills += 1;
            if *kills > 2 {
                return Direction::Pass;
            }
            let killer = killer.clone();
            Direction::After(Box::new(move || killer.kill()))
        });
        let faults = self.scene.databricks.account_faults();
        faults.direct(Some(director));
        doing.await?;
        faults.direct(None);
        Ok(count.load(Ordering::SeqCst))
    }

    async fn settled(&self) -> anyhow::Result<BTreeMap<&'static str, Vec<String>>> {
        let drift = self.short.compared("qa").await?;
        anyhow::ensure!(drift.error.is_none(), "{:?}", drift.error);
        anyhow::ensure!(drift.found.is_none(), "{:?}", drift.found);
        Ok(there(self.scene).await)
    }

    async fn story(&self) -> anyhow::Result<Told> {
        let nothing = there(self.scene).await;
        self.scene.databricks.account().slow_provisioning(1);
        let made = self.killed(self.short.promote("qa")).await?;
        let first = self.settled().await?;
        let second = SECOND;
        let files = [(FILE, Some(second.as_bytes()))];
        let forge = &self.scene.forge;
        let committed = forge.commit(REPOSITORY, "main", &files, "other objects", "rita");
        committed.map_err(|error| anyhow::anyhow!(error.message))?;
        let changed = self.killed(self.short.promote("qa")).await?;
        let second = self.settled().await?;
        let gone = self.killed(self.short.destroy("qa")).await?;
        let left = there(self.scene).await;
        anyhow::ensure!(left == nothing, "{left:?}");
        Ok(Told {
            writes: [made, changed, gone],
            there: [first, second],
        })
    }
}

/// How it went: writes of each part, and what was there after the first two.
struct Told {
    writes: [usize; 3],
    there: [BTreeMap<&'static str, Vec<String>>; 2],
}

async fn told(at: Option<usize>) -> anyhow::Result<Told> {
    let options = Options::short().file(FILE, FIRST);
    let options = options.edit("environments/qa/environment.yaml", "workspaces:\n", CALL);
    let scene = Scene::start(options).await;
    let killer = Killer::default();
    let short = Short::beside(&scene).await?;
    let hodman = Hodman::start(&scene, killer.clone())?;
    let telling = Telling {
        scene: &scene,
        short,
        killer,
        at,
    };
    let told = hodman.during(telling.story()).await;
    let told = told.map_err(|error| {
        error.context(format!("the end of hodman's log:\n{}", hodman.end_of_log()))
    })?;
    let kills = telling.killer.kills();
    anyhow::ensure!(at.is_none() == (kills == 0), "{kills} kills");
    Ok(told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_at_each_write_to_the_account_it_ends_as_undisturbed_and_leaves_nothing() {
    let undisturbed = told(None).await.expect("undisturbed");
    println!("writes: {:?}", undisturbed.writes);
    for (writes, least) in undisturbed.writes.into_iter().zip([18, 20, 15]) {
        assert!(writes >= least, "{:?}", undisturbed.writes);
    }
    assert_eq!(undisturbed.there[1]["log-delivery"].len(), 1);
    let tellings = (0..TELLINGS).map(|at| async move { (at, told(Some(at)).await) });
    let mut bad = Vec::new();
    for (at, ended) in futures::future::join_all(tellings).await {
        match ended {
            Err(error) => bad.push(format!("killed after write {at} and so on: {error:#}")),
            Ok(told) if told.there != undisturbed.there => {
                bad.push(format!(
                    "killed after write {at} and so on: {:?}",
                    told.there
                ));
            }
            Ok(_) => {}
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
