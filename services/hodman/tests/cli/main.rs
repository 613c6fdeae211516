//! The binary itself: what it prints, how it ends, and how it stops.

mod bundle;
mod kinds;
mod template;

use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;

/// Stands in everything that is a secret.
const CANARY: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn hodman(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hodman"));
    command.args(arguments).env("HT", CANARY).env("HW", CANARY);
    for variable in [
        "HODMAN_SERVER",
        "HODMAN_TOKEN",
        "HODMAN_CONFIG",
        "HODMAN_PIPELINE",
    ] {
        command.env_remove(variable);
    }
    command
}

fn run(arguments: &[&str]) -> Output {
    hodman(arguments).output().expect("hodman runs")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("ended by itself")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A running `hodman serve` whose forge is away.
struct Daemon {
    child: Option<Child>,
    pid: u32,
    url: String,
    config: PathBuf,
    dir: TempDir,
}

impl Daemon {
    fn start() -> Self {
        let dir = TempDir::new().expect("a directory");
        let config = dir.path().join("hodman.yaml");
        let text = format!(
            "data_dir: {}\n\
             github: {{api_url: 'http://127.0.0.1:9', token: {{env: HT}}, webhook_secrets: [{{env: HW}}]}}\n\
             pipelines: [{{name: shop, repository: acme/shop, branch: main}}]\n",
            dir.path().join("data").display()
        );
        std::fs::write(&config, text).expect("the settings");
        let log = std::fs::File::create(dir.path().join("log")).expect("the log");
        let mut child = hodman(&["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(&config)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("hodman starts");
        let stdout = child.stdout.take().expect("piped");
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let line = lines
            .recv_timeout(PATIENCE)
            .expect("the line that says it is ready");
        let url = line
            .strip_prefix("hodman listens on ")
            .expect("the address")
            .to_owned();
        Self {
            pid: child.id(),
            child: Some(child),
            url,
            config,
            dir,
        }
    }

    /// A command to this daemon, with its token.
    fn ask(&self, arguments: &[&str]) -> Output {
        let config = self.config.to_str().expect("text");
        run(&[arguments, &["--server", &self.url, "--config", config]].concat())
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.pid.to_string()])
            .status()
            .expect("kill runs");
        assert!(sent.success());
    }

    fn ended(&mut self) -> i32 {
        let mut child = self.child.take().expect("still there");
        let (send, ended) = mpsc::channel();
        std::thread::spawn(move || send.send(child.wait()));
        let status = ended.recv_timeout(PATIENCE).expect("it ends");
        status.expect("its state").code().expect("ended by itself")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn a_daemon_is_asked_and_stopped() {
    let mut daemon = Daemon::start();
    let observe = daemon.ask(&["observe"]);
    assert_eq!(code(&observe), 0, "{}", err(&observe));
    assert!(
        out(&observe).starts_with("observe: done (event "),
        "{}",
        out(&observe)
    );

    let status: Value =
        serde_json::from_str(&out(&daemon.ask(&["status", "--json"]))).expect("JSON");
    assert_eq!(status["pipelines"][0]["name"], "shop");
    assert!(out(&daemon.ask(&["status"])).contains("inbox: 0 pending"));

    let events: Value =
        serde_json::from_str(&out(&daemon.ask(&["events", "list", "--json"]))).expect("JSON");
    let sources: Vec<&str> = events
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|e| e["source"].as_str())
        .collect();
    assert!(
        sources.contains(&"daemon") && sources.contains(&"command"),
        "{sources:?}"
    );
    assert!(out(&daemon.ask(&["events", "show", "1"])).contains("source    daemon"));
    assert_eq!(code(&daemon.ask(&["events", "replay", "1"])), 0);
    assert_eq!(code(&daemon.ask(&["history"])), 0);
    assert!(out(&daemon.ask(&["explain"])).contains("no environments are known yet"));

    daemon.signal("-TERM");
    assert_eq!(daemon.ended(), 0, "stopped in order");
    let log = std::fs::read_to_string(daemon.dir.path().join("log")).expect("the log");
    assert!(log.contains("stopping") && !log.contains(CANARY), "{log}");
    assert_eq!(code(&daemon.ask(&["status"])), 3, "nobody answers any more");
}

#[test]
fn the_token_decides_who_acts() {
    let daemon = Daemon::start();
    let without = run(&["observe", "--server", &daemon.url]);
    assert_eq!(code(&without), 4);
    assert!(
        err(&without).contains("hint: give --token"),
        "{}",
        err(&without)
    );
    let wrong = run(&["observe", "--server", &daemon.url, "--token", "wrong"]);
    assert_eq!(code(&wrong), 4);
    assert_eq!(
        code(&run(&["status", "--server", &daemon.url])),
        0,
        "reading needs none"
    );
    let unknown = daemon.ask(&["plan", "qa"]);
    assert_eq!(code(&unknown), 2);
    assert!(
        err(&unknown).contains("no environment `qa`"),
        "{}",
        err(&unknown)
    );
}

#[test]
fn copies_and_schemas_need_no_daemon() {
    let mut daemon = Daemon::start();
    let copy = daemon.dir.path().join("copy.db");
    let config = daemon.config.clone();
    let config = config.to_str().expect("text");
    let backup = ["backup", copy.to_str().expect("text"), "--config", config];
    assert_eq!(code(&run(&backup)), 0);
    assert!(std::fs::metadata(&copy).expect("the copy").len() > 0);
    let again = run(&backup);
    assert!(
        code(&again) == 1 && err(&again).contains("exists already"),
        "{}",
        err(&again)
    );
    // The program that serves may be an older one.
    let under = run(&["migrate", "--config", config]);
    assert!(
        code(&under) == 1 && err(&under).contains("another hodman serves with"),
        "{}",
        err(&under)
    );
    daemon.signal("-TERM");
    assert_eq!(daemon.ended(), 0, "stopped in order");
    let migrate: Value =
        serde_json::from_str(&out(&run(&["migrate", "--json", "--config", config]))).expect("JSON");
    assert!(migrate["schema"].as_i64().expect("a version") > 0);
    for name in ["environment", "release", "captured-lock", "hodman"] {
        let schema: Value = serde_json::from_str(&out(&run(&["schema", name]))).expect("JSON");
        assert_eq!(schema["type"], "object", "{name}");
    }
}

#[test]
fn wrong_settings_are_said_with_their_place() {
    let dir = TempDir::new().expect("a directory");
    let config = dir.path().join("hodman.yaml");
    std::fs::write(&config, "data_dir: data\ngithub:\n  tokne: x\n").expect("the settings");
    let serve = run(&["serve", "--config", config.to_str().expect("text")]);
    assert_eq!(code(&serve), 2);
    assert!(
        err(&serve).contains("hodman.yaml:3:3") && err(&serve).contains("did you mean `token`?"),
        "{}",
        err(&serve)
    );
}

#[test]
fn a_newcomer_is_told_what_to_do() {
    let nothing = run(&[]);
    assert_eq!(code(&nothing), 2);
    let help = format!("{}{}", out(&nothing), err(&nothing));
    assert!(
        help.contains("hodman demo") && help.contains("Exit codes"),
        "{help}"
    );
    assert!(out(&run(&["version"])).starts_with("hodman "));
}
