//! Broken files, pins that nobody reviewed, forks and hostile webhooks: each is answered, and everything else goes on.
//!
//! Long because each kind of bad input brings its own table of files and places.

use axum::http::Method;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hodman::daemon::Daemon;
use hodman_core::event::Ask;
use hodman_core::explain;
use hodman_core::ids::{EnvName, PullNumber};
use hodman_core::reason::Refusal;
use hodman_sandbox::faults::{Direction, Director, FaultRule};
use hodman_tests::harness::{CANARY, Options, REPOSITORY, Scene, Short, environment};
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::{Duration, Instant};

/// A branch with one changed file and its pull request; the number and the head.
fn propose(scene: &Scene, branch: &str, path: &str, text: &str) -> (u64, String) {
    let head = scene
        .forge
        .commit(
            REPOSITORY,
            branch,
            &[(path, Some(text.as_bytes()))],
            "a change",
            "rita",
        )
        .expect("a commit");
    let number = scene
        .forge
        .open_pull(REPOSITORY, branch, "main", "a change", "", "rita")
        .expect("a pull request");
    (number, head)
}

fn on_main(scene: &Scene, path: &str) -> String {
    let bytes = scene
        .forge
        .read_file(REPOSITORY, "main", path)
        .expect("a file");
    String::from_utf8(bytes).expect("text")
}

/// Waits for `hodman/validate` on a commit to be completed: conclusion, summary and annotations.
async fn validated(scene: &Scene, short: &Short<'_>, head: &str) -> (Value, String, Vec<Value>) {
    let path = format!("/repos/{REPOSITORY}/commits/{head}/check-runs?filter=all");
    let run = short
        .wait("the check run hodman/validate", async || {
            let answer = scene.github(&path).await.ok()?;
            let runs = answer["check_runs"].as_array()?.clone();
            runs.into_iter()
                .find(|run| run["name"] == "hodman/validate" && run["status"] == "completed")
        })
        .await
        .expect("a check run");
    let path = format!("/repos/{REPOSITORY}/check-runs/{}/annotations", run["id"]);
    let annotations = scene.github(&path).await.expect("annotations");
    let summary = run["output"]["summary"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (
        run["conclusion"].clone(),
        summary,
        annotations.as_array().expect("a list").clone(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_file_fails_its_pull_request_at_the_place_with_a_hint() {
    let scene = Scene::start(Options::short()).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let qa = on_main(&scene, "environments/qa/environment.yaml");
    let digest = format!("sha256:{}", "0".repeat(64));
    let pin = format!(
        "package: {digest}\nsource_comit: {}\nbinding: {digest}\nplan: {digest}\n",
        "0".repeat(40)
    );
    let cases = [
        (
            "environments/qa/environment.yaml",
            qa.replace("merge: manual", "merg: manual"),
            "merg: manual",
            "did you mean `merge`",
        ),
        (
            "environments/qa/environment.yaml",
            qa.replace("drift: report", "drift: repot"),
            "drift: repot",
            "did you mean `report`",
        ),
        (
            "environments/prod/release.yaml",
            pin.to_owned(),
            "source_comit",
            "did you mean `source_commit`",
        ),
        (
            "databricks.yml",
            on_main(&scene, "databricks.yml").replace("targets:", "tragets:"),
            "tragets",
            "did you mean `targets`",
        ),
    ];
    for (at, (path, text, bad, hint)) in cases.iter().enumerate() {
        let expected = text
            .lines()
            .position(|line| line.contains(bad))
            .map(|line| line + 1);
        let (_, head) = propose(&scene, &format!("broken-{at}"), path, text);
        let (conclusion, summary, annotations) = validated(&scene, &short, &head).await;
        assert_eq!(conclusion, "failure", "{summary}");
        let annotation = annotations
            .iter()
            .find(|annotation| {
                annotation["path"] == *path
                    && annotation["start_line"].as_u64() == expected.map(|line| line as u64)
            })
            .unwrap_or_else(|| {
                panic!("nothing at {path}:{expected:?}: {annotations:#?}\n{summary}")
            });
        assert_eq!(annotation["annotation_level"], "failure");
        let message = annotation["message"].as_str().expect("a message");
        assert!(message.contains("(column "), "{message}");
        assert!(
            message.to_lowercase().contains(hint),
            "{message} has no hint {hint:?}"
        );
    }
    // A sound one passes.
    let (_, head) = propose(
        &scene,
        "sound",
        "environments/qa/environment.yaml",
        &qa.replace("timeout: 30m", "timeout: 31m"),
    );
    let (conclusion, summary, annotations) = validated(&scene, &short, &head).await;
    assert_eq!(
        (conclusion, annotations.len()),
        (json!("success"), 0),
        "{summary}"
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_environment_on_main_stops_that_one_only() {
    let scene = Scene::start(Options::short()).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");
    let before = short.promote("prod").await.expect("prod");
    let path = "environments/prod/environment.yaml";
    let text = on_main(&scene, path).replace("merge: manual", "merg: manual");
    let line = text
        .lines()
        .position(|line| line.starts_with("merg:"))
        .map(|line| line + 1)
        .expect("the line");
    let load = b"# Databricks notebook source\nprint(\"loading orders gently\")\n";
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[(path, Some(text.as_bytes())), ("src/load.py", Some(load))],
            "broken",
            "rita",
        )
        .expect("a commit");
    let next = short.promote("qa").await.expect("qa goes on");
    assert_ne!(next, before);
    let state = short.state().await.expect("a state");
    let prod = environment(&state, "prod").expect("prod");
    let broken = prod.broken.as_ref().expect("prod is broken");
    assert!(broken.contains(&format!("{path}:{line}:")), "{broken}");
    assert_eq!(
        prod.current.as_ref().expect("still there").package.as_str(),
        before
    );
    let told =
        explain::explain(&state, &EnvName::from("prod"), scene.clock.now()).expect("explained");
    assert!(
        told.waits
            .iter()
            .any(|why| why.to_string().contains("merg")),
        "{:?}",
        told.waits
    );

    // Repaired, it catches up.
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[(path, Some(text.replace("merg:", "merge:").as_bytes()))],
            "repaired",
            "rita",
        )
        .expect("a commit");
    assert_eq!(short.promote("prod").await.expect("prod goes on"), next);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pin_pushed_directly_to_main_is_refused_and_explained() {
    let scene = Scene::start(Options::short()).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");
    // The very pin that hodman proposes, but nobody reviewed it.
    let pull = short.proposed("prod").await.expect("a proposal");
    let path = "environments/prod/release.yaml";
    let pin = scene
        .forge
        .read_file(REPOSITORY, &pull.head_sha, path)
        .expect("the pin");
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[(path, Some(&pin))],
            "in a hurry",
            "olga",
        )
        .expect("a commit");
    let state = short
        .wait("the refusal", async || {
            let state = short.state().await.ok()?;
            environment(&state, "prod")?
                .refused
                .is_some()
                .then_some(state)
        })
        .await
        .expect("refused");
    let prod = environment(&state, "prod").expect("prod");
    assert_eq!(
        prod.refused.as_ref().map(|(_, why)| why),
        Some(&Refusal::PushedDirectly)
    );
    assert!(prod.current.is_none(), "nothing is applied");
    let told =
        explain::explain(&state, &EnvName::from("prod"), scene.clock.now()).expect("explained");
    let words = told
        .waits
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ");
    assert!(words.contains("pull request"), "{words}");
    short.settled_but_open().await.expect("quiet");
    assert_eq!(scene.workspace("prod").list_jobs(), [], "prod is as it was");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_request_from_a_fork_is_read_and_never_planned() {
    let scene = Scene::start(Options::short().observing_every(3_600)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");
    short.proposed("prod").await.expect("prod's is open");
    // A change of the binding, which is planned when it comes from this repository.
    let text = on_main(&scene, "environments/qa/environment.yaml")
        .replace("catalog: shop_qa", "catalog: shop_quality");
    let path = "environments/qa/environment.yaml";
    let (own, head) = propose(&scene, "own", path, &text);
    validated(&scene, &short, &head).await;
    let state = short.settled_but_open().await.expect("quiet");
    assert_eq!(state.checked[&PullNumber(own)].plans.len(), 1, "planned");
    scene.forge.close(REPOSITORY, own, "rita").expect("closed");
    short
        .wait("the closing seen", async || {
            let state = short.state().await.ok()?;
            let known = state.checked.get(&PullNumber(own));
            known.is_none_or(|known| !known.open).then_some(())
        })
        .await
        .expect("seen");

    // The sandbox has no forks: the forge's answers about the next one are rewritten to say that it is from one.
    scene.forge.lose_next_webhook(u32::MAX);
    let (number, head) = propose(
        &scene,
        "foreign",
        path,
        &text.replace("shop_quality", "shop_foreign"),
    );
    let list = scene
        .github(&format!(
            "/repos/{REPOSITORY}/pulls?state=open&per_page=100"
        ))
        .await
        .expect("pulls");
    let mut list = list.as_array().expect("a list").clone();
    for pull in list.iter_mut().filter(|pull| pull["number"] == number) {
        pull["head"]["repo"]["full_name"] = json!("mallory/shop");
        pull["head"]["repo"]["owner"]["login"] = json!("mallory");
        pull["head"]["repo"]["fork"] = json!(true);
        pull["head"]["user"]["login"] = json!("mallory");
    }
    let one = list
        .iter()
        .find(|pull| pull["number"] == number)
        .expect("it is listed")
        .to_string();
    let list = Value::Array(list).to_string();
    scene
        .forge
        .faults()
        .direct(Some(Director::new(move |request| {
            let answer = match request
                .uri
                .path()
                .strip_prefix(&format!("/repos/{REPOSITORY}/pulls"))
            {
                Some("") => &list,
                Some(rest) if rest == format!("/{number}") => &one,
                _ => return Direction::Pass,
            };
            if request.method != Method::GET {
                return Direction::Pass;
            }
            Direction::Fault(
                FaultRule::status(200, 1)
                    .header("content-type", "application/json")
                    .body(answer),
            )
        })));
    let before = scene.workspace("qa").requests().len();
    short.ask("olga", Ask::Observe).await.expect("asked");
    let (conclusion, summary, _) = validated(&scene, &short, &head).await;
    assert_eq!(conclusion, "success", "{summary}");
    assert!(summary.contains("comes from a fork"), "{summary}");
    let checked = short
        .wait("the outcome", async || {
            let state = short.state().await.ok()?;
            state
                .checked
                .get(&PullNumber(number))
                .filter(|known| known.op.is_none())
                .cloned()
        })
        .await
        .expect("looked at");
    assert!(checked.plans.is_empty(), "{checked:?}");
    assert_eq!(
        scene.workspace("qa").requests().len(),
        before,
        "qa was not even asked"
    );
    daemon.stop().await;
}

fn signature(body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(format!("hook-{CANARY}").as_bytes()).expect("any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

async fn post(daemon: &Daemon, delivery: &str, event: &str, body: Vec<u8>, signed: &str) -> u16 {
    reqwest::Client::new()
        .post(format!("http://{}/webhooks/github", daemon.address))
        .header("content-type", "application/json")
        .header("x-github-delivery", delivery)
        .header("x-github-event", event)
        .header("x-hub-signature-256", signed)
        .body(body)
        .timeout(Duration::from_secs(60))
        .send()
        .await
        .expect("an answer")
        .status()
        .as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_webhooks_neither_crash_nor_stall_it() {
    let scene = Scene::start(Options::short().observing_every(3_600)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");

    let deep = [vec![b'['; 200_000], vec![b']'; 200_000]].concat();
    let wide = format!(
        "{{\"repository\":{{\"full_name\":\"{}\"}}}}",
        "x".repeat(3_000_000)
    )
    .into_bytes();
    let taken: Vec<(&str, &str, Vec<u8>)> = vec![
        ("nothing", "push", vec![]),
        ("half", "push", b"{\"ref\":".to_vec()),
        ("deep", "push", deep),
        ("not-utf8", "push", vec![0xff, 0xfe, b'{', 0xc3, 0x28, b'}']),
        (
            "nul",
            "push",
            b"{\"ref\":\"\\u0000\",\"repository\":{\"full_name\":\"acme/shop\"}}".to_vec(),
        ),
        (
            "wrong-types",
            "push",
            br#"{"ref":5,"before":[],"after":{},"repository":"acme/shop","commits":7}"#.to_vec(),
        ),
        ("list", "pull_request", b"[1,2,3]".to_vec()),
        ("null", "pull_request", b"null".to_vec()),
        (
            "number",
            "pull_request",
            br#"{"action":1e400,"number":-1,"repository":{"full_name":"acme/shop"}}"#.to_vec(),
        ),
        ("wide", "push", wide),
        (
            "unknown",
            "no_such_event",
            br#"{"repository":{"full_name":"acme/shop"}}"#.to_vec(),
        ),
        ("form", "push", b"payload=%7B%7D".to_vec()),
    ];
    for (name, event, body) in &taken {
        let signed = signature(body);
        let code = post(
            &daemon,
            &format!("hostile-{name}"),
            event,
            body.clone(),
            &signed,
        )
        .await;
        assert!((200..300).contains(&code) || code == 400, "{name}: {code}");
    }
    let good = br#"{"ref":"refs/heads/main","repository":{"full_name":"acme/shop"}}"#.to_vec();
    for (name, signed) in [
        ("no signature", String::new()),
        ("another secret's", signature(b"other")),
        ("cut short", signature(&good)[..20].to_owned()),
        ("not hexadecimal", format!("sha256={}", "zz".repeat(32))),
        ("SHA-1", format!("sha1={}", "00".repeat(20))),
    ] {
        assert_eq!(
            post(&daemon, "unsigned", "push", good.clone(), &signed).await,
            401,
            "{name}"
        );
    }
    let huge = vec![b' '; 26 * 1024 * 1024];
    let signed = signature(&huge);
    assert_eq!(post(&daemon, "huge", "push", huge, &signed).await, 413);

    let began = Instant::now();
    let health = reqwest::get(format!("http://{}/healthz", daemon.address))
        .await
        .expect("an answer");
    assert!(health.status().is_success(), "{}", health.status());
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "after {:?}",
        began.elapsed()
    );
    // Only a webhook can wake it within the next hour; what waits in front of it does not hold it up.
    let load = b"# Databricks notebook source\nprint(\"loading orders gently\")\n";
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[("src/load.py", Some(load))],
            "gently",
            "rita",
        )
        .expect("a commit");
    short.promote("qa").await.expect("a good event is served");
    let unread = daemon
        .parts()
        .store
        .pending_events(0, 500)
        .await
        .expect("the inbox");
    assert!(
        unread
            .iter()
            .all(|row| !row.event.delivery.starts_with("hostile-")),
        "hostile events wait for ever"
    );
    daemon.stop().await;
}
