//! A repository, its history and a workspace, in memory.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::capture::*;
use crate::digest::Digest;
use crate::files::{SourceBytes, parse_captured_lock};
use crate::kinds::kind;

/// A bundle's root file.
const ROOT: &str = "# The shop.\nbundle:\n  name: shop\ninclude: [resources/*.yml]\n";

pub struct Project {
    pub tree: Tree,
    /// Earlier contents by path.
    pub history: Vec<(String, Vec<u8>)>,
    pub snapshot: LiveSnapshot,
    pub rules: CaptureRules,
    pub lock: CapturedLock,
    pub variables: BTreeMap<String, Value>,
    /// What there was before the last capture was merged.
    had: BTreeSet<String>,
    raw: RefCell<BTreeMap<String, Value>>,
}

impl Project {
    pub fn new() -> Self {
        let root = SourceBytes::plain(ROOT.as_bytes().to_vec());
        Self {
            tree: Tree::from([("databricks.yml".to_owned(), root)]),
            history: Vec::new(),
            snapshot: LiveSnapshot {
                workspace: "dev".into(),
                ..LiveSnapshot::default()
            },
            rules: CaptureRules {
                paths: vec!["/Workspace/Shared/team".into()],
                ..CaptureRules::default()
            },
            lock: CapturedLock::default(),
            variables: BTreeMap::new(),
            had: BTreeSet::new(),
            raw: RefCell::default(),
        }
    }

    /// The bundle's own, and those that the test gives.
    fn variables(&self) -> BTreeMap<String, Value> {
        let mut all = variables(&self.tree, "dev", &BTreeMap::new());
        all.extend(self.variables.clone());
        all
    }

    pub fn live(&mut self, id: &str) -> &mut crate::kinds::Listed {
        let found = self
            .snapshot
            .resources
            .iter_mut()
            .find(|live| live.listed.id == id);
        &mut found.unwrap().listed
    }

    fn put(&mut self, kind_name: &str, id: String, answer: Value) {
        let listed = kind(kind_name).unwrap().read(&answer).unwrap().unwrap();
        self.raw.borrow_mut().insert(id.clone(), answer);
        self.snapshot.resources.retain(|live| live.listed.id != id);
        self.snapshot
            .resources
            .push(LiveResource::new(kind_name, listed));
    }

    pub fn job(&mut self, id: u64, name: &str, mut settings: Value) {
        settings["name"] = json!(name);
        // What is made today is queued, and says so.
        if settings.get("queue").is_none() {
            settings["queue"] = json!({"enabled": true});
        }
        let answer = json!({"job_id": id, "creator_user_name": "ada@example.com", "created_time": 1_700_000_000_000_i64, "settings": settings});
        self.put("jobs", id.to_string(), answer);
    }

    /// An object of any kind, as the API answers it.
    pub fn object(&mut self, kind_name: &str, id: &str, answer: Value) {
        self.put(kind_name, id.to_owned(), answer);
    }

    pub fn edit_job(&mut self, id: u64, edit: impl FnOnce(&mut Value)) {
        let mut answer = self.raw.borrow()[&id.to_string()].clone();
        edit(&mut answer["settings"]);
        self.put("jobs", id.to_string(), answer);
    }

    pub fn cluster(&mut self, id: &str, name: &str, mut answer: Value) {
        answer["cluster_id"] = json!(id);
        answer["cluster_name"] = json!(name);
        self.put("clusters", id.to_owned(), answer);
    }

    pub fn notebook(&mut self, path: &str, text: &str) {
        self.live_file(path, text.as_bytes(), Some(crate::bundle::Language::Python));
    }

    pub fn live_file(
        &mut self,
        path: &str,
        bytes: &[u8],
        language: Option<crate::bundle::Language>,
    ) {
        let file = LiveFile {
            bytes: bytes.to_vec(),
            language,
            created_at: None,
            modified_at: None,
            creator: None,
            seen: None,
        };
        self.snapshot.files.insert(path.into(), file);
    }

    pub fn text(&self, path: &str) -> String {
        String::from_utf8(self.tree[path].bytes.to_vec()).unwrap()
    }

    /// A commit by a person.
    pub fn rewrite(&mut self, path: &str, edit: impl FnOnce(String) -> String) {
        let before = self.tree.get(path).map(|file| file.bytes.to_vec());
        let text = edit(
            before
                .clone()
                .map(|bytes| String::from_utf8(bytes).unwrap())
                .unwrap_or_default(),
        );
        self.history
            .extend(before.map(|bytes| (path.to_owned(), bytes)));
        self.tree
            .insert(path.into(), SourceBytes::plain(text.into_bytes()));
    }

    pub fn try_capture(&self) -> Result<Captured, Diagnostics> {
        let base = |path: &str, digest: &Digest| {
            let all = self
                .history
                .iter()
                .filter(|(at, _)| at == path)
                .map(|(_, bytes)| bytes);
            all.into_iter()
                .find(|bytes| {
                    holds(
                        path,
                        bytes,
                        &self.tree,
                        &Overrides::of(&self.tree, "dev"),
                        &self.variables(),
                        digest,
                    )
                })
                .cloned()
        };
        capture(&CaptureInput {
            env: "dev",
            target: "dev",
            snapshot: &self.snapshot,
            rules: &self.rules,
            tree: &self.tree,
            lock: &self.lock,
            bundle: "shop",
            variables: &self.variables(),
            base: &base,
            had: &|_, path| self.had.contains(path),
        })
    }

    pub fn capture(&self) -> Captured {
        self.try_capture().unwrap()
    }

    /// Captures and merges the pull request.
    pub fn merge_capture(&mut self) -> Captured {
        let captured = self.capture();
        if captured.changes.contains_key(&lock_path("dev")) {
            self.had = self.tree.keys().cloned().collect();
        }
        for (path, change) in &captured.changes {
            self.history.extend(
                self.tree
                    .get(path)
                    .map(|file| (path.clone(), file.bytes.to_vec())),
            );
            match change {
                Some(bytes) => drop(
                    self.tree
                        .insert(path.clone(), SourceBytes::plain(bytes.clone())),
                ),
                None => drop(self.tree.remove(path)),
            }
        }
        if captured.changes.contains_key(&lock_path("dev")) {
            self.lock =
                parse_captured_lock("captured.lock", &self.text(&lock_path("dev"))).unwrap();
        }
        captured
    }
}
