//! What the stories share: modules, a daemon's settings, a program that says who it is, states that can be looked into.

use std::path::PathBuf;
use std::process::{Command, Output};

use hodman_tests::harness::{CANARY, Options, Secrets, Short};
use serde_json::Value;
use tempfile::TempDir;

pub const FILE: &str = "environments/qa/environment.yaml";

pub const KEPT_MODULE: &str = "\
engine: terraform
inputs:
  size: {type: integer}
outputs:
  size: {value: \"${stack.outputs.size}\"}
  token: {value: \"${stack.outputs.token}\"}
";

pub const KEPT: &str = r#"terraform {
  backend "local" {}
}
variable "size" { type = number }
variable "token" {
  type      = string
  sensitive = true
}
resource "terraform_data" "kept" {
  input = { size = var.size, token = var.token }
}
output "size" { value = terraform_data.kept.output.size }
output "token" {
  value     = var.token
  sensitive = true
}
"#;

const TAKES_MODULE: &str = "\
engine: terraform
inputs:
  size: {type: integer}
  word: {type: string}
";

const TAKES: &str = r#"terraform {
  backend "local" {}
}
variable "size" { type = number }
variable "word" {
  type      = string
  sensitive = true
}
resource "terraform_data" "taken" {
  input = { size = var.size, word = var.word }
}
"#;

const WAITS_MODULE: &str = "\
engine: terraform
inputs:
  size: {type: integer}
  signs: {type: string}
";

/// Makes something, then writes its parent's process id, which is Terraform's, and waits until it may go on.
pub const WAITS: &str = r#"terraform {
  backend "local" {}
}
variable "size" { type = number }
variable "signs" { type = string }
resource "terraform_data" "first" {
  input = "made"
}
resource "terraform_data" "waits" {
  input      = var.size
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "echo $PPID > ${var.signs}/new && mv ${var.signs}/new ${var.signs}/pid && while [ ! -e ${var.signs}/go ]; do sleep 0.05; done"
  }
}
"#;

/// One stack, `one`.
pub const ONE: &str = "\
terraform: main
modules:
  one:
    module: kept
    inputs: {size: 1}
workspaces:
";

/// Two: the second takes what the first gives, a secret, too.
pub const TWO: &str = "\
terraform: main
modules:
  one:
    module: kept
    inputs: {size: 1}
  two:
    module: takes
    inputs:
      size: ${modules.one.outputs.size}
      word: ${modules.one.outputs.token}
workspaces:
";

/// A folder for states and signs, and the program.
pub struct Bench {
    pub folder: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        rustls::crypto::aws_lc_rs::default_provider()
            .install_default()
            .ok();
        let bench = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        // Says who it is and what it does, and what else it knows of whoever started it.
        let text = format!(
            "#!/bin/sh\necho \"$HODMAN_WHO $1\" >> {log}\nenv | cut -d= -f1 >> {log}.names\nexec {program} \"$@\"\n",
            log = bench.path("runs").display(),
            program = real().display(),
        );
        std::fs::write(bench.program(), text).expect("a program");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(bench.program(), mode).expect("may be run");
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn program(&self) -> PathBuf {
        self.path("terraform-that-says-who")
    }

    /// Who ran what so far.
    pub fn runs(&self) -> String {
        std::fs::read_to_string(self.path("runs")).unwrap_or_default()
    }

    /// The daemon's settings, with states in files.
    pub fn settings(&self, secrets: Secrets) -> String {
        let backend = format!(
            "path: \"{}/${{stack}}.tfstate\"",
            self.folder.path().display()
        );
        self.settings_with(secrets, &backend, ["", ""], "")
    }

    /// The same with another backend, more variables of both identities, and a role for whoever applies.
    pub fn settings_with(
        &self,
        secrets: Secrets,
        backend: &str,
        keys: [&str; 2],
        role: &str,
    ) -> String {
        let token = match secrets {
            Secrets::Inline => format!("{{value: {CANARY}}}"),
            Secrets::Environment => "{env: HODMAN_TEST_STACK_TOKEN}".to_owned(),
        };
        let who = |name: &str| match secrets {
            Secrets::Inline => format!("{{value: {name}}}"),
            Secrets::Environment => format!("{{env: HODMAN_TEST_STACK_{name}}}"),
        };
        // A sandbox in name only: it says which folder it would show, and to whom.
        let wrapper = format!(
            "[sh, -c, 'echo \"$0 $HODMAN_WHO\" >> {}; exec \"$@\"', \"${{folder}}\"]",
            self.path("sandbox").display()
        );
        format!(
            "terraform:\n  main:\n    program: \"{program}\"\n    backend: {{{backend}}}\n    variables: {{token: {token}}}\n    \
             plan: {{env: {{HODMAN_WHO: {reader}{plan}}}}}\n    apply: {{env: {{HODMAN_WHO: {writer}{apply}}}{role}}}\n    lock_timeout: 0s\n    \
             grace: 60s\n    environments: [qa]\n    pull_requests:\n      plan: {{env: {{HODMAN_WHO: {reviewer}}}}}\n      variables: {{token: {reviewer}}}\n      \
             wrapper: {wrapper}\n",
            program = self.program().display(),
            plan = keys[0],
            apply = keys[1],
            reader = who("reader"),
            writer = who("writer"),
            reviewer = who("reviewer"),
        )
    }

    /// What the settings name where secrets stand in the environment.
    pub fn variables(&self) -> Vec<(String, String)> {
        let of = |name: &str, value: &str| (format!("HODMAN_TEST_STACK_{name}"), value.to_owned());
        vec![
            of("TOKEN", CANARY),
            of("KEY", "test"),
            of("reader", "reader"),
            of("writer", "writer"),
            of("reviewer", "reviewer"),
        ]
    }

    /// A world whose qa calls these modules.
    pub fn options(&self, calls: &'static str) -> Options {
        let mut options = Options::short()
            .file("modules/kept/module.yaml", KEPT_MODULE)
            .file("modules/kept/main.tf", KEPT)
            .file("modules/takes/module.yaml", TAKES_MODULE)
            .file("modules/takes/main.tf", TAKES)
            .file("modules/waits/module.yaml", WAITS_MODULE)
            .file("modules/waits/main.tf", WAITS)
            .edit(FILE, "workspaces:\n", calls);
        options.settings = self.settings(Secrets::Inline);
        options
    }

    /// One stack that waits for a sign while it is applied.
    pub fn waiting(&self, block: &str) -> Options {
        let calls = format!(
            "terraform: main\nmodules:\n  one:\n    module: waits\n    inputs: {{size: 1, signs: {}}}\nworkspaces:\n",
            self.folder.path().display()
        );
        let mut options = self.options(calls.leak());
        let text = WAITS.replace("backend \"local\"", &format!("backend \"{block}\""));
        for (path, file) in &mut options.files {
            if *path == "modules/waits/main.tf" {
                *file = text.clone().leak();
            }
        }
        options
    }

    /// A stack's state in a file; none before the first apply.
    pub fn state(&self, call: &str) -> Option<Value> {
        let path = self.path(&format!("hodman-shop-qa-{call}.tfstate"));
        let text = std::fs::read_to_string(path).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// What is in it, by address.
    pub fn resources(&self, call: &str) -> Vec<String> {
        let state = self.state(call).unwrap_or_default();
        let resources = state["resources"].as_array().into_iter().flatten();
        resources
            .map(|one| {
                format!(
                    "{}.{}",
                    one["type"].as_str().unwrap_or_default(),
                    one["name"].as_str().unwrap_or_default()
                )
            })
            .collect()
    }

    /// Somebody works on a stack's state with a directory and variables of his own.
    pub fn by_hand(
        &self,
        call: &str,
        text: &str,
        variables: &[(&str, &str)],
        arguments: &[&str],
    ) -> Output {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("main.tf"), text).expect("a file");
        let path = self.path(&format!("hodman-shop-qa-{call}.tfstate"));
        let run = |arguments: &[&str]| {
            Command::new(real())
                .args(arguments)
                .current_dir(folder.path())
                .env_remove("TF_CLI_CONFIG_FILE")
                .envs(
                    variables
                        .iter()
                        .map(|(name, value)| (format!("TF_VAR_{name}"), *value)),
                )
                .output()
                .expect("Terraform runs")
        };
        let init = run(&[
            "init",
            "-input=false",
            &format!("-backend-config=path={}", path.display()),
        ]);
        assert!(init.status.success(), "{}", said(&init));
        run(arguments)
    }

    /// Waits for a file of the stack that waits.
    pub async fn sign(&self, short: &Short<'_>) -> i32 {
        let file = self.path("pid");
        let pid = short
            .wait("the provisioner begins", async || {
                std::fs::read_to_string(&file).ok()?.trim().parse().ok()
            })
            .await
            .expect("it waits");
        std::fs::remove_file(self.path("pid")).expect("a sign");
        pid
    }

    pub fn go_on(&self) {
        std::fs::write(self.path("go"), "").expect("a sign");
    }
}

/// The program itself.
pub fn real() -> PathBuf {
    let program =
        std::env::var_os("HODMAN_TEST_TERRAFORM").map_or("terraform".into(), PathBuf::from);
    let found = Command::new(&program).arg("version").output();
    assert!(
        found.is_ok_and(|ran| ran.status.success()),
        "these tests need Terraform: run ./test, or put the path of terraform or tofu into HODMAN_TEST_TERRAFORM"
    );
    program
}

pub fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

pub fn signal(name: &str, pid: i32) {
    let sent = Command::new("kill")
        .args([name, &pid.to_string()])
        .status()
        .expect("kill runs");
    assert!(sent.success(), "{name} to {pid}");
}
