//! What a pull request was up against before it changed what is asked for, as far as time fulfils that.

use crate::gates;
use crate::state::Environment;
use chrono::{DateTime, Utc};

/// Where the run's pull request changed the windows, each side's hours hold, one after the other: hours that have come once since
/// have held for as long as they were to. Were both asked for at one moment, windows that were moved might never meet. Freezes stay:
/// they end. Asked when nothing but hours is waited for: hours that came while something else stood before the run have not held it.
pub(super) fn window_passed(env: &mut Environment, now: DateTime<Utc>) {
    let shut = gates::window(&env.policy, now).is_some();
    if let Some(number) = env.running_pull()
        && let Some(bar) = env.bars.get_mut(&number)
        && shut
        && gates::window(bar, now).is_none()
    {
        bar.gates.windows.clear();
    }
}
