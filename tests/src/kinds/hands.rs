//! What a person does in the workspace, with the rights that people have there.

use anyhow::Context as _;
use hodman_model::kinds::{self, Call, Kind, Listed, Marker, Method, bindings};
use serde_json::{Map, Value, json};

use super::{Bench, Dice, KEY, Sample, varied};

const PERSON: &str = "ana@acme.example";

/// Words with which a workspace refuses people, too: what is still used, what is not empty, what refers to something that an
/// apply that was stopped removed half-way, a job's Git source while its tasks name notebooks of the workspace.
const REFUSALS: &[&str] = &[
    "does not exist",
    "not empty",
    "in use",
    "is used",
    "still",
    "Only relative paths",
];

/// How often what was removed is looked for: the sandbox shows it less often than that.
const LOOKS: u32 = 8;

impl Bench {
    /// The person changes fields of a sample's object in the workspace, its tags staying.
    ///
    /// # Errors
    /// What the API refuses.
    pub async fn edit(&self, sample: &Sample, id: &str) -> anyhow::Result<()> {
        let (kind, listed) = self.seen(sample, id).await?;
        if sample.by_hand.is_null() {
            self.remove(kind, &listed).await?;
            anyhow::ensure!(self.show(kind, id).await.is_err(), "{id} is still there");
            return Ok(());
        }
        let by_hand = sample.by_hand.as_object().cloned().unwrap_or_default();
        self.put(kind, &listed, &by_hand).await
    }

    /// The person does something or other to a sample's object, as far as the workspace lets them.
    ///
    /// # Errors
    /// What nobody would be refused.
    pub async fn meddle(&self, sample: &Sample, id: &str, dice: &mut Dice) -> anyhow::Result<()> {
        // What they removed before is not there.
        let Ok((kind, listed)) = self.seen(sample, id).await else {
            return Ok(());
        };
        let done = match dice.one_of(6) {
            0 => self.remove(kind, &listed).await,
            1 => self.put(kind, &listed, &access(kind, dice)).await,
            2 => {
                self.put(kind, &listed, &other_fields(kind, sample, dice))
                    .await
            }
            3 => self.overwrite_source(&listed).await,
            // Where a name is what an object is known by, another name is another object.
            4 if kind.natural(&listed.config).is_none() => {
                let name = (kind.rules().name_field.to_owned(), json!("renamed by hand"));
                self.put(kind, &listed, &Map::from_iter([name])).await
            }
            _ => self.edit(sample, id).await,
        };
        match done {
            Err(error)
                if REFUSALS
                    .iter()
                    .any(|words| error.to_string().contains(words)) =>
            {
                Ok(())
            }
            done => done,
        }
    }

    /// The person makes an object; gives its id. Who may do what comes with it.
    ///
    /// # Errors
    /// What the API refuses.
    pub async fn make(&self, name: &str, config: &Value) -> anyhow::Result<String> {
        let kind = kinds::kind(name).context("a kind")?;
        let mut fields = config.as_object().cloned().unwrap_or_default();
        let permissions = fields.remove("permissions");
        let mut call = kind.create(&Value::Object(fields), &mark());
        call.body.iter_mut().for_each(without_marks);
        let answer = self.ask(&call).await?;
        let id = kind.created_id(&answer, config).context("an id")?;
        let listed = kind.read(&self.show(kind, &id).await?)?;
        let listed = listed.context("an object")?;
        let mut managed = Map::new();
        for entry in permissions
            .iter()
            .flat_map(|list| list.as_array())
            .flatten()
        {
            let group = entry["group_name"].as_str().context("a group")?;
            managed.insert(format!("group:{group}"), entry["level"].clone());
        }
        if !managed.is_empty() {
            let fields = Map::from_iter([("permissions".to_owned(), Value::Object(managed))]);
            self.put(kind, &listed, &fields).await?;
        }
        Ok(id)
    }

    /// Takes hodman's marks off an object that stays as it is otherwise: as if the person had made it.
    ///
    /// # Errors
    /// What the API refuses.
    pub async fn unmark(&self, name: &str, id: &str) -> anyhow::Result<()> {
        let kind = kinds::kind(name).context("a kind")?;
        let listed = kind.read(&self.show(kind, id).await?)?;
        let listed = listed.context("an object of ours")?;
        let Some(marker) = &listed.marker else {
            return Ok(());
        };
        for mut call in kind.update(id, &listed.config, &listed.config, marker) {
            let path = call.path.clone();
            let Some(body) = &mut call.body else { continue };
            if path.ends_with("/tags") {
                let added = body["add_tags"].as_array().cloned().unwrap_or_default();
                *body =
                    json!({"delete_tags": added.iter().map(|tag| &tag["key"]).collect::<Vec<_>>()});
            } else {
                without_marks(body);
            }
            self.ask(&call).await?;
        }
        let listed = kind.read(&self.show(kind, id).await?)?;
        let marker = listed.and_then(|listed| listed.marker);
        anyhow::ensure!(marker.is_none(), "{name} {id} is still marked: {marker:?}");
        Ok(())
    }

    async fn seen(&self, sample: &Sample, id: &str) -> anyhow::Result<(&'static dyn Kind, Listed)> {
        let kind = kinds::kind(sample.kind).context("a kind")?;
        let shown = self.show(kind, id).await?;
        let listed = kind.read(&shown)?.context("an object of ours")?;
        Ok((kind, listed))
    }

    async fn remove(&self, kind: &dyn Kind, listed: &Listed) -> anyhow::Result<()> {
        for call in kind.delete(&listed.id, &listed.config) {
            if let Err(error) = self.ask(&call).await {
                // What others use stays, each API in its own words; what is there no more, or cannot be asked for so, is another thing.
                let words = error.to_string();
                let refused = [": 400 ", ": 409 "];
                anyhow::ensure!(refused.iter().any(|status| words.contains(status)), words);
                self.show(kind, &listed.id).await?;
                return Ok(());
            }
        }
        // An app is shown for a few looks on its way out.
        for _ in 0..LOOKS {
            if self.show(kind, &listed.id).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Fields of an object; who may do what is replaced as a whole.
    async fn put(
        &self,
        kind: &dyn Kind,
        listed: &Listed,
        fields: &Map<String, Value>,
    ) -> anyhow::Result<()> {
        let id = listed.id.as_str();
        let marker = mark();
        let mut config = listed.config.clone();
        for (field, value) in fields {
            match field.as_str() {
                "permissions" => {
                    let permissions = kind.permissions().context("permissions")?;
                    let object = match permissions.id_output {
                        Some(output) => listed.outputs[output].as_str().unwrap_or(id),
                        None => id,
                    };
                    let me = format!("user:{PERSON}");
                    let live = self.ask(&permissions.get(object)).await?;
                    let live = permissions.read(&live);
                    for call in permissions.calls(object, value, &live, &me) {
                        self.ask(&call).await?;
                    }
                }
                "grants" => {
                    let securable = kind.securable().context("grants")?;
                    let live = self.ask(&kinds::grants::get(securable, id).call).await?;
                    let live = kinds::grants::read(&live);
                    if let Some(call) = kinds::grants::patch(securable, id, value, &live) {
                        self.ask(&call).await?;
                    }
                }
                _ => config[field] = value.clone(),
            }
        }
        if config != listed.config {
            for call in kind.update(id, &listed.config, &config, &marker) {
                // As the workspace's own page does; else it would be out of everybody's sight there, theirs and hodman's.
                if bindings::isolates(&call) {
                    let current = self.ask(&bindings::current()).await?;
                    let bound = bindings::bind(kind, id, &current).context("a securable")?;
                    self.ask(&bound).await?;
                }
                self.ask(&call).await?;
            }
        }
        Ok(())
    }

    /// Where the object runs a notebook of ours, another text is written over that.
    async fn overwrite_source(&self, listed: &Listed) -> anyhow::Result<()> {
        let path = listed.config["tasks"][0]["notebook_task"]["notebook_path"].as_str();
        let Some(path) = path else { return Ok(()) };
        let text = "# Databricks notebook source\nprint('by hand')\n";
        let body = json!({"path": path, "format": "SOURCE", "language": "PYTHON", "overwrite": true, "content": super::base64(text)});
        let call = Call {
            method: Method::Post,
            path: "/api/2.0/workspace/import".to_owned(),
            query: [].into(),
            body: Some(body),
            idempotent: true,
        };
        self.ask(&call).await.map(drop)
    }
}

/// The mark of a restore.
fn mark() -> Marker {
    Marker {
        pipeline: "shop".to_owned(),
        env: "restore".to_owned(),
        key: KEY.to_owned(),
    }
}

/// Takes our tags out of all that a request says, mappings and lists.
fn without_marks(value: &mut Value) {
    let ours = |key: &str| key.starts_with("hodman_");
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !ours(key));
            map.values_mut().for_each(without_marks);
        }
        Value::Array(items) => {
            items.retain(|item| !item["key"].as_str().is_some_and(ours));
            items.iter_mut().for_each(without_marks);
        }
        _ => {}
    }
}

/// Who may do what, as somebody else would have it: nobody, or everybody up to some level.
fn access(kind: &dyn Kind, dice: &mut Dice) -> Map<String, Value> {
    let mut fields = Map::new();
    if let Some(permissions) = kind.permissions() {
        let levels: Vec<&&str> = permissions
            .levels
            .iter()
            // Nobody gives the former; the latter is of all endpoints, not of one.
            .filter(|level| !["IS_OWNER", "CAN_CREATE"].contains(level))
            .collect();
        let level = levels.get(dice.one_of(levels.len() + 1));
        let given = level.map_or_else(|| json!({}), |level| json!({"group:users": level}));
        fields.insert("permissions".to_owned(), given);
    }
    if kind.securable().is_some() {
        fields.insert("grants".to_owned(), json!({}));
    }
    fields
}

/// Optional fields of other values than what is declared.
fn other_fields(kind: &dyn Kind, sample: &Sample, dice: &mut Dice) -> Map<String, Value> {
    let other = kind.rules().normalise(&varied(sample, dice));
    let fields = other.as_object().cloned().unwrap_or_default();
    fields
        .into_iter()
        .filter(|(field, _)| sample.declared.get(field).is_none())
        .collect()
}
