//! What a bundle says of all its resources at once: `permissions`, `run_as`, `presets`. It is not written into each of them
//! again, so in the form of an object of the workspace it is left out where the object says just that.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::beside::to_managed;
use super::copies::Prefix;
use super::form::with_variables;
use super::overlay::lay;
use super::repo::Repo;
use crate::bundle::{CURRENT_USER, common_level};
use crate::kinds::{Kind, permissions};

/// What presets pause, by kind.
const STARTS: &[(&str, &[&str])] = &[
    ("jobs", &["schedule", "trigger", "continuous"]),
    ("alerts", &["schedule"]),
];

/// What the bundle says of all its resources.
pub(super) struct Around {
    permissions: Map<String, Value>,
    run_as: Value,
    presets: Value,
    development: bool,
}

impl Around {
    /// As `target` has it.
    pub fn of(repo: &Repo, target: &str, variables: &BTreeMap<String, Value>) -> Self {
        let own = repo
            .said
            .get("targets")
            .and_then(|targets| targets.get(target));
        let both = |field: &str| {
            let mut said = repo.said.get(field).cloned().unwrap_or_default();
            let over = own.and_then(|own| own.get(field)).cloned();
            match field {
                // A target replaces it as a whole.
                "run_as" => said = over.unwrap_or(said),
                _ => lay(&mut said, over.unwrap_or_default()),
            }
            with_variables(&said, variables)
        };
        let mut listed =
            Map::from_iter([(permissions::FIELD.to_owned(), both(permissions::FIELD))]);
        to_managed(&mut listed);
        let managed = listed.remove(permissions::FIELD);
        Self {
            permissions: managed
                .and_then(|managed| managed.as_object().cloned())
                .unwrap_or_default(),
            run_as: both("run_as"),
            presets: both("presets"),
            development: both("mode").as_str() == Some("development"),
        }
    }

    /// What the target puts before names, where it says so itself.
    pub fn prefix(&self) -> Option<Prefix<'_>> {
        let text = self.presets.get("name_prefix")?.as_str()?;
        let open = text.replace(CURRENT_USER, "").contains("${");
        let development = self.development;
        (!text.is_empty() && !open).then_some(Prefix { text, development })
    }

    /// Takes out of `form` what is said for all, where `git`, the resource in the repository, does not say it itself.
    pub fn take_out(&self, kind: &dyn Kind, form: &mut Value, git: Option<&Value>) {
        let Value::Object(form) = form else { return };
        let said = |path: &[&str]| {
            let at = path.iter().try_fold(git?, |value, key| value.get(*key));
            at.filter(|value| !value.is_null())
        };
        if let Some(Value::Object(own)) = form.get_mut(permissions::FIELD) {
            own.retain(|principal, level| {
                let for_all = self.permissions.get(principal).and_then(Value::as_str);
                let for_all = for_all.and_then(|level| common_level(kind.name(), level));
                for_all.is_none()
                    || for_all != level.as_str()
                    || said(&[permissions::FIELD, principal]).is_some()
            });
            if own.is_empty() {
                form.remove(permissions::FIELD);
            }
        }
        if form.get("run_as") == Some(&self.run_as) && said(&["run_as"]).is_none() {
            form.remove("run_as");
        }
        self.tags(kind, form, &said);
        self.plain(kind, form, &said);
    }

    fn tags<'g>(
        &self,
        kind: &dyn Kind,
        form: &mut Map<String, Value>,
        said: &impl Fn(&[&str]) -> Option<&'g Value>,
    ) {
        let field = kind.rules().tags_field;
        let for_all = self.presets.get("tags").and_then(Value::as_object);
        let Some((for_all, Value::Object(own))) = for_all.zip(form.get_mut(field)) else {
            return;
        };
        own.retain(|tag, value| {
            let for_all = for_all.get(tag);
            // Who deployed says nothing about what they deployed.
            let of_user = || {
                for_all
                    .and_then(Value::as_str)
                    .is_some_and(|said| said.contains(CURRENT_USER))
            };
            for_all != Some(value) && !of_user() || said(&[field, tag]).is_some()
        });
        if own.is_empty() {
            form.remove(field);
        }
    }

    fn plain<'g>(
        &self,
        kind: &dyn Kind,
        form: &mut Map<String, Value>,
        said: &impl Fn(&[&str]) -> Option<&'g Value>,
    ) {
        let fields = match kind.name() {
            "jobs" => [("jobs_max_concurrent_runs", "max_concurrent_runs")].as_slice(),
            "pipelines" => [("pipelines_development", "development")].as_slice(),
            _ => &[],
        };
        for (preset, field) in fields {
            let for_all = self.presets.get(*preset);
            if for_all.is_some() && form.get(*field) == for_all && said(&[field]).is_none() {
                form.remove(*field);
            }
        }
        let Some(status) = self.presets.get("trigger_pause_status") else {
            return;
        };
        let starts = STARTS.iter().find(|(name, _)| *name == kind.name());
        for field in starts.into_iter().flat_map(|(_, fields)| *fields) {
            if said(&[field, "pause_status"]).is_some() {
                continue;
            }
            if let Some(Value::Object(inner)) = form.get_mut(*field)
                && inner.get("pause_status") == Some(status)
            {
                inner.remove("pause_status");
            }
        }
    }
}
