//! The whole story with the real binary, and then a search for secrets: every token and password of it carries the canary,
//! which must be nowhere that hodman wrote to.

use hodman::config::PackageStore;
use hodman::packages::Packages;
use hodman_core::ids::PlanDigest;
use hodman_core::state::PipelineState;
use hodman_store::{EventFilter, Store, StoreUrl};
use hodman_tests::harness::{CANARY, Hodman, Killer, Options, REPOSITORY, Scene, Secrets};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Everything that was looked through, by what it is.
#[derive(Default)]
struct Search {
    pieces: BTreeMap<&'static str, usize>,
    found: Vec<String>,
}

impl Search {
    fn look(&mut self, what: &'static str, which: &str, bytes: &[u8]) {
        *self.pieces.entry(what).or_default() += 1;
        if bytes
            .windows(CANARY.len())
            .any(|window| window == CANARY.as_bytes())
        {
            self.found.push(format!("{what} {which}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_anywhere_that_hodman_wrote_to() {
    let scene = Scene::start(Options::default()).await;
    std::fs::create_dir_all(scene.data()).expect("a folder");
    let url = StoreUrl::sqlite(scene.data().join("hodman.db"));
    let store = Store::open(&url, chrono::Utc::now())
        .await
        .expect("the database");
    // As much as its log can say.
    let config = scene.config(Secrets::Environment, scene.port).replace(
        "info,hodman=debug",
        "trace,h2=debug,hyper_util=debug,mio=info",
    );
    scene.hook(&format!("http://127.0.0.1:{}/webhooks/github", scene.port));
    let hodman =
        Hodman::with_config(&scene, Killer::default(), &config, vec![]).expect("hodman starts");
    let story = scene.story(store.clone(), false);
    let report = hodman
        .during(async { Ok(story.play().await) })
        .await
        .expect("hodman stays");
    for step in &report.steps {
        assert!(
            step.ok,
            "step {}: {}\n{}",
            step.name,
            step.detail,
            hodman.end_of_log()
        );
    }

    let mut search = Search::default();
    search.look("report", "", &serde_json::to_vec(&report).expect("JSON"));
    forge(&scene, &mut search).await;
    database(&store, &mut search).await;
    packages(&scene, &mut search).await;
    mirror(&scene.data().join("mirrors/shop.git"), &mut search);
    let log = hodman.log();
    drop(hodman);
    for line in log.lines() {
        search.look("log line", &line[..line.len().min(200)], line.as_bytes());
    }
    for path in files(&scene.data()) {
        search.look(
            "file",
            &path.display().to_string(),
            &std::fs::read(&path).expect("a file"),
        );
    }
    println!("{:?}", search.pieces);
    let kinds = [
        "report",
        "pull request",
        "comment",
        "check run",
        "event",
        "state",
        "plan",
        "packaged file",
        "git object",
        "log line",
        "file",
    ];
    for kind in kinds {
        assert!(
            search.pieces.contains_key(kind),
            "no {kind} was looked through: {:?}",
            search.pieces
        );
    }
    assert!(log.contains("hodman listens on"), "the log is the log");
    assert_eq!(search.found, [""; 0], "the canary leaked");
}

/// What people see on the forge.
async fn forge(scene: &Scene, search: &mut Search) {
    for pull in scene.forge.pulls(REPOSITORY) {
        let which = format!("#{}", pull.number);
        search.look(
            "pull request",
            &which,
            format!("{}\n{}", pull.title, pull.body).as_bytes(),
        );
        for comment in &pull.comments {
            search.look("comment", &which, comment.as_bytes());
        }
        let path = format!(
            "/repos/{REPOSITORY}/commits/{}/check-runs?filter=all&per_page=100",
            pull.head_sha
        );
        let runs = scene.github(&path).await.expect("check runs");
        for run in runs["check_runs"].as_array().expect("a list") {
            search.look("check run", &which, run.to_string().as_bytes());
        }
    }
}

/// What is remembered; read through the store, because SQLite may break a text over two pages.
async fn database(store: &Store, search: &mut Search) {
    let filter = EventFilter {
        limit: Some(10_000),
        ..EventFilter::default()
    };
    for row in store.list_events(&filter).await.expect("events") {
        let which = format!("{} {}", row.seq, row.event.kind);
        search.look("event", &which, &row.event.body);
        search.look("event", &which, row.event.meta.to_string().as_bytes());
    }
    let row = store
        .load_state("shop")
        .await
        .expect("a state")
        .expect("a state");
    search.look("state", "", row.json.as_bytes());
    let state: PipelineState = serde_json::from_str(&row.json).expect("a state");
    for digest in plans(&state) {
        if let Some(plan) = store
            .get_blob("plan", digest.as_str())
            .await
            .expect("a plan")
        {
            search.look("plan", digest.as_str(), &plan);
        }
    }
}

fn plans(state: &PipelineState) -> Vec<PlanDigest> {
    let pins = state
        .environments
        .values()
        .filter_map(|env| env.pin.as_ref());
    pins.map(|pin| pin.plan.clone()).collect()
}

/// What is in the packages: they are compressed.
async fn packages(scene: &Scene, search: &mut Search) {
    let folder = scene.data().join("packages");
    let store = Packages::open(&PackageStore::Directory(folder.clone()))
        .await
        .expect("packages");
    for path in files(&folder) {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let Some(hex) = name.strip_suffix(".tar.zst") else {
            continue;
        };
        let digest = format!("sha256:{hex}").into();
        for (path, file) in store.tree(&digest).await.expect("a package").iter() {
            search.look("packaged file", path, &file.bytes);
        }
    }
}

/// Everything that git knows: it is compressed, too.
fn mirror(path: &Path, search: &mut Search) {
    let mirror = git2::Repository::open(path).expect("a mirror");
    let database = mirror.odb().expect("its objects");
    let mut objects = Vec::new();
    database
        .foreach(|id| {
            objects.push(*id);
            true
        })
        .expect("a list");
    for id in objects {
        let object = database.read(id).expect("an object");
        search.look("git object", &id.to_string(), object.data());
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
