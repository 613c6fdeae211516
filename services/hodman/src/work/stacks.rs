//! What stacks would do to their resources, asked of their engines before a plan is made; stacks of Terraform in the order in which
//! they take from each other.

mod inside;

pub(super) use inside::look_inside;

use super::foundation::Engines;
use super::{Job, WorkError, live};
use hodman_clients::databricks::Workspace;
use hodman_core::ids::EnvName;
use hodman_model::bundle::ResourceKey;
use hodman_model::files::Environment;
use hodman_model::kinds::{
    APPROVED, Call, CloudformationStacks, IMPORT, Kind as _, Marker, TerraformStacks, UNMADE,
    WHOSE, holds_sensitive_output,
};
use hodman_model::modules::Foundation;
use hodman_model::plan::{Action, Desired, Known, Observed, Plan, Row, asked_in, substitute_known};
use hodman_model::stacks::StackPlan;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Who is asked about what.
pub(super) struct Question<'a> {
    pub job: &'a Job<'a>,
    pub env: &'a EnvName,
    pub environment: &'a Environment,
    pub place: &'a Workspace,
    pub foundation: &'a Foundation,
    /// The plan without what the engines say.
    pub plan: &'a Plan,
    /// How much may be asked.
    pub engines: Engines,
}

/// Whether the resource is a stack of Terraform.
pub(super) fn is_terraform(key: &ResourceKey) -> bool {
    key.kind == TerraformStacks.name()
}

/// Whether an engine alone knows what is in the resource.
fn is_stack(key: &ResourceKey) -> bool {
    is_terraform(key) || key.kind == CloudformationStacks.name()
}

/// Forgets stacks that were begun and never made, where they are wanted: they are made, by what is left of their plan.
pub(super) fn forget_unmade(foundation: &Foundation, observed: &mut Observed) {
    observed.objects.retain(|object| {
        let unmade = object.listed.outputs.get(UNMADE) == Some(&json!(true));
        let wanted = object.listed.marker.as_ref().is_some_and(|marker| {
            let key = ResourceKey::new(&object.kind, &marker.key);
            foundation.desired.resources.contains_key(&key)
        });
        !(unmade && wanted)
    });
}

/// Stacks that took over what their calls list and got no mark of ours yet: the rest of the same creation.
pub(super) fn taken_over(
    foundation: &Foundation,
    observed: &Observed,
) -> BTreeMap<ResourceKey, String> {
    let stacks = foundation.desired.resources.iter();
    let found = stacks.filter_map(|(key, wanted)| {
        let imports = wanted.config.get(IMPORT)?.as_object()?;
        let name = CloudformationStacks.natural(&wanted.config)?;
        let mut objects = observed.objects.iter();
        let there = objects.find(|object| object.kind == key.kind && object.listed.id == name)?;
        let has = there.listed.outputs["resources"].as_array()?;
        let all = imports.keys().all(|name| has.iter().any(|has| has == name));
        (there.listed.marker.is_none() && all).then(|| (key.clone(), name))
    });
    found.collect()
}

/// Fills in what the engines say; gives whether any was asked.
pub(super) async fn ask(
    question: &Question<'_>,
    observed: &mut Observed,
) -> Result<bool, WorkError> {
    let known = Known::of(
        &question.foundation.desired,
        observed,
        question.job.pipeline,
        question.env.as_str(),
    );
    no_secret_leaves_terraform(&question.foundation.desired, &known)?;
    let (templates, terraform) = match question.engines {
        Engines::Unmerged {
            templates,
            terraform,
        } => (templates, terraform),
        Engines::Asked | Engines::Approved | Engines::Compared | Engines::Proposed => (true, true),
        Engines::Left => (false, false),
    };
    if terraform {
        question.removals(observed).await?;
    }
    let asks = |key: &ResourceKey| match is_terraform(key) {
        true => terraform,
        false => templates && is_stack(key),
    };
    question.changes(observed, &known, asks).await?;
    question.followers(observed, &known);
    Ok(!observed.previews.is_empty() || !observed.waiting.is_empty())
}

impl Question<'_> {
    fn marker(&self, key: &ResourceKey) -> Marker {
        Marker {
            pipeline: self.job.pipeline.to_owned(),
            env: self.env.as_str().to_owned(),
            key: key.key.clone(),
        }
    }

    /// What removing stacks of Terraform would do that nobody wants any more.
    async fn removals(&self, observed: &mut Observed) -> Result<(), WorkError> {
        let ours = observed.objects.iter().filter_map(|object| {
            let key = ResourceKey::new(&object.kind, &object.listed.marker.as_ref()?.key);
            let mine = object.listed.marker.as_ref() == Some(&self.marker(&key));
            let wanted = self.foundation.desired.resources.contains_key(&key);
            (is_terraform(&key) && mine && !wanted).then(|| (key, object.listed.id.clone()))
        });
        for (key, id) in ours.collect::<Vec<_>>() {
            let wanted = self.foundation.told.get(&id);
            let call = TerraformStacks::preview_removal(&id, wanted.map(AsRef::as_ref));
            let (plan, _) = self.preview(call).await.map_err(|error| at(&key, error))?;
            observed.previews.insert(key, plan);
        }
        Ok(())
    }

    /// What bringing stacks to what is wanted would do, in the order in which they take from each other.
    async fn changes(
        &self,
        observed: &mut Observed,
        known: &Known,
        asks: impl Fn(&ResourceKey) -> bool,
    ) -> Result<(), WorkError> {
        let desired = &self.foundation.desired;
        let mut left: Vec<&ResourceKey> =
            desired.resources.keys().filter(|key| asks(key)).collect();
        while !left.is_empty() {
            let open: BTreeSet<&ResourceKey> = left.iter().copied().collect();
            let (later, now): (Vec<_>, Vec<_>) = left.into_iter().partition(|key| {
                let wanted = desired.resources.get(*key);
                wanted.is_some_and(|wanted| wanted.needs.iter().any(|other| open.contains(other)))
            });
            if now.is_empty() {
                // The plan says which need each other in a circle.
                return Ok(());
            }
            for key in now {
                match is_terraform(key) {
                    true => self.terraform(key, observed, known).await?,
                    false => self.cloudformation(key, observed, known).await?,
                }
            }
            left = later;
        }
        Ok(())
    }

    /// What the change set of a stack that is there says. One that takes what another row is yet to give waits for it: what the set
    /// does is known, and asked for, when that is done.
    async fn cloudformation(
        &self,
        key: &ResourceKey,
        observed: &mut Observed,
        known: &Known,
    ) -> Result<(), WorkError> {
        let desired = &self.foundation.desired;
        let Some(wanted) = desired.resources.get(key) else {
            return Ok(());
        };
        let row = self.plan.rows().find(|(_, row)| row.key == *key);
        let row = row.map(|(_, row)| row);
        let renamed = row.is_some_and(|row| row.action == Action::Replace);
        let has_it = CloudformationStacks.natural(&wanted.config);
        let has_it = has_it.map(|name| (key.kind.clone(), name));
        // Called again as it was before it got another name, by which it is there still.
        let back = renamed && has_it.is_some_and(|called| observed.leaving.contains_key(&called));
        let shows = back || wanted.config.get(IMPORT).is_some();
        // Nothing is lost by one that is not there, if it makes everything anew; nor by one that gets another name before the old one goes.
        if row.is_some_and(|row| row.live_id.is_none() || renamed) && !shows {
            return Ok(());
        }
        let open = self.open_for(&wanted.config, observed, known);
        if !open.is_empty() {
            observed.waiting.insert(key.clone(), open);
            return Ok(());
        }
        let Some(row) = row.filter(|row| match row.action {
            Action::Update | Action::Adopt => true,
            Action::Create | Action::Replace => shows,
            _ => false,
        }) else {
            return Ok(());
        };
        let config = match substitute_known(&wanted.config, "", known) {
            Ok(config) => config,
            Err(missing) => return Err(WorkError::lasting(format!("{key}: {missing}"))),
        };
        let name = CloudformationStacks.natural(&config).unwrap_or_default();
        let live = row.live_id.clone().filter(|_| !renamed);
        let id = live.unwrap_or(name);
        let mut call = CloudformationStacks::preview(&id, &config, &self.marker(key));
        if self.is_unmerged() {
            let body = call.body.get_or_insert_with(|| json!({}));
            body[WHOSE] = json!(self.engines.whose());
        }
        let answer = self.place.call(live::request(&call)).await;
        let answer = answer.map_err(|error| at(key, error.into()))?;
        let preview = serde_json::from_value(answer)?;
        observed.previews.insert(key.clone(), preview);
        Ok(())
    }

    /// Whatever else is there and takes an output that a stack is about to change: it waits, for nobody knows the value yet.
    fn followers(&self, observed: &mut Observed, known: &Known) {
        for (key, wanted) in &self.foundation.desired.resources {
            if is_stack(key) || known.id_of(key).is_none() {
                continue;
            }
            // What a new stack gives, or one that gets another name, is put in when it is made, in the same apply.
            let made = |row: &Row| matches!(row.action, Action::Replace | Action::Create);
            let is_made = |key: &ResourceKey| {
                self.plan
                    .rows()
                    .any(|(_, row)| row.key == *key && made(row))
            };
            let open: BTreeSet<ResourceKey> = self
                .open_for(&wanted.config, observed, known)
                .into_iter()
                .filter(|other| is_stack(other) && known.id_of(other).is_some() && !is_made(other))
                .collect();
            let going = is_made(key);
            if !open.is_empty() && !going {
                observed.waiting.insert(key.clone(), open);
            }
        }
    }

    /// The others of which a resource takes what is not known before their rows are done.
    fn open_for(
        &self,
        config: &Value,
        observed: &Observed,
        known: &Known,
    ) -> BTreeSet<ResourceKey> {
        let asked = asked_in(config);
        let open = asked
            .iter()
            .filter(|(other, fields)| self.is_open(other, fields, observed, known));
        open.map(|(other, _)| other.clone()).collect()
    }

    async fn terraform(
        &self,
        key: &ResourceKey,
        observed: &mut Observed,
        known: &Known,
    ) -> Result<(), WorkError> {
        let Some(wanted) = self.foundation.desired.resources.get(key) else {
            return Ok(());
        };
        let open = self.open_for(&wanted.config, observed, known);
        if !open.is_empty() {
            observed.waiting.insert(key.clone(), open);
            return Ok(());
        }
        let config = match substitute_known(&wanted.config, "", known) {
            Ok(config) => config,
            // What gives it is there, and does not give it.
            Err(missing) => return Err(WorkError::lasting(format!("{key}: {missing}"))),
        };
        if self.is_unmerged() && holds_sensitive_output(&config) {
            // Whatever a pull request says gets no secret of another stack; what it does is asked for when that may be passed on.
            let givers = asked_in(&wanted.config).into_keys().filter(is_terraform);
            observed.waiting.insert(key.clone(), givers.collect());
            return Ok(());
        }
        let name = TerraformStacks.natural(&config).unwrap_or_default();
        let call = TerraformStacks::preview(&name, &config, &self.marker(key));
        let (plan, foreign) = self.preview(call).await.map_err(|error| at(key, error))?;
        if let Some(foreign) = foreign.filter(|_| !self.environment.adopt.contains_key(key)) {
            return Err(WorkError::lasting(format!(
                "{key}: {foreign}: name it under `adopt` of the environment's file (`{key}: {name}`) to take it over, or give the \
                 stack another place for its state"
            )));
        }
        observed.previews.insert(key.clone(), plan);
        Ok(())
    }

    /// Whether what `other` gives for `fields` is not known before its own row is done.
    fn is_open(
        &self,
        other: &ResourceKey,
        fields: &BTreeSet<String>,
        observed: &Observed,
        known: &Known,
    ) -> bool {
        if known.id_of(other).is_none() || observed.waiting.contains_key(other) {
            return true;
        }
        if let Some(preview) = observed.previews.get(other).filter(|_| is_stack(other)) {
            let changes = |field: &String| {
                preview.outputs.iter().any(|output| {
                    let name = output.path.to_string();
                    field.strip_prefix("outputs.").is_some_and(|asked| {
                        asked == name || asked.starts_with(&format!("{name}."))
                    })
                })
            };
            return fields.iter().any(changes) || preview.begun.is_some();
        }
        // An update of anything else changes nothing that others ask for.
        self.plan.rows().any(|(_, row)| {
            row.key == *other && matches!(row.action, Action::Create | Action::Replace)
        })
    }

    /// Whether what stacks are told now is a pull request's that nobody merged.
    fn is_unmerged(&self) -> bool {
        matches!(self.engines, Engines::Unmerged { .. })
    }

    async fn preview(&self, mut call: Call) -> Result<(StackPlan, Option<String>), WorkError> {
        // Who only looks has no effect of its own.
        let body = call.body.get_or_insert_with(|| json!({}));
        let keeps = !self.job.fence.is_for_reading() && !self.is_unmerged();
        body["keep"] = json!(keeps);
        body[WHOSE] = json!(self.engines.whose());
        body[APPROVED] = json!(self.engines == Engines::Approved);
        let mut answer = self.place.call(live::request(&call)).await?;
        let foreign = answer["foreign"].as_str().map(str::to_owned);
        Ok((serde_json::from_value(answer["plan"].take())?, foreign))
    }
}

/// A sensitive output has no place where its value would be shown or stored.
pub(super) fn no_secret_leaves_terraform(
    desired: &Desired,
    known: &Known,
) -> Result<(), WorkError> {
    for (key, wanted) in &desired.resources {
        // Most resources take nothing from a module.
        let takes = |asked: BTreeMap<ResourceKey, _>| asked.keys().any(is_terraform);
        if is_terraform(key) || !takes(asked_in(&wanted.config)) {
            continue;
        }
        if let Ok(config) = substitute_known(&wanted.config, "", known) {
            no_sensitive_output(key, &config)?;
        }
    }
    Ok(())
}

/// Refuses what holds a sensitive output of a stack, outside of Terraform.
pub(super) fn no_sensitive_output(
    key: &ResourceKey,
    config: &serde_json::Value,
) -> Result<(), WorkError> {
    if !holds_sensitive_output(config) {
        return Ok(());
    }
    Err(WorkError::lasting(format!(
        "{key} takes an output that its stack calls sensitive: only variables of other Terraform stacks take one, for its value is \
         shown and stored nowhere"
    )))
}

fn at(key: &ResourceKey, error: WorkError) -> WorkError {
    error.doing(&key.to_string())
}

/// What previews say of each stack, for those that ask by key.
pub(super) fn shown<'o>(
    previews: &'o BTreeMap<ResourceKey, StackPlan>,
    key: &ResourceKey,
) -> Result<&'o StackPlan, WorkError> {
    previews
        .get(key)
        .ok_or_else(|| WorkError::lasting(format!("nobody was shown what {key} would do")))
}
