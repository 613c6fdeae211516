//! Broken files, pins that nobody reviewed, and forks: each is answered, and everything else goes on.
//!
//! Long because each kind of bad input brings its own table of files and places.

use axum::http::Method;
use hodman_core::event::Ask;
use hodman_core::explain;
use hodman_core::ids::{EnvName, PullNumber};
use hodman_core::reason::Refusal;
use hodman_sandbox::faults::{Direction, Director, FaultRule};
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short, environment};
use serde_json::{Value, json};

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
