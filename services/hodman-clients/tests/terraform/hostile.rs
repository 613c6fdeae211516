//! What a program may leave in the folder of its run that nobody should open: with the real one, and somebody who comes after it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hodman_clients::terraform::{Inputs, Stack, Workdir};
use secrecy::SecretString;
use serde_json::json;

use super::bench::{Bench, COMMIT, MAIN, key, quiet};

const OURS: &str = "all that we know";

/// More than anything here takes on a busy machine.
const BOUND: Duration = Duration::from_secs(240);

/// A file of ours that no run has to do with, called as one of theirs.
fn ours(bench: &Bench) -> PathBuf {
    let folder = bench.folder.path().join("ours");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("terraform.tfstate");
    std::fs::write(&file, OURS).unwrap();
    file
}

/// After each `command` somebody does `mischief` with `$folder` and `$ours`.
fn after(bench: &mut Bench, ours: &Path, command: &str, mischief: &str) {
    let script = format!(
        "folder=$1; ours=$2; shift 2; \"$@\"; code=$?; [ \"$2\" = {command} ] && {{ {mischief}; }}; exit $code"
    );
    let words = ["sh", "-c", &script, "sh", "${folder}"].map(str::to_owned);
    bench.config.wrapper = words.into();
    bench.config.wrapper.push(ours.display().to_string());
}

#[tokio::test]
async fn a_plan_is_taken_from_no_pipe_and_no_other_file() {
    for mischief in [
        "rm $folder/plan.tfplan && mkfifo $folder/plan.tfplan",
        "ln -sf $ours $folder/plan.tfplan",
        "truncate -s 1G $folder/plan.tfplan",
    ] {
        let mut bench = Bench::local();
        let ours = ours(&bench);
        after(&mut bench, &ours, "plan", mischief);
        let stack = bench.ready("run", MAIN, 1).await;
        let (key, mut say) = (key(), quiet());
        let planned = tokio::time::timeout(BOUND, stack.plan(COMMIT, &key, &mut say)).await;
        let error = planned.expect("nobody waits").unwrap_err().to_string();
        assert!(error.contains("reading the plan"), "{mischief}: {error}");
        assert_eq!(std::fs::read_to_string(&ours).unwrap(), OURS, "{mischief}");
    }
}

#[tokio::test]
async fn variables_are_not_written_into_another_file() {
    let mut bench = Bench::local();
    let ours = ours(&bench);
    let mischief = "ln -sf $ours $folder/inputs.tfvars.json";
    after(&mut bench, &ours, "init", mischief);
    let stack = bench.ready("run", MAIN, 1).await;
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await;
    let error = planned.unwrap_err().to_string();
    assert!(error.contains("writing a file of the run"), "{error}");
    assert_eq!(std::fs::read_to_string(&ours).unwrap(), OURS);
}

/// With its backend's values as secrets: what `init` leaves of them is taken away at the end.
fn with_secrets(bench: &Bench) -> Stack {
    let backend = b"terraform {\n  backend \"local\" {}\n}\n".as_slice();
    let files = [("one/backend.tf", backend, false)];
    let workdir = Workdir::new(&bench.folder.path().join("run"), "one", files).unwrap();
    let state = bench.folder.path().join("state").display().to_string();
    let mut inputs = Inputs::default();
    inputs.backend.insert("path".to_owned(), json!(""));
    inputs
        .backend_secrets
        .insert("/path".to_owned(), SecretString::from(state));
    bench.stack_with(workdir, inputs)
}

#[tokio::test]
async fn what_init_left_is_neither_read_nor_removed_in_another_folder() {
    let mut bench = Bench::local();
    let ours = ours(&bench);
    let mischief = "rm -r $folder/data && ln -s ${ours%/*} $folder/data";
    after(&mut bench, &ours, "init", mischief);
    let stack = with_secrets(&bench);
    stack.init(&mut quiet()).await.unwrap();
    let error = stack.backend().unwrap_err().to_string();
    assert!(error.contains("reading the backend"), "{error}");
    drop(stack);
    assert_eq!(std::fs::read_to_string(&ours).unwrap(), OURS);
}
