//! Every kind from its first line in a bundle to its removal, over HTTP, by hodman's own planner and executor.
//!
//! Long because every story here is told with the same samples and read with the same eyes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hodman_model::kinds::{self, KINDS};
use hodman_model::plan::Action;
use hodman_sandbox::faults::{FaultRule, PathMatch};
use hodman_tests::harness::CANARY;
use hodman_tests::kinds::{Bench, Sample, UNSAMPLED, by_key, kept_leaves, samples, with_needs};
use hodman_tests::servers::python;
use serde_json::{Value, json};

#[test]
fn every_kind_has_a_sample_or_a_reason() {
    let sampled: BTreeSet<&str> = samples().iter().map(|sample| sample.kind).collect();
    let left_out: BTreeSet<&str> = UNSAMPLED.iter().map(|(kind, _)| *kind).collect();
    assert!(sampled.is_disjoint(&left_out));
    let all: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name()).collect();
    assert_eq!(
        sampled.union(&left_out).copied().collect::<BTreeSet<_>>(),
        all
    );
}

fn declared(all: &[Sample]) -> Vec<(&'static str, Value)> {
    all.iter()
        .map(|sample| (sample.kind, sample.declared.clone()))
        .collect()
}

fn next(all: &[Sample]) -> Vec<(&'static str, Value)> {
    all.iter()
        .map(|sample| {
            let mut config = sample.declared.clone();
            for (field, value) in sample.next.as_object().into_iter().flatten() {
                config[field] = value.clone();
            }
            (sample.kind, config)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_is_made_kept_changed_and_removed() {
    let bench = Bench::start().await;
    let all = samples();
    let names: Vec<&str> = all.iter().map(|sample| sample.kind).collect();

    bench.declare(&declared(&all));
    let plan = bench
        .converge()
        .await
        .unwrap_or_else(|error| panic!("{error:#}"));
    let made = by_key(&plan);
    for name in &names {
        assert_eq!(
            made.get(*name),
            Some(&Action::Create),
            "{name}\n{}",
            plan.to_table()
        );
    }
    let ids = bench.ids(&names).await;
    assert_eq!(ids.len(), names.len(), "all are found: {ids:?}");
    let mut wrong = vec![];
    for (kind, config) in declared(&all) {
        wrong.extend(bench.shows(kind, &ids[kind], &config).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // By hand: seen, and put back.
    let mut refused = vec![];
    for sample in &all {
        if let Err(error) = bench.edit(sample, &ids[sample.kind]).await {
            refused.push(format!("{}: {error:#}", sample.kind));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    let plan = bench
        .converge()
        .await
        .unwrap_or_else(|error| panic!("{error:#}"));
    let seen = by_key(&plan);
    let unseen: Vec<&&str> = names
        .iter()
        .filter(|name| !seen.contains_key(**name))
        .collect();
    assert!(
        unseen.is_empty(),
        "edits nobody saw: {unseen:?}\n{}",
        plan.to_table()
    );
    assert_eq!(bench.ids(&names).await, ids, "nothing was made anew");

    // The next version of the bundle.
    bench.declare(&next(&all));
    let plan = bench
        .converge()
        .await
        .unwrap_or_else(|error| panic!("{error:#}"));
    let changed = by_key(&plan);
    let unchanged: Vec<&str> = all
        .iter()
        .filter(|sample| !sample.next.is_null() && !changed.contains_key(sample.kind))
        .map(|sample| sample.kind)
        .collect();
    assert!(unchanged.is_empty(), "{unchanged:?}\n{}", plan.to_table());
    let ids = bench.ids(&names).await;
    let mut wrong = vec![];
    for (kind, config) in next(&all) {
        wrong.extend(bench.shows(kind, &ids[kind], &config).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    removed(&bench, &all, &ids).await;
    bench.stop().await;
}

/// What can be made again goes; what cannot is refused by its name, and stays.
async fn removed(bench: &Bench, all: &[Sample], ids: &BTreeMap<String, String>) {
    let all = next(all);
    bench.declare(&[]);
    let guarded = format!("{:#}", bench.plan().await.expect_err("refused"));
    for kind in ["registered_models", "volumes"] {
        assert!(
            guarded.contains(&format!("`{kind}.proof` would take along")),
            "{guarded}"
        );
    }
    let mut stays: BTreeSet<&str> = ["registered_models", "volumes"].into();
    let declare = |stays: &BTreeSet<&'static str>| {
        let stay = all.iter().filter(|(kind, _)| stays.contains(kind)).cloned();
        bench.declare(&stay.collect::<Vec<_>>());
    };
    with_needs(&mut stays, &all);
    declare(&stays);
    let plan = bench
        .plan()
        .await
        .unwrap_or_else(|error| panic!("{error:#}"));
    let lost: BTreeSet<String> = plan
        .irreversible()
        .iter()
        .map(|key| key.kind.clone())
        .collect();
    assert!(
        lost.contains("secret_scopes") && lost.contains("groups"),
        "{lost:?}"
    );
    let refusal = bench
        .apply(&plan)
        .await
        .expect_err("what is lost for good is not removed");
    assert!(
        format!("{refusal:#}").contains("never does what cannot be taken back"),
        "{refusal:#}"
    );
    assert_eq!(
        bench.plan().await.expect("a plan").digest(),
        plan.digest(),
        "nothing was done"
    );

    stays.extend(
        all.iter()
            .map(|(kind, _)| *kind)
            .filter(|kind| lost.contains(*kind)),
    );
    with_needs(&mut stays, &all);
    declare(&stays);
    let plan = bench
        .converge()
        .await
        .unwrap_or_else(|error| panic!("{error:#}"));
    let gone: BTreeMap<String, Action> = all
        .iter()
        .filter(|(kind, _)| !stays.contains(kind))
        .map(|(kind, _)| ((*kind).to_owned(), Action::Delete))
        .collect();
    assert!(gone.len() >= 12, "{gone:?}");
    assert_eq!(by_key(&plan), gone);
    for name in gone.keys() {
        let kind = kinds::kind(name).expect("a kind");
        // Settings are there whoever claims them; a folder of files was made to be seen.
        if kind.always_there() {
            continue;
        }
        let left = match bench.show(kind, &ids[name]).await {
            Ok(shown) => kind.read(&shown).unwrap_or_default(),
            Err(_) => None,
        };
        assert!(left.is_none(), "{name} is still there: {left:?}");
    }
    let names: Vec<&str> = gone.keys().map(String::as_str).collect();
    assert_eq!(bench.ids(&names).await, BTreeMap::new(), "no claim is left");
}

/// The official client looks at what hodman made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_client_finds_what_was_declared() {
    let bench = Bench::start().await;
    let all = samples();
    let names: Vec<&str> = all.iter().map(|sample| sample.kind).collect();
    bench.declare(&declared(&all));
    bench
        .converge()
        .await
        .unwrap_or_else(|error| panic!("{error:#}"));
    let ids = bench.ids(&names).await;
    let mut expected = serde_json::Map::new();
    for (name, config) in declared(&all) {
        let kind = kinds::kind(name).expect("a kind");
        let found = kept_leaves(kind, &config);
        let permissions = kind.permissions().filter(|known| known.id_output.is_none());
        expected.insert(
            name.to_owned(),
            json!({
                "id": ids[name],
                "leaves": found,
                "permissions": config.get("permissions").and(permissions.map(|known| known.object_type)),
                "level": config["permissions"][0]["level"],
                "securable": config.get("grants").and(kind.securable()),
                "privilege": config["grants"][0]["privileges"][0],
            }),
        );
    }
    let file = bench.scene.folder.path().join("expected.json");
    std::fs::write(&file, Value::Object(expected).to_string()).expect("a file");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("probes/readback.py");
    let url = bench.workspace().url();
    let token = [("DATABRICKS_TOKEN", format!("ana-{CANARY}"))];
    let outcome = python(&script, &[&url, &file.display().to_string()], &token).await;
    assert!(outcome.ok, "{}", outcome.said);
    let count = format!("{} kinds are as they were declared", names.len());
    assert!(outcome.said.contains(&count), "{}", outcome.said);
    bench.stop().await;
}

/// Kinds with tags, kinds that are claimed by a name of their own, by a path and by a label, and one that is only told to wait: the answer to
/// the create is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_made_without_an_answer_is_found_and_not_made_twice() {
    let bench = Bench::start().await;
    let lost = [
        ("cluster_policies", "/api/2.0/policies/clusters/create"),
        ("instance_pools", "/api/2.0/instance-pools/create"),
        ("pipelines", "/api/2.0/pipelines"),
        ("secret_scopes", "/api/2.0/secrets/scopes/create"),
        ("catalogs", "/api/2.1/unity-catalog/catalogs"),
        ("ip_access_lists", "/api/2.0/ip-access-lists"),
        ("queries", "/api/2.0/sql/queries"),
    ];
    let wanted: Vec<(&str, Value)> = declared(&samples())
        .into_iter()
        .filter(|(kind, _)| {
            *kind == "sql_warehouses" || lost.iter().any(|(other, _)| other == kind)
        })
        .collect();
    bench.declare(&wanted);
    let workspace = bench.workspace();
    for (_, path) in lost {
        let rule = FaultRule::status(504, 1).after_effect().on("POST");
        workspace.faults().add(FaultRule {
            path: PathMatch::Exact(path.to_owned()),
            ..rule
        });
    }
    // And one is told to wait.
    let rule = FaultRule::status(429, 2)
        .header("retry-after", "1")
        .on("POST");
    let warehouses = PathMatch::Prefix("/api/2.0/sql/warehouses".to_owned());
    workspace.faults().add(FaultRule {
        path: warehouses,
        ..rule
    });

    let mut tries = 0;
    while let Err(error) = bench.converge().await {
        tries += 1;
        println!("try {tries}: {error:#}");
        assert!(tries < 4, "{error:#}");
    }
    let unused = workspace.faults().rules();
    assert!(unused.is_empty(), "every fault struck: {unused:?}");
    for (name, _) in &wanted {
        let kind = kinds::kind(name).expect("a kind");
        let all = bench.all(kind).await;
        let mine = all.iter().filter(|listed| listed.name.starts_with("proof"));
        assert_eq!(mine.count(), 1, "{name}: {all:?}");
    }
    bench.stop().await;
}

/// "It is not there" is what a delete wanted to hear, however it is said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_gone_already_is_deleted_well() {
    let bench = Bench::start().await;
    let disguises = [
        (
            "jobs",
            "/api/2.2/jobs/delete",
            400,
            "INVALID_PARAMETER_VALUE",
            "Job 1 does not exist.",
        ),
        (
            "clusters",
            "/api/2.1/clusters/permanent-delete",
            400,
            "INVALID_PARAMETER_VALUE",
            "Cluster c-1 does not exist",
        ),
        (
            "instance_pools",
            "/api/2.0/instance-pools/delete",
            404,
            "RESOURCE_DOES_NOT_EXIST",
            "Instance pool does not exist",
        ),
        (
            "cluster_policies",
            "/api/2.0/policies/clusters/delete",
            404,
            "NOT_FOUND",
            "gone",
        ),
    ];
    let kinds = [
        "jobs",
        "clusters",
        "instance_pools",
        "cluster_policies",
        "pipelines",
    ];
    let all = declared(&samples());
    let wanted: Vec<_> = all
        .into_iter()
        .filter(|(kind, _)| kinds.contains(kind))
        .collect();
    bench.declare(&wanted);
    bench
        .converge()
        .await
        .unwrap_or_else(|error| panic!("{error:#}"));
    for (_, path, status, code, message) in disguises {
        let body = json!({"error_code": code, "message": message}).to_string();
        let rule = FaultRule::status(status, 1)
            .body(&body)
            .after_effect()
            .on("POST");
        let path = PathMatch::Exact(path.to_owned());
        bench.workspace().faults().add(FaultRule { path, ..rule });
    }
    bench.declare(&[]);
    bench
        .converge()
        .await
        .unwrap_or_else(|error| panic!("{error:#}"));
    let unused = bench.workspace().faults().rules();
    assert!(unused.is_empty(), "every fault struck: {unused:?}");
    assert_eq!(bench.ids(&kinds).await, BTreeMap::new());
    bench.stop().await;
}

/// A workspace that passes over permissions in a create: found out at the first job, and set for each by a request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_that_a_create_passes_over_are_set_all_the_same() {
    let bench = Bench::start().await;
    let workspace = bench.workspace();
    workspace.ignore_access_in_creates(true);
    let text = {
        let job = |name: &str| {
            json!({"name": name, "tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "../src/load.py"}}],
                "permissions": [{"level": "CAN_VIEW", "group_name": "users"}]})
        };
        let jobs: serde_json::Map<String, Value> = (0..5)
            .map(|at| (format!("job{at}"), job(&format!("job {at}"))))
            .collect();
        jobs
    };
    bench.declare_all(&json!({"jobs": text}));
    // Applied once: the second plan, which converge asks for, finds nothing.
    workspace.faults().clear_requests();
    bench
        .converge()
        .await
        .unwrap_or_else(|error| panic!("{error:#}"));
    let asked = |method: &str| {
        let of_jobs = |path: &str| path.starts_with("/api/2.0/permissions/jobs/");
        let requests = workspace.requests();
        let mut found = requests.iter().filter(|request| request.method == method);
        found
            .by_ref()
            .filter(|request| of_jobs(&request.path))
            .count()
    };
    assert_eq!(asked("PUT"), 5, "one for each");
    assert_eq!(
        asked("GET"),
        1 + 5 + 5,
        "the first one is looked at, then each before its own request and in the second plan"
    );
    bench.stop().await;
}
