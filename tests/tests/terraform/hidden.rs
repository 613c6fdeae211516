//! The daemon's environment has every secret that its settings name. Whatever else runs as its user, as Terraform does, cannot read it.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use hodman_tests::harness::{CANARY, binary};

use super::bench::said;

/// A user who is nobody: root reads everything of everybody.
const NOBODY: u32 = 65_534;

/// A folder of a user who is not root, and programs that run as that one.
struct Home {
    folder: tempfile::TempDir,
    user: u32,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let own = folder.path().metadata().expect("a folder").uid();
        let user = if own == 0 { NOBODY } else { own };
        let home = Self { folder, user };
        home.give(home.folder.path());
        home
    }

    fn give(&self, path: &Path) {
        chown(path, Some(self.user), None).expect("given");
    }

    /// As a file of that user.
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        self.give(&path);
        path
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HODMAN_TEST_SECRET", CANARY)
            .stdin(Stdio::null());
        // Nobody else may become somebody.
        if self.user == NOBODY {
            command.uid(self.user).gid(self.user);
        }
        command
    }

    /// What a program of the same user reads of another one's environment.
    fn environment(&self, of: &Child) -> Output {
        let mut cat = self.command("cat");
        cat.arg(format!("/proc/{}/environ", of.id()));
        cat.output().expect("cat runs")
    }
}

/// A process that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_daemons_environment_is_hidden_from_other_programs_of_its_user() {
    let home = Home::new();
    let data = home.folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    home.give(&data);
    // Where the user may come to.
    let program = home.folder.path().join("hodman");
    std::fs::copy(binary(), &program).expect("copied");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("may be run");
    let config = format!(
        "listen: 127.0.0.1:0\ndata_dir: \"{}\"\ngithub: {{token: {{env: HODMAN_TEST_SECRET}}, webhook_secrets: [{{env: HODMAN_TEST_SECRET}}]}}\n\
         pipelines: [{{name: shop, repository: example/shop, branch: main}}]\n",
        data.display()
    );
    let config = home.file("hodman.yaml", &config);
    let mut daemon = home.command(&program);
    daemon.arg("serve").arg("--config").arg(config);
    let mut daemon = Ends(daemon.stdout(Stdio::piped()).spawn().expect("it starts"));
    let out = daemon.0.stdout.take().expect("its output");
    let mut lines = BufReader::new(out).lines();
    let ready = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("listens on")));
    assert!(ready.is_some(), "it ended before it was ready");

    let mut other = home.command("sleep");
    let other = Ends(other.arg("600").spawn().expect("it starts"));
    let open = home.environment(&other.0);
    assert!(said(&open).contains(CANARY), "{}", said(&open));
    let hidden = home.environment(&daemon.0);
    assert!(!hidden.status.success(), "{}", said(&hidden));
    assert!(!said(&hidden).contains(CANARY), "{}", said(&hidden));
}
