//! What bringing a stack to what is wanted means: as people are shown it, and how it is done.

use super::{Stacks, name, refusal, templates};
use crate::places::error;
use hodman_clients::cloudformation::{
    ChangeSet, ChangeSetOutcome, StackInfo, StackRequest, Template,
};
use hodman_clients::databricks::{ApiError, ErrorKind, Request};
use hodman_model::stacks::{
    StackAction, StackPlan, StackRules, TemplateText, changed_outputs, from_change_set,
};
use std::collections::{BTreeMap, BTreeSet};

/// What AWS tells in place of a `NoEcho` parameter.
const UNTOLD: &str = "****";

/// A stack that was looked at.
pub(super) struct Looked {
    /// What is asked of AWS.
    pub wanted: StackRequest,
    /// What people are shown.
    pub plan: StackPlan,
    /// How it is done.
    pub next: Next,
}

/// How a stack is brought to what is wanted; each with the name of the change set.
pub(super) enum Next {
    Nothing,
    Execute(Box<ChangeSet>, String),
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
    let back = || Next::GoBack(name.to_owned());
    info.is_half_back()
        .then(|| (of(StackAction::Update, None), back()))
}

/// Whether a stack has marks of ours or of another environment.
pub(super) fn is_marked(info: &StackInfo, wanted: &StackRequest) -> bool {
    let mut marker = wanted.marker.keys();
    marker.any(|tag| info.tags.contains_key(tag))
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
        mut wanted: StackRequest,
        info: Option<&StackInfo>,
    ) -> Result<Looked, ApiError> {
        let failed = |failure| refusal(request, failure);
        let there = info.filter(|info| !info.is_only_reviewed());
        let ours = there.is_none_or(|info| is_marked(info, &wanted));
        if !ours {
            wanted.tags.append(&mut wanted.marker);
        }
        let next = match &wanted.template {
            Template::Body(body) => TemplateText::read(body),
            Template::Url(_) => None,
        };
        if let (Some(info), Some(next)) = (there, &next) {
            let unsaid = info.parameters.keys().filter(|name| next.takes(name));
            wanted.keep = unsaid
                .filter(|name| !wanted.parameters.contains_key(*name))
                .cloned()
                .collect();
        }
        let name = name(&wanted, info);
        if let Some((plan, next)) = there.and_then(|info| of_the_whole(info, &name)) {
            return Ok(Looked { wanted, plan, next });
        }
        let sent = templates::sent(request, self.templates.as_ref(), wanted.clone()).await?;
        let set = Box::pin(self.client.change_set(&sent, &name))
            .await
            .map_err(failed)?;
        let ChangeSetOutcome::Ready(set) = set else {
            let plan = StackPlan {
                decides: ours,
                ..StackPlan::default()
            };
            let next = Next::Nothing;
            return Ok(Looked { wanted, plan, next });
        };
        let mut plan = from_change_set(&set.changes, &StackRules::default())
            .map_err(|words| error(request, ErrorKind::Unreadable, words.to_string()))?;
        plan.decides = ours;
        if let Some(info) = there {
            let text = self.client.template(&info.id).await.map_err(failed)?;
            let before = text.as_deref().and_then(TemplateText::read);
            let templates = (before.as_ref(), next.as_ref());
            let now = outputs(info);
            plan.outputs = changed_outputs(&now, templates, &plan, &changed(info, &wanted));
        }
        let next = Next::Execute(Box::new(set), name);
        Ok(Looked { wanted, plan, next })
    }
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
        assert!(of("UPDATE_ROLLBACK_COMPLETE").is_none() && of("CREATE_COMPLETE").is_none());
    }
}
