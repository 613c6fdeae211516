//! Losing the database loses no more than history: Git, markers in the workspaces and pull requests are enough to go on.

use std::time::{Duration, Instant};

use hodman::demo::{Story, Transcript, World, WorldOptions};
use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_core::state::{Phase, PipelineState};

const PATIENCE: Duration = Duration::from_secs(150);

async fn until<T>(story: &Story, what: &str, found: impl Fn(&PipelineState) -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        let row = story
            .store
            .load_state(&story.pipeline)
            .await
            .expect("the store answers");
        let state: Option<PipelineState> =
            row.map(|row| serde_json::from_str(&row.json).expect("a state"));
        if let Some(found) = state.as_ref().and_then(&found) {
            return found;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "{what}: not within {PATIENCE:?}; {state:#?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn markers_and_git_are_enough_to_go_on() {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .ok();
    let world = World::start(&WorldOptions::default())
        .await
        .expect("the world starts");
    let report = world.story(Transcript::quiet()).play().await;
    assert!(report.held(), "{report:#?}");
    let story = world.story(Transcript::quiet());
    let open_before = until(&story, "the next promotion for prod", open_for_prod).await;
    let jobs_before = jobs(&story).await;
    let pulls_before = story.forge.pulls("acme/shop").len();

    let world = world
        .restart(true)
        .await
        .expect("the daemon starts without its database");
    let story = world.story(Transcript::quiet());
    let prod = report.environments["prod"]
        .package
        .clone()
        .expect("prod had a package");
    let qa = report.environments["qa"]
        .package
        .clone()
        .expect("qa had a package");
    for (env, package) in [("qa", qa), ("prod", prod)] {
        until(&story, &format!("{env} recovered"), |state| {
            let current = state
                .environments
                .get(&EnvName::from(env))?
                .current
                .as_ref()?;
            (current.package.as_str() == package && current.healthy_since.is_some()).then_some(())
        })
        .await;
    }
    let open_after = until(&story, "the same promotion for prod", open_for_prod).await;
    assert_eq!(
        open_after, open_before,
        "the open pull request is found again, not opened twice"
    );
    assert_eq!(jobs(&story).await, jobs_before, "the same jobs, none twice");

    // dev is as it was captured: nothing to propose.
    let env = EnvName::from("dev");
    let request = hodman::intake::CommandRequest::new(
        "after-the-loss",
        None,
        "ana",
        Ask::Capture { env: env.clone() },
    );
    let event = request.to_event(
        "after-the-loss",
        story.clock.as_ref().expect("a clock").now(),
    );
    story
        .store
        .insert_events(vec![event])
        .await
        .expect("the store takes it");
    until(&story, "a capture", |state| {
        let capture = &state.environments.get(&env)?.capture;
        (capture.done >= 1 && capture.running.is_none()).then_some(())
    })
    .await;
    assert_eq!(
        story.forge.pulls("acme/shop").len(),
        pulls_before,
        "no new pull request of any kind"
    );
    world.stop().await;
}

fn open_for_prod(state: &PipelineState) -> Option<u64> {
    match &state
        .environments
        .get(&EnvName::from("prod"))?
        .promotion
        .as_ref()?
        .phase
    {
        Phase::Open(pull) => Some(pull.number.0),
        _ => None,
    }
}

/// Names and ids of every job in qa and prod.
async fn jobs(story: &Story) -> Vec<(String, String, i64)> {
    let mut found = Vec::new();
    for env in ["qa", "prod"] {
        for (name, id, _) in story.people[env]
            .jobs()
            .await
            .expect("the workspace answers")
        {
            found.push((env.to_owned(), name, id));
        }
    }
    found.sort();
    found
}
