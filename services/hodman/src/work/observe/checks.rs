//! What checks say about commits, for the gates that name them.

use super::super::{Job, WorkError};
use hodman_clients::github::{self, CheckKind, CheckStatus, Conclusion, GitHubError};
use hodman_core::facts::CheckState;
use hodman_core::ids::CommitSha;
use hodman_core::policy::NamedCheck;
use hodman_model::files::CheckName;
use std::collections::{BTreeMap, BTreeSet};

/// The state of each check in `gates` on each of `commits`, by how the gate is shown.
pub(super) async fn of(
    job: &Job<'_>,
    commits: &BTreeSet<CommitSha>,
    gates: &BTreeSet<CheckName>,
) -> Result<BTreeMap<CommitSha, BTreeMap<String, CheckState>>, WorkError> {
    let (github, repository) = (&job.work.github, job.repo.repository());
    let mut found = BTreeMap::new();
    for commit in commits {
        let checks = match github.checks_of(repository, commit.as_str()).await {
            Ok(checks) => checks,
            // A pin that somebody wrote may name a commit that there is not: nothing is green there, and everything else goes on.
            Err(GitHubError::NotFound(_) | GitHubError::Validation { .. })
                if job.repo.mirror.commit_info(commit.as_str()).is_err() =>
            {
                Vec::new()
            }
            Err(error) => return Err(error.into()),
        };
        found.insert(commit.clone(), states(gates, &checks));
    }
    Ok(found)
}

/// The gates that the branch does not have any more, from how they are shown.
pub(super) fn old(shown: &BTreeSet<NamedCheck>) -> impl Iterator<Item = CheckName> + '_ {
    shown.iter().map(|(shown, app)| {
        let name = app
            .as_ref()
            .and_then(|app| shown.strip_suffix(&format!(" ({app})")));
        CheckName {
            name: name.unwrap_or(shown).to_owned(),
            app: app.clone(),
        }
    })
}

/// Keyed by the gates' own words, not by those of the checks: nobody's check `ci (an-app)` is taken for one of the app.
fn states(
    gates: &BTreeSet<CheckName>,
    checks: &[github::CheckState],
) -> BTreeMap<String, CheckState> {
    let mut told: BTreeMap<String, Vec<Option<CheckState>>> = BTreeMap::new();
    for gate in gates {
        let answers = checks.iter().filter(|check| answers(check, gate));
        let worst = answers.map(state).max_by_key(|state| weight(*state));
        told.entry(gate.to_string()).or_default().push(worst);
    }
    let answered = |states: &Vec<Option<CheckState>>| states.iter().any(Option::is_some);
    told.retain(|_, states| answered(states));
    let worst = told.into_iter().filter_map(|(shown, states)| {
        // Where gates are shown alike, what answers the one does not answer the other.
        let states = states
            .into_iter()
            .map(|state| state.unwrap_or(CheckState::Pending));
        Some((shown, states.max_by_key(|state| weight(*state))?))
    });
    worst.collect()
}

/// Whether the check is one that the gate asks for. An app's statuses are written by its account, `ci[bot]`; people's names
/// have no brackets.
fn answers(check: &github::CheckState, gate: &CheckName) -> bool {
    // Our own reports would be gates on themselves.
    if check.name != gate.name || check.name.starts_with("hodman/") {
        return false;
    }
    let (Some(wanted), by) = (&gate.app, check.app.as_deref()) else {
        return true;
    };
    match check.kind {
        CheckKind::CheckRun => by == Some(wanted),
        CheckKind::Status => by.and_then(|by| by.strip_suffix("[bot]")) == Some(wanted),
    }
}

fn state(check: &github::CheckState) -> CheckState {
    match (&check.status, &check.conclusion) {
        (
            CheckStatus::Completed,
            Some(Conclusion::Success | Conclusion::Neutral | Conclusion::Skipped),
        ) => CheckState::Success,
        (CheckStatus::Completed, _) => CheckState::Failure,
        _ => CheckState::Pending,
    }
}

/// Of several with one name the worst counts: a status that anybody who may write can set hides no failed run.
fn weight(state: CheckState) -> u8 {
    match state {
        CheckState::Success => 0,
        CheckState::Pending => 1,
        CheckState::Failure => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: CheckKind, name: &str, app: &str, good: Option<bool>) -> github::CheckState {
        github::CheckState {
            name: name.to_owned(),
            status: match good {
                Some(_) => CheckStatus::Completed,
                None => CheckStatus::InProgress,
            },
            conclusion: good.map(|good| match good {
                true => Conclusion::Success,
                false => Conclusion::Failure,
            }),
            kind,
            app: Some(app.to_owned()),
        }
    }

    fn of_app(name: &str, app: &str) -> CheckName {
        CheckName {
            app: Some(app.to_owned()),
            ..CheckName::from(name)
        }
    }

    fn one(gate: CheckName, checks: &[github::CheckState]) -> Option<CheckState> {
        let key = gate.to_string();
        states(&BTreeSet::from([gate]), checks).remove(&key)
    }

    #[test]
    fn what_the_branch_names_no_more_is_the_same_gate_still() {
        let gates = [of_app("ci", "an-app"), CheckName::from("test (linux)")];
        let shown = gates
            .iter()
            .map(|gate| (gate.to_string(), gate.app.clone()))
            .collect();
        assert_eq!(old(&shown).collect::<Vec<_>>(), gates);
    }

    #[test]
    fn of_equal_names_the_worst_counts() {
        use CheckKind::{CheckRun, Status};
        let run = |good| check(CheckRun, "ci", "github-actions", good);
        let status = |good| check(Status, "ci", "mallory", good);
        let table = [
            (Some(true), Some(true), CheckState::Success),
            (Some(true), None, CheckState::Pending),
            (Some(true), Some(false), CheckState::Failure),
            (None, Some(false), CheckState::Failure),
        ];
        for (one_says, other_says, expected) in table {
            for checks in [
                [run(one_says), status(other_says)],
                [status(other_says), run(one_says)],
                [run(other_says), status(one_says)],
                [status(one_says), run(other_says)],
            ] {
                assert_eq!(one("ci".into(), &checks), Some(expected), "{checks:?}");
            }
        }
        assert_eq!(one("other".into(), &[run(Some(true))]), None);
    }

    #[test]
    fn a_named_app_is_the_only_one_that_counts() {
        use CheckKind::{CheckRun, Status};
        let gate = || of_app("ci", "github-actions");
        let forged = [
            check(Status, "ci", "github-actions", Some(true)),
            check(CheckRun, "ci", "other", Some(true)),
            check(CheckRun, "ci (github-actions)", "other", Some(true)),
        ];
        assert_eq!(one(gate(), &forged), None);
        let [first, ..] = forged.clone();
        let real = check(CheckRun, "ci", "github-actions", Some(false));
        assert_eq!(one(gate(), &[first, real]), Some(CheckState::Failure));
        let red = check(CheckRun, "ci", "other", Some(false));
        let real = check(Status, "ci", "github-actions[bot]", Some(true));
        assert_eq!(one(gate(), &[real, red]), Some(CheckState::Success));
    }

    #[test]
    fn gates_that_are_shown_alike_do_not_answer_for_each_other() {
        let gates = BTreeSet::from([of_app("ci", "an-app"), CheckName::from("ci (an-app)")]);
        let told = |checks: &[github::CheckState]| {
            let states = states(&gates, checks);
            states.get("ci (an-app)").copied()
        };
        let of_app = |good| check(CheckKind::CheckRun, "ci", "an-app", good);
        let alike = |good| check(CheckKind::Status, "ci (an-app)", "mallory", good);
        let (pending, failure) = (Some(CheckState::Pending), Some(CheckState::Failure));
        assert_eq!(told(&[alike(Some(true))]), pending);
        assert_eq!(told(&[of_app(Some(true))]), pending);
        assert_eq!(told(&[alike(Some(false))]), failure);
        assert_eq!(told(&[of_app(Some(false)), alike(Some(true))]), failure);
        let both = [of_app(Some(true)), alike(Some(true))];
        assert_eq!(told(&both), Some(CheckState::Success));
        assert_eq!(told(&[]), None);
    }

    #[test]
    fn our_own_reports_are_no_gates() {
        let ours = check(CheckKind::CheckRun, "hodman/plan", "hodman", Some(true));
        assert_eq!(one("hodman/plan".into(), &[ours]), None);
    }
}
