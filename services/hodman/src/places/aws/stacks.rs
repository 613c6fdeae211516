//! Stacks of CloudFormation: every change is a change set, executed as it was shown, and waited for.

mod back;
mod look;
mod refusal;
mod shown;
mod templates;
mod unmade;

use super::error;
use hodman_clients::cloudformation::{
    CloudFormation, DriftedProperty, StackInfo, StackRequest, Template,
};
use hodman_clients::databricks::{ApiError, ErrorKind, Request};
use hodman_model::digest::{Digest, Hasher, sha256};
use hodman_model::kinds::{IMPORT, NESTS, TAG_ENV, TAG_KEY, TAG_PIPELINE, TEMPLATE_BODY};
use hodman_model::stacks::{ByHand, ByHandProperty, ByHandResource, Imports, StackPlan};
use look::{Next, is_marked};
use refusal::{kind_of, refusal};
use serde::Deserialize as _;
use serde_json::{Value, json};
use shown::shown;
use std::collections::{BTreeMap, BTreeSet};

pub(super) use templates::Templates;
pub(in crate::places) use templates::too_long;

/// The stacks of one account and region.
#[derive(Debug)]
pub(super) struct Stacks {
    pub client: CloudFormation,
    /// For templates that are too long for a request.
    pub templates: Option<Templates>,
}

/// What is asked for.
pub(super) struct Asked {
    stack: StackRequest,
    /// What exists and becomes the stack's.
    imports: Imports,
}

impl Stacks {
    /// Answers one request; `rest` is the path behind that of all stacks.
    pub async fn call(&self, request: &Request, rest: &str) -> Result<Value, ApiError> {
        let done = match (request.method.as_str(), rest.split_once('/')) {
            ("GET", None) => Box::pin(self.show(request, rest)).await?,
            ("POST", None) => Box::pin(self.bring(request, true)).await?,
            ("PUT", None) => Box::pin(self.bring(request, false)).await?,
            ("DELETE", None) => Box::pin(self.remove(request, rest)).await?,
            ("POST", Some((_, "preview"))) => Box::pin(self.preview(request)).await?,
            ("POST", Some((name, "go-back"))) => Box::pin(self.go_back(request, name)).await?,
            ("GET", Some((name, "drift"))) => Box::pin(self.look_inside(request, name)).await?,
            _ => return Err(error(request, ErrorKind::Unsupported, "no such request")),
        };
        Ok(done)
    }

    async fn show(&self, request: &Request, name: &str) -> Result<Value, ApiError> {
        let failed = |failure| refusal(request, failure);
        let info = self.client.describe(name).await.map_err(failed)?;
        let reviewed = info.as_ref().filter(|info| info.is_only_reviewed());
        if let Some(reviewed) = reviewed
            && let Some(unmade) = Box::pin(self.unmade(reviewed)).await.map_err(failed)?
        {
            return Ok(unmade);
        }
        // A stack of which there is but somebody else's change set is none yet.
        let info = info.filter(|info| !info.is_only_reviewed());
        let Some(info) = info else {
            let words = format!("Stack {name} does not exist");
            return Err(error(request, ErrorKind::NotFound, words));
        };
        let template = self.client.template(name).await.map_err(failed)?;
        Ok(shown(&info, template.as_deref().unwrap_or_default()))
    }

    /// Makes a stack or brings it to what is asked for, and waits for the end.
    async fn bring(&self, request: &Request, new: bool) -> Result<Value, ApiError> {
        let failed = |failure| refusal(request, failure);
        let asked = wanted(request)?;
        let info = self.client.describe(&asked.stack.stack).await;
        let info = info.map_err(failed)?;
        if let Some(info) = info.as_ref().filter(|info| !info.is_only_reviewed()) {
            if info.is_busy() {
                // By an apply before this one, often: what it began goes on in AWS when the daemon was killed.
                let words = format!("stack {} is busy: {}", info.name, info.status);
                return Err(error(request, ErrorKind::Busy, words));
            }
            // A change is asked of somebody's stack only when it is to be taken over; a creation never is.
            if new || is_marked(info, &asked.stack) {
                info.must_be_ours(&asked.stack.marker).map_err(|foreign| {
                    let kind = match new {
                        true => ErrorKind::AlreadyExists,
                        false => ErrorKind::Invalid,
                    };
                    error(request, kind, foreign.to_string())
                })?;
            }
        }
        let name = asked.stack.stack.clone();
        let looked = Box::pin(self.look(request, &asked, info.as_ref())).await?;
        let shown = request.body.as_ref().and_then(|body| body.get("shown"));
        if let Some(shown) = shown
            && *shown != json!(looked.plan.digest())
        {
            let words = format!(
                "stack {name} would be changed otherwise than it was shown: somebody changed it meanwhile, and it is looked at anew"
            );
            return Err(error(request, ErrorKind::Temporary, words));
        }
        match (looked.next, info) {
            (Next::Execute(set, token), _) => {
                self.client.execute(&set, &token).await.map_err(failed)?;
            }
            (Next::Import(set, token), _) => {
                // What it was executed for must have been shown: nobody looks at a creation otherwise.
                if shown.is_none() {
                    let words = format!("what stack {name} would take over was not shown");
                    return Err(error(request, ErrorKind::Temporary, words));
                }
                self.client.execute(&set, &token).await.map_err(failed)?;
                Box::pin(self.follow(request, &asked, &looked.plan)).await?;
            }
            (Next::Remake(_), Some(info)) if shown.is_none() && !info.was_never_complete() => {
                let words = format!(
                    "stack {name} is in {}: what is left of it goes only by an approval that names it; remove it in AWS first",
                    info.status
                );
                return Err(error(request, ErrorKind::Conflict, words));
            }
            (Next::Remake(token), Some(info)) => {
                let removed = self.client.remove_failed(&info.id, &token).await;
                removed.map_err(failed)?;
                let again = Box::pin(self.look(request, &asked, None)).await?;
                match again.next {
                    Next::Execute(set, token) => {
                        self.client.execute(&set, &token).await.map_err(failed)?;
                    }
                    _ => {
                        let words = format!(
                            "stack {name} was removed; what it takes over when it is made anew is looked at, and asked for"
                        );
                        return Err(error(request, ErrorKind::Temporary, words));
                    }
                }
            }
            // What is changed after it is shown, and asked for, when that is known.
            (Next::GoBack(token), Some(info)) => {
                let back = self.client.continue_rollback(&info.id, &[], &token).await;
                back.map_err(|failure| back::refusal(request, &asked.stack.marker, failure))?;
            }
            (Next::Nothing | Next::Remake(_) | Next::GoBack(_), _) => {}
        }
        Box::pin(self.show(request, &name)).await
    }

    /// Gives a stack that took something over what else its template says, as far as `shown` led to that.
    async fn follow(
        &self,
        request: &Request,
        asked: &Asked,
        shown: &StackPlan,
    ) -> Result<(), ApiError> {
        let failed = |failure| refusal(request, failure);
        let info = self.client.describe(&asked.stack.stack).await;
        let info = info.map_err(failed)?;
        let looked = Box::pin(self.look(request, asked, info.as_ref())).await?;
        if let Next::Execute(set, token) = looked.next
            && shown.leads_to(&looked.plan)
        {
            self.client.execute(&set, &token).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn preview(&self, request: &Request) -> Result<Value, ApiError> {
        let failed = |failure| refusal(request, failure);
        let asked = wanted(request)?;
        let info = self.client.describe(&asked.stack.stack).await;
        let info = info.map_err(failed)?;
        let looked = Box::pin(self.look(request, &asked, info.as_ref())).await?;
        if let Next::Import(set, _) = &looked.next
            && info.is_none()
        {
            // An empty stack would stay, also when nobody ever approves of it.
            self.client.discard(set).await.map_err(failed)?;
        }
        Ok(json!(looked.plan))
    }

    /// What people changed inside. Types that AWS cannot look at are left out: nothing is known of them.
    async fn look_inside(&self, request: &Request, name: &str) -> Result<Value, ApiError> {
        Box::pin(self.tidy(name, None)).await;
        let nests = request
            .query
            .iter()
            .any(|(key, told)| key == NESTS && told == "true");
        let found = self.client.drift(name, nests).await;
        let found = found.map_err(|failure| refusal(request, failure))?;
        let changed = found.into_iter().filter_map(|resource| {
            let deleted = resource.status == "DELETED";
            (deleted || resource.status == "MODIFIED").then(|| ByHandResource {
                logical_id: resource.logical_id,
                kind: resource.kind,
                deleted,
                properties: resource.properties.into_iter().map(by_hand).collect(),
            })
        });
        Ok(json!(ByHand {
            resources: changed.collect(),
            unseen: None,
        }))
    }

    async fn remove(&self, request: &Request, name: &str) -> Result<Value, ApiError> {
        let failed = |failure| refusal(request, failure);
        let Some(info) = self.client.describe(name).await.map_err(failed)? else {
            let words = format!("Stack {name} does not exist");
            return Err(error(request, ErrorKind::NotFound, words));
        };
        let only = request.body.as_ref().and_then(|body| body.get("only"));
        let there = match info.is_only_reviewed() {
            true => Box::pin(self.unmade(&info)).await.map_err(failed)?,
            false => Some(json!({"stack_id": info.id, "tags": info.tags})),
        };
        if let Some(only) = only
            && !there.is_some_and(|there| unmade::is_still(only, &there))
        {
            let words = format!(
                "stack {name} is not the one that was looked at: somebody made another one of that name, which stays"
            );
            return Err(error(request, ErrorKind::Temporary, words));
        }
        let token = sha256(format!("remove {} {}", info.id, info.changed_at).as_bytes());
        self.client
            .remove(&info.id, &token.hex()[..32])
            .await
            .map_err(failed)?;
        Ok(Value::Null)
    }
}

fn by_hand(property: DriftedProperty) -> ByHandProperty {
    ByHandProperty {
        expected: (property.kind != "ADD").then_some(property.expected),
        actual: (property.kind != "REMOVE").then_some(property.actual),
        path: property.path,
    }
}

/// The tags that say whose a stack is, and all others.
fn wanted_tags(body: &Value) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let ours = [TAG_PIPELINE, TAG_ENV, TAG_KEY];
    texts(&body["tags"])
        .into_iter()
        .partition(|(tag, _)| ours.contains(&tag.as_str()))
}

fn texts(map: &Value) -> BTreeMap<String, String> {
    let entries = map.as_object().into_iter().flatten();
    let said = entries.filter(|(_, value)| !value.is_null());
    said.map(|(key, value)| (key.clone(), parameter_text(value)))
        .collect()
}

fn wanted(request: &Request) -> Result<Asked, ApiError> {
    let body = request.body.clone().unwrap_or_default();
    let text = |field: &str| body[field].as_str().map(str::to_owned);
    let missing = |field: &str| error(request, ErrorKind::Invalid, format!("no `{field}`"));
    let (marker, tags) = wanted_tags(&body);
    let capabilities = body["capabilities"].as_array().into_iter().flatten();
    let imports = match body.get(IMPORT) {
        Some(imports) => Imports::deserialize(imports)
            .map_err(|words| error(request, ErrorKind::Invalid, format!("{IMPORT}: {words}")))?,
        None => Imports::new(),
    };
    let stack = StackRequest {
        description: unmade::description(&marker),
        stack: text("stack_name").ok_or_else(|| missing("stack_name"))?,
        template: Template::Body(text(TEMPLATE_BODY).ok_or_else(|| missing(TEMPLATE_BODY))?),
        parameters: texts(&body["parameters"])
            .into_iter()
            .map(|(key, value)| (key, value.into()))
            .collect(),
        marker,
        tags,
        capabilities: capabilities
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect(),
        role_arn: None,
        imports: Vec::new(),
        keep: BTreeSet::new(),
    };
    Ok(Asked { stack, imports })
}

/// CloudFormation takes texts only, and lists as one text with commas.
fn parameter_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(parameter_text).collect();
            items.join(",")
        }
        other => other.to_string(),
    }
}

/// The name of the change set, which is its token, too: the same from the same state to the same state, so that a crash in
/// between finds it again, and another one when the stack was changed meanwhile.
fn name(wanted: &StackRequest, info: Option<&StackInfo>) -> String {
    use secrecy::ExposeSecret as _;
    let mut hasher = Hasher::default();
    hasher.field(b"hodman change set 1");
    let from = info.map(|info| format!("{} {} {}", info.id, info.changed_at, info.status));
    hasher.field(from.unwrap_or_default().as_bytes());
    if let Template::Body(body) = &wanted.template {
        hasher.field(body.as_bytes());
    }
    for (key, value) in &wanted.parameters {
        hasher.field(key.as_bytes());
        hasher.field(value.expose_secret().as_bytes());
    }
    for import in &wanted.imports {
        hasher.field(b"import");
        hasher.field(import.logical_id.as_bytes());
        for (key, value) in &import.identifier {
            hasher.field(key.as_bytes());
            hasher.field(value.as_bytes());
        }
    }
    for key in &wanted.keep {
        hasher.field(b"kept");
        hasher.field(key.as_bytes());
    }
    for (key, value) in wanted.tags.iter().chain(&wanted.marker) {
        hasher.field(key.as_bytes());
        hasher.field(value.as_bytes());
    }
    let digest: Digest = hasher.finish();
    format!("hodman-{}", &digest.hex()[..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_texts_whatever_they_come_from() {
        for (value, text) in [
            (json!(["a", 1, true]), "a,1,true"),
            (json!("x"), "x"),
            (json!(3), "3"),
        ] {
            assert_eq!(parameter_text(&value), text);
        }
    }
}
