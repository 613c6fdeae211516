use super::command::{Limits, redacted, run};
use super::scratch::Scratch;
use super::{File, WorkError};
use hodman_model::bundle::{Build, Position};
use std::time::{Duration, Instant};

const ROOT: &str = "bundle: {name: d}\nsync: {paths: [lib]}\nartifacts: {lib: {type: whl, path: lib, build: x, files: [{source: dist/*.whl}]}}\ntargets: {qa: }\n";

fn files() -> Vec<File> {
    vec![
        ("databricks.yml".into(), false, ROOT.into()),
        ("lib/a.py".into(), false, b"a = 1\n".to_vec()),
    ]
}

fn command(text: &str) -> Build {
    Build {
        artifact: "lib".into(),
        command: text.into(),
        folder: "lib".into(),
        executable: "bash".into(),
        position: Position {
            file: "databricks.yml".into(),
            line: 3,
            column: 1,
        },
    }
}

async fn done(text: &str, seconds: u64) -> Result<Vec<File>, WorkError> {
    let scratch = Scratch::of(&files())?;
    let limits = Limits {
        time: Duration::from_secs(seconds),
        ..Limits::default()
    };
    run(&command(text), &scratch, &[], limits).await?;
    scratch.collect(files())
}

async fn refused(text: &str, seconds: u64) -> String {
    let error = done(text, seconds).await.expect_err("refused");
    assert!(!error.is_transient(), "{error}");
    error.to_string()
}

#[tokio::test]
async fn what_a_command_builds_is_packaged_and_nothing_else_that_it_does() {
    let built = done(
        "mkdir ../dist; cp a.py ../dist/lib-1.whl; echo changed > a.py; echo > ../stray",
        60,
    )
    .await
    .unwrap();
    let paths: Vec<&str> = built.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, ["databricks.yml", "dist/lib-1.whl", "lib/a.py"]);
    for at in [1, 2] {
        assert_eq!(built[at].2, b"a = 1\n");
    }
}

#[tokio::test]
async fn a_command_sees_nothing_of_the_daemon() {
    let built = done("mkdir ../dist; env > ../dist/env.whl", 60)
        .await
        .unwrap();
    let text = String::from_utf8(built[1].2.clone()).unwrap();
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    // What bash itself adds.
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    names.sort_unstable();
    assert_eq!(
        names,
        ["HOME", "LANG", "PATH", "SOURCE_DATE_EPOCH", "TMPDIR"]
    );
}

#[tokio::test]
async fn a_command_that_hangs_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let id = folder.path().join("id");
    let began = Instant::now();
    let said = refused(&format!("sleep 600 & echo $! > {}; wait", id.display()), 1).await;
    assert!(
        said.starts_with("building the artifact `lib` took longer than 1 s"),
        "{said}"
    );
    assert!(began.elapsed() < Duration::from_secs(60));
    let id = std::fs::read_to_string(id).unwrap();
    let stat = format!("/proc/{}/stat", id.trim());
    let runs = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
    while runs() {
        assert!(began.elapsed() < Duration::from_secs(60), "it still runs");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn floods_are_cut_and_secrets_are_not_repeated() {
    let said = refused(
        "yes flood | head -c 20000000; echo token=abcdef0123456789 >&2; exit 3",
        120,
    )
    .await;
    assert!(said.len() < 5_000, "{}", said.len());
    assert!(
        said.starts_with("building the artifact `lib`: exit status: 3; it said:"),
        "{said}"
    );
    assert!(!said.contains("abcdef0123456789"));
    assert_eq!(
        redacted("a password=x b\u{1b}[0m"),
        "a password=(redacted) b[0m"
    );
}

#[tokio::test]
async fn links_and_nothing_are_no_artifacts() {
    assert_eq!(
        refused("mkdir ../dist; ln -s /etc/hostname ../dist/a.whl", 60).await,
        "the artifact dist/a.whl is not a file"
    );
    assert_eq!(
        refused("true", 60).await,
        "the commands of `artifacts` left no file that `files` names"
    );
}
