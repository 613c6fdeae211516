//! The sandbox with a small world in it, the one that the probes expect.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use hodman_sandbox::databricks::{Databricks, DatabricksOptions, FixedToken, Principal};
use hodman_sandbox::github::{AppSpec, GitHub, GitHubOptions};
use tempfile::TempDir;

/// Id of the App that `my-org` has installed.
pub const APP_ID: u64 = 12345;
/// Personal access token of the workspace's only person.
pub const WORKSPACE_TOKEN: &str = "dapi-test";

/// A GitHub with three people (`admin`, `octocat`, `reviewer`; tokens `tok_admin`, `tok_octo`, `tok_rev`), the organisation
/// `my-org`, its repository `seeded` and an App; a Databricks account with one workspace.
pub struct Town {
    /// The GitHub.
    pub github: GitHub,
    /// The account and its workspace `dev`.
    pub databricks: Databricks,
    /// File with the App's private key, PEM.
    pub app_key: PathBuf,
    /// Free for what the test writes; gone with the town.
    pub folder: TempDir,
}

impl Town {
    /// Starts it on free ports. The App's webhooks go to `/apphook` on `webhook_port` of this machine.
    ///
    /// # Panics
    /// When something does not start.
    pub async fn start(webhook_port: u16) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root_dir = folder.path().join("repositories");
        std::fs::create_dir(&root_dir).expect("a folder");
        let github = GitHub::start(GitHubOptions {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            root_dir,
            clock: Arc::new(chrono::Utc::now),
        })
        .await
        .expect("a GitHub");
        people(&github);
        let pem = private_key();
        let app_key = folder.path().join("app.pem");
        std::fs::write(&app_key, &pem).expect("a file");
        github.add_app(&app(pem, webhook_port)).expect("an App");
        let databricks = Databricks::start(DatabricksOptions {
            workspaces: vec!["dev".to_owned()],
            people: vec!["admin@x.io".to_owned()],
            // `x` and `y` are the credentials that the probe of the account and of OAuth has written into it.
            principals: vec![Principal {
                client_id: "x".to_owned(),
                client_secret: "y".into(),
                display_name: "prober".to_owned(),
            }],
            tokens: [WORKSPACE_TOKEN, "x"]
                .map(|value| FixedToken {
                    value: value.into(),
                    login: "admin@x.io".to_owned(),
                })
                .into(),
            unified_hosts: true,
            ..DatabricksOptions::default()
        })
        .await
        .expect("a Databricks account");
        Self {
            github,
            databricks,
            app_key,
            folder,
        }
    }
}

/// A port of the loopback interface that nobody has now, below those that the system gives to whoever asks for any: nobody takes
/// it while a process that was killed is started again.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Programs of tests that run at the same time begin elsewhere.
    let first = std::process::id().wrapping_mul(97);
    let mut ports = std::iter::repeat_with(|| {
        let number = first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        u16::try_from(10_000 + number % 22_000).expect("a port")
    });
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    ports
        .by_ref()
        .take(22_000)
        .find(is_free)
        .expect("a free port")
}

fn people(github: &GitHub) {
    for (login, name, email, token) in [
        ("admin", "Admin", "admin@x.io", "tok_admin"),
        ("octocat", "Octo", "octocat@github.com", "tok_octo"),
        ("reviewer", "Rev", "rev@x.io", "tok_rev"),
    ] {
        github.add_user(login, token);
        github.describe_user(login, name, email);
    }
    let members = [
        ("octocat", "admin"),
        ("reviewer", "member"),
        ("admin", "admin"),
    ];
    github.add_org("my-org", &members);
    github
        .create_repo("my-org/seeded", &[("README.md", b"# seeded\n")], "admin")
        .expect("a repository");
}

/// A fresh RSA key, PEM.
///
/// # Panics
/// When none can be made.
#[must_use]
pub fn private_key() -> String {
    let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).expect("PKCS#8");
    let text = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

fn app(private_key_pem: String, webhook_port: u16) -> AppSpec {
    let levels = [
        ("contents", "write"),
        ("pull_requests", "write"),
        ("checks", "write"),
        ("statuses", "write"),
        ("metadata", "read"),
    ];
    let events = [
        "push",
        "pull_request",
        "pull_request_review",
        "check_run",
        "check_suite",
        "status",
        "issue_comment",
        "installation",
    ];
    AppSpec {
        app_id: APP_ID,
        slug: "promo-bot".to_owned(),
        private_key_pem,
        permissions: levels
            .into_iter()
            .map(|(name, level)| (name.to_owned(), level.to_owned()))
            .collect::<BTreeMap<_, _>>(),
        events: events.map(str::to_owned).to_vec(),
        webhook: Some((
            format!("http://127.0.0.1:{webhook_port}/apphook"),
            "app-secret".to_owned(),
        )),
        installation_id: 100,
        account: "my-org".to_owned(),
    }
}
