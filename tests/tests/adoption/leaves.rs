//! Every kind's sample, made by hand as the bundle declares it: taken over by a list of ids, nothing of it is taken away, and then
//! nothing is left to do.

use std::collections::BTreeMap;

use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_model::kinds;
use hodman_model::takeover::From;
use hodman_sandbox::github::PullView;
use hodman_tests::harness::{REPOSITORY, Short, takeover};
use hodman_tests::kinds::{Bench, KEY, Leaf, placed_leaves, samples};
use serde_json::{Map, Value, json};

/// What an object has, and who may do what with it.
async fn shown(bench: &Bench, name: &str, id: &str) -> Vec<Leaf> {
    let kind = kinds::kind(name).expect("a kind");
    let answer = bench.show(kind, id).await;
    let answer = answer.unwrap_or_else(|error| panic!("{name} {id}: {error:#}"));
    let listed = kind.read(&answer).expect("readable").expect("an object");
    let mut leaves = vec![];
    placed_leaves("", &listed.config, &mut leaves);
    if let Some(permissions) = kind.permissions() {
        let object = permissions
            .id_output
            .and_then(|output| listed.outputs[output].as_str());
        let call = permissions.get(object.unwrap_or(id));
        let answer = bench.ask(&call).await.expect("permissions");
        placed_leaves("permissions", &permissions.read(&answer), &mut leaves);
    }
    // An index is granted as a table, which the sandbox does not have of it.
    let securable = kind.securable().filter(|_| name != "vector_search_indexes");
    if let Some(securable) = securable {
        let call = kinds::grants::get(securable, id).call;
        let answer = bench.ask(&call).await.expect("grants");
        placed_leaves("grants", &kinds::grants::read(&answer), &mut leaves);
    }
    leaves
}

/// Everything in qa as people would have made it. Gives the ids by kind.
async fn by_hand(bench: &Bench) -> BTreeMap<String, String> {
    let samples = samples();
    let resources = |left: &[&str]| {
        let kept = samples.iter().filter(|sample| !left.contains(&sample.kind));
        let kept = kept.map(|sample| (sample.kind.to_owned(), json!({KEY: sample.declared})));
        Value::Object(kept.collect::<Map<_, _>>())
    };
    let gone = [
        ("resources/nightly.job.yml", None),
        ("resources/smoke.job.yml", None),
    ];
    let committed = bench
        .scene
        .forge
        .commit(REPOSITORY, "main", &gone, "samples only", "rita");
    committed.unwrap_or_else(|error| panic!("{}", error.message));
    // No tag of an experiment goes away again, so that nobody could take hodman's off it.
    bench.declare_all(&resources(&["experiments"]));
    bench.converge().await.expect("made");
    let names: Vec<&str> = samples.iter().map(|sample| sample.kind).collect();
    let mut ids = bench.ids(&names).await;
    for (name, id) in &ids {
        bench.unmark(name, id).await.expect("unmarked");
    }
    bench.forget().await.expect("no claims");
    let experiment = samples.iter().find(|sample| sample.kind == "experiments");
    let experiment = &experiment.expect("an experiment").declared;
    let made = bench.make("experiments", experiment).await;
    ids.insert("experiments".to_owned(), made.expect("made"));
    bench.declare_all(&resources(&[]));
    assert_eq!(ids.len(), samples.len(), "{ids:?}");
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sample_made_by_hand_is_taken_over_whole() {
    let bench = Bench::start().await;
    let ids = by_hand(&bench).await;
    let mut before = BTreeMap::new();
    for (name, id) in &ids {
        before.insert(name.clone(), shown(&bench, name, id).await);
    }

    let list: String = ids
        .iter()
        .map(|(name, id)| format!("{name}.{KEY}: \"{id}\"\n"))
        .collect();
    let short = Short::new(&bench.scene, bench.store());
    let ask = Ask::Adopt {
        env: "qa".into(),
        takeover: takeover(From::Ids, &list),
    };
    short.ask("olga", ask).await.expect("asked");
    let open = |branch: &str| -> Option<PullView> {
        let mut pulls = bench.scene.forge.pulls(REPOSITORY).into_iter();
        pulls.find(|pull| pull.open && pull.head_ref.starts_with(branch))
    };
    let taken = async || {
        let history = short.store().history("shop", Some("qa"), 50).await.ok()?;
        let refused = history
            .iter()
            .find(|row| row.entry.kind == "takeover-refused");
        assert!(refused.is_none(), "{refused:?}");
        open("hodman/takeover/qa")
    };
    let pull = short.wait("a takeover", taken).await.expect("proposed");
    for name in ids.keys() {
        assert!(
            pull.body.contains(&format!("`{name}.{KEY}`")),
            "{name}: {}",
            pull.body
        );
    }
    short.merge(&pull).expect("merged");
    let adopts = format!("{} adopt", ids.len());
    let planned = async || {
        let pull = short.proposed("qa").await.ok()?;
        pull.body.contains(&adopts).then_some(pull)
    };
    let pull = short.wait(&adopts, planned).await.expect("a plan");
    for words in ["to create", "to replace", "to delete"] {
        assert!(!pull.body.contains(words), "{words}: {}", pull.body);
    }
    short.merge(&pull).expect("merged");
    // There is no job that verifies it: in place is all that it can be.
    let done = async || {
        let state = short.state().await.ok()?;
        let qa = state.environments.get(&EnvName::from("qa"))?;
        (qa.current.is_some() && qa.run.is_none()).then_some(())
    };
    short.wait("qa in place", done).await.expect("applied");

    let drift = short.compared("qa").await.expect("compared");
    assert!(drift.found.is_none(), "{:?}", drift.found);
    let mut lost = vec![];
    for (name, id) in &ids {
        let after = shown(&bench, name, id).await;
        // The files lie in a folder of qa's own now.
        let moved = |value: &Value| {
            value
                .as_str()
                .is_some_and(|text| text.contains("/.hodman/"))
        };
        let gone = before[name].iter();
        // Who made it by hand is not among those whom the bundle's list names.
        let maker = |field: &str| field == "permissions.user:ana@acme.example";
        let gone = gone.filter(|leaf| !after.contains(leaf) && !moved(&leaf.1) && !maker(&leaf.0));
        lost.extend(gone.map(|(field, value)| format!("{name}: {field}: {value}: {after:?}")));
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    bench.stop().await;
}
