//! Caches of providers, with the real program: whoever fills one does it alone, and what nobody merged has one of its own.

use std::fs::File;
use std::path::PathBuf;

use hodman::config::TerraformPlace;
use hodman_clients::terraform::PlanKey;
use serde_json::json;
use tokio::sync::watch;

use super::bench::real;
use super::shelf::{BOUND, Shelf};

/// Where a run found its provider.
fn provider(shelf: &Shelf, run: &str) -> PathBuf {
    let link = shelf.path(&format!(
        "{run}/data/providers/hodman.test/tests/shelf/1.0.0"
    ));
    let link = link.join(&shelf.platform).canonicalize();
    link.expect("a provider")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inits_at_once_over_one_empty_cache_all_get_the_provider() {
    let shelf = Shelf::new();
    let lock = shelf.lock();
    let stop = watch::Sender::new(false);
    let begun = watch::Sender::new(0);
    let (shelf, lock, stop, begun) = (&shelf, lock.as_str(), &stop, &begun);
    let runs = (0..6).map(|number| async move {
        // Each begins while the one before it is in the middle.
        let mut others = begun.subscribe();
        others
            .wait_for(|others| *others >= number)
            .await
            .expect("the one before");
        let stack = shelf.stack(shelf.config(), (&format!("run-{number}"), lock), stop);
        let mut say = |line: &str| {
            if line.contains("shelf v1.0.0") {
                begun.send_replace(number + 1);
            }
        };
        stack.init(&mut say).await?;
        let key = PlanKey::new([7; 32]);
        stack.plan("commit", &key, &mut |_| {}).await
    });
    let ended = tokio::time::timeout(BOUND, futures::future::join_all(runs)).await;
    for planned in ended.expect("none waits for ever") {
        assert!(planned.expect("a plan").changes);
    }
    let link = provider(shelf, "run-0");
    let cache = shelf.path("cache").canonicalize().expect("a cache");
    assert!(link.starts_with(cache), "{}", link.display());
}

/// The settings of a daemon over the shelf's caches; what runs for pull requests says of each `init` whether it was alone.
fn place(shelf: &Shelf) -> TerraformPlace {
    let path = |name: &str| shelf.path(name).display().to_string();
    let says = format!(
        "[ \"$2\" = init ] || exec \"$@\"; if mkdir {busy}; then echo alone; else echo beside another; fi >> {inits}; \
         \"$@\"; code=$?; rmdir {busy}; exit $code",
        busy = path("busy"),
        inits = path("inits"),
    );
    let cli = path("cli.rc");
    let settings = json!({
        "program": real(), "plugin_cache": path("cache"), "cli_config": cli, "lock_timeout": "0s", "environments": ["qa"],
        "plan": {}, "apply": {}, "pull_requests": {"cli_config": cli, "wrapper": ["sh", "-c", says, "sh"]},
    });
    serde_json::from_value(settings).expect("settings")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_of_pull_requests_at_once_take_turns_at_a_cache_of_their_own() {
    let shelf = Shelf::new();
    let lock = shelf.lock();
    let stop = watch::Sender::new(false);
    let place = place(&shelf);
    let cache = place.cache_of_pulls().expect("a cache");
    std::fs::create_dir(&cache).expect("a cache");
    let held = File::create(cache.with_extension("lock")).expect("a file");
    held.lock().expect("held");
    let plan = |name: &str| {
        let stack = shelf.stack(place.client_of_pulls(), (name, &lock), &stop);
        tokio::spawn(async move {
            stack.init(&mut |_| {}).await?;
            let key = PlanKey::new([7; 32]);
            stack.plan("commit", &key, &mut |_| {}).await
        })
    };
    let both = [plan("one"), plan("two")];
    // What is merged has another cache, and waits for nobody.
    let merged = shelf.stack(place.client(), ("merged", &lock), &stop);
    let ready = tokio::time::timeout(BOUND, merged.init(&mut |_| {})).await;
    ready.expect("it does not wait").expect("ready");
    let inits = shelf.path("inits");
    assert!(!inits.exists(), "they wait for whoever holds the lock");
    drop(held);
    for planned in both {
        let planned = tokio::time::timeout(BOUND, planned).await;
        let planned = planned.expect("none waits for ever").expect("it ends");
        assert!(planned.expect("a plan").changes);
    }
    let inits = std::fs::read_to_string(inits).expect("both began");
    assert_eq!(inits, "alone\nalone\n");
    for (name, cache) in [
        ("one", &cache),
        ("two", &cache),
        ("merged", &shelf.path("cache")),
    ] {
        let provider = provider(&shelf, name);
        let cache = cache.canonicalize().expect("a cache");
        assert!(provider.starts_with(cache), "{}", provider.display());
    }
}
