//! Numbers of the daemon's own, each with its reason.

use chrono::Duration;

/// How patient hodman is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How often the repository is read without being told to. Five minutes: a lost webhook costs no more than that,
    /// and a look costs about fifteen requests: some 4,000 a day, of a budget of 5,000 an hour. What did not change since
    /// counts for nothing there.
    pub observe_every: Duration,
    /// The pause after a look before one for checks and statuses only. Ten seconds: a build reports a hundred of them in a
    /// minute, and whoever waits for the last one does not notice.
    pub observe_pause: Duration,
    /// How often an open promotion's plan is confirmed. Ten minutes: a reviewer should not approve a stale plan, and
    /// a plan costs the workspace a handful of list calls.
    pub refresh_every: Duration,
    /// How often the same difference is put back before a person has to look: three, as keel does; somebody who
    /// edits a fourth time means it.
    pub heal_limit: u32,
    /// How long `rollback --now` counts without its pull request being merged: a day covers a night and a weekend
    /// morning without letting it be forgotten.
    pub override_for: Duration,
    /// How long a difference counts as proposed, from the opening of its pull request to its arrival. A week: a change
    /// that goes through dev's successors needs days of soaking and windows; after that somebody has forgotten it.
    pub proposal_for: Duration,
    /// Slots older than this count as missed.
    pub slot_grace: Duration,
    /// First pause after a failure; doubles with each, up to `retry_at_most`.
    pub retry_first: Duration,
    /// The longest pause between tries.
    pub retry_at_most: Duration,
    /// After this many failures in a row an apply waits for a person.
    pub apply_tries: u32,
    /// After this many failures that do not look as if they passed, a build waits for a person: three, because commands that build
    /// fetch what they need, and what they say when that fails looks like any other failure.
    pub build_tries: u32,
    /// The first pause after such a failure. A minute: what is away for seconds was tried for as long by the command itself.
    pub build_again: Duration,
    /// The first pause after a report that could not be said; doubles with each, up to `retry_at_most`. A minute: by then it was
    /// tried for a minute already.
    pub say_again: Duration,
    /// The pause after a report that the forge does not take. An hour: somebody has to give a right, and nobody tells when.
    pub say_again_refused: Duration,
    /// The pause of an apply that waits for a run to end. A minute: runs take minutes to hours, and each look costs a plan.
    pub busy_pause: Duration,
    /// Former deployments remembered per environment, and packages per pipeline.
    pub remember: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            observe_every: Duration::minutes(5),
            observe_pause: Duration::seconds(10),
            refresh_every: Duration::minutes(10),
            heal_limit: 3,
            override_for: Duration::hours(24),
            proposal_for: Duration::days(7),
            slot_grace: Duration::minutes(2),
            retry_first: Duration::seconds(2),
            retry_at_most: Duration::minutes(15),
            apply_tries: 5,
            build_tries: 3,
            build_again: Duration::minutes(1),
            say_again: Duration::minutes(1),
            say_again_refused: Duration::hours(1),
            busy_pause: Duration::minutes(1),
            remember: 50,
        }
    }
}

impl Settings {
    /// The pause before try number `tries + 1`.
    #[must_use]
    pub fn backoff(&self, tries: u32) -> Duration {
        self.doubled(self.retry_first, tries)
    }

    /// The same with another first pause.
    #[must_use]
    pub fn doubled(&self, first: Duration, tries: u32) -> Duration {
        let doubled = first * 2_i32.pow(tries.saturating_sub(1).min(10));
        doubled.min(self.retry_at_most)
    }
}
