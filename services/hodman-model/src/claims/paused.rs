//! Jobs that start by themselves, and how they are paused while nothing of ours may start.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Still;
use crate::kinds::{Jobs, Kind as _};
use crate::plan::ObservedObject;

/// What starts a job, each with a pause of its own.
const STARTS: [&str; 3] = ["continuous", "schedule", "trigger"];

/// Several of those.
const MANY: &str = "triggers";

/// The settings by which a job starts by itself; none when nothing starts it, or all of it is paused.
#[must_use]
pub fn starts(settings: &Value) -> Option<Value> {
    let fields = STARTS.iter().chain([&MANY]).filter_map(|field| {
        let value = settings.get(*field)?;
        (pause(field, value) != *value).then(|| ((*field).to_owned(), value.clone()))
    });
    let fields: Map<String, Value> = fields.collect();
    (!fields.is_empty()).then_some(Value::Object(fields))
}

/// Those settings, paused.
#[must_use]
pub fn paused(starts: &Value) -> Value {
    let fields = starts.as_object().into_iter().flatten();
    let fields = fields.map(|(field, value)| (field.clone(), pause(field, value)));
    Value::Object(fields.collect())
}

fn pause(field: &str, value: &Value) -> Value {
    let one = |value: &Value| {
        let mut value = value.clone();
        if let Value::Object(map) = &mut value {
            map.insert("pause_status".to_owned(), json!("PAUSED"));
        }
        value
    };
    match value {
        Value::Array(items) if field == MANY => items.iter().map(one).collect(),
        Value::Object(map) if field == MANY => {
            let entries = map.iter().map(|(key, value)| (key.clone(), one(value)));
            Value::Object(entries.collect())
        }
        value => one(value),
    }
}

impl Still {
    /// The settings to put back into a job, which says `live` now: those that are still as they were paused. What somebody changed
    /// meanwhile stays theirs.
    #[must_use]
    pub fn to_put_back(&self, job: &str, live: &Value) -> Option<Value> {
        let were = self.jobs.get(job)?;
        let left = paused(were);
        let fields = were.as_object()?.iter();
        let fields =
            fields.filter(|(field, _)| live.get(field.as_str()) == left.get(field.as_str()));
        let fields: Map<String, Value> = fields
            .map(|(field, value)| (field.clone(), value.clone()))
            .collect();
        (!fields.is_empty()).then_some(Value::Object(fields))
    }

    /// Shows jobs that were paused for a change as they were before: that they are is nobody's difference.
    pub fn show_as_before(&self, objects: &mut [ObservedObject]) {
        let jobs: BTreeMap<&str, &Value> = self
            .jobs
            .iter()
            .map(|(id, were)| (id.as_str(), were))
            .collect();
        for object in objects
            .iter_mut()
            .filter(|object| object.kind == Jobs.name())
        {
            let Some(were) = jobs.get(object.listed.id.as_str()) else {
                continue;
            };
            let rules = Jobs.rules();
            let (left, were) = (rules.normalise(&paused(were)), rules.normalise(were));
            let Some(config) = object.listed.config.as_object_mut() else {
                continue;
            };
            for (field, left) in left.as_object().into_iter().flatten() {
                if config.get(field) != Some(left) {
                    continue;
                }
                match were.get(field) {
                    Some(value) => drop(config.insert(field.clone(), value.clone())),
                    None => drop(config.remove(field)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::World;

    const NIGHTLY: &str = "0 0 3 * * ?";

    #[test]
    fn what_starts_by_itself_is_paused_and_put_back_unless_somebody_changed_it() {
        let schedule = json!({"quartz_cron_expression": NIGHTLY, "timezone_id": "UTC"});
        let settings = json!({"name": "j", "schedule": schedule, "continuous": {"pause_status": "PAUSED"},
                              "triggers": {"a": {"pause_status": "UNPAUSED"}}});
        let were = starts(&settings).unwrap();
        assert_eq!(
            were,
            json!({"schedule": schedule, "triggers": {"a": {"pause_status": "UNPAUSED"}}})
        );
        let left = paused(&were);
        assert_eq!(left["schedule"]["pause_status"], "PAUSED");
        assert_eq!(left["schedule"]["quartz_cron_expression"], NIGHTLY);
        assert_eq!(left["triggers"]["a"]["pause_status"], "PAUSED");
        assert_eq!(starts(&left), None);
        assert_eq!(starts(&json!({"name": "j"})), None);

        let still = Still {
            jobs: BTreeMap::from([("7".to_owned(), were.clone())]),
            ..Still::default()
        };
        assert_eq!(still.to_put_back("7", &left), Some(were));
        assert_eq!(still.to_put_back("8", &left), None);
        let mut theirs = left;
        theirs["schedule"]["timezone_id"] = json!("Europe/Berlin");
        let back = still.to_put_back("7", &theirs).unwrap();
        assert_eq!(
            back,
            json!({"triggers": {"a": {"pause_status": "UNPAUSED"}}})
        );
    }

    #[test]
    fn a_job_that_is_paused_for_a_change_differs_in_nothing() {
        let schedule = json!({"quartz_cron_expression": NIGHTLY, "timezone_id": "UTC"});
        let mut world = World::new().resource("jobs.j", json!({"name": "j", "schedule": schedule}));
        world.apply();
        let id = world.object("jobs.j").listed.id.clone();
        let still = Still {
            jobs: BTreeMap::from([(id, json!({"schedule": schedule}))]),
            ..Still::default()
        };
        world.object("jobs.j").listed.config["schedule"]["pause_status"] = json!("PAUSED");
        assert_eq!(world.plan().summary().update, 1);
        still.show_as_before(&mut world.observed.objects);
        assert!(world.plan().is_empty());
        // Paused in another way it is somebody's doing.
        let config = &mut world.object("jobs.j").listed.config;
        config["schedule"]["pause_status"] = json!("PAUSED");
        config["schedule"]["timezone_id"] = json!("Europe/Berlin");
        still.show_as_before(&mut world.observed.objects);
        assert_eq!(world.plan().summary().update, 1);
    }
}
