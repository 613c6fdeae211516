//! What the executor promises beside the story: an object that neither tags nor a name find again is not made twice, and
//! stands in the claims; and what is at work is not cut off.

use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_core::state::RunPhase;
use hodman_sandbox::faults::FaultRule;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use serde_json::{Value, json};

/// A saved query beside the job: queries have no tags, and any number of them may have one name.
const WITH_A_QUERY: &str = "resources:
  queries:
    revenue:
      display_name: revenue
      parent_path: /Workspace/Shared
      query_text: SELECT 1
      warehouse_id: abc
      lifecycle: {prevent_destroy: true}
  jobs:
";

const CLAIMS: &str = "/Workspace/Shared/.hodman/shop/qa/claims.json";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_whose_create_was_answered_by_nothing_is_found_and_not_made_again() {
    let options = Options::short().edit(
        "resources/smoke.job.yml",
        "resources:\n  jobs:\n",
        WITH_A_QUERY,
    );
    let scene = Scene::start(options).await;
    let qa = scene.workspace("qa");
    qa.faults().add(
        FaultRule::drop_connection(1)
            .on("POST")
            .path_contains("/sql/queries")
            .after_effect(),
    );
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let package = short.promote("qa").await.expect("qa");
    assert!(package.starts_with("sha256:"));

    let sent = qa
        .requests()
        .iter()
        .filter(|request| request.method == "POST" && request.path.contains("/sql/queries"))
        .count();
    assert_eq!(sent, 1, "the create is not sent again");
    let listed = qa
        .call(
            "olga",
            "GET".parse().expect("a method"),
            "/api/2.0/sql/queries",
            Value::Null,
        )
        .await
        .expect("the list");
    let queries = listed["results"].as_array().expect("queries");
    assert_eq!(queries.len(), 1, "{listed}");

    let claims = qa.read_file(CLAIMS).expect("the claims");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    let claim = &claims["claims"]["queries.revenue"];
    assert_eq!(
        (&claim["id"], &claim["protected"]),
        (&queries[0]["id"], &json!(true)),
        "{claims}"
    );
    daemon.stop().await;
}

const WITH_AN_OLD_JOB: &str = "resources:
  jobs:
    old:
      name: old
      tasks: [{task_key: check, notebook_task: {notebook_path: ../src/smoke.py}}]
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_with_a_run_is_removed_when_the_run_has_ended_and_says_what_it_waits_for() {
    let path = "resources/smoke.job.yml";
    let options = Options::short().edit(path, "resources:\n  jobs:\n", WITH_AN_OLD_JOB);
    let scene = Scene::start(options).await;
    let qa = scene.workspace("qa");
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");
    assert!(qa.job_by_name("old").is_some());

    // The job leaves the package while a run of it goes on.
    let head = scene.forge.head(REPOSITORY, "main").expect("main");
    let file = scene
        .forge
        .read_file(REPOSITORY, &head, path)
        .expect("the file");
    let text = String::from_utf8(file).expect("text");
    let without = text.replace(WITH_AN_OLD_JOB, "resources:\n  jobs:\n");
    assert_ne!(text, without);
    qa.faults().add(
        FaultRule::status(200, 1_000)
            .on("GET")
            .path_contains("/jobs/runs/list")
            .body(r#"{"runs": [{"run_id": 7}]}"#),
    );
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[(path, Some(without.as_bytes()))],
            "The old job goes",
            "ana",
        )
        .expect("a commit");
    let pull = short.proposed("qa").await.expect("a promotion");
    assert!(pull.body.contains("jobs.old"), "{}", pull.body);
    short.merge(&pull).expect("merged");
    let waits = short
        .wait("the apply that waits", async || {
            let state = short.state().await.ok()?;
            let run = state.environments.get(&EnvName::from("qa"))?.run.clone()?;
            match run.phase {
                RunPhase::Failed {
                    why, waits, tries, ..
                } => Some((why, waits, tries)),
                _ => None,
            }
        })
        .await
        .expect("it waits");
    assert!(waits.0.contains("waits for run 7 of jobs.old"), "{waits:?}");
    assert!(waits.0.contains("allow_destroy: [jobs.old]"), "{waits:?}");
    assert_eq!((waits.1, waits.2), (true, 0), "no failure is counted");
    assert!(qa.job_by_name("old").is_some(), "nothing was cut off");

    // The run ends; nobody has to wait for the next look. A refusal is a refusal as long as the job is there.
    let refused = || FaultRule::status(403, 1).path_contains("/jobs/delete");
    qa.faults().set(vec![refused()]);
    let retry = async || {
        short
            .ask("olga", Ask::Retry { env: "qa".into() })
            .await
            .expect("asked");
    };
    retry().await;
    short
        .wait("the refusal", async || {
            let state = short.state().await.ok()?;
            let run = state.environments.get(&EnvName::from("qa"))?.run.clone()?;
            matches!(
                run.phase,
                RunPhase::Failed {
                    waits: false,
                    not_before: None,
                    ..
                }
            )
            .then_some(())
        })
        .await
        .expect("a real refusal is told");
    assert!(qa.job_by_name("old").is_some());

    // What is gone already is "forbidden", too, for some callers: that is what was wanted.
    qa.faults().set(vec![refused().after_effect()]);
    retry().await;
    short
        .wait("qa healthy again", async || {
            let state = short.state().await.ok()?;
            let env = state.environments.get(&EnvName::from("qa"))?;
            (env.run.is_none() && env.current.as_ref()?.healthy_since.is_some()).then_some(())
        })
        .await
        .expect("applied");
    short
        .wait("the end of the old job", async || {
            qa.job_by_name("old").is_none().then_some(())
        })
        .await
        .expect("removed");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_was_made_without_an_answer_is_found_though_the_list_lags() {
    let scene = Scene::start(Options::short()).await;
    let qa = scene.workspace("qa");
    // Made, and answered by a 504.
    qa.faults().add(
        FaultRule::delay(1, 1)
            .on("POST")
            .path_contains("/jobs/create")
            .after_effect(),
    );
    qa.lag_listing(2);
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");
    let sent = qa.requests();
    let sent = sent
        .iter()
        .filter(|request| request.method == "POST" && request.path.contains("/jobs/create"));
    assert_eq!(sent.count(), 2, "one for each job");
    assert_eq!(qa.list_jobs().len(), 2);
    daemon.stop().await;
}
