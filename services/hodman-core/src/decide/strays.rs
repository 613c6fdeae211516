//! Open pull requests for an environment that are not its promotion's own. They come from an opening whose answer was
//! lost, from a database that was lost, or from a closing that failed; another is opened only when they are gone.

use super::advance::with_env;
use super::{Draft, observe};
use crate::effect::Act;
use crate::event::Outcome;
use crate::facts::{ForgeFacts, PullFact, PullKind, PullState};
use crate::ids::{EnvName, Op, PackageDigest, PullNumber};
use crate::state::{Environment, Phase, Promotion, Stray};

/// Takes in what a look at the forge found.
pub(super) fn seen(name: &EnvName, env: &mut Environment, facts: &ForgeFacts) {
    let pinning = |pull: &&PullFact| {
        &pull.env == name && !matches!(pull.kind, PullKind::Capture | PullKind::Adopt)
    };
    for pull in facts.pulls.iter().filter(pinning) {
        if pull.state != PullState::Open || is_own(env, pull) {
            gone(env, pull.number);
            continue;
        }
        let known = env.strays.entry(pull.number).or_insert(Stray {
            kind: pull.kind,
            package: None,
            person_pushed: false,
            closing: None,
            not_before: None,
        });
        known.kind = pull.kind;
        known.package.clone_from(&pull.package);
        known.person_pushed = pull.person_pushed;
    }
}

/// Forgets one that is not open any more; one that is being closed is kept until that has ended.
pub(super) fn gone(env: &mut Environment, number: PullNumber) {
    if env
        .strays
        .get(&number)
        .is_some_and(|stray| stray.closing.is_none())
    {
        env.strays.remove(&number);
    }
}

/// The promotion's own, also while the answer to its opening is still on its way.
fn is_own(env: &Environment, pull: &PullFact) -> bool {
    let Some(promotion) = &env.promotion else {
        return false;
    };
    match &promotion.phase {
        Phase::Open(open) => open.number == pull.number,
        Phase::Opening { .. } => {
            promotion.kind == pull.kind && Some(&promotion.package) == pull.package.as_ref()
        }
        _ => false,
    }
}

/// The first that has to go before one of this kind for this package may be opened. One of the same kind and package
/// is gone on with instead: opening finds it.
pub(super) fn in_the_way(
    env: &Environment,
    kind: PullKind,
    package: &PackageDigest,
) -> Option<(PullNumber, Stray)> {
    env.strays
        .iter()
        .find(|(_, stray)| stray.kind != kind || stray.package.as_ref() != Some(package))
        .map(|(number, stray)| (*number, stray.clone()))
}

/// Two are open at this moment: the one that nobody waits for is closed.
pub(super) fn advance(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let open = matches!(
        env.promotion.as_ref().map(|promotion| &promotion.phase),
        Some(Phase::Open(_))
    );
    if open {
        close_all(draft, name, env, "another pull request goes on");
    }
}

/// Closes all that may be closed.
pub(super) fn close_all(draft: &mut Draft, name: &EnvName, env: &mut Environment, because: &str) {
    let due: Vec<PullNumber> = env
        .strays
        .iter()
        .filter(|(_, stray)| stray.closing.is_none() && !stray.person_pushed)
        .filter(|(_, stray)| stray.not_before.is_none_or(|at| at <= draft.now))
        .map(|(number, _)| *number)
        .collect();
    for number in due {
        close(draft, name, env, number, because);
    }
    for stray in env.strays.values().filter(|stray| stray.closing.is_none()) {
        draft.wake(stray.not_before);
    }
}

/// Asks for one to be closed.
pub(super) fn close(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    number: PullNumber,
    because: &str,
) -> Option<Op> {
    let stray = env.strays.get_mut(&number)?;
    if stray.closing.is_none() {
        draft.note(Some(name), "superseded", format!("{number}: {because}"));
        let act = Act::ClosePull {
            number,
            because: because.to_owned(),
        };
        stray.closing = Some(draft.emit(Some(name), act));
    }
    stray.closing
}

/// An open promotion that is not wanted any more becomes one of them.
pub(super) fn leave(env: &mut Environment, promotion: &Promotion, number: PullNumber) {
    env.strays.insert(
        number,
        Stray {
            kind: promotion.kind,
            package: Some(promotion.package.clone()),
            person_pushed: false,
            closing: None,
            not_before: None,
        },
    );
}

/// Notes how a closing ended; the promotion that waits for it is told apart from this.
pub(super) fn closed(draft: &Draft, env: &mut Environment, op: Op, outcome: &Outcome) {
    let Some((number, stray)) = env
        .strays
        .iter_mut()
        .find(|(_, stray)| stray.closing == Some(op))
    else {
        return;
    };
    let number = *number;
    stray.closing = None;
    match outcome {
        Outcome::PullClosed => drop(env.strays.remove(&number)),
        Outcome::PullKept => stray.person_pushed = true,
        _ => stray.not_before = Some(draft.now + draft.settings.retry_first),
    }
}

pub(super) fn ended(
    draft: &mut Draft,
    name: &EnvName,
    op: Op,
    outcome: &Outcome,
) -> Result<(), String> {
    let known = matches!(
        outcome,
        Outcome::PullClosed | Outcome::PullKept | Outcome::Failed { .. }
    );
    with_env(draft, name, |draft, env| {
        closed(draft, env, op, outcome);
        observe::want(draft);
    });
    if known {
        Ok(())
    } else {
        Err(format!("not an answer to closing: {outcome:?}"))
    }
}
