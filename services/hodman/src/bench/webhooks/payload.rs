//! A push as GitHub sends it, of the usual size, and its signature.

use anyhow::Context as _;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// The event that is sent.
pub(super) const EVENT: &str = "push";

/// Different bodies; a sender that signed each one anew would measure its own hashing.
const DIFFERENT: u32 = 64;

/// Signed bodies.
#[derive(Debug)]
pub(super) struct Payloads(Vec<Signed>);

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub body: Bytes,
    pub signature: String,
}

impl Payloads {
    /// Bytes of a body at least: a push of a handful of commits with its repository and sender.
    pub const SIZE: usize = 8 * 1024;

    /// Signs bodies for pushes to a repository.
    pub fn new(repository: &str, secret: &str) -> anyhow::Result<Self> {
        (0..DIFFERENT)
            .map(|number| signed(repository, secret, number))
            .collect::<anyhow::Result<_>>()
            .map(Self)
    }

    /// The body with this number; they repeat.
    pub fn get(&self, number: u64) -> Signed {
        let at = usize::try_from(number % u64::from(DIFFERENT)).unwrap_or_default();
        self.0[at].clone()
    }
}

fn signed(repository: &str, secret: &str, number: u32) -> anyhow::Result<Signed> {
    let body = serde_json::to_vec(&push(repository, number)).context("writing a body")?;
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).context("the key of the signature")?;
    mac.update(&body);
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    Ok(Signed {
        body: body.into(),
        signature,
    })
}

fn push(repository: &str, number: u32) -> Value {
    let sha = |of: u32| format!("{:040x}", u128::from(number) << 32 | u128::from(of));
    let (owner, name) = repository.split_once('/').unwrap_or((repository, ""));
    let url = format!("https://api.github.com/repos/{repository}");
    let person = json!({"name": "Ana Ortiz", "email": "ana@acme.example", "username": "ana"});
    let mut push = json!({
        "ref": "refs/heads/main",
        "before": sha(0),
        "after": sha(1),
        "created": false, "deleted": false, "forced": false, "base_ref": null,
        "compare": format!("https://github.com/{repository}/compare/{}...{}", sha(0), sha(1)),
        "repository": {
            "id": 35_129_377, "name": name, "full_name": repository, "private": true,
            "owner": {"login": owner, "id": 21_031_067, "type": "Organization"},
            "url": url, "default_branch": "main", "visibility": "private",
            "keys_url": format!("{url}/keys{{/key_id}}"), "hooks_url": format!("{url}/hooks"),
            "git_url": format!("git://github.com/{repository}.git"), "topics": [], "forks": 0, "open_issues": 2,
        },
        "pusher": {"name": "ana", "email": "ana@acme.example"},
        "sender": {"login": "ana", "id": 21_031_068, "type": "User", "site_admin": false},
        "commits": [],
    });
    let mut size = push.to_string().len();
    let mut commits = Vec::new();
    while size < Payloads::SIZE {
        let id = sha(2 + u32::try_from(commits.len()).unwrap_or(u32::MAX));
        let commit = json!({
            "id": id, "tree_id": sha(1), "distinct": true,
            "message": "nightly: load orders by day\n\nThe full load takes too long since the shop in Lyon opened.",
            "timestamp": "2026-01-15T09:30:00+01:00", "url": format!("https://github.com/{repository}/commit/{id}"),
            "author": person, "committer": person,
            "added": [], "removed": [], "modified": ["src/shop/load.py", "resources/nightly.job.yml"],
        });
        size += commit.to_string().len() + 1;
        commits.push(commit);
    }
    push["commits"] = Value::Array(commits);
    push
}
