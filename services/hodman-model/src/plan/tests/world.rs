//! A workspace in memory: what the stories and properties apply plans to.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::bundle::{ResolvedBundle, Resource, ResourceKey, SourceFile};
use crate::digest::{Hasher, sha256};
use crate::kinds::{Marker, files, kind};
use crate::plan::*;

pub struct World {
    pub bundle: ResolvedBundle,
    pub observed: Observed,
    pub context: PlanContext,
    pub next_id: u64,
}

impl World {
    pub fn new() -> Self {
        Self {
            bundle: ResolvedBundle::default(),
            observed: Observed::default(),
            context: PlanContext {
                pipeline: "shop".into(),
                env: "qa".into(),
                workspace: "qa-eu".into(),
                files_root: files::root("shop", "qa"),
                ..PlanContext::default()
            },
            next_id: 101,
        }
    }

    pub fn resource(mut self, key: &str, config: Value) -> Self {
        let resource = Resource {
            config,
            file: "resources/x.yml".into(),
            line: 3,
            ..Resource::default()
        };
        self.bundle.resources.insert(key.parse().unwrap(), resource);
        self
    }

    pub fn file(mut self, path: &str, text: &str) -> Self {
        let file = SourceFile {
            bytes: Arc::from(text.as_bytes()),
            executable: false,
            notebook: None,
        };
        self.bundle.files.insert(path.into(), file);
        self
    }

    pub fn desired(&self) -> Desired {
        self.try_desired().unwrap()
    }

    fn try_desired(&self) -> Result<Desired, PlanError> {
        let mut hasher = Hasher::default();
        for (path, file) in &self.bundle.files {
            hasher.field(path.as_bytes());
            hasher.field(&file.bytes);
        }
        Desired::from_bundle(&self.bundle, &hasher.finish())
    }

    pub fn try_plan(&self) -> Result<Plan, PlanError> {
        plan(&self.try_desired()?, &self.observed, &self.context)
    }

    pub fn plan(&self) -> Plan {
        self.try_plan().unwrap()
    }

    pub fn apply(&mut self) {
        self.apply_first(usize::MAX);
    }

    /// Does the first `count` rows as an executor would: by the requests of the kinds.
    pub fn apply_first(&mut self, count: usize) {
        let desired = self.desired();
        let plan = self.plan();
        for (_, row) in plan.rows().take(count) {
            if row.is_files_step() {
                self.observed.files.insert(
                    desired.files.as_ref().unwrap().digest.clone(),
                    FileSetState::Complete,
                );
                continue;
            }
            let kind = kind(&row.key.kind).unwrap();
            self.observed.objects.retain(|object| {
                object.kind != row.key.kind
                    || Some(&object.listed.id) != row.live_id.as_ref()
                    || row.action == Action::Create
            });
            let Some(wanted) = desired.resources.get(&row.key) else {
                continue;
            };
            let folder = files::folder(
                &self.context.files_root,
                &desired
                    .files
                    .as_ref()
                    .map_or(sha256(b""), |set| set.digest.clone()),
            );
            let outputs = self.ids();
            let config = substitute(&wanted.config, &folder, &outputs).unwrap();
            let marker = Marker {
                pipeline: "shop".into(),
                env: "qa".into(),
                key: row.key.key.clone(),
            };
            let id = row.live_id.clone().unwrap_or_else(|| {
                self.next_id += 1;
                (self.next_id - 1).to_string()
            });
            let answer = as_server(
                &row.key.kind,
                &id,
                kind.create(&config, &marker).body.unwrap(),
            );
            let listed = kind.read(&answer).unwrap().unwrap();
            self.observed.objects.push(ObservedObject {
                kind: row.key.kind.clone(),
                listed,
            });
        }
    }

    fn ids(&self) -> std::collections::BTreeMap<ResourceKey, String> {
        let ours = |object: &ObservedObject| {
            object
                .listed
                .marker
                .as_ref()
                .map(|marker| marker.key.clone())
        };
        let objects = self.observed.objects.iter();
        objects
            .filter_map(|o| Some((ResourceKey::new(&o.kind, ours(o)?), o.listed.id.clone())))
            .collect()
    }

    pub fn object(&mut self, key: &str) -> &mut ObservedObject {
        let key: ResourceKey = key.parse().unwrap();
        let is_it = |object: &&mut ObservedObject| {
            object.kind == key.kind
                && object
                    .listed
                    .marker
                    .as_ref()
                    .is_some_and(|marker| marker.key == key.key)
        };
        self.observed.objects.iter_mut().find(is_it).unwrap()
    }

    pub fn edit(&mut self, key: &str, edit: impl FnOnce(&mut Value)) {
        edit(&mut self.object(key).listed.config);
    }

    pub fn add_foreign(
        &mut self,
        kind_name: &str,
        id: &str,
        mut config: Value,
        marker: Option<(&str, &str, &str)>,
    ) {
        if let Some((pipeline, env, key)) = marker {
            config["tags"] =
                json!({"hodman_pipeline": pipeline, "hodman_env": env, "hodman_key": key});
        }
        let listed = kind(kind_name)
            .unwrap()
            .read(&as_server(kind_name, id, config))
            .unwrap()
            .unwrap();
        self.observed.objects.push(ObservedObject {
            kind: kind_name.into(),
            listed,
        });
    }
}

/// What the server says of an object that was made with `body`: with its own defaults in.
fn as_server(kind: &str, id: &str, mut body: Value) -> Value {
    if kind == "clusters" {
        body["cluster_id"] = json!(id);
        body["state"] = json!("RUNNING");
        body["aws_attributes"] = json!({"zone_id": "auto", "first_on_demand": 1});
        body["enable_elastic_disk"] = json!(true);
        return body;
    }
    for (field, value) in [
        ("format", json!("MULTI_TASK")),
        ("email_notifications", json!({})),
        ("webhook_notifications", json!({})),
        ("timeout_seconds", json!(0)),
        ("max_concurrent_runs", json!(1)),
        ("run_as", json!({"user_name": "robot"})),
    ] {
        body.as_object_mut().unwrap().entry(field).or_insert(value);
    }
    for task in body
        .get_mut("tasks")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        let task = task.as_object_mut().unwrap();
        task.entry("run_if").or_insert(json!("ALL_SUCCESS"));
        task.entry("timeout_seconds").or_insert(json!(0));
        if let Some(Value::Object(notebook)) = task.get_mut("notebook_task") {
            notebook.entry("source").or_insert(json!("WORKSPACE"));
            for value in notebook
                .get_mut("base_parameters")
                .and_then(Value::as_object_mut)
                .into_iter()
                .flatten()
            {
                if !value.1.is_string() {
                    *value.1 = json!(value.1.to_string());
                }
            }
        }
    }
    json!({"job_id": id.parse::<u64>().unwrap(), "creator_user_name": "robot", "settings": body})
}
