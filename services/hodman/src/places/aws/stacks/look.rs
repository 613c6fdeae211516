//! What bringing a stack to what is wanted means: as people are shown it, and how it is done.

use super::{Asked, Stacks, name, refusal, templates};
use crate::places::error;
use hodman_clients::cloudformation::{
    ChangeSet, ChangeSetOutcome, ImportedResource, StackError, StackInfo, StackRequest, Template,
};
use hodman_clients::databricks::{ApiError, ErrorKind, Request};
use hodman_model::kinds::tags_of_others;
use hodman_model::stacks::{
    Imports, Said, StackAction, StackPlan, StackRow, StackRules, TemplateText, changed_outputs,
    from_change_set,
};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What AWS tells in place of a `NoEcho` parameter.
const UNTOLD: &str = "****";

/// A stack that was looked at.
pub(super) struct Looked {
    /// What people are shown.
    pub plan: StackPlan,
    /// How it is done.
    pub next: Next,
}

/// How a stack is brought to what is wanted; each with the name of the change set.
pub(super) enum Next {
    Nothing,
    Execute(Box<ChangeSet>, String),
    /// What exists becomes its own, and the rest of the template comes after that.
    Import(Box<ChangeSet>, String),
    /// It can only be removed and made anew.
    Remake(String),
    /// Its last update has to be gone back from first.
    GoBack(String),
}

/// What becomes of a stack in a state in which nothing in it can be changed.
fn of_the_whole(info: &StackInfo, name: &str) -> Option<(StackPlan, Next)> {
    let of = |action, loses| StackPlan::of_the_whole(&info.status, action, loses);
    let remake = || Next::Remake(name.to_owned());
    if info.was_never_complete() {
        return Some((of(StackAction::Replace, None), remake()));
    }
    if info.is_half_gone() {
        let loses = "what its removal has left of it";
        return Some((of(StackAction::Replace, Some(loses)), remake()));
    }
    let back = || StackPlan {
        // What is still different then is known then.
        looks_again: true,
        ..of(StackAction::Update, None)
    };
    info.is_half_back()
        .then(|| (back(), Next::GoBack(name.to_owned())))
}

/// Whether a stack has marks of ours or of another environment.
pub(super) fn is_marked(info: &StackInfo, wanted: &StackRequest) -> bool {
    let mut marker = wanted.marker.keys();
    marker.any(|tag| info.tags.contains_key(tag))
}

/// Whether a stack has the tags that are wanted, and no other.
fn has_all_tags(info: &StackInfo, wanted: &StackRequest) -> bool {
    let there = info.tags.iter().filter(|(tag, _)| !tag.starts_with("aws:"));
    let told: BTreeMap<&String, &String> = wanted.tags.iter().chain(&wanted.marker).collect();
    there.collect::<BTreeMap<_, _>>() == told
}

pub(super) fn outputs(info: &StackInfo) -> BTreeMap<String, String> {
    let outputs = info.outputs.iter();
    outputs
        .map(|(name, output)| (name.clone(), output.value.clone()))
        .collect()
}

/// The parameters that are told otherwise. Of those that AWS does not tell nobody knows, and they count as the same.
fn changed(info: &StackInfo, wanted: &StackRequest) -> BTreeSet<String> {
    use secrecy::ExposeSecret as _;
    let told = wanted.parameters.iter().filter(|(name, value)| {
        let now = info.parameters.get(*name).map(String::as_str);
        now != Some(UNTOLD) && now != Some(value.expose_secret())
    });
    told.map(|(name, _)| name.clone()).collect()
}

impl Stacks {
    /// What bringing a stack to what is wanted means, as people are shown it.
    pub(super) async fn look(
        &self,
        request: &Request,
        asked: &Asked,
        info: Option<&StackInfo>,
    ) -> Result<Looked, ApiError> {
        let failed = |failure| refusal(request, failure);
        let mut wanted = asked.stack.clone();
        let there = info.filter(|info| !info.is_only_reviewed());
        let ours = there.is_none_or(|info| is_marked(info, &wanted));
        let next = match &wanted.template {
            Template::Body(body) => TemplateText::read(body),
            Template::Url(_) => None,
        };
        if let Some((plan, next)) =
            there.and_then(|info| of_the_whole(info, &name(&wanted, Some(info))))
        {
            if let (Next::Remake(_), Some(info)) = (&next, there)
                && info.termination_protection
            {
                return Err(failed(StackError::Protected(info.name.clone())));
            }
            return Ok(Looked { plan, next });
        }
        if let Some(next) = next.as_ref().filter(|_| !asked.imports.is_empty()) {
            let before = self.before(request, there).await?;
            let missing = missing(&asked.imports, before.as_ref());
            if !missing.is_empty() {
                let templates = (before.as_ref(), next);
                let looked = self.look_at_import(request, wanted, templates, &missing, info);
                return Box::pin(looked).await;
            }
        }
        if !ours {
            wanted.tags.append(&mut wanted.marker);
        }
        if let (Some(info), Some(next)) = (there, &next) {
            wanted.keep = unsaid(info, next, &wanted);
        }
        if let Some(info) = there {
            // AWS takes all tags of a stack or none, and takes those that are not said from everything in it.
            for (tag, value) in tags_of_others(&info.tags) {
                wanted.tags.entry(tag).or_insert(value);
            }
        }
        let name = name(&wanted, info);
        let sent = templates::sent(request, self.templates.as_ref(), wanted.clone()).await?;
        let set = Box::pin(self.client.change_set(&sent, &name))
            .await
            .map_err(failed)?;
        if let Some(info) = there {
            Box::pin(self.tidy(&info.name, Some(&name))).await;
        }
        let ChangeSetOutcome::Ready(set) = set else {
            let plan = StackPlan {
                decides: ours,
                ..StackPlan::default()
            };
            let next = Next::Nothing;
            return Ok(Looked { plan, next });
        };
        let mut plan = from_change_set(&set.changes, &StackRules::default())
            .map_err(|words| error(request, ErrorKind::Unreadable, words.to_string()))?;
        plan.decides = ours;
        if let Some(info) = there {
            let before = self.before(request, there).await?;
            let templates = (before.as_ref(), next.as_ref());
            let now = outputs(info);
            plan.outputs = changed_outputs(&now, templates, &plan, &changed(info, &wanted));
            // Where nothing in the stack takes tags, those of the stack itself change still.
            plan.decides &= !plan.is_empty() || has_all_tags(info, &wanted);
        }
        let next = Next::Execute(Box::new(set), name);
        Ok(Looked { plan, next })
    }

    /// The template of a stack as it is, where it can be read.
    async fn before(
        &self,
        request: &Request,
        there: Option<&StackInfo>,
    ) -> Result<Option<TemplateText>, ApiError> {
        let Some(info) = there else {
            return Ok(None);
        };
        let text = self.client.template(&info.id).await;
        let text = text.map_err(|failure| refusal(request, failure))?;
        Ok(text.as_deref().and_then(TemplateText::read))
    }

    /// The same while something is still to be taken over: AWS lets nothing else go with that.
    async fn look_at_import(
        &self,
        request: &Request,
        mut wanted: StackRequest,
        (before, next): (Option<&TemplateText>, &TemplateText),
        missing: &Imports,
        info: Option<&StackInfo>,
    ) -> Result<Looked, ApiError> {
        let invalid = |words: String| error(request, ErrorKind::Invalid, words);
        let there = info.filter(|info| !info.is_only_reviewed());
        let now = there.map(outputs).unwrap_or_default();
        let plan = StackPlan::of_import(next, before, missing, &now);
        let told = wanted.parameters.iter();
        let told = told.map(|(name, value)| (name.clone(), Value::from(value.expose_secret())));
        let only = Said::new(next, &told.collect(), BTreeMap::new()).decided();
        let text = only.importing(before, missing.keys()).map_err(invalid)?;
        if let Some(info) = there {
            if is_marked(info, &wanted) {
                info.must_be_ours(&wanted.marker)
                    .map_err(|failure| refusal(request, failure))?;
            }
            // What it was told stays, until that is done.
            let told = |name: &String| before.is_some_and(|before| before.takes(name));
            wanted.parameters.retain(|name, _| !told(name));
            wanted.keep = info
                .parameters
                .keys()
                .filter(|name| told(name))
                .cloned()
                .collect();
        }
        // They come with the rest of the template.
        wanted.marker.clear();
        wanted.tags.clear();
        wanted.template = Template::Body(text);
        wanted.imports = imported(&plan, missing);
        let name = name(&wanted, info);
        let sent = templates::sent(request, self.templates.as_ref(), wanted).await?;
        let set = Box::pin(self.client.change_set(&sent, &name)).await;
        let ChangeSetOutcome::Ready(set) = set.map_err(|failure| refusal(request, failure))? else {
            return Err(invalid("AWS finds nothing to take over".to_owned()));
        };
        let does = from_change_set(&set.changes, &StackRules::default())
            .map_err(|words| error(request, ErrorKind::Unreadable, words.to_string()))?;
        let shown = |row: &StackRow| {
            row.action == StackAction::Import && missing.contains_key(&row.address)
        };
        if does.rows.len() != missing.len() || !does.rows.iter().all(shown) {
            return Err(invalid(
                "AWS would do more than take over what is listed".to_owned(),
            ));
        }
        let next = Next::Import(Box::new(set), name);
        Ok(Looked { plan, next })
    }
}

/// What is listed and not in the stack yet.
fn missing(imports: &Imports, before: Option<&TemplateText>) -> Imports {
    let is_there =
        |name: &String| before.is_some_and(|before| before.resources().contains_key(name));
    let missing = imports.iter().filter(|(name, _)| !is_there(name));
    missing
        .map(|(name, identifier)| (name.clone(), identifier.clone()))
        .collect()
}

/// The same as AWS is told it, with the types that the plan shows.
fn imported(plan: &StackPlan, missing: &Imports) -> Vec<ImportedResource> {
    let rows = plan.rows.iter();
    rows.filter_map(|row| {
        Some(ImportedResource {
            logical_id: row.address.clone(),
            kind: row.kind.clone(),
            identifier: missing.get(&row.address)?.clone(),
        })
    })
    .collect()
}

/// The parameters that the stack was told and nobody says now.
fn unsaid(info: &StackInfo, next: &TemplateText, wanted: &StackRequest) -> BTreeSet<String> {
    let unsaid = info.parameters.keys().filter(|name| next.takes(name));
    unsaid
        .filter(|name| !wanted.parameters.contains_key(*name))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(status: &str) -> StackInfo {
        StackInfo {
            id: "arn".to_owned(),
            name: "s".to_owned(),
            status: status.to_owned(),
            reason: None,
            outputs: BTreeMap::new(),
            parameters: BTreeMap::new(),
            capabilities: Vec::new(),
            changed_at: 0,
            tags: BTreeMap::new(),
            termination_protection: false,
        }
    }

    #[test]
    fn what_is_left_of_a_stack_goes_only_by_an_approval_that_names_it() {
        let of = |status| of_the_whole(&info(status), "n");
        for (status, irreversible) in [
            ("ROLLBACK_COMPLETE", false),
            ("CREATE_FAILED", false),
            ("DELETE_FAILED", true),
        ] {
            let (plan, next) = of(status).expect("remade");
            assert!(matches!(next, Next::Remake(_)), "{status}");
            assert_eq!(!plan.irreversible().is_empty(), irreversible, "{status}");
            assert!(!plan.is_empty(), "{status}");
        }
        let (plan, next) = of("UPDATE_ROLLBACK_FAILED").expect("gone back");
        assert!(matches!(next, Next::GoBack(_)) && plan.irreversible().is_empty());
        assert!(plan.looks_again, "what is different still is asked for");
        assert!(of("UPDATE_ROLLBACK_COMPLETE").is_none() && of("CREATE_COMPLETE").is_none());
    }
}
