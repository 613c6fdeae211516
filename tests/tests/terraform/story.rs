//! From the first plan to nothing left.

use hodman_core::explain::{Standing, standing};
use hodman_tests::harness::{CANARY, Scene, Short};
use serde_json::{Value, json};

use super::bench::{Bench, KEPT, TWO, said};
use super::looks::{asked, change, commit, drift, healthy, qa, record};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stacks_are_planned_in_the_pull_request_applied_as_shown_and_leave_nothing() {
    let bench = Bench::new();
    let scene = Scene::start(bench.options(TWO)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());

    // A new stack shows its resources; one whose inputs are not known yet says what it waits for.
    let pull = short.proposed("qa").await.expect("a plan");
    for words in [
        "terraform_stacks.one",
        "terraform_data.kept",
        "\"action\":\"create\"",
        "waits for terraform_stacks.one",
    ] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    assert!(!pull.body.contains("terraform_data.taken"), "{}", pull.body);
    assert!(!bench.runs().contains("writer"), "{}", bench.runs());
    assert_eq!(bench.state("one"), None, "planning makes nothing");
    short.merge(&pull).expect("merged");

    // Its inputs are known now, and what it does has to be approved.
    let pull = asked(
        &short,
        &scene,
        &["terraform_stacks.two", "terraform_data.taken"],
    )
    .await;
    assert_eq!(bench.resources("one"), ["terraform_data.kept"]);
    assert_eq!(bench.state("two"), None, "nobody was shown what it does");
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    let two = bench.state("two").expect("a state");
    let taken = &two["resources"][0]["instances"][0]["attributes"]["input"]["value"];
    assert_eq!(
        taken,
        &json!({"size": 1, "word": CANARY}),
        "outputs feed it"
    );
    let runs = bench.runs();
    assert!(
        runs.contains("writer apply") && runs.contains("reader plan"),
        "{runs}"
    );
    assert!(!runs.contains("reader apply"), "{runs}");

    short.compared("qa").await.expect("compared");
    let view = drift(daemon.address).await;
    assert_eq!(
        (&view["plan"], &view["error"]),
        (&Value::Null, &Value::Null),
        "{view:#}"
    );

    // A change is shown field by field, and what takes from it waits.
    let text = KEPT.replace("size = var.size,", "size = var.size + 1,");
    commit(&scene, &[("modules/kept/main.tf", &text)]);
    let pull = asked(
        &short,
        &scene,
        &["terraform_stacks.one", "\"action\":\"update\""],
    )
    .await;
    assert!(pull.body.contains("input.size: 2"), "{}", pull.body);
    short.merge(&pull).expect("merged");
    let pull = asked(&short, &scene, &["terraform_data.taken", "input.size: 2"]).await;
    short.merge(&pull).expect("merged");
    healthy(&short).await;

    // Somebody applies something else by hand.
    let by_hand = bench.by_hand(
        "one",
        &text,
        &[("size", "8"), ("token", CANARY)],
        &["apply", "-auto-approve", "-input=false"],
    );
    assert!(by_hand.status.success(), "{}", said(&by_hand));
    short.compared("qa").await.expect("compared");
    let view = drift(daemon.address).await;
    let rows = view["report"]["workspaces"][0]["rows"]
        .as_array()
        .expect("rows");
    let row = rows
        .iter()
        .find(|row| row["path"].to_string().contains("terraform_data.kept"))
        .unwrap_or_else(|| panic!("{view:#}"));
    assert_eq!(row["key"], "terraform_stacks.one");
    assert_eq!(row["class"], "hand-edit-to-put-back");
    assert_eq!(row["live"]["input.size"], 9, "{row:#}");
    assert!(!view.to_string().contains(CANARY));

    // A call that goes takes its stack along, resource by resource, and it is named as what cannot be taken back.
    change(
        &scene,
        "  two:\n    module: takes\n    inputs:\n      size: ${modules.one.outputs.size}\n      word: ${modules.one.outputs.token}\n",
        "",
    );
    let pull = asked(
        &short,
        &scene,
        &["terraform_stacks.two", "\"action\":\"delete\""],
    )
    .await;
    assert!(pull.body.contains("CANNOT BE TAKEN BACK"), "{}", pull.body);
    assert!(!pull.body.contains(CANARY), "{}", pull.body);
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    assert_eq!(bench.resources("two"), [""; 0]);
    assert_eq!(record(&scene, "two").await, Value::Null);
    assert_eq!(
        bench.state("one").expect("a state")["outputs"]["size"]["value"],
        2,
        "and what was changed by hand is back"
    );

    change(&scene, "mode: promoted", "mode: promoted\nstate: absent");
    let pull = asked(&short, &scene, &["state: absent", "terraform_data.kept"]).await;
    short.merge(&pull).expect("merged");
    short
        .wait("nothing of it", async || {
            let state = short.state().await.ok()?;
            let env = qa(&state)?;
            (standing(env) == Standing::Gone && env.run.is_none()).then_some(())
        })
        .await
        .expect("destroyed");
    assert_eq!(bench.resources("one"), [""; 0]);
    assert_eq!(record(&scene, "one").await, Value::Null);
    daemon.stop().await;
}
