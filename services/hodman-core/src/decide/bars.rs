//! What a pull request was up against before it changed what is asked for, as far as time fulfils that.

use crate::gates;
use crate::state::{Cause, Environment};
use chrono::{DateTime, Utc};

/// Where the run's pull request changed the windows, each side's hours hold, one after the other: hours that have come once since
/// have held for as long as they were to. Were both asked for at one moment, windows that were moved might never meet. Freezes stay:
/// they end.
pub(super) fn window_passed(env: &mut Environment, now: DateTime<Utc>) {
    let number = match env.run.as_ref().map(|run| &run.cause) {
        Some(Cause::Pin { number, .. } | Cause::Binding { number, .. }) => *number,
        _ => return,
    };
    if let Some(bar) = env.bars.get_mut(&number)
        && gates::window(bar, now).is_none()
    {
        bar.gates.windows.clear();
    }
}
