//! What a workspace says of the objects that configs refer to: ids, outputs, and what was looked up by name.

use std::collections::BTreeMap;

use serde_json::Value;

use super::desired::Desired;
use super::observed::Observed;
use super::references::Placeholder;
use crate::bundle::ResourceKey;
use crate::kinds::Listed;

/// What placeholders stand for in one workspace. It grows while a plan is applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    ids: BTreeMap<ResourceKey, String>,
    fields: BTreeMap<ResourceKey, BTreeMap<String, Value>>,
    lookups: BTreeMap<(String, String), String>,
}

impl Known {
    /// What `observed` says of the objects of ours and of everything that `desired` asks for.
    #[must_use]
    pub fn of(desired: &Desired, observed: &Observed, pipeline: &str, env: &str) -> Self {
        let ours = observed.objects.iter().filter_map(|object| {
            let marker = object.listed.marker.as_ref()?;
            let mine = marker.pipeline == pipeline && marker.env == env;
            mine.then(|| (ResourceKey::new(&object.kind, &marker.key), &object.listed))
        });
        Self::of_ours(desired, observed, &ours.collect())
    }

    /// The same where it is known already which objects are ours.
    pub(crate) fn of_ours(
        desired: &Desired,
        observed: &Observed,
        ours: &BTreeMap<ResourceKey, &Listed>,
    ) -> Self {
        let mut known = Self::default();
        for (key, listed) in ours {
            known.made(desired, key, listed);
        }
        for lookup in &desired.lookups {
            if let [only] = observed.called(&lookup.kind, &lookup.name).as_slice() {
                known.looked_up(&lookup.kind, &lookup.name, only);
            }
        }
        known
    }

    /// The same and what `other` knows beside it.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.ids.extend(other.ids);
        for (key, fields) in other.fields {
            self.fields.entry(key).or_default().extend(fields);
        }
        self.lookups.extend(other.lookups);
        self
    }

    /// Notes an object that is there now: its id, and the fields of it that `desired` asks for.
    pub fn made(&mut self, desired: &Desired, key: &ResourceKey, listed: &Listed) {
        self.id(key, &listed.id);
        for field in desired.asked.get(key).into_iter().flatten() {
            let found = dig(&listed.outputs, field).or_else(|| dig(&listed.config, field));
            if let Some(value) = found {
                let fields = self.fields.entry(key.clone()).or_default();
                fields.insert(field.clone(), value.clone());
            }
        }
    }

    /// Notes the id of an object of which nothing else is known.
    pub fn id(&mut self, key: &ResourceKey, id: &str) {
        self.ids.insert(key.clone(), id.to_owned());
    }

    /// Notes the id of an object that was looked up by name; `kind` in the words of the bundle language.
    pub fn looked_up(&mut self, kind: &str, name: &str, id: &str) {
        self.lookups
            .insert((kind.to_owned(), name.to_owned()), id.to_owned());
    }

    /// Forgets an object that is gone.
    pub fn forget(&mut self, key: &ResourceKey) {
        self.ids.remove(key);
        self.fields.remove(key);
    }

    /// The id of a resource.
    #[must_use]
    pub fn id_of(&self, key: &ResourceKey) -> Option<&str> {
        self.ids.get(key).map(String::as_str)
    }

    /// A field of a resource, with its type. The ids of jobs are numbers in the API.
    #[must_use]
    pub fn field(&self, key: &ResourceKey, field: &str) -> Option<Value> {
        if field != "id" {
            return self.fields.get(key)?.get(field).cloned();
        }
        let id = self.ids.get(key)?;
        Some(match id.parse::<u64>() {
            Ok(number) if key.kind == "jobs" => Value::from(number),
            _ => Value::from(id.as_str()),
        })
    }

    /// What the placeholder stands for; `${files}` is another's to say.
    pub(super) fn get(&self, placeholder: &Placeholder) -> Option<Value> {
        match placeholder {
            Placeholder::Files => None,
            Placeholder::Output(key, field) => self.field(key, field),
            Placeholder::Lookup(kind, name) => self
                .lookups
                .get(&(kind.clone(), name.clone()))
                .map(|id| Value::from(id.as_str())),
        }
    }
}

/// The value at `path`, whose steps are keys of mappings and positions in lists, with dots between.
pub(super) fn dig<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split(['.', '[', ']'])
        .filter(|step| !step.is_empty())
        .try_fold(value, |value, step| match value {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            other => other.get(step),
        })
}
