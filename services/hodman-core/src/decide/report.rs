//! What is said on commits and pull requests: once for each change, and until it is there; never again for the same words.

use super::Draft;
use super::advance::with_env;
use crate::effect::{Act, Report, Verdict};
use crate::event::Outcome;
use crate::explain::{self, Standing};
use crate::ids::{CommitSha, EnvName, Op, PullNumber};
use crate::state::{Cause, Environment, Phase, Promotion, Unsaid};
use crate::text;

pub(super) fn advance(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    proposal(draft, name, env);
    approval(draft, name, env);
    deployment(draft, name, env);
    refusal(draft, name, env);
}

/// On an open promotion pull request: the plan, the gates, what merging does.
fn proposal(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let Some(
        promotion @ Promotion {
            phase: Phase::Open(pull),
            ..
        },
    ) = &env.promotion
    else {
        return;
    };
    if pull.updating.is_some() {
        return;
    }
    let waits = explain::pull_waits(&draft.state, env, draft.now);
    let early = waits.iter().any(explain::refuses);
    let counts = format!("{} in {name}", pull.plan.counts());
    let report = Report {
        check: format!("hodman/{name}"),
        // Green would ask for a merge that is refused afterwards.
        verdict: if early {
            Verdict::Pending
        } else if pull.plan.irreversible.is_empty() {
            Verdict::Success
        } else {
            Verdict::ActionRequired
        },
        title: if early {
            format!("{counts}; not to be merged yet")
        } else {
            counts
        },
        summary: text::proposal(name, promotion, &pull.plan, &waits),
        plan: pull.plan.digest.clone(),
    };
    let (number, head) = (pull.number, pull.head.clone());
    say(
        draft,
        name,
        env,
        "proposal",
        Some(number),
        Some(head),
        report,
    );
}

/// On the head that was merged: that it counts. It may have been merged before its check had taken in the last review, and would say for
/// ever that it is not to be merged yet.
fn approval(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let Some(accepted) = &env.accepted else {
        return;
    };
    let merged = matches!(accepted.cause, Cause::Pin { .. } | Cause::Recovered);
    let Some(head) = accepted.head.clone().filter(|_| merged) else {
        return;
    };
    let report = Report {
        check: format!("hodman/{name}"),
        verdict: Verdict::Success,
        title: format!("approved for {name}"),
        summary: text::approval(name, accepted),
        plan: Some(accepted.plan.clone()),
    };
    say(draft, name, env, "approval", None, Some(head), report);
}

/// On the merged pull request and the package's commit: what became of it.
fn deployment(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let Some(accepted) = env.accepted.clone() else {
        return;
    };
    let standing = explain::standing(&Environment {
        promotion: None,
        hold: None,
        refused: None,
        ..env.clone()
    });
    let verdict = match standing {
        Standing::Healthy => Verdict::Success,
        Standing::Failed | Standing::Unhealthy => Verdict::Failure,
        Standing::NeedsApproval | Standing::Refused => Verdict::ActionRequired,
        Standing::Drifted | Standing::DriftProposed | Standing::Gone => Verdict::Neutral,
        _ => Verdict::Pending,
    };
    let Some(explanation) = explain::explain_env(&draft.state, name, env, draft.now) else {
        return;
    };
    let report = Report {
        check: format!("hodman/{name}"),
        verdict,
        title: format!("{name}: {standing}"),
        summary: text::deployment(name, &accepted, standing, &explanation),
        plan: env
            .drift
            .found
            .as_ref()
            .and_then(|found| found.plan.digest.clone()),
    };
    say(
        draft,
        name,
        env,
        "deployment",
        accepted.pull,
        Some(accepted.source_commit),
        report,
    );
}

/// On the merged pull request whose pin does not count: why, and what helps.
fn refusal(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let (Some((pin, refusal)), Some((number, head))) = (&env.refused, env.refused_on.clone())
    else {
        return;
    };
    let report = Report {
        check: format!("hodman/{name}"),
        verdict: Verdict::ActionRequired,
        title: format!("{name}: refused"),
        summary: text::refusal(name, pin, refusal),
        plan: None,
    };
    let on_head = report.clone();
    say(draft, name, env, "refusal", Some(number), None, report);
    // By itself: what is said late of a pull request that ended leaves its head alone.
    say(draft, name, env, "refused-head", None, Some(head), on_head);
}

fn say(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    topic: &str,
    pull: Option<PullNumber>,
    commit: Option<CommitSha>,
    report: Report,
) {
    // One report of a topic at a time; the newest words follow when it is there.
    if env.saying.values().any(|busy| busy == topic) {
        return;
    }
    let words = text::fingerprint(&(&pull, &commit, &report));
    if env.said.get(topic) == Some(&words) {
        return;
    }
    // Whatever the words are by now, they would fail as the last ones did.
    let again = env.unsaid.get(topic).map(|unsaid| unsaid.not_before);
    if again.is_some_and(|at| at > draft.now) {
        return draft.wake(again);
    }
    env.said.insert(topic.to_owned(), words);
    let op = draft.emit(
        Some(name),
        Act::Say {
            pull,
            commit,
            report,
        },
    );
    env.saying.insert(op, topic.to_owned());
}

pub(super) fn ended(
    draft: &mut Draft,
    name: &EnvName,
    op: Op,
    outcome: &Outcome,
) -> Result<(), String> {
    with_env(draft, name, |draft, env| {
        let Some(topic) = env.saying.get(&op).cloned() else {
            return Err("no report is under way".to_owned());
        };
        match outcome {
            Outcome::Said => {
                env.saying.remove(&op);
                env.unsaid.remove(&topic);
                Ok(())
            }
            Outcome::Failed { why, transient } => {
                env.saying.remove(&op);
                unsaid(draft, name, env, topic, why, *transient);
                Ok(())
            }
            other => Err(format!("not an answer to a report: {other:?}")),
        }
    })
    .unwrap_or(Ok(()))
}

/// It is not where it belongs: said again later, and told once.
fn unsaid(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    topic: String,
    why: &str,
    transient: bool,
) {
    env.said.remove(&topic);
    let before = env.unsaid.get(&topic);
    // Not by its words: refusals of the forge end with the number of the request, another one each time.
    if before.is_none() {
        draft.note(Some(name), "report-failed", why);
    }
    let tries = before.map_or(0, |known| known.tries) + 1;
    let pause = if transient {
        draft.settings.doubled(draft.settings.say_again, tries)
    } else {
        draft.settings.say_again_refused
    };
    let unsaid = Unsaid {
        why: why.to_owned(),
        tries,
        not_before: draft.now + pause,
    };
    env.unsaid.insert(topic, unsaid);
}
