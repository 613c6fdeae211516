//! What account objects have in common: a collection, an id, a name that need not be unique.

use serde_json::{Map, Value, json};

use super::ACCOUNT;
use crate::field_path::{FieldPath, PathSegment};
use crate::kinds::fields::only;
use crate::kinds::listed::{id_text, millis, text};
use crate::kinds::rules::{Rules, as_map};
use crate::kinds::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, Paging, ReadError,
    Readiness, Reversibility, Said,
};
use crate::plan::FieldChange;

/// The refusal of a removal while something uses the object. Whatever used it may be gone for some seconds already, so it
/// passes.
pub(super) const IN_USE: &str = "is being used by";

/// How an object is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changing {
    /// Not at all: a new one takes its place.
    Never,
    /// By this method with these fields.
    By(Method, &'static [&'static str]),
}

/// How a kind of object is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removing {
    /// `DELETE`.
    Delete,
    /// It never goes; this body in a `PATCH` switches it off.
    SwitchOff(&'static str, &'static str),
}

/// One kind, as data.
#[derive(Debug)]
pub(super) struct Plain {
    pub name: &'static str,
    pub singular: &'static str,
    /// The collection, below the account.
    pub path: &'static str,
    pub id_field: &'static str,
    /// The field that no two of them share; empty when there is none.
    pub unique: &'static str,
    /// The field of a list's answer with the objects; empty when the answer is the list.
    pub items_field: &'static str,
    /// The field of answers that holds the object; empty when they are the object.
    pub wrapper: &'static str,
    /// Whether requests have that field, too.
    pub wraps_requests: bool,
    /// The fields that a person can set.
    pub settable: &'static [&'static str],
    /// Those of them that the create request does not take: a change right after it does.
    pub later: &'static [&'static str],
    /// Lists of ids that requests write as numbers.
    pub numbers: &'static [&'static str],
    /// A place in a store below which the service makes a folder called by the object's id, and shows that; empty when none.
    pub holds_own_folder: &'static str,
    /// What only the server knows and others may refer to.
    pub outputs: &'static [&'static str],
    pub changing: Changing,
    /// Fields that neither a change nor a new object in its place should give another value, and why.
    pub keeps: &'static [(&'static str, &'static str)],
    pub removing: Removing,
    pub rules: fn() -> &'static Rules,
    /// What an answer to `GET` says about whether it can be used.
    pub readiness: fn(&Value) -> Readiness,
    /// What is lost when it is removed; empty when nothing is.
    pub loses: &'static str,
    /// Whether what is lost cannot be made again.
    pub for_ever: bool,
    /// Refusals that pass by themselves, as they are worded.
    pub passing: &'static [&'static str],
}

/// The number that a text writes.
fn as_number(value: &mut Value) {
    let number = value.as_str().and_then(|text| text.parse::<u64>().ok());
    if let Some(number) = number {
        *value = json!(number);
    }
}

/// Ready as soon as it is there.
pub(super) fn at_once(_answer: &Value) -> Readiness {
    Readiness::Ready
}

/// The words of a network's errors or warnings, each with what it is about.
pub(super) fn messages(answer: &Value, what: &str) -> String {
    let all = answer.get(format!("{what}_messages"));
    let all = all.and_then(Value::as_array).into_iter().flatten();
    let words = all.map(|one| {
        let field = |name: &str| text(one, &format!("{what}_{name}")).unwrap_or_default();
        format!("{}: {}", field("type"), field("message"))
    });
    words.collect::<Vec<String>>().join("; ")
}

impl Plain {
    fn all(&self) -> String {
        format!("{ACCOUNT}/{}", self.path)
    }

    fn one(&self, id: &str) -> String {
        format!("{ACCOUNT}/{}/{id}", self.path)
    }

    /// The fields of `config` as a request has them.
    fn body(&self, config: &Value, fields: &[&str]) -> Map<String, Value> {
        let mut body = as_map(&only(config, fields));
        for field in self.numbers {
            if let Some(Value::Array(items)) = body.get_mut(*field) {
                items.iter_mut().for_each(as_number);
            }
        }
        body
    }

    fn wrapped(&self, body: Map<String, Value>) -> Value {
        if self.wraps_requests {
            json!({ (self.wrapper): body })
        } else {
            Value::Object(body)
        }
    }

    /// A change to `config`, as far as `fields` say it. What the service takes where nothing is said is said: it would stay what
    /// it is otherwise.
    fn change(&self, method: Method, id: &str, config: &Value, fields: &[&str]) -> Call {
        let mut body = self.body(config, fields);
        for default in &self.rules().defaults {
            for field in fields {
                if default.at.matches(&FieldPath::default().key(*field)) {
                    let value = body.entry((*field).to_owned());
                    value.or_insert_with(|| default.value.clone());
                }
            }
        }
        Call::with_body(method, self.one(id), self.wrapped(body), true)
    }

    fn inner<'v>(&self, answer: &'v Value) -> &'v Value {
        if self.wrapper.is_empty() {
            answer
        } else {
            answer.get(self.wrapper).unwrap_or(answer)
        }
    }
}

impl Kind for Plain {
    fn name(&self) -> &'static str {
        self.name
    }

    fn singular(&self) -> &'static str {
        self.singular
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(config, self.unique)
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall {
            paging: if self.items_field.is_empty() {
                Paging::None
            } else {
                Paging::Token
            },
            ..ListCall::new(&self.all(), self.items_field, self.id_field)
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, self.one(id))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let answer = self.inner(answer);
        let id = id_text(answer.get(self.id_field)).ok_or(ReadError {
            kind: self.singular,
            field: self.id_field,
        })?;
        if let Removing::SwitchOff(field, off) = self.removing
            && answer.get(field).and_then(Value::as_str) == Some(off)
        {
            return Ok(None);
        }
        let rules = self.rules();
        let mut config = only(answer, self.settable);
        if let Some(Value::String(place)) = config.get_mut(self.holds_own_folder)
            && let Some(above) = place.strip_suffix(&format!("/{id}"))
        {
            *place = above.to_owned();
        }
        Ok(Some(Listed {
            id,
            name: text(answer, rules.name_field).unwrap_or_default(),
            marker: None,
            natural: text(answer, self.unique),
            config: rules.normalise(&config),
            outputs: only(answer, self.outputs),
            creator: None,
            created_at: millis(answer, "creation_time"),
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        let mut body = self.body(config, self.settable);
        body.retain(|field, _| !self.later.contains(&field.as_str()));
        Call::post(&self.all(), self.wrapped(body), false)
    }

    fn after_create(&self, id: &str, config: &Value, marker: &Marker) -> Vec<Call> {
        // What is the same as when nothing is said needs no request.
        let said = self.rules().normalise(config);
        match self.later.iter().any(|field| said.get(field).is_some()) {
            true => self.update(id, &Value::Null, config, marker),
            false => Vec::new(),
        }
    }

    fn update(&self, id: &str, _live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let (method, fields) = match self.changing {
            Changing::Never => return Vec::new(),
            Changing::By(method, fields) => (method, fields),
        };
        vec![self.change(method, id, config, fields)]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![match self.removing {
            Removing::Delete => Call::plain(Method::Delete, self.one(id)),
            Removing::SwitchOff(field, off) => {
                Call::with_body(Method::Patch, self.one(id), json!({ (field): off }), true)
            }
        }]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(self.inner(answer).get(self.id_field))
    }

    fn refuses(&self, _live: &Value, changes: &[FieldChange]) -> Vec<String> {
        let changed = |field: &str| {
            let mut paths = changes.iter().filter_map(|change| change.path.0.first());
            paths.any(|first| matches!(first, PathSegment::Key(key) if key == field))
        };
        let kept = self.keeps.iter().filter(|(field, _)| changed(field));
        kept.map(|(field, why)| format!("{field}: {why}")).collect()
    }

    fn readiness(&self, answer: &Value) -> Readiness {
        (self.readiness)(self.inner(answer))
    }

    fn says(&self, outputs: &Value) -> Option<Said> {
        if let Readiness::Failed(words) = (self.readiness)(outputs) {
            return Some(Said::Broken(words));
        }
        let warned = messages(outputs, "warning");
        (!warned.is_empty()).then_some(Said::Warned(warned))
    }

    fn creates_first(&self) -> bool {
        self.changing == Changing::Never
    }

    fn passing(&self, message: &str) -> bool {
        // Networks were seen to be refused with a 409 that says nothing more, while their workspace goes.
        let bare = self.passing.contains(&IN_USE) && message == "Conflict";
        bare || self.passing.iter().any(|words| message.contains(words))
    }

    fn rules(&self) -> &'static Rules {
        (self.rules)()
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        let loses = self.loses.to_owned();
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete if self.loses.is_empty() => Reversibility::Reversible,
            Change::Replace | Change::Delete if self.for_ever => {
                Reversibility::Irreversible { loses }
            }
            Change::Replace | Change::Delete => Reversibility::Compensable { loses },
        }
    }
}
