//! Secrets by reference: they reach the workspace and nothing else, follow their source when they may, come back after a
//! hand edit, and nothing is lost with the database.

use std::path::{Path, PathBuf};

use hodman::packages::Packages;
use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_store::EventFilter;
use hodman_tests::harness::{CANARY, Hodman, Killer, Options, REPOSITORY, Scene, Secrets, Short};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

const BUNDLE: &str = "resources:
  secret_scopes:
    shop:
      name: shop
      permissions: [{group_name: users, level: READ}]
  secrets:
    db: {scope: \"${resources.secret_scopes.shop.name}\", key: db, value: {env: QA_TEST_DB}}
    api: {scope: \"${resources.secret_scopes.shop.name}\", key: api, value: {file: \"FOLDER/api\"}}
";

fn commit(scene: &Scene, path: &str, text: &str) {
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[(path, Some(text.as_bytes()))],
            "secrets",
            "rita",
        )
        .expect("a commit");
}

fn value(scene: &Scene, key: &str) -> Option<String> {
    let value = scene.workspace("qa").secret("shop", key)?;
    Some(value.expose_secret().to_owned())
}

async fn api(scene: &Scene, path: &str) -> Value {
    let url = format!("http://127.0.0.1:{}{path}", scene.port);
    let answer = reqwest::get(url).await.expect("an answer");
    answer.json().await.expect("JSON")
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

fn clean(what: &str, bytes: &[u8]) {
    let canary = CANARY.as_bytes();
    assert!(
        !bytes.windows(canary.len()).any(|window| window == canary),
        "a secret is in {what}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_reach_the_workspace_and_nothing_else() {
    let options = Options::short().edit(
        "environments/qa/environment.yaml",
        "drift: report",
        "drift: heal",
    );
    let scene = Scene::start(options).await;
    let folder = scene
        .folder
        .path()
        .canonicalize()
        .expect("a path")
        .join("run");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("api"), format!("api-{CANARY}\n")).expect("a secret");
    let bundle = BUNDLE.replace("FOLDER", &folder.display().to_string());
    commit(&scene, "resources/secrets.yml", &bundle);
    let config = scene.config(Secrets::Environment, scene.port).replace(
        "info,hodman=debug",
        "trace,h2=debug,hyper_util=debug,mio=info",
    ) + &format!(
        "secrets:\n  qa: {{env: [\"QA_TEST_*\"], files: [\"{}\"]}}\n",
        folder.display()
    );
    scene.hook(&format!("http://127.0.0.1:{}/webhooks/github", scene.port));
    let start = || {
        let variables = vec![("QA_TEST_DB".to_owned(), format!("db-{CANARY}"))];
        Hodman::with_config(&scene, Killer::default(), &config, variables).expect("hodman starts")
    };
    let short = Short::beside(&scene).await.expect("a store");
    let hodman = start();
    if let Err(error) = short.promote("qa").await {
        panic!("{error:#}\n{}", hodman.end_of_log());
    }
    assert_eq!(value(&scene, "db"), Some(format!("db-{CANARY}")));
    assert_eq!(value(&scene, "api"), Some(format!("api-{CANARY}")));

    // Nothing is left to do, permissions of the scope included.
    short.compared("qa").await.expect("compared");
    let view = api(&scene, "/api/pipelines/shop/environments/qa/drift").await;
    assert_eq!(view["plan"], Value::Null, "{view:#}");
    let workspaces = view["report"]["workspaces"]
        .as_array()
        .into_iter()
        .flatten();
    let mut rows = workspaces.flat_map(|one| one["rows"].as_array().into_iter().flatten());
    assert!(rows.all(|row| row["class"] == "server-default"), "{view:#}");

    // prod is allowed nothing: its plan fails, and says which key would let it.
    let refused = short
        .wait("the refusal", async || {
            let state = short.state().await.ok()?;
            let words = serde_json::to_string(&state).ok()?;
            words.contains("`secrets.prod.env`").then_some(words)
        })
        .await
        .expect("prod is refused");
    assert!(
        refused.contains("resources/secrets.yml"),
        "the place is told"
    );

    // Somebody puts another value by hand: it is seen, although nobody can read it, and put back.
    let hand = |text: &str| {
        let host = scene.hosts.iter().find(|(name, _)| name == "qa");
        let url = format!("{}/api/2.0/secrets/put", host.expect("qa").1);
        let body = json!({"scope": "shop", "key": "db", "string_value": text}).to_string();
        async move {
            let answer = reqwest::Client::new()
                .post(url)
                .bearer_auth(format!("ana-{CANARY}"))
                .body(body)
                .send()
                .await
                .expect("an answer");
            assert!(
                answer.status().is_success(),
                "{}",
                answer.text().await.expect("text")
            );
        }
    };
    hand("by hand").await;
    assert_eq!(value(&scene, "db").as_deref(), Some("by hand"));
    short.compared("qa").await.expect("compared");
    let back = |key: &'static str, wanted: String| {
        let (scene, short) = (&scene, &short);
        async move {
            short
                .wait(&format!("{key} in its place"), async || {
                    (value(scene, key).as_ref() == Some(&wanted)).then_some(())
                })
                .await
                .expect("it is there");
            let idle = async || {
                let state = short.state().await.ok()?;
                state.environments[&EnvName::from("qa")]
                    .run
                    .is_none()
                    .then_some(())
            };
            short
                .wait("the end of the run", idle)
                .await
                .expect("it ends");
        }
    };
    back("db", format!("db-{CANARY}")).await;

    // Another value where it comes from: held back until the environment says that it follows.
    std::fs::write(folder.join("api"), format!("second-{CANARY}")).expect("a secret");
    short.compared("qa").await.expect("compared");
    assert_eq!(value(&scene, "api"), Some(format!("api-{CANARY}")));
    let path = "environments/qa/environment.yaml";
    let main = scene.forge.head(REPOSITORY, "main").expect("main");
    let text = scene
        .forge
        .read_file(REPOSITORY, &main, path)
        .expect("a file");
    let text = String::from_utf8(text).expect("text") + "rotate: auto\n";
    commit(&scene, path, &text);
    let head = scene.forge.head(REPOSITORY, "main").expect("main");
    let seen = async || {
        let state = short.state().await.ok()?;
        (state.head.as_ref()?.as_str() == head).then_some(())
    };
    short
        .wait("the new head of main", seen)
        .await
        .expect("it is seen");
    short
        .ask("olga", Ask::Reconcile { env: "qa".into() })
        .await
        .expect("asked");
    back("api", format!("second-{CANARY}")).await;

    // What hodman wrote, said and keeps.
    for row in short
        .store()
        .list_events(&EventFilter {
            limit: Some(10_000),
            ..EventFilter::default()
        })
        .await
        .expect("events")
    {
        clean("an event", &row.event.body);
        clean("an event", row.event.meta.to_string().as_bytes());
    }
    let row = short
        .store()
        .load_state("shop")
        .await
        .expect("a state")
        .expect("a state");
    clean("the state", row.json.as_bytes());
    for pull in scene.forge.pulls(REPOSITORY) {
        clean(
            "a pull request",
            format!("{}{}{:?}", pull.title, pull.body, pull.comments).as_bytes(),
        );
    }
    let seen = scene
        .forge
        .pulls(REPOSITORY)
        .iter()
        .any(|pull| pull.body.contains("env:QA_TEST_DB@"));
    assert!(seen, "reference and version are shown");
    for path in [
        "/api/pipelines/shop",
        "/api/pipelines/shop/environments/qa/drift",
    ] {
        clean(path, api(&scene, path).await.to_string().as_bytes());
    }
    clean("the log", hodman.log().as_bytes());
    assert!(
        hodman.log().contains("hodman listens on"),
        "the log is the log"
    );
    drop(hodman);
    for path in files(&scene.data()) {
        clean(
            &path.display().to_string(),
            &std::fs::read(&path).expect("a file"),
        );
    }
    let packages = scene.data().join("packages");
    let store = Packages::open(&hodman::config::PackageStore::Directory(packages.clone()))
        .await
        .expect("packages");
    for path in files(&packages) {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if let Some(hex) = name.strip_suffix(".tar.zst") {
            let tree = store
                .tree(&format!("sha256:{hex}").into())
                .await
                .expect("a package");
            for (path, file) in tree.iter() {
                clean(path, &file.bytes);
            }
        }
    }
}
