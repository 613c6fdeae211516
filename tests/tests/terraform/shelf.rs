//! A provider that is none of Terraform's own: a process that speaks the plugin protocol by a framework that others wrote, from a mirror,
//! as the lock file says.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hodman_clients::terraform::{
    Input, Inputs, PlanKey, Stack, Terraform, TerraformConfig, TerraformError, Workdir,
};
use hodman_tests::harness::{CANARY, Scene, Secrets, Short};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

use super::bench::{Bench, real, said, signal};
use super::looks::{asked, commit, drift, explained, healthy};

/// More than anything here takes on a busy machine.
pub const BOUND: Duration = Duration::from_secs(240);

const MAIN: &str = "modules/jars/main.tf";
const LOCK: &str = "modules/jars/.terraform.lock.hcl";

const MODULE: &str = "\
engine: terraform
inputs:
  size: {type: integer}
  folder: {type: string}
outputs:
  path: {value: \"${stack.outputs.path}\"}
";

const JARS: &str = r#"terraform {
  required_providers {
    shelf = {
      source  = "hodman.test/tests/shelf"
      version = "1.0.0"
    }
  }
  backend "local" {}
}
provider "shelf" {
  folder = var.folder
}
variable "size" { type = number }
variable "folder" { type = string }
variable "token" {
  type      = string
  sensitive = true
}
resource "shelf_jar" "one" {
  name = "one"
  size = var.size
  note = "psst-${var.size}-${var.token}"
}
resource "shelf_jar" "free" {
  name = "free"
  size = 1
  note = "psst-free"
  lifecycle { ignore_changes = [size] }
}
output "path" { value = shelf_jar.one.path }
"#;

/// A mirror with the provider in it, and the folder that it keeps jars in.
pub struct Shelf {
    folder: TempDir,
    pub platform: String,
}

impl Shelf {
    pub fn new() -> Self {
        let version = Command::new(real()).args(["version", "-json"]).output();
        let version: Value =
            serde_json::from_slice(&version.expect("Terraform runs").stdout).expect("JSON");
        let shelf = Self {
            folder: tempfile::tempdir().expect("a folder"),
            platform: version["platform"].as_str().expect("a platform").to_owned(),
        };
        for name in ["jars", "cache", "home"] {
            std::fs::create_dir(shelf.path(name)).expect("a folder");
        }
        let text = format!(
            "disable_checkpoint = true\nprovider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n",
            shelf.path("mirror").display()
        );
        std::fs::write(shelf.path("cli.rc"), text).expect("a file");
        shelf.pack("");
        shelf
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts the provider into the mirror, with something at its end.
    fn pack(&self, more: &str) {
        let python =
            std::env::var("HODMAN_TEST_PYTHON").expect("run ./test, which says where Python is");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("py/terraform_provider.py");
        let source = std::fs::read_to_string(source).expect("a provider");
        let folder = self.path("mirror/hodman.test/tests/shelf");
        std::fs::create_dir_all(&folder).expect("a folder");
        let program = self.path("terraform-provider-shelf_v1.0.0");
        std::fs::write(&program, format!("#!{python}\n{source}{more}")).expect("a file");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&program, mode).expect("may be run");
        // Large enough that somebody who begins while another one unpacks it meets him.
        let filler = self.path("filler");
        std::fs::write(&filler, vec![b'-'; 40_000_000]).expect("a file");
        let archive = folder.join(format!(
            "terraform-provider-shelf_1.0.0_{}.zip",
            self.platform
        ));
        let packed = Command::new(python)
            .args(["-m", "zipfile", "-c"])
            .args([archive, program, filler])
            .output()
            .expect("Python runs");
        assert!(packed.status.success(), "{}", said(&packed));
    }

    /// The lock file, as Terraform writes it for somebody who works in the directory.
    pub fn lock(&self) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("main.tf"), JARS).expect("a file");
        let init = Command::new(real())
            .args(["init", "-backend=false", "-input=false", "-no-color"])
            .current_dir(folder.path())
            .env("TF_CLI_CONFIG_FILE", self.path("cli.rc"))
            .env("HOME", self.path("home"))
            .output()
            .expect("Terraform runs");
        assert!(init.status.success(), "{}", said(&init));
        std::fs::read_to_string(folder.path().join(".terraform.lock.hcl")).expect("a lock file")
    }

    pub fn config(&self) -> TerraformConfig {
        TerraformConfig {
            program: real(),
            plugin_cache: Some(self.path("cache")),
            cli_config: Some(self.path("cli.rc")),
            lock_timeout: Duration::ZERO,
            ..TerraformConfig::default()
        }
    }

    /// A stack of jars in a folder of its own, as of another daemon on this machine.
    pub fn stack(
        &self,
        config: TerraformConfig,
        (name, lock): (&str, &str),
        stop: &watch::Sender<bool>,
    ) -> Stack {
        let workdir = self.alone(name, lock).expect("nobody is at work");
        let mut inputs = Inputs::default();
        let state = json!(self.path(&format!("{name}.tfstate")));
        inputs.backend.insert("path".to_owned(), state);
        for (variable, value) in [
            ("size", json!(1)),
            ("folder", json!(self.path("jars"))),
            ("token", json!("none")),
        ] {
            inputs
                .variables
                .insert(variable.to_owned(), Input::Plain(value));
        }
        let terraform = Terraform::new(config);
        let stack = terraform.stack(workdir, inputs, stop.subscribe());
        stack.expect("a stack")
    }

    /// Its folder; none while somebody is at work there.
    fn alone(&self, name: &str, lock: &str) -> Option<Workdir> {
        let files = [("main.tf", JARS), (".terraform.lock.hcl", lock)];
        let paths = files.map(|(path, text)| (format!("modules/jars/{path}"), text));
        let files = paths
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_bytes(), false));
        let key = PlanKey::new([7; 32]);
        Workdir::alone(&self.path(name), "modules/jars", files, &key).expect("a folder")
    }

    /// Waits until a provider makes a jar that is held; gives its process.
    async fn maker(&self) -> i32 {
        let maker = self.path("jars/one.maker");
        let made = async {
            while !maker.exists() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let made = tokio::time::timeout(BOUND, made).await;
        made.expect("the provider begins");
        let text = std::fs::read_to_string(maker).expect("a process");
        text.trim().parse().expect("a number")
    }

    fn jar(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.path("jars").join(name)).expect("a jar");
        serde_json::from_str(&text).expect("JSON")
    }

    fn by_hand(&self, name: &str, size: u32) {
        let mut jar = self.jar(name);
        jar["size"] = json!(size);
        std::fs::write(self.path("jars").join(name), jar.to_string()).expect("a jar");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_comes_from_a_mirror_as_the_lock_file_says_and_what_hands_change_is_seen() {
    let (bench, shelf) = (Bench::new(), Shelf::new());
    let lock = shelf.lock();
    let calls = format!(
        "terraform: main\nmodules:\n  jars:\n    module: jars\n    inputs: {{size: 1, folder: {}}}\nworkspaces:\n",
        shelf.path("jars").display()
    );
    let mut options = bench
        .options(calls.leak())
        .file("modules/jars/module.yaml", MODULE)
        .file(MAIN, JARS);
    let program = "    program:";
    options.settings = bench.settings(Secrets::Inline).replace(
        program,
        &format!(
            "    plugin_cache: \"{}\"\n    cli_config: \"{}\"\n{program}",
            shelf.path("cache").display(),
            shelf.path("cli.rc").display()
        ),
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    // Nothing is taken that the directory does not say.
    let told = explained(&short, &scene, "read-only").await;
    assert!(told.contains("terraform providers lock"), "{told}");

    commit(&scene, &[(LOCK, &lock)]);
    let pull = asked(&short, &scene, &["shelf_jar.one", "\"action\":\"create\""]).await;
    for secret in ["psst", CANARY] {
        assert!(!pull.body.contains(secret), "{secret}: {}", pull.body);
    }
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    assert_eq!(
        shelf.jar("one"),
        json!({"size": 1, "note": format!("psst-1-{CANARY}")})
    );

    // Hands change one that the directory has an opinion of, and one that it leaves to them.
    shelf.by_hand("one", 7);
    shelf.by_hand("free", 9);
    short.compared("qa").await.expect("compared");
    let view = drift(daemon.address).await;
    let rows = view["report"]["workspaces"][0]["rows"].as_array();
    let row = |address: &str| {
        let mut rows = rows.expect("rows").iter();
        let found = rows.find(|row| row["path"].to_string().contains(address));
        found.unwrap_or_else(|| panic!("{address}: {view:#}"))
    };
    let one = row("shelf_jar.one");
    assert_eq!(one["class"], "hand-edit-to-put-back", "{one:#}");
    assert_eq!(one["live"]["size"], 7, "{one:#}");
    let free = row("shelf_jar.free");
    assert_eq!(free["class"], "server-default", "{free:#}");
    assert_eq!(
        (&free["last_applied"]["size"], &free["live"]["size"]),
        (&json!(1), &json!(9)),
        "{free:#}"
    );
    assert!(!view.to_string().contains("psst"), "{view:#}");

    // Another program under the same name and version is not run.
    shelf.pack("\n# Another one.\n");
    std::fs::remove_dir_all(shelf.path("cache")).expect("a cache");
    commit(
        &scene,
        &[(
            MAIN,
            &JARS.replace("size = var.size\n", "size = var.size + 1\n"),
        )],
    );
    let told = explained(&short, &scene, "checksums").await;
    assert!(told.contains("terraform providers lock"), "{told}");
    assert_eq!(shelf.jar("one")["size"], 7);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_asks_terraform_and_not_its_providers() {
    let shelf = Shelf::new();
    let stop = watch::Sender::new(false);
    let stack = shelf.stack(shelf.config(), ("run", &shelf.lock()), &stop);
    stack.init(&mut |_| {}).await.expect("ready");
    let key = PlanKey::new([7; 32]);
    let planned = stack
        .plan("commit", &key, &mut |_| {})
        .await
        .expect("a plan");
    let holds = shelf.path("jars/one.holds");
    std::fs::write(&holds, "").expect("a file");
    let mut say = |_: &str| {};
    let asked = async {
        shelf.maker().await;
        stop.send_replace(true);
    };
    let (applied, ()) = tokio::join!(stack.apply("commit", &planned.saved, &key, &mut say), asked);
    std::fs::remove_file(holds).expect("a file");
    // It told its provider by the protocol, and stored what it knew.
    assert!(
        matches!(applied, Err(TerraformError::Stopped { killed: false, .. })),
        "{applied:?}"
    );
    stop.send_replace(false);
    assert!(stack.state().await.expect("a state").serial > 0);
    assert!(
        !shelf.path("jars/signalled").exists(),
        "a signal reached the provider"
    );
}

/// The group of a process, which is its Terraform.
fn leader(process: i32) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it lives");
    let (_, rest) = stat.rsplit_once(") ").expect("a name");
    rest.split(' ')
        .nth(2)
        .expect("a group")
        .parse()
        .expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terraform_that_is_killed_leaves_no_provider_that_holds_its_folder() {
    let shelf = Shelf::new();
    let stop = watch::Sender::new(false);
    let lock = shelf.lock();
    let stack = shelf.stack(shelf.config(), ("run", &lock), &stop);
    stack.init(&mut |_| {}).await.expect("ready");
    let key = PlanKey::new([7; 32]);
    let planned = stack
        .plan("commit", &key, &mut |_| {})
        .await
        .expect("a plan");
    std::fs::write(shelf.path("jars/one.holds"), "").expect("a file");
    let mut say = |_: &str| {};
    let killed = async {
        let provider = shelf.maker().await;
        signal("-KILL", leader(provider));
        provider
    };
    let (applied, provider) = tokio::join!(
        stack.apply("commit", &planned.saved, &key, &mut say),
        killed
    );
    assert!(
        matches!(applied, Err(TerraformError::Failed { code: None, .. })),
        "{applied:?}"
    );
    drop(stack);
    let free = async {
        while shelf.alone("run", &lock).is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let free = tokio::time::timeout(BOUND, free).await;
    free.unwrap_or_else(|_| panic!("provider {provider} holds it still"));
}
