//! A workspace in memory: what the stories and properties apply plans to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::bundle::{ResolvedBundle, Resource, ResourceKey, SourceFile};
use crate::claims::Put;
use crate::digest::{Hasher, sha256};
use crate::kinds::pattern::Keep;
use crate::kinds::{Kind, Listing, Marker, files, kind};
use crate::plan::*;

pub struct World {
    pub bundle: ResolvedBundle,
    pub observed: Observed,
    pub context: PlanContext,
    pub next_id: u64,
    /// What would be put into fields that cannot be read back; the version of the rest is a digest of what stands there.
    pub sent: BTreeMap<ResourceKey, Sent>,
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
            sent: BTreeMap::new(),
        }
    }

    pub fn resource(mut self, key: &str, config: Value) -> Self {
        let resource = Resource {
            config: Arc::new(config),
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
        let desired = self.try_desired()?;
        let mut context = self.context.clone();
        context.sent = self.would_send(&desired);
        plan(&desired, &self.observed, &context)
    }

    fn would_send(&self, desired: &Desired) -> BTreeMap<ResourceKey, Sent> {
        let mut all = BTreeMap::new();
        for (key, wanted) in &desired.resources {
            let kind = kind(&key.kind).unwrap();
            let values = json!(wanted.write_only(kind));
            let sent = Sent {
                version: match kind.rules().open {
                    true => Sent::open_version(&values),
                    false => sha256(values.to_string().as_bytes()).hex().to_owned(),
                },
                reference: None,
            };
            all.insert(key.clone(), self.sent.get(key).cloned().unwrap_or(sent));
        }
        all
    }

    pub fn plan(&self) -> Plan {
        self.try_plan().unwrap()
    }

    pub fn apply(&mut self) {
        self.apply_first(usize::MAX);
    }

    /// Does the first `count` rows as an executor would: by the requests of the kinds.
    pub fn apply_first(&mut self, count: usize) {
        let plan = self.plan();
        let rows: Vec<&Row> = plan.rows().map(|(_, row)| row).take(count).collect();
        self.apply_rows(&rows);
    }

    /// Does some rows of a plan.
    pub fn apply_rows(&mut self, rows: &[&Row]) {
        let desired = self.desired();
        let sent = self.would_send(&desired);
        for row in rows {
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
                self.observed.puts.remove(&row.key);
                continue;
            };
            let folder = files::folder(
                &self.context.files_root,
                &desired
                    .files
                    .as_ref()
                    .map_or(sha256(b""), |set| set.digest.clone()),
            );
            let known = Known::of(&desired, &self.observed, "shop", "qa");
            let put_in = |value: &Value| substitute_known(value, &folder, &known).unwrap();
            let config = put_in(&wanted.config);
            let marker = Marker {
                pipeline: "shop".into(),
                env: "qa".into(),
                key: row.key.key.clone(),
            };
            let new = || {
                let id = self.next_id;
                self.next_id += 1;
                id.to_string()
            };
            let keeps_id = row.action != Action::Replace;
            let id = row.live_id.clone().filter(|_| keeps_id).unwrap_or_else(new);
            let body = kind.create(&config, &marker).body.unwrap();
            let answer = as_server(kind, &id, body, &config);
            let mut listed = kind.read(&answer).unwrap().unwrap();
            listed.marker.get_or_insert(marker);
            if kind.permissions().is_some() || kind.securable().is_some() {
                for (field, wanted) in [
                    ("permissions", &wanted.permissions),
                    ("grants", &wanted.grants),
                ] {
                    if let Some(wanted) = wanted {
                        listed.config[field] = put_in(wanted);
                    }
                }
            }
            if let Some(field) = kind.rules().write_only_field(&wanted.config) {
                let Sent { version, reference } = sent[&row.key].clone();
                assert!(!field.is_empty());
                let put = Put {
                    version,
                    reference,
                    at: 7,
                };
                self.observed.puts.insert(row.key.clone(), put);
            }
            self.observed.objects.push(ObservedObject {
                kind: row.key.kind.clone(),
                listed,
            });
        }
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
            .read(&as_server(
                kind(kind_name).unwrap(),
                id,
                config,
                &Value::Null,
            ))
            .unwrap()
            .unwrap();
        self.observed.objects.push(ObservedObject {
            kind: kind_name.into(),
            listed,
        });
    }
}

/// What the server says of an object that was made with `body`: with its own defaults in.
fn as_server(kind: &dyn Kind, id: &str, mut body: Value, config: &Value) -> Value {
    if kind.name() == "clusters" {
        body["cluster_id"] = json!(id);
        body["state"] = json!("RUNNING");
        body["aws_attributes"] = json!({"zone_id": "auto", "first_on_demand": 1});
        body["enable_elastic_disk"] = json!(true);
        return body;
    }
    if kind.name() != "jobs" {
        return any_server(kind, id, &body, config);
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

/// The same for any kind: what was sent, by the create and what followed it, but for what is never answered; its id; and
/// the defaults and fills that the rules tell of.
fn any_server(kind: &dyn Kind, id: &str, body: &Value, config: &Value) -> Value {
    let mut answer = config.as_object().cloned().unwrap_or_default();
    // Some parts of the account's API wrap what they are sent.
    let wrapped = body.as_object().filter(|body| body.len() == 1);
    let wrapped = wrapped.and_then(|body| body.iter().next());
    match wrapped.filter(|(field, inner)| inner.is_object() && config.get(field).is_none()) {
        Some((_, inner)) => answer.extend(inner.as_object().cloned().unwrap_or_default()),
        None => answer.extend(body.as_object().cloned().unwrap_or_default()),
    }
    let mut answer = Value::Object(answer);
    let rules = kind.rules();
    for pattern in &rules.write_only {
        pattern.visit(&mut answer, &mut |_| Keep::No);
    }
    let natural = kind.natural(&answer);
    let map = answer.as_object_mut().unwrap();
    for default in &rules.defaults {
        let at = default.at.to_string();
        if !at.contains(['.', '*']) {
            map.entry(at).or_insert(default.value.clone());
        }
    }
    for fill in &rules.server_fills {
        let at = fill.at.to_string();
        if !at.contains(['.', '*']) {
            map.entry(at).or_insert(json!("filled"));
        }
    }
    let id_field = match kind.listing() {
        Listing::All(list) => list.id_field,
        Listing::Below { list, .. } => list("x").id_field,
        Listing::ByName => "id",
    };
    let numeric = || id.parse::<u64>().map_or(json!(id), |number| json!(number));
    match (kind.name(), id_field) {
        ("workspace_conf", _) => return answer,
        ("account_ip_access_enforcements", _) => return map.remove("setting").unwrap_or_default(),
        (_, "full_name") => drop(map.insert("full_name".into(), json!(natural.unwrap()))),
        ("pipelines", _) => return json!({"pipeline_id": id, "spec": answer}),
        ("directories", _) => {
            map.insert("object_type".into(), json!("DIRECTORY"));
            map.insert("object_id".into(), json!(5));
        }
        ("apps", field) => {
            let path = map.get("source_code_path").cloned();
            if let Some(path) = path {
                let deployment =
                    json!({"source_code_path": path, "status": {"state": "SUCCEEDED"}});
                map.insert("active_deployment".to_owned(), deployment);
                map.insert("default_source_code_path".to_owned(), path);
            }
            map.entry(field).or_insert(json!(id));
        }
        ("dashboards", field) => {
            map.insert("publication".into(), json!({"revision_create_time": "now"}));
            map.insert(field.into(), json!(id));
        }
        ("git_folders", _) => drop(map.insert("id".into(), numeric())),
        (_, field) => drop(map.entry(field).or_insert(json!(id))),
    }
    answer
}
