//! What people said of an environment and neither Git nor the workspaces know: kept where it outlives the database.

use super::Draft;
use super::advance::with_env;
use crate::effect::Act;
use crate::event::Outcome;
use crate::ids::EnvName;
use crate::state::{Asked, Environment, Kept};

pub(super) fn advance(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let word = Kept::of(env);
    // One at a time; the newest word follows when it is there.
    if env.keeping.running.is_some() || env.keeping.kept == word {
        return;
    }
    if env.keeping.not_before.is_some_and(|at| at > draft.now) {
        return draft.wake(env.keeping.not_before);
    }
    let act = Act::Keep { kept: word.clone() };
    let op = draft.emit(Some(name), act);
    env.keeping.running = Some((op, word));
}

/// Nothing was known of the environment: what was kept counts again.
pub(super) fn recall(draft: &mut Draft, name: &EnvName, env: &mut Environment, kept: &Kept) {
    env.hold.clone_from(&kept.hold);
    env.put_aside.clone_from(&kept.put_aside);
    env.over.clone_from(&kept.over);
    env.keeping.kept = kept.clone();
    // Its pull request may never have been opened.
    env.asked = env.over.as_ref().map(|over| Asked {
        because: format!(
            "rollback to {} by {}: {}",
            over.package.short(),
            over.by,
            over.reason
        ),
        package: over.package.clone(),
        source_commit: over.source_commit.clone(),
    });
    if let Some(hold) = &env.hold {
        let text = format!("still, by {}: {}", hold.by, hold.reason);
        draft.note(Some(name), "held", text);
    }
}

pub(super) fn ended(draft: &mut Draft, name: &EnvName, outcome: &Outcome) -> Result<(), String> {
    with_env(draft, name, |draft, env| {
        let Some((_, word)) = env.keeping.running.clone() else {
            return Err("nothing is being kept".to_owned());
        };
        match outcome {
            Outcome::Kept => {
                env.keeping.running = None;
                env.keeping.kept = word;
                env.keeping.tries = 0;
                env.keeping.not_before = None;
            }
            Outcome::Failed { why, .. } => {
                env.keeping.running = None;
                if env.keeping.tries == 0 {
                    draft.note(Some(name), "keep-failed", why);
                }
                env.keeping.tries += 1;
                let pause = draft.settings.backoff(env.keeping.tries);
                env.keeping.not_before = Some(draft.now + pause);
            }
            other => return Err(format!("not an answer to keeping: {other:?}")),
        }
        Ok(())
    })
    .unwrap_or_else(|| Err("no such environment".to_owned()))
}
