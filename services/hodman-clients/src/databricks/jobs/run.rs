//! How a run stands, in the older `state` and the newer `status` spelling.

use serde::Deserialize;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    /// Queued, waiting or running.
    Unfinished,
    /// All tasks succeeded.
    Succeeded,
    /// The run counts as successful, but some tasks failed.
    SucceededWithFailures,
    /// It failed, or never started because of an error.
    Failed,
    /// The job's own time-out ended it.
    TimedOut,
    /// Someone cancelled it.
    Cancelled,
    /// It never ran: too many runs at once, or excluded by a condition.
    Skipped,
}

/// One run of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub run_id: i64,
    /// The job it belongs to.
    pub job_id: Option<i64>,
    /// How it stands.
    pub outcome: RunOutcome,
    /// The API's life-cycle state, such as `RUNNING` or `TERMINATED`.
    pub life_cycle: String,
    /// The API's result, such as `SUCCESS`; none while unfinished.
    pub result: Option<String>,
    /// The API's words about the state; may be empty.
    pub message: String,
    /// The page for people.
    pub page_url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    run_id: i64,
    job_id: Option<i64>,
    state: Option<State>,
    status: Option<Status>,
    run_page_url: Option<String>,
}

#[derive(Deserialize)]
struct State {
    life_cycle_state: Option<String>,
    result_state: Option<String>,
    state_message: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    state: Option<String>,
    termination_details: Option<Termination>,
}

#[derive(Deserialize)]
struct Termination {
    code: Option<String>,
    message: Option<String>,
}

impl From<Shown> for Run {
    fn from(shown: Shown) -> Self {
        let state = shown.state.unwrap_or(State {
            life_cycle_state: None,
            result_state: None,
            state_message: None,
        });
        let (new_state, ended) = shown
            .status
            .map(|status| (status.state, status.termination_details))
            .unwrap_or_default();
        let (code, words) = ended
            .map(|ended| (ended.code, ended.message))
            .unwrap_or_default();
        let life_cycle = state
            .life_cycle_state
            .or(new_state)
            .unwrap_or_else(|| "PENDING".to_owned());
        let result = state.result_state.or(code);
        Self {
            run_id: shown.run_id,
            job_id: shown.job_id,
            outcome: outcome(&life_cycle, result.as_deref()),
            life_cycle,
            result,
            message: state
                .state_message
                .filter(|text| !text.is_empty())
                .or(words)
                .unwrap_or_default(),
            page_url: shown.run_page_url,
        }
    }
}

fn outcome(life_cycle: &str, result: Option<&str>) -> RunOutcome {
    match life_cycle {
        "SKIPPED" => return RunOutcome::Skipped,
        "INTERNAL_ERROR" => return RunOutcome::Failed,
        "TERMINATED" => {}
        _ => return RunOutcome::Unfinished,
    }
    match result.unwrap_or_default() {
        "SUCCESS" => RunOutcome::Succeeded,
        "SUCCESS_WITH_FAILURES" => RunOutcome::SucceededWithFailures,
        "TIMEDOUT" => RunOutcome::TimedOut,
        "CANCELED" | "UPSTREAM_CANCELED" | "USER_CANCELED" => RunOutcome::Cancelled,
        "MAXIMUM_CONCURRENT_RUNS_REACHED"
        | "EXCLUDED"
        | "UPSTREAM_EXCLUDED"
        | "DISABLED"
        | "SKIPPED" => RunOutcome::Skipped,
        // A terminated run whose result is unknown to us must not pass for a success.
        _ => RunOutcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn run(shown: Value) -> Run {
        Run::from(serde_json::from_value::<Shown>(shown).unwrap())
    }

    #[test]
    fn both_spellings_say_the_same() {
        let old = run(
            json!({"run_id": 1, "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}}),
        );
        let new = run(
            json!({"run_id": 1, "status": {"state": "TERMINATED", "termination_details": {"code": "SUCCESS"}}}),
        );
        assert_eq!(old, new);
        assert_eq!(old.outcome, RunOutcome::Succeeded);
    }

    #[test]
    fn only_a_stated_success_is_one() {
        let unstated = run(json!({"run_id": 1, "state": {"life_cycle_state": "TERMINATED"}}));
        assert_eq!(unstated.outcome, RunOutcome::Failed);
        let odd = run(
            json!({"run_id": 1, "state": {"life_cycle_state": "TERMINATED", "result_state": "NEWLY_INVENTED"}}),
        );
        assert_eq!(odd.outcome, RunOutcome::Failed);
    }

    #[test]
    fn runs_that_wait_are_unfinished() {
        for state in [
            "PENDING",
            "QUEUED",
            "BLOCKED",
            "RUNNING",
            "TERMINATING",
            "WAITING_FOR_RETRY",
            "WAITING",
        ] {
            let waiting = run(
                json!({"run_id": 1, "state": {"life_cycle_state": state, "state_message": "soon"}}),
            );
            assert_eq!(
                (waiting.outcome, waiting.message.as_str()),
                (RunOutcome::Unfinished, "soon"),
                "{state}"
            );
        }
    }

    #[test]
    fn failures_keep_their_words() {
        let shown = json!({"run_id": 1, "state": {"life_cycle_state": "INTERNAL_ERROR", "result_state": "FAILED",
            "state_message": "no such notebook"}, "run_page_url": "https://w/#job/1/run/1"});
        let failed = run(shown);
        assert_eq!(
            (failed.outcome, failed.message.as_str()),
            (RunOutcome::Failed, "no such notebook")
        );
        assert_eq!(failed.page_url.as_deref(), Some("https://w/#job/1/run/1"));
    }
}
