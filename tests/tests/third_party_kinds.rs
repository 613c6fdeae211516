//! Every kind that a server of somebody else's has: made, read back, planned empty, changed by hand and by the next package,
//! removed. So our sandbox and our requests cannot agree on a mistake.
//!
//! What the server lacks or gets wrong stands in `third-party.yaml`, each with its reason and the words by which it shows.
//! The list only shrinks: a kind that stands there and works fails the test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use hodman_model::kinds::{self, KINDS};
use hodman_model::plan::Action;
use hodman_tests::harness::{CANARY, Options};
use hodman_tests::kinds::{Bench, KEY, Sample, by_key, samples, with_needs};
use hodman_tests::servers::workspaces;
use serde::Deserialize;
use serde_json::{Value, json};

/// Kinds whose values come from a source that the daemon's settings allow, which the bench for all others does not have.
fn with_values(folder: &Path) -> Vec<Sample> {
    let file = |name: &str| json!({"file": folder.join(name)});
    vec![
        Sample {
            kind: "secrets",
            declared: json!({"scope": "${resources.secret_scopes.proof.name}", "key": "token", "value": file("first")}),
            by_hand: Value::Null,
            next: json!({"value": file("second")}),
        },
        Sample {
            kind: "git_credentials",
            declared: json!({"git_provider": "gitHub", "git_username": "robot", "personal_access_token": file("first")}),
            by_hand: json!({"git_username": "somebody"}),
            next: json!({"git_username": "robot2"}),
        },
    ]
}

/// A kind that a server lacks or gets wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftOut {
    /// Why.
    because: String,
    /// Words of what happens.
    says: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    minilake: BTreeMap<String, LeftOut>,
}

fn table() -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("third-party.yaml");
    let text = std::fs::read_to_string(path).expect("the table");
    serde_saphyr::from_str(&text).expect("the table")
}

/// A kind and what it needs, as far as `all` declares them.
fn together(kind: &'static str, all: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let mut wanted: BTreeSet<&'static str> = BTreeSet::from([kind]);
    with_needs(&mut wanted, all);
    all.iter()
        .filter(|(kind, _)| wanted.contains(kind))
        .cloned()
        .collect()
}

async fn id(bench: &Bench, kind: &str) -> anyhow::Result<String> {
    let ids = bench.ids(&[kind]).await;
    ids.get(kind)
        .cloned()
        .with_context(|| format!("no {kind} of ours is found"))
}

async fn right(bench: &Bench, kind: &str, config: &Value) -> anyhow::Result<String> {
    let id = id(bench, kind).await?;
    // What is written only is not shown.
    let mut config = config.clone();
    for field in ["value", "personal_access_token"] {
        if let Some(map) = config.as_object_mut() {
            map.remove(field);
        }
    }
    let wrong = bench.shows(kind, &id, &config).await;
    anyhow::ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(id)
}

/// The whole life of one object.
async fn play(bench: &Bench, sample: &Sample, all: &[(&'static str, Value)]) -> anyhow::Result<()> {
    let name = sample.kind;
    let declared = together(name, all);
    bench.declare(&declared);
    let plan = bench.converge().await.context("made")?;
    anyhow::ensure!(
        by_key(&plan).get(name) == Some(&Action::Create),
        "made: {}",
        plan.to_table()
    );
    let made = right(bench, name, &sample.declared)
        .await
        .context("read back")?;

    if !sample.by_hand.is_null() {
        bench.edit(sample, &made).await.context("changed by hand")?;
        let plan = bench.converge().await.context("put back")?;
        anyhow::ensure!(
            by_key(&plan).contains_key(name),
            "nobody saw the change by hand"
        );
        let after = right(bench, name, &sample.declared)
            .await
            .context("put back")?;
        anyhow::ensure!(after == made, "put back: made anew");
    }
    let mut next = declared.clone();
    if let Some(fields) = sample.next.as_object() {
        for (_, config) in next.iter_mut().filter(|(kind, _)| *kind == name) {
            for (field, value) in fields {
                config[field] = value.clone();
            }
        }
        bench.declare(&next);
        let plan = bench.converge().await.context("changed")?;
        anyhow::ensure!(by_key(&plan).contains_key(name), "changed: nothing to do");
    }
    let config = next
        .iter()
        .find(|(kind, _)| *kind == name)
        .map(|(_, config)| config.clone());
    let config = config.unwrap_or_default();
    right(bench, name, &config).await.context("changed")?;
    removed(bench, name, &next).await.context("removed")
}

/// Goes with the package where that loses nothing; else a person removes it, as the approval that names it would.
async fn removed(
    bench: &Bench,
    name: &'static str,
    declared: &[(&'static str, Value)],
) -> anyhow::Result<()> {
    let kind = kinds::kind(name).context("a kind")?;
    let id = id(bench, name).await?;
    let without: Vec<_> = declared
        .iter()
        .filter(|(other, _)| *other != name)
        .cloned()
        .collect();
    bench.declare(&without);
    let plan = bench.plan().await;
    let gone = match &plan {
        Ok(plan) => plan.irreversible().is_empty(),
        Err(_) => false,
    };
    if gone {
        let plan = bench.converge().await?;
        anyhow::ensure!(
            by_key(&plan).get(name) == Some(&Action::Delete),
            "{}",
            plan.to_table()
        );
    } else {
        let words = plan.map_or_else(|error| format!("{error:#}"), |plan| plan.to_table());
        anyhow::ensure!(words.contains(&format!("{name}.{KEY}")), "{words}");
        let live = match bench.show(kind, &id).await {
            Ok(shown) => kind.read(&shown)?.map(|live| live.config),
            Err(_) => None,
        };
        for call in kind.delete(&id, &live.unwrap_or_default()) {
            bench.ask(&call).await?;
        }
    }
    if kind.always_there() {
        return Ok(());
    }
    // Wanted once more, it is to be made anew: nothing of it is there.
    bench.declare(declared);
    let plan = bench.plan().await?;
    anyhow::ensure!(
        by_key(&plan).get(name) == Some(&Action::Create),
        "still there: {}",
        plan.to_table()
    );
    Ok(())
}

async fn emptied(urls: &[String]) {
    for url in urls {
        let reset = reqwest::Client::new()
            .post(format!("{url}/_minilake/reset"))
            .send()
            .await;
        let status = reset.expect("a workspace server").status();
        assert!(status.is_success(), "{url} cannot be emptied: {status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_lives_on_a_server_of_others() {
    let urls = workspaces();
    emptied(&urls).await;
    let names = ["dev", "qa", "prod"].map(str::to_owned);
    let hosts: Vec<(String, String)> = names.into_iter().zip(urls.clone()).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().canonicalize().expect("a path");
    for name in ["first", "second"] {
        std::fs::write(place.join(name), format!("{name}-{CANARY}")).expect("a secret");
    }
    let options = Options {
        settings: format!(
            "insecure: {{user_credentials: true}}\nsecrets:\n  restore: {{files: [\"{}\"]}}\n",
            place.display()
        ),
        ..Options::short()
    };
    let bench = Bench::elsewhere(options, hosts, "dapi-test").await;
    let mut all = samples();
    all.extend(with_values(&place));
    for sample in all.iter_mut().filter(|sample| sample.kind == "jobs") {
        // Its task of a pipeline is left to servers that have pipelines.
        if let Some(tasks) = sample.declared["tasks"].as_array_mut() {
            tasks.truncate(1);
        }
    }
    let declared: Vec<(&'static str, Value)> = all
        .iter()
        .map(|sample| (sample.kind, sample.declared.clone()))
        .collect();
    let mut outcomes: BTreeMap<&str, Result<(), String>> = BTreeMap::new();
    for sample in &all {
        emptied(&urls[1..2]).await;
        let outcome = play(&bench, sample, &declared).await;
        let outcome = outcome.map_err(|error| format!("{error:#}"));
        println!(
            "{}: {}",
            sample.kind,
            outcome.as_ref().err().map_or("lives", String::as_str)
        );
        outcomes.insert(sample.kind, outcome);
    }
    let problems = problems(&outcomes, &table().minilake);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    bench.stop().await;
}

fn problems(
    outcomes: &BTreeMap<&str, Result<(), String>>,
    left_out: &BTreeMap<String, LeftOut>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (kind, outcome) in outcomes {
        match (outcome, left_out.get(*kind)) {
            (Ok(()), None) => {}
            (Ok(()), Some(_)) => {
                found.push(format!("{kind} lives now: remove it from third-party.yaml"))
            }
            (Err(words), None) => found.push(format!("{kind}: {words}")),
            (Err(words), Some(entry)) if !words.contains(&entry.says) => {
                found.push(format!(
                    "{kind} fails otherwise than third-party.yaml says ({}): {words}",
                    entry.says
                ));
            }
            (Err(_), Some(entry)) if entry.because.len() < 20 || entry.says.len() < 5 => {
                found.push(format!("{kind} is left out without a reason"));
            }
            (Err(_), Some(_)) => {}
        }
    }
    for kind in left_out.keys() {
        if !outcomes.contains_key(kind.as_str()) && !KINDS.iter().any(|known| known.name() == kind)
        {
            found.push(format!(
                "{kind} stands in third-party.yaml, but there is no such kind"
            ));
        }
    }
    found
}
