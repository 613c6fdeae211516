//! Pull requests of people: Terraform runs for them when main's policy says so, and as whoever may only read.

use hodman_core::ids::{EnvName, PullNumber};
use hodman_sandbox::github::PullView;
use hodman_tests::harness::{REPOSITORY, Scene, Short};

use super::bench::{Bench, FILE, ONE};
use super::looks::{commit, healthy};

/// Somebody proposes another input; gives what the check of it says.
async fn proposed(
    scene: &Scene,
    short: &Short<'_>,
    branch: &str,
    size: &str,
) -> (PullView, String) {
    let head = scene.forge.head(REPOSITORY, "main").expect("main");
    let text = scene
        .forge
        .read_file(REPOSITORY, &head, FILE)
        .expect("the file");
    let text = String::from_utf8(text).expect("text");
    let text = text.replace("{size: 1}", &format!("{{size: {size}}}"));
    scene
        .forge
        .commit(
            REPOSITORY,
            branch,
            &[(FILE, Some(text.as_bytes()))],
            "more",
            "rita",
        )
        .expect("committed");
    let number = scene
        .forge
        .open_pull(REPOSITORY, branch, "main", "more", "", "rita")
        .expect("a pull request");
    let pull = scene.forge.pull(REPOSITORY, number).expect("it is open");
    let number = PullNumber(number);
    let summary = short
        .wait("its check", async || {
            let state = short.state().await.ok()?;
            state
                .checked
                .get(&number)
                .filter(|known| known.op.is_none())?;
            let path = format!("/repos/{REPOSITORY}/commits/{}/check-runs", pull.head_sha);
            let runs = scene.github(&path).await.ok()?;
            let runs = runs["check_runs"].as_array()?;
            let run = runs.iter().find(|run| run["name"] == "hodman/validate")?;
            Some(run["output"]["summary"].as_str()?.to_owned())
        })
        .await
        .expect("looked through");
    (pull, summary)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_requests_inputs_are_planned_only_where_main_allows_it_and_by_who_may_read() {
    let bench = Bench::new();
    let scene = Scene::start(bench.options(ONE)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    healthy(&short).await;

    let before = bench.runs();
    let (pull, summary) = proposed(&scene, &short, "more", "5").await;
    assert!(summary.contains("terraform_plans: allowed"), "{summary}");
    assert_eq!(bench.runs(), before, "nothing ran for it");
    let state = short.state().await.expect("a state");
    let checked = &state.checked[&PullNumber(pull.number)];
    assert!(
        checked.plans.is_empty() && checked.problems == 0,
        "{checked:?}"
    );

    commit(
        &scene,
        &[("environments/policy.yaml", "terraform_plans: allowed\n")],
    );
    let (pull, summary) = proposed(&scene, &short, "even-more", "6").await;
    assert!(summary.contains("input.size: 6"), "{summary}");
    let after = bench.runs();
    let new = after.strip_prefix(&before).expect("one log");
    assert!(
        new.contains("reader plan") && !new.contains("writer"),
        "{new}"
    );
    let state = short.state().await.expect("a state");
    let plans = &state.checked[&PullNumber(pull.number)].plans;
    assert!(plans.contains_key(&EnvName::from("qa")), "{plans:?}");
    daemon.stop().await;
}
