//! What goes wrong while an apply is at work: its death, its end by others, a lock in the way; and what is left then.

use std::time::Duration;

use hodman_clients::terraform::{Stack, TerraformError};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::bench::{Bench, COMMIT, MAIN, WAITS, key, quiet};

/// [`WAITS`], after something else is made.
fn two_steps() -> String {
    let first = "resource \"terraform_data\" \"first\" {\n  input = \"made\"\n}\n";
    let waits = WAITS.replace(
        "input = var.size\n",
        "input = var.size\n  depends_on = [terraform_data.first]\n",
    );
    format!("{first}{waits}")
}

/// What a plan would do, by address.
fn actions(shown: &SecretString) -> Value {
    let shown: Value = serde_json::from_str(shown.expose_secret()).unwrap();
    let changes = shown["resource_changes"].as_array().unwrap().iter();
    changes
        .map(|change| {
            let address = change["address"].as_str().unwrap().to_owned();
            (address, change["change"]["actions"].clone())
        })
        .collect()
}

fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// Plans once nobody holds the state's lock any more.
async fn unlocked(stack: &Stack) -> Value {
    let planned = async {
        loop {
            match stack.plan(COMMIT, &key(), &mut quiet()).await {
                Ok(planned) => return actions(&planned.shown),
                Err(TerraformError::Locked(_)) => {}
                Err(other) => panic!("{other}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), planned)
        .await
        .expect("the lock goes away")
}

#[tokio::test]
async fn a_killed_apply_with_its_state_in_a_file_is_gone_on_with_where_it_was() {
    let bench = Bench::local();
    let stack = bench.ready("run", &two_steps(), 1).await;
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let (key, mut say) = (key(), quiet());
    let (applied, ()) = tokio::join!(stack.apply(COMMIT, &planned.saved, &key, &mut say), async {
        signal(bench.waiting().await, Signal::KILL);
        bench.go_on();
    });
    assert!(
        matches!(applied, Err(TerraformError::Failed { code: None, .. })),
        "{applied:?}"
    );
    // A lock on a file dies with its holder, and what was made is in the file.
    let state = stack.state().await.unwrap();
    assert!(state.serial > 0);
    let planned = stack.plan(COMMIT, &key, &mut quiet()).await.unwrap();
    assert_eq!(planned.saved.binding.serial, state.serial);
    assert_eq!(
        actions(&planned.shown),
        json!({"terraform_data.first": ["no-op"], "terraform_data.waits": ["create"]})
    );
    stack
        .apply(COMMIT, &planned.saved, &key, &mut quiet())
        .await
        .unwrap();
    assert!(stack.state().await.unwrap().serial > state.serial);
}

#[tokio::test]
async fn a_killed_apply_with_its_state_in_s3_leaves_one_that_can_be_read_under_the_lock() {
    let (bench, _client, _bucket) = Bench::s3().await;
    let before = bench.ready("before", MAIN, 1).await;
    let planned = before.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    before
        .apply(COMMIT, &planned.saved, &key(), &mut quiet())
        .await
        .unwrap();
    let known = before.state().await.unwrap();

    let stack = bench
        .ready("run", &format!("{MAIN}{}", two_steps_more()), 1)
        .await;
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let (key, mut say) = (key(), quiet());
    let (applied, ()) = tokio::join!(stack.apply(COMMIT, &planned.saved, &key, &mut say), async {
        signal(bench.waiting().await, Signal::KILL);
        bench.go_on();
    });
    applied.unwrap_err();
    // Reading takes no lock. What was made since the last store (each 20 s) is in no state.
    assert_eq!(stack.state().await.unwrap(), known);
    assert!(
        stack
            .outputs()
            .await
            .unwrap()
            .expose_secret()
            .contains("size")
    );
    let locked = stack.plan(COMMIT, &key, &mut quiet()).await.unwrap_err();
    let TerraformError::Locked(holder) = locked else {
        panic!("not locked: {locked}");
    };
    stack.force_unlock(&holder.id, &mut quiet()).await.unwrap();
    let planned = unlocked(&stack).await;
    assert_eq!(planned["terraform_data.kept"], json!(["no-op"]));
    assert_eq!(planned["terraform_data.first"], json!(["create"]));
}

/// [`two_steps`] without the variables that [`MAIN`] has.
fn two_steps_more() -> String {
    two_steps()
        .replace("variable \"size\" { type = number }\n", "")
        .replace("variable \"token\" { type = string }\n", "")
}

#[tokio::test]
async fn a_lock_of_somebody_at_work_is_waited_for_and_he_is_not_disturbed() {
    let (mut bench, _client, _bucket) = Bench::s3().await;
    let stack = bench.ready("run", WAITS, 1).await;
    let hasty = bench.ready("hasty", WAITS, 1).await;
    bench.config.lock_timeout = Duration::from_secs(120);
    let patient = bench.ready("patient", WAITS, 1).await;
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let (key, mut say) = (key(), quiet());
    let others = async {
        bench.waiting().await;
        let refused = hasty.plan(COMMIT, &key, &mut quiet()).await.unwrap_err();
        let TerraformError::Locked(holder) = &refused else {
            panic!("not locked: {refused}");
        };
        // Another id than that of the holder's lock takes nothing away.
        let wrong = "00000000-0000-0000-0000-000000000000";
        assert!(hasty.force_unlock(wrong, &mut quiet()).await.is_err());
        let mut heard = quiet();
        let (planned, ()) = tokio::join!(patient.plan(COMMIT, &key, &mut heard), async {
            bench.go_on();
        });
        (holder.operation.clone(), planned.unwrap().changes)
    };
    let (applied, (operation, changes)) =
        tokio::join!(stack.apply(COMMIT, &planned.saved, &key, &mut say), others);
    applied.unwrap();
    assert_eq!(operation, "OperationTypeApply");
    assert!(!changes, "it saw what the other had made");
}

#[tokio::test]
async fn who_is_asked_to_end_by_somebody_else_stores_its_state_and_unlocks_it() {
    let (bench, _client, _bucket) = Bench::s3().await;
    let stack = bench.ready("run", &two_steps(), 1).await;
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let (key, mut say) = (key(), quiet());
    let (applied, ()) = tokio::join!(stack.apply(COMMIT, &planned.saved, &key, &mut say), async {
        signal(bench.waiting().await, Signal::TERM);
    });
    assert!(
        matches!(applied, Err(TerraformError::Failed { code: Some(_), .. })),
        "{applied:?}"
    );
    let planned = stack.plan(COMMIT, &key, &mut quiet()).await.unwrap();
    assert_eq!(
        actions(&planned.shown),
        // Made, but not with all that belongs to it.
        json!({"terraform_data.first": ["no-op"], "terraform_data.waits": ["delete", "create"]})
    );
}

#[tokio::test]
async fn who_is_no_longer_waited_for_ends_in_order_and_unlocks_the_state() {
    let (bench, _client, _bucket) = Bench::s3().await;
    let stack = bench.ready("run", &two_steps(), 1).await;
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let (key, mut say) = (key(), quiet());
    tokio::select! {
        applied = stack.apply(COMMIT, &planned.saved, &key, &mut say) => panic!("it waits: {applied:?}"),
        // As when the daemon's task is aborted: the apply is dropped where it stands.
        _ = bench.waiting() => {}
    }
    assert_eq!(
        unlocked(&stack).await,
        json!({"terraform_data.first": ["no-op"], "terraform_data.waits": ["delete", "create"]})
    );
}

/// What is killed in the next test, with the state's place as it was made there.
#[tokio::test]
#[ignore = "the next test runs it, and kills it"]
async fn a_daemon_at_work() {
    let place = std::env::var("HODMAN_TEST_DAEMON").expect("the next test says where");
    let bench = Bench::again(&place);
    let stack = bench.ready("run", &two_steps(), 1).await;
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let applied = stack
        .apply(COMMIT, &planned.saved, &key(), &mut quiet())
        .await;
    panic!("it waits until it is killed: {applied:?}");
}

#[tokio::test]
async fn an_apply_whose_daemon_is_killed_goes_on_to_its_end() {
    let (bench, _client, _bucket) = Bench::s3().await;
    let name = "faults::a_daemon_at_work";
    let mut daemon = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", name])
        .env("HODMAN_TEST_DAEMON", bench.place())
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    bench.waiting().await;
    daemon.kill().await.unwrap();
    // Another one begins; it leaves the folder alone, in which the apply still is.
    let other = bench.ready("other", &two_steps(), 1).await;
    let locked = other.plan(COMMIT, &key(), &mut quiet()).await;
    assert!(
        matches!(locked, Err(TerraformError::Locked(_))),
        "{locked:?}"
    );
    bench.go_on();
    assert_eq!(
        unlocked(&other).await,
        json!({"terraform_data.first": ["no-op"], "terraform_data.waits": ["no-op"]})
    );
}

#[tokio::test]
async fn who_works_in_silence_for_too_long_is_asked_to_end_and_leaves_no_lock() {
    let (mut bench, _client, _bucket) = Bench::s3().await;
    // Terraform itself speaks each ten seconds.
    bench.config.silence = Duration::from_secs(8);
    let stack = bench.ready("run", &two_steps(), 1).await;
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let applied = stack
        .apply(COMMIT, &planned.saved, &key(), &mut quiet())
        .await;
    assert!(
        matches!(
            applied,
            Err(TerraformError::Silent {
                command: "apply",
                killed: false,
                ..
            })
        ),
        "{applied:?}"
    );
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    assert_eq!(
        actions(&planned.shown),
        json!({"terraform_data.first": ["no-op"], "terraform_data.waits": ["delete", "create"]})
    );
}

#[tokio::test]
async fn a_state_that_is_another_or_an_older_one_is_not_pushed() {
    let (bench, _client, _bucket) = Bench::s3().await;
    let stack = bench.ready("run", MAIN, 1).await;
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    stack
        .apply(COMMIT, &planned.saved, &key(), &mut quiet())
        .await
        .unwrap();
    let stored = stack.state().await.unwrap();
    for (lineage, serial, older) in [
        ("another", stored.serial + 1, false),
        (&*stored.lineage, 0, true),
        (&*stored.lineage, stored.serial, true),
    ] {
        let state = json!({"version": 4, "terraform_version": "1.6.0", "serial": serial, "lineage": lineage,
            "outputs": {}, "resources": []});
        let state = SecretString::from(state.to_string());
        let refused = stack.push_state(&state, &mut quiet()).await.unwrap_err();
        let as_it_is = match refused {
            TerraformError::OlderState(_) => older,
            TerraformError::Failed { code: Some(1), .. } => !older,
            _ => false,
        };
        assert!(as_it_is, "{refused}");
        assert_eq!(stack.state().await.unwrap(), stored);
    }
}
