//! What the program sees of us, and how long it may take: with a script in its place.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use hodman_clients::terraform::{Inputs, Terraform, TerraformError};
use serde_json::json;

use super::bench::{Bench, CANARY, COMMIT, MAIN, key, quiet};

fn script(bench: &mut Bench, text: &str) {
    let path = bench.folder.path().join("program");
    // Written under another name by another process: a program that is still open for writing cannot be run.
    std::fs::write(
        bench.folder.path().join("source"),
        format!("#!/bin/sh\n{text}\n"),
    )
    .unwrap();
    let copied = std::process::Command::new("cp")
        .arg(bench.folder.path().join("source"))
        .arg(&path)
        .status();
    assert!(copied.unwrap().success());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    bench.config.program = path;
}

/// Opens a plan with what a program says; what comes of it.
async fn refused(said: &str) -> TerraformError {
    let mut bench = Bench::local();
    std::fs::write(bench.folder.path().join("words"), said).unwrap();
    let words = bench.folder.path().join("words");
    script(
        &mut bench,
        &format!(
            "case $1 in version) echo '{{\"terraform_version\": \"1.12.6\", \"platform\": \"linux_amd64\"}}';; plan) cat {}; exit 1;; esac",
            words.display()
        ),
    );
    let stack = bench.stack("run", MAIN, 1);
    stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap_err()
}

/// No OpenTofu was run: these are the words in its sources of 1.12, where they are not Terraform's.
#[tokio::test]
async fn what_opentofu_says_otherwise_is_understood() {
    let summary = "Resource instance cannot be destroyed";
    let detail =
        "Resource instance x.y has prevent_destroy set, but the plan calls for it to be destroyed.";
    let event = json!({"@level": "error", "@message": format!("Error: {summary}"),
        "diagnostic": {"severity": "error", "summary": summary, "detail": detail}});
    let destroyed = refused(&format!("{event}\n")).await;
    assert!(
        matches!(&destroyed, TerraformError::PreventDestroy(text) if text.contains("x.y")),
        "{destroyed:?}"
    );
    let words = "the cached package for a/b 1.0.0 does not\nmatch any of the checksums recorded in the\ndependency lock file";
    let other = refused(&format!("Error: {words}\n")).await;
    assert!(matches!(other, TerraformError::LockFile(_)), "{other:?}");
}

#[tokio::test]
async fn the_program_sees_what_it_is_given_and_says_no_secret() {
    let mut bench = Bench::local();
    script(
        &mut bench,
        "env; echo \"arguments $*\"; echo \"err $TF_VAR_token\" >&2",
    );
    let stack = bench.stack("run", MAIN, 1);
    let mut lines = Vec::new();
    stack
        .init(&mut |line| lines.push(line.to_owned()))
        .await
        .unwrap();
    let all = lines.join("\n");
    assert!(!all.contains(CANARY), "{all}");
    assert!(all.contains("err (sensitive)"), "{all}");
    assert!(all.contains("-lockfile=readonly"), "{all}");
    assert!(all.contains("AWS_EC2_METADATA_DISABLED=true"), "{all}");
    let home = std::env::var("HOME").unwrap_or_default();
    assert!(!lines.contains(&format!("HOME={home}")), "{all}");
    // The test runner's own.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    assert!(!all.contains("CARGO_MANIFEST_DIR"), "{all}");
}

#[tokio::test]
async fn how_many_resources_it_works_at_is_said_where_somebody_says_so() {
    for (parallelism, words) in [(None, ""), (Some(3), " -parallelism=3")] {
        let mut bench = Bench::local();
        bench.config.parallelism = parallelism;
        let says = bench.signs().join("said");
        script(
            &mut bench,
            &format!(
                "case $1 in version) echo '{{\"terraform_version\": \"1.11.4\", \"platform\": \"linux_amd64\"}}';; plan) echo \"$*\" \
                 > {};; esac",
                says.display()
            ),
        );
        let stack = bench.stack("run", MAIN, 1);
        // It writes no plan.
        stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap_err();
        let said = std::fs::read_to_string(says).unwrap();
        assert_eq!(said.contains("-parallelism"), parallelism.is_some());
        assert!(said.contains(words), "{said}");
    }
}

#[tokio::test]
async fn who_says_nothing_is_asked_to_end_and_who_does_not_is_killed_with_all_it_started() {
    let mut bench = Bench::local();
    let mark = bench.folder.path().join("helper");
    script(
        &mut bench,
        &format!(
            "trap '' TERM\nsleep 600 &\necho $! > {}\nwait",
            mark.display()
        ),
    );
    bench.config.silence = Duration::from_millis(500);
    bench.config.grace = Duration::from_millis(300);
    bench.config.abort = Duration::from_millis(300);
    let stack = bench.stack("run", MAIN, 1);
    let error = stack.init(&mut quiet()).await.unwrap_err();
    assert!(
        matches!(error, TerraformError::Silent { killed: true, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("lock may be left behind"));
    let helper = std::fs::read_to_string(&mark).unwrap();
    let status = format!("/proc/{}/stat", helper.trim());
    let gone = async {
        // A dead process that nobody asked about yet is shown as Z.
        while std::fs::read_to_string(&status).is_ok_and(|stat| !stat.contains(") Z ")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(150), gone)
        .await
        .expect("the helper process ends, too");
}

#[tokio::test]
async fn who_is_asked_a_second_time_ends_and_is_not_killed() {
    let mut bench = Bench::local();
    // As Terraform does: a second request ends the waiting.
    script(
        &mut bench,
        "asked=0\ntrap 'asked=$((asked + 1)); echo asked $asked; [ $asked -lt 2 ] || exit 3' TERM\nwhile true; do sleep 0.05; done",
    );
    bench.config.wall = Duration::from_millis(500);
    bench.config.grace = Duration::from_millis(300);
    let stack = bench.stack("run", MAIN, 1);
    let mut lines = Vec::new();
    let error = stack
        .init(&mut |line| lines.push(line.to_owned()))
        .await
        .unwrap_err();
    assert!(
        matches!(error, TerraformError::TimedOut { killed: false, .. }),
        "{error}"
    );
    assert_eq!(lines, ["asked 1", "asked 2"]);
}

#[tokio::test]
async fn who_talks_on_is_ended_by_the_clock() {
    let mut bench = Bench::local();
    script(
        &mut bench,
        "trap 'echo end; exit 3' TERM\nwhile true; do echo still; sleep 0.05; done",
    );
    bench.config.wall = Duration::from_millis(500);
    let stack = bench.stack("run", MAIN, 1);
    let mut last = String::new();
    let error = stack
        .init(&mut |line| last = line.to_owned())
        .await
        .unwrap_err();
    assert!(
        matches!(error, TerraformError::TimedOut { killed: false, .. }),
        "{error}"
    );
    assert_eq!(last, "end");
}

#[tokio::test]
async fn a_program_that_is_not_there_and_inputs_that_bend_it_are_refused() {
    let mut bench = Bench::local();
    let stack = bench.stack("run", MAIN, 1);
    for name in [
        "TF_CLI_ARGS_apply",
        "TF_REATTACH_PROVIDERS",
        "LD_PRELOAD",
        "PATH",
        "TF_VAR_size",
    ] {
        let mut inputs = Inputs::default();
        inputs.identity.insert(name.to_owned(), CANARY.into());
        let workdir = bench.stack("other", MAIN, 1).into_workdir();
        let refused =
            Terraform::new(bench.config.clone()).stack(workdir, inputs, bench.stop.subscribe());
        let error = refused.unwrap_err();
        assert!(matches!(error, TerraformError::Input { .. }), "{error}");
        assert!(!format!("{error:?}").contains(CANARY));
    }
    bench.config.program = "no-such-terraform".into();
    let missing = bench.stack_with(stack.into_workdir(), Inputs::default());
    let error = missing.init(&mut quiet()).await.unwrap_err();
    assert!(
        matches!(error, TerraformError::NotStarted { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn inits_over_one_plugin_cache_take_turns() {
    let mut bench = Bench::local();
    let inside = bench.folder.path().join("inside");
    // `mkdir` fails when somebody is there already.
    script(
        &mut bench,
        &format!(
            "mkdir {0} || exit 9\nsleep 0.2\nrmdir {0}",
            inside.display()
        ),
    );
    let (one, two, three) = (
        bench.stack("one", MAIN, 1),
        bench.stack("two", MAIN, 1),
        bench.stack("three", MAIN, 1),
    );
    // Each has a lock of its own inside the process: the file's lock is what keeps them apart.
    let (mut a, mut b, mut c) = (quiet(), quiet(), quiet());
    let ends = tokio::join!(one.init(&mut a), two.init(&mut b), three.init(&mut c));
    ends.0.unwrap();
    ends.1.unwrap();
    ends.2.unwrap();
}
