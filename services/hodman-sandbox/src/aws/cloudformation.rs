//! Stacks that a change set makes. What a stack describes is not made: each of its outputs is a word of its own.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};

use super::form::Form;
use super::template::Template;
use super::xml::{Answered, Refusal, list, tag, texts};

/// The stacks of the account by name.
#[derive(Default)]
pub(super) struct Stacks(BTreeMap<String, Stack>);

/// A stack with the change set that makes it.
struct Stack {
    id: String,
    set: String,
    set_id: String,
    description: String,
    since: String,
    text: String,
    template: Template,
    parameters: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
    capabilities: Vec<String>,
    /// The token by which it was made; none while there is but its change set.
    made: Option<String>,
}

impl Stacks {
    pub fn ask(&mut self, form: &Form, now: DateTime<Utc>) -> Answered {
        let (action, name, set) = (
            form.text("Action"),
            form.text("StackName"),
            form.text("ChangeSetName"),
        );
        match action {
            "CreateChangeSet" => self.propose(form, now),
            "DescribeChangeSet" | "ExecuteChangeSet" => {
                let mut all = self.0.iter_mut();
                // By its id, or by its name and its stack.
                let stack = all.find_map(|(of, stack)| {
                    let named = stack.set == set && (of == name || stack.id == name);
                    (stack.set_id == set || named).then_some(stack)
                });
                let stack = stack.ok_or_else(|| {
                    let message = format!("ChangeSet [{set}] does not exist");
                    Refusal::new(StatusCode::NOT_FOUND, "ChangeSetNotFound", message)
                })?;
                match action {
                    "DescribeChangeSet" => Ok(stack.shown_set()),
                    _ => stack.execute(form.text("ClientRequestToken")),
                }
            }
            "DescribeStackDriftDetectionStatus" => {
                let id = form.text("StackDriftDetectionId");
                Ok(texts([
                    ("StackId", id),
                    ("StackDriftDetectionId", id),
                    ("DetectionStatus", "DETECTION_COMPLETE"),
                    ("StackDriftStatus", "IN_SYNC"),
                    ("Timestamp", &now.to_rfc3339()),
                ]))
            }
            _ => {
                let mut all = self.0.iter();
                let found = all.find(|(of, stack)| *of == name || stack.id == name);
                let (name, stack) =
                    found.ok_or_else(|| invalid(format!("Stack with id {name} does not exist")))?;
                stack.ask(action, name)
            }
        }
    }

    fn propose(&mut self, form: &Form, now: DateTime<Utc>) -> Answered {
        let (name, set) = (form.text("StackName"), form.text("ChangeSetName"));
        if form.text("ChangeSetType") != "CREATE" {
            return Err(Refusal::unknown(
                "CreateChangeSet for a stack that is there",
            ));
        }
        if self.0.contains_key(name) {
            let message = format!("ChangeSet {set} cannot be created: there is one");
            let code = "AlreadyExistsException";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, code, message));
        }
        let text = form.text("TemplateBody").to_owned();
        let template = Template::read(&text);
        if template.resources.is_empty() {
            return Err(invalid(
                "Template format error: At least one Resources member must be defined.",
            ));
        }
        let arn = |what: &str, name: &str| {
            let number = self.0.len() + 1;
            format!("arn:aws:cloudformation:eu-west-1:000000000000:{what}/{name}/{number}")
        };
        let capabilities = form.list("Capabilities").into_iter();
        let stack = Stack {
            id: arn("stack", name),
            set: set.to_owned(),
            set_id: arn("changeSet", set),
            description: form.text("Description").to_owned(),
            since: now.to_rfc3339(),
            text,
            template,
            parameters: form.pairs("Parameters", ("ParameterKey", "ParameterValue")),
            tags: form.tags(),
            capabilities: capabilities.map(str::to_owned).collect(),
            made: None,
        };
        let said = texts([("Id", stack.set_id.as_str()), ("StackId", &stack.id)]);
        self.0.insert(name.to_owned(), stack);
        Ok(said)
    }
}

impl Stack {
    fn ask(&self, action: &str, name: &str) -> Answered {
        match action {
            "DescribeStacks" => Ok(list("Stacks", [self.shown(name)])),
            "GetTemplate" => Ok(tag("TemplateBody", &self.text)),
            "DescribeStackEvents" => {
                let events = self.made.iter().map(|token| {
                    texts([
                        ("EventId", token.as_str()),
                        ("StackId", &self.id),
                        ("ResourceStatus", self.status()),
                        ("ClientRequestToken", token),
                        ("Timestamp", &self.since),
                    ])
                });
                Ok(list("StackEvents", events))
            }
            "ListChangeSets" => Ok(list("Summaries", [self.listed_set()])),
            "DetectStackDrift" => Ok(tag("StackDriftDetectionId", &self.id)),
            "DescribeStackResourceDrifts" => {
                let drifts = self.template.resources.iter().map(|(name, kind)| {
                    texts([
                        ("StackId", self.id.as_str()),
                        ("LogicalResourceId", name),
                        ("ResourceType", kind),
                        ("StackResourceDriftStatus", "IN_SYNC"),
                        ("Timestamp", &self.since),
                    ])
                });
                Ok(list("StackResourceDrifts", drifts))
            }
            other => Err(Refusal::unknown(other)),
        }
    }

    fn execute(&mut self, token: &str) -> Answered {
        if self.made.is_some() {
            let message = format!(
                "ChangeSet [{}] cannot be executed in its current status",
                self.set
            );
            let code = "InvalidChangeSetStatus";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, code, message));
        }
        self.made = Some(token.to_owned());
        Ok(String::new())
    }

    fn status(&self) -> &'static str {
        match self.made {
            Some(_) => "CREATE_COMPLETE",
            None => "REVIEW_IN_PROGRESS",
        }
    }

    fn shown(&self, name: &str) -> String {
        let said = texts([
            ("StackId", self.id.as_str()),
            ("StackName", name),
            ("StackStatus", self.status()),
            ("CreationTime", &self.since),
        ]);
        // Before it is made a stack has nothing of what it was told.
        if self.made.is_none() {
            return said;
        }
        let pairs = |field: &str, of: &BTreeMap<String, String>, (key, value): (&str, &str)| {
            let all = of.iter();
            list(
                field,
                all.map(|(name, text)| tag(key, name) + &tag(value, text)),
            )
        };
        let outputs = self.template.outputs.iter();
        let outputs = outputs.map(|output| (output.clone(), format!("{name}-{output}")));
        [
            said,
            pairs("Outputs", &outputs.collect(), ("OutputKey", "OutputValue")),
            pairs(
                "Parameters",
                &self.parameters,
                ("ParameterKey", "ParameterValue"),
            ),
            pairs("Tags", &self.tags, ("Key", "Value")),
            list("Capabilities", self.capabilities.clone()),
        ]
        .concat()
    }

    fn listed_set(&self) -> String {
        let execution = match self.made {
            Some(_) => "EXECUTE_COMPLETE",
            None => "AVAILABLE",
        };
        texts([
            ("ChangeSetId", self.set_id.as_str()),
            ("ChangeSetName", &self.set),
            ("StackId", &self.id),
            ("Description", &self.description),
            ("CreationTime", &self.since),
            ("Status", "CREATE_COMPLETE"),
            ("ExecutionStatus", execution),
        ])
    }

    fn shown_set(&self) -> String {
        let changes = self.template.resources.iter().map(|(name, kind)| {
            let said = texts([
                ("Action", "Add"),
                ("LogicalResourceId", name),
                ("ResourceType", kind),
            ]);
            format!("<Type>Resource</Type><ResourceChange>{said}</ResourceChange>")
        });
        self.listed_set() + &list("Changes", changes)
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "ValidationError", message)
}
