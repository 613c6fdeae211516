//! The S3 backend with its lock file: held, left behind, taken away; and a state that cannot be stored.

use hodman_clients::terraform::{Input, Inputs, LeftState, TerraformError};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::bench::{Bench, CANARY, COMMIT, MAIN, WAITS, key, leaks, quiet};

#[tokio::test]
async fn a_killed_apply_leaves_a_lock_that_names_its_holder_and_goes_only_by_its_id() {
    let (bench, _client, _bucket) = Bench::s3().await;
    let stack = bench.ready("run", WAITS, 1).await;
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let (key, mut say) = (key(), quiet());
    let (applied, ()) = tokio::join!(stack.apply(COMMIT, &planned.saved, &key, &mut say), async {
        let pid = Pid::from_raw(bench.waiting().await).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        bench.go_on();
    });
    assert!(
        matches!(applied, Err(TerraformError::Failed { code: None, .. })),
        "{applied:?}"
    );

    let other = bench.ready("other", MAIN, 1).await;
    let refused = other.plan(COMMIT, &key, &mut quiet()).await.unwrap_err();
    let TerraformError::Locked(holder) = &refused else {
        panic!("not locked: {refused}");
    };
    assert_eq!(holder.operation, "OperationTypeApply");
    assert!(
        holder.who.contains('@') && !holder.created.is_empty(),
        "{holder:?}"
    );
    assert!(holder.path.ends_with("stack.tfstate"), "{holder:?}");
    assert!(refused.to_string().contains(&holder.id));

    let wrong = "00000000-0000-0000-0000-000000000000";
    assert!(other.force_unlock(wrong, &mut quiet()).await.is_err());
    assert!(other.force_unlock("-help", &mut quiet()).await.is_err());
    let still = other.plan(COMMIT, &key, &mut quiet()).await;
    assert!(matches!(still, Err(TerraformError::Locked(_))), "{still:?}");
    // Who takes no lock minds none.
    let reader = bench.ready("reader", MAIN, 1).await.without_lock();
    let planned = reader.plan(COMMIT, &key, &mut quiet()).await.unwrap();
    assert!(planned.changes);
    let mut heard = quiet();
    let refused = reader.apply(COMMIT, &planned.saved, &key, &mut heard);
    let refused = refused.await.unwrap_err();
    assert!(matches!(refused, TerraformError::Locked(_)), "{refused}");
    other.force_unlock(&holder.id, &mut quiet()).await.unwrap();
    let planned = other.plan(COMMIT, &key, &mut quiet()).await.unwrap();
    other
        .apply(COMMIT, &planned.saved, &key, &mut quiet())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_state_that_cannot_be_stored_comes_back_with_the_error_and_can_be_stored_later() {
    let (bench, client, bucket) = Bench::s3().await;
    let secret = WAITS.replace("input = var.size", "input = [var.size, var.token]");
    let stack = bench.ready("run", &secret, 1).await;
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let (key, mut say) = (key(), quiet());
    let (applied, ()) = tokio::join!(stack.apply(COMMIT, &planned.saved, &key, &mut say), async {
        bench.waiting().await;
        let listed = client
            .list_objects_v2()
            .bucket(&bucket)
            .send()
            .await
            .unwrap();
        for object in listed.contents() {
            let key = object.key().unwrap();
            client
                .delete_object()
                .bucket(&bucket)
                .key(key)
                .send()
                .await
                .unwrap();
        }
        client.delete_bucket().bucket(&bucket).send().await.unwrap();
        bench.go_on();
    });
    let error = applied.unwrap_err();
    assert!(
        matches!(error, TerraformError::StateNotStored { kept: true, .. }),
        "{error:?}"
    );
    assert!(!format!("{error:?}{error}").contains(CANARY));
    let place = bench.folder.path();
    assert_eq!(leaks(place), [""; 0].map(std::path::PathBuf::from));
    let left = LeftState::of(&place.join("run"));
    let sealed = left.sealed().unwrap().expect("a state");
    left.remove().unwrap();
    let state = LeftState::open("run", &sealed, &key).unwrap();
    assert!(state.expose_secret().contains(CANARY));

    client.create_bucket().bucket(&bucket).send().await.unwrap();
    assert_eq!(stack.state().await.unwrap().serial, 0);
    stack.push_state(&state, &mut quiet()).await.unwrap();
    assert!(stack.state().await.unwrap().serial > 0);
    assert_eq!(leaks(place), [""; 0].map(std::path::PathBuf::from));
    let again = stack.plan(COMMIT, &key, &mut quiet()).await.unwrap();
    assert!(!again.changes, "what was made is not made twice");
}

#[tokio::test]
async fn a_stop_ends_an_apply_in_order_and_leaves_no_lock() {
    let (bench, _client, _bucket) = Bench::s3().await;
    let stack = bench.ready("run", WAITS, 1).await;
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let (key, mut say) = (key(), quiet());
    let (applied, ()) = tokio::join!(stack.apply(COMMIT, &planned.saved, &key, &mut say), async {
        bench.waiting().await;
        bench.stop.send_replace(true);
    });
    bench.go_on();
    assert!(
        matches!(applied, Err(TerraformError::Stopped { killed: false, .. })),
        "{applied:?}"
    );
    bench.stop.send_replace(false);
    // What was made is in the state, and marked as not finished: it is replaced.
    let planned = stack.plan(COMMIT, &key, &mut quiet()).await.unwrap();
    assert!(planned.changes);
    assert!(planned.saved.binding.serial > 0);
}

#[tokio::test]
async fn a_secret_of_the_backend_lies_in_no_file_once_the_run_is_over_and_is_said_by_nobody() {
    let (bench, _client, _bucket) = Bench::s3().await;
    let workdir = bench.stack("run", WAITS, 1).into_workdir();
    let mut inputs = Inputs {
        backend: bench.backend.clone(),
        ..Inputs::default()
    };
    inputs
        .backend
        .insert("access_key".to_owned(), "test".into());
    inputs.backend.insert("secret_key".to_owned(), Value::Null);
    let secret = SecretString::from(CANARY);
    inputs
        .backend_secrets
        .insert("/secret_key".to_owned(), secret);
    for (name, value) in [("size", "1"), ("token", "x"), ("signs", "/nowhere")] {
        let value = Input::Plain(value.into());
        inputs.variables.insert(name.to_owned(), value);
    }
    assert!(!format!("{inputs:?}").contains(CANARY));
    let stack = bench.stack_with(workdir, inputs);
    let mut lines = String::new();
    let mut say = |line: &str| lines.push_str(line);
    stack.init(&mut say).await.unwrap();
    let planned = stack.plan(COMMIT, &key(), &mut say).await.unwrap();
    assert!(planned.changes, "it signed in with it");
    assert_eq!(stack.state().await.unwrap().serial, 0);
    // Where Terraform itself reads it, and nowhere else.
    let root = bench.folder.path().join("run");
    assert_eq!(leaks(&root), [root.join("data/terraform.tfstate")]);
    let sealed = String::from_utf8_lossy(&planned.saved.sealed).contains(CANARY);
    assert!(!sealed && !lines.contains(CANARY));
    drop(stack);
    assert_eq!(leaks(&root), [""; 0].map(std::path::PathBuf::from));
}
