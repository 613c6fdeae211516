//! Runs as the API shows them.

use serde_json::{Map, Value, json};

use super::outcome::Outcome;
use super::{Life, Run, TaskRun};
use crate::databricks::jobs::validate::{list, text};
use crate::databricks::table::object;

/// State of a run or a task in both notations, `state` (old) and `status` (new).
struct State {
    life_cycle: &'static str,
    result: Option<&'static str>,
    code: &'static str,
    message: String,
}

impl Run {
    /// What `jobs/runs/get` answers.
    pub(super) fn view(&self, url: &str, with_tasks: bool) -> Map<String, Value> {
        let mut view = object(json!({
            "job_id": self.job_id,
            "run_id": self.id,
            "number_in_job": self.number,
            "original_attempt_run_id": self.id,
            "creator_user_name": self.creator,
            "run_as_user_name": self.run_as,
            "run_name": self.settings.get("name"),
            "run_page_url": format!("{url}/#job/{}/run/{}", self.job_id, self.id),
            "run_type": "JOB_RUN",
            "trigger": "ONE_TIME",
            "format": "MULTI_TASK",
            "start_time": self.started,
            "end_time": self.ended.unwrap_or(0),
            "run_duration": self.ended.map_or(0, |ended| ended - self.started),
            "setup_duration": 0,
            "execution_duration": 0,
            "cleanup_duration": 0,
        }));
        if self
            .parameters
            .as_array()
            .is_some_and(|parameters| !parameters.is_empty())
        {
            view.insert("job_parameters".into(), self.parameters.clone());
        }
        self.state().put(&mut view);
        if with_tasks {
            view.insert(
                "tasks".into(),
                self.tasks.iter().map(|task| self.task_view(task)).collect(),
            );
            if let Some(clusters) = self.settings.get("job_clusters") {
                view.insert("job_clusters".into(), clusters.clone());
            }
        }
        view
    }

    /// Its settings with its state.
    fn task_view(&self, task: &TaskRun) -> Value {
        let mut view = self
            .task_settings(&task.key)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        view.insert("run_id".into(), json!(task.id));
        view.insert("start_time".into(), json!(self.started));
        view.insert("end_time".into(), json!(self.ended.unwrap_or(0)));
        view.insert("attempt_number".into(), json!(0));
        self.task_state(task).put(&mut view);
        Value::Object(view)
    }

    /// What `jobs/runs/get-output` answers for one task.
    pub(super) fn output_view(&self, url: &str, task_id: u64) -> Option<Value> {
        let task = self.tasks.iter().find(|task| task.id == task_id)?;
        let mut metadata = object(self.task_view(task));
        metadata.insert("job_id".into(), json!(self.job_id));
        metadata.insert(
            "run_page_url".into(),
            json!(format!("{url}/#job/{}/run/{}", self.job_id, task.id)),
        );
        let mut view = object(json!({ "metadata": metadata }));
        if let Some(outcome) = task.outcome.as_ref().filter(|_| self.life == Life::Ended) {
            if outcome.failed() {
                view.insert("error".into(), json!(outcome.output));
            } else {
                view.insert(
                    "notebook_output".into(),
                    json!({"result": outcome.output, "truncated": false}),
                );
            }
        }
        Some(Value::Object(view))
    }

    /// State in a few words, for the sandbox's page.
    pub(crate) fn summary(&self) -> String {
        let State {
            life_cycle,
            result,
            message,
            ..
        } = self.state();
        [life_cycle, result.unwrap_or_default(), &message]
            .join(" ")
            .trim()
            .to_owned()
    }

    fn state(&self) -> State {
        let plain = |life_cycle, message: &str| State {
            life_cycle,
            result: None,
            code: "",
            message: message.to_owned(),
        };
        match self.life {
            Life::Queued => plain("QUEUED", "Queued due to reaching maximum concurrent runs"),
            Life::Pending => plain("PENDING", "Waiting for cluster"),
            Life::Running => plain("RUNNING", "In run"),
            Life::Cancelled => State::cancelled(),
            Life::Skipped => State {
                life_cycle: "SKIPPED",
                result: Some("MAXIMUM_CONCURRENT_RUNS_REACHED"),
                code: "MAX_CONCURRENT_RUNS_EXCEEDED",
                message: "An active run already exists. Skipping run since max concurrent runs is reached.".to_owned(),
            },
            Life::Ended => self.end_state(),
        }
    }

    /// Leaf tasks decide; a failure that was caught further up is `SUCCESS_WITH_FAILURES`.
    fn end_state(&self) -> State {
        let failed = |task: &&TaskRun| task.outcome.as_ref().is_some_and(Outcome::failed);
        let broken = self.tasks.iter().find(|task| {
            task.outcome
                .as_ref()
                .is_some_and(|outcome| outcome.result == "FAILED")
        });
        let Some((broken, outcome)) = broken.and_then(|task| Some((task, task.outcome.as_ref()?)))
        else {
            return State {
                life_cycle: "TERMINATED",
                result: Some("SUCCESS"),
                code: "SUCCESS",
                message: String::new(),
            };
        };
        if !self
            .tasks
            .iter()
            .filter(|task| self.is_leaf(&task.key))
            .any(|task| failed(&task))
        {
            return State {
                life_cycle: "TERMINATED",
                result: Some("SUCCESS_WITH_FAILURES"),
                code: "SUCCESS_WITH_FAILURES",
                message: String::new(),
            };
        }
        State {
            life_cycle: if outcome.internal_error {
                "INTERNAL_ERROR"
            } else {
                "TERMINATED"
            },
            result: Some("FAILED"),
            code: outcome.code,
            message: format!(
                "Task {} failed with message: {}.",
                broken.key,
                outcome.message.trim_end_matches('.')
            ),
        }
    }

    fn is_leaf(&self, key: &str) -> bool {
        !list(&self.settings, "tasks").iter().any(|task| {
            let depends = task
                .get("depends_on")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            depends
                .filter_map(|dependency| text(dependency, "task_key"))
                .any(|dependency| dependency == key)
        })
    }

    fn task_state(&self, task: &TaskRun) -> State {
        let waits = self
            .task_settings(&task.key)
            .is_some_and(|task| task.get("depends_on").is_some());
        match (self.life, &task.outcome) {
            (Life::Running, _) if waits => State {
                life_cycle: "BLOCKED",
                ..State::bare()
            },
            (Life::Ended, Some(outcome)) => State {
                life_cycle: if outcome.internal_error {
                    "INTERNAL_ERROR"
                } else {
                    "TERMINATED"
                },
                result: Some(outcome.result),
                code: outcome.code,
                message: outcome.message.clone(),
            },
            _ => State {
                message: String::new(),
                ..self.state()
            },
        }
    }
}

impl State {
    fn bare() -> Self {
        Self {
            life_cycle: "",
            result: None,
            code: "",
            message: String::new(),
        }
    }

    fn cancelled() -> Self {
        Self {
            life_cycle: "TERMINATED",
            result: Some("CANCELED"),
            code: "USER_CANCELED",
            message: "Run cancelled.".to_owned(),
        }
    }

    fn put(self, view: &mut Map<String, Value>) {
        let mut state = object(json!({
            "life_cycle_state": self.life_cycle,
            "state_message": self.message,
            "user_cancelled_or_timedout": self.result == Some("CANCELED"),
        }));
        // `status` has no state for a run that could not start: it is terminated, the details say why.
        let life_cycle = if matches!(self.life_cycle, "INTERNAL_ERROR" | "SKIPPED") {
            "TERMINATED"
        } else {
            self.life_cycle
        };
        let mut status = object(json!({ "state": life_cycle }));
        if let Some(result) = self.result {
            state.insert("result_state".into(), json!(result));
            let kind = if result.starts_with("SUCCESS") {
                "SUCCESS"
            } else {
                "CLIENT_ERROR"
            };
            let details = json!({"code": self.code, "type": kind, "message": self.message});
            status.insert("termination_details".into(), details);
        }
        view.insert("state".into(), Value::Object(state));
        view.insert("status".into(), Value::Object(status));
    }
}
