//! Pull requests of people: Terraform runs for them when main's policy says so, and as whoever may only read.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hodman_core::event::Ask;
use hodman_core::ids::{EnvName, PullNumber};
use hodman_sandbox::faults::{Direction, Director, FaultRule};
use hodman_sandbox::github::PullView;
use hodman_tests::harness::{CANARY, REPOSITORY, Scene, Secrets, Short};
use serde_json::{Value, json};

use super::bench::{Bench, FILE, KEPT, ONE, TWO};
use super::looks::{asked, commit, healthy};

/// Somebody proposes another input; gives the pull request's number.
fn propose(scene: &Scene, branch: &str, size: &str) -> u64 {
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
    scene
        .forge
        .open_pull(REPOSITORY, branch, "main", "more", "", "rita")
        .expect("a pull request")
}

/// What the check of a pull request says.
pub async fn checked(scene: &Scene, short: &Short<'_>, number: u64) -> (PullView, String) {
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

/// Both.
async fn proposed(
    scene: &Scene,
    short: &Short<'_>,
    branch: &str,
    size: &str,
) -> (PullView, String) {
    let number = propose(scene, branch, size);
    checked(scene, short, number).await
}

/// The sandbox has no forks: the forge's answers about a pull request are rewritten to say that it is from one.
async fn from_a_fork(scene: &Scene, number: u64) {
    let path = format!("/repos/{REPOSITORY}/pulls?state=open&per_page=100");
    let list = scene.github(&path).await.expect("pulls");
    let mut list = list.as_array().expect("a list").clone();
    let pull = list.iter_mut().find(|pull| pull["number"] == number);
    let pull = pull.expect("it is listed");
    pull["head"]["repo"]["full_name"] = json!("mallory/shop");
    pull["head"]["repo"]["owner"]["login"] = json!("mallory");
    pull["head"]["repo"]["fork"] = json!(true);
    pull["head"]["user"]["login"] = json!("mallory");
    let one = pull.to_string();
    let list = Value::Array(list).to_string();
    let director = Director::new(move |request| {
        let pulls = format!("/repos/{REPOSITORY}/pulls");
        let answer = match request.uri.path().strip_prefix(&pulls) {
            Some("") => &list,
            Some(rest) if rest == format!("/{number}") => &one,
            _ => return Direction::Pass,
        };
        if request.method != Method::GET {
            return Direction::Pass;
        }
        let answer = FaultRule::status(200, 1)
            .header("content-type", "application/json")
            .body(answer);
        Direction::Fault(answer)
    });
    scene.forge.faults().direct(Some(director));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forks_pull_request_is_not_planned_where_main_allows_plans() {
    let bench = Bench::new();
    let options = bench
        .options(ONE)
        .file("environments/policy.yaml", "terraform_plans: allowed\n")
        .observing_every(3_600);
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    let before = bench.runs();
    scene.forge.lose_next_webhook(u32::MAX);
    let number = propose(&scene, "foreign", "7");
    from_a_fork(&scene, number).await;
    short.ask("olga", Ask::Observe).await.expect("asked");
    let (_, summary) = checked(&scene, &short, number).await;
    assert!(summary.contains("comes from a fork"), "{summary}");
    let state = short.state().await.expect("a state");
    let checked = &state.checked[&PullNumber(number)];
    assert!(checked.plans.is_empty(), "{checked:?}");
    assert_eq!(bench.runs(), before, "nothing ran for it");
    daemon.stop().await;
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
        new.contains("reviewer plan") && !new.contains("reader plan") && !new.contains("writer"),
        "{new}"
    );
    let state = short.state().await.expect("a state");
    let plans = &state.checked[&PullNumber(pull.number)].plans;
    assert!(plans.contains_key(&EnvName::from("qa")), "{plans:?}");
    daemon.stop().await;
}

/// What a module adds to its resource that wants to know all that it can.
const CURIOUS: &str =
    "told = base64encode(nonsensitive(var.token)), given = filebase64(\"/proc/self/environ\"), ";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_merged_is_given_nothing_of_what_others_are_and_leaves_nothing() {
    let bench = Bench::new();
    let mut options = bench
        .options(ONE)
        .file("environments/policy.yaml", "terraform_plans: allowed\n");
    let backend = format!(
        "path: \"{}/${{stack}}.tfstate\", workspace_dir: {{value: {CANARY}}}",
        bench.folder.path().display()
    );
    options.settings = bench.settings_with(Secrets::Inline, &backend, ["", ""], "");
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");

    let text = KEPT.replace("{ size = var.size", &format!("{{ {CURIOUS}size = var.size"));
    assert!(text.contains(CURIOUS));
    let files = [("modules/kept/main.tf", Some(text.as_bytes()))];
    let forge = &scene.forge;
    forge
        .commit(REPOSITORY, "curious", &files, "more", "mallory")
        .expect("committed");
    let number = forge.open_pull(REPOSITORY, "curious", "main", "more", "", "mallory");
    let (_, summary) = checked(&scene, &short, number.expect("a pull request")).await;
    let words = summary.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c));
    let shown: Vec<String> = words
        // A long one may be cut.
        .filter_map(|word| STANDARD.decode(&word[..word.len() / 4 * 4]).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect();
    let shows = |what: &str| shown.iter().any(|text| text.contains(what));
    assert!(
        shows("HODMAN_WHO=reviewer"),
        "it says what it knows: {summary}"
    );
    assert!(
        shown.contains(&"reviewer".to_owned()),
        "its own token: {summary}"
    );
    assert!(!shows(CANARY) && !summary.contains(CANARY), "{summary}");

    let folder = scene.data().join("terraform-unmerged/hodman-shop-qa-one");
    let seen = std::fs::read_to_string(bench.path("sandbox")).expect("it was asked");
    let told = format!("{} reviewer", folder.display());
    assert!(seen.lines().all(|line| line == told), "{seen}");
    assert!(!folder.exists(), "nothing of it stays");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_request_gets_no_secret_of_another_stack_and_runs_nothing_where_the_daemon_says_so()
{
    let bench = Bench::new();
    let options = bench
        .options(TWO)
        .file("environments/policy.yaml", "terraform_plans: allowed\n");
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    // It is asked for when what it takes is known.
    let pull = asked(&short, &scene, &["terraform_data.taken"]).await;
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    let before = bench.runs();
    let (_, summary) = proposed(&scene, &short, "more", "5").await;
    assert!(summary.contains("input.size: 5"), "{summary}");
    let after = bench.runs();
    let new = after.strip_prefix(&before).expect("one log");
    assert_eq!(new.matches("reviewer plan").count(), 1, "{new}");
    daemon.stop().await;

    // Whatever the policy says.
    let bench = Bench::new();
    let mut options = bench
        .options(ONE)
        .file("environments/policy.yaml", "terraform_plans: allowed\n");
    let (closed, _) = options
        .settings
        .split_once("    pull_requests:")
        .expect("settings");
    options.settings = closed.to_owned();
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    let before = bench.runs();
    let (_, summary) = proposed(&scene, &short, "more", "5").await;
    assert!(
        summary.contains("`terraform.main.pull_requests`"),
        "{summary}"
    );
    assert_eq!(bench.runs(), before, "nothing ran for it");
    daemon.stop().await;
}
