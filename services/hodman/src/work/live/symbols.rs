//! What placeholders stand for while a place is still being read: names that have the id of another object in them can be
//! asked for once that one was seen.

use hodman_model::bundle::{Lookup, ResourceKey};
use hodman_model::kinds::Kind;
use hodman_model::plan::{ObservedObject, id_reference};
use serde_json::Value;
use std::collections::BTreeMap;

/// The wanted objects whose names wait for ids.
#[derive(Default)]
pub(super) struct Symbols {
    pipeline: String,
    env: String,
    /// Ids that claims know.
    claimed: BTreeMap<ResourceKey, String>,
    /// Who we are, by the placeholder for each field that is asked for.
    user: BTreeMap<String, String>,
    /// The kinds and fields of what waits.
    waiting: Vec<(&'static dyn Kind, Value)>,
}

impl Symbols {
    pub fn new(pipeline: &str, env: &str, claimed: BTreeMap<ResourceKey, String>) -> Self {
        Self {
            pipeline: pipeline.to_owned(),
            env: env.to_owned(),
            claimed,
            user: BTreeMap::new(),
            waiting: Vec::new(),
        }
    }

    /// Whether this is the pipeline and the environment that the place is read for.
    pub fn is_of(&self, pipeline: &str, env: &str) -> bool {
        self.pipeline == pipeline && self.env == env
    }

    /// Notes who we are, by field.
    pub fn know(&mut self, user: &BTreeMap<String, String>) {
        let placeholder = |field: &str| format!("${{lookup.{}.{field}}}", Lookup::CURRENT_USER);
        let told = user.iter();
        self.user
            .extend(told.map(|(field, told)| (placeholder(field), told.clone())));
    }

    /// Notes a wanted object of which a name is not known yet.
    pub fn wait(&mut self, kind: &'static dyn Kind, config: &Value) {
        self.waiting.push((kind, config.clone()));
    }

    /// Whether a wanted object of this kind waits.
    pub fn waits(&self, kind: &dyn Kind) -> bool {
        self.of(kind).next().is_some()
    }

    /// The names of wanted objects of this kind that are known now that `objects` are.
    pub fn names<'s>(
        &'s self,
        kind: &'s dyn Kind,
        objects: &'s [ObservedObject],
    ) -> impl Iterator<Item = String> + 's {
        self.of(kind)
            .filter_map(move |config| kind.natural(&self.filled(config, objects)))
            .filter(|name| !name.contains("${"))
    }

    /// The ids of objects of the kind `parent` that wanted objects of this kind lie below.
    pub fn parents<'s>(
        &'s self,
        kind: &'s dyn Kind,
        parent: &'static str,
        objects: &'s [ObservedObject],
    ) -> impl Iterator<Item = String> + 's {
        self.of(kind)
            .flat_map(move |config| kind.needs(&self.filled(config, objects)))
            .filter(move |(of, name)| *of == parent && !name.contains("${"))
            .map(|(_, name)| name)
    }

    fn of<'s>(&'s self, kind: &'s dyn Kind) -> impl Iterator<Item = &'s Value> {
        let waiting = self.waiting.iter();
        waiting
            .filter(|(of, _)| of.name() == kind.name())
            .map(|(_, config)| config)
    }

    fn filled(&self, config: &Value, objects: &[ObservedObject]) -> Value {
        match config {
            Value::String(text) => {
                match id_reference(text).and_then(|key| self.id(&key, objects)) {
                    Some(id) => Value::from(id),
                    None => Value::from(self.with_user(text)),
                }
            }
            Value::Array(items) => {
                let filled = items.iter().map(|item| self.filled(item, objects));
                filled.collect()
            }
            Value::Object(map) => {
                let filled = map
                    .iter()
                    .map(|(field, value)| (field.clone(), self.filled(value, objects)));
                Value::Object(filled.collect())
            }
            _ => config.clone(),
        }
    }

    fn with_user(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (placeholder, told) in &self.user {
            out = out.replace(placeholder, told);
        }
        out
    }

    fn id(&self, key: &ResourceKey, objects: &[ObservedObject]) -> Option<String> {
        if let Some(id) = self.claimed.get(key) {
            return Some(id.clone());
        }
        let ours = objects.iter().find(|object| {
            let marker = object.listed.marker.as_ref();
            object.kind == key.kind
                && marker.is_some_and(|marker| {
                    marker.pipeline == self.pipeline
                        && marker.env == self.env
                        && marker.key == key.key
                })
        });
        ours.map(|object| object.listed.id.clone())
    }
}
