//! When an environment may be changed: allow and deny windows, and freezes.
//!
//! A freeze or an active deny window closes; otherwise it is open when there are no allow windows, or at least one is
//! active. Outside its hours a deny window says nothing at all. Whoever waits is told the instant at which the answer
//! may change next and wakes exactly then, so that a promotion does not sleep through the opening of its window.

#[cfg(test)]
mod tests;

mod span;

use std::{fmt, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::schedule::Schedule;
use span::{Span, active_span, next_span};

/// How many boundaries are looked at to say when it opens; some weeks of hourly windows.
const BOUNDARIES_LOOKED_AT: usize = 1_000;

/// Whether a window permits or forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowKind {
    /// Changes are made only inside such a window.
    Allow,
    /// No change is made inside such a window.
    Deny,
}

/// A recurring span of time. It begins at each instant of its schedule, lasts `duration` of elapsed time (a window of
/// nine hours is nine hours long also in the night when clocks change), and may be longer than the schedule's step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Permits or forbids.
    pub kind: WindowKind,
    /// When it begins.
    pub schedule: Schedule,
    /// How long it lasts; serialised in whole seconds.
    #[serde(rename = "seconds", with = "seconds")]
    pub duration: Duration,
}

/// A single span of time in which nothing is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// The first frozen instant.
    pub from: DateTime<Utc>,
    /// The first instant that is no longer frozen.
    pub to: DateTime<Utc>,
    /// Why, as people wrote it.
    pub reason: String,
}

/// What is up against the clock together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// Allow and deny windows.
    pub windows: Vec<Window>,
    /// Freezes.
    pub freezes: Vec<Freeze>,
}

/// Why the gate of windows is open or closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum WindowReason {
    /// Open: there are no allow windows, and no deny window or freeze is active.
    NothingForbids,
    /// Open: an allow window is active.
    InsideAllow {
        /// The window's schedule and zone.
        window: String,
        /// When this occurrence ends.
        until: DateTime<Utc>,
    },
    /// Closed: there are allow windows and none is active.
    OutsideAllow {
        /// When the first of them begins; `None` when none ever does.
        next: Option<DateTime<Utc>>,
    },
    /// Closed: a deny window is active.
    InsideDeny {
        /// The window's schedule and zone.
        window: String,
        /// When this occurrence ends.
        until: DateTime<Utc>,
    },
    /// Closed: frozen.
    Frozen {
        /// Why, as people wrote it.
        reason: String,
        /// When the freeze ends.
        until: DateTime<Utc>,
    },
}

/// What the windows say at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowState {
    /// Changes may be made now.
    pub open: bool,
    /// Why it is so.
    pub because: WindowReason,
    /// The next instant at which this answer may be another; `None` when it is final.
    pub changes_at: Option<DateTime<Utc>>,
}

/// Whether changes may be made at `now`. A freeze wins over a deny window, and both win over allow windows.
pub fn gate(windows: &[Window], freezes: &[Freeze], now: DateTime<Utc>) -> WindowState {
    let because = reason(windows, freezes, now);
    let open = match because {
        WindowReason::NothingForbids | WindowReason::InsideAllow { .. } => true,
        WindowReason::OutsideAllow { .. }
        | WindowReason::InsideDeny { .. }
        | WindowReason::Frozen { .. } => false,
    };
    WindowState {
        open,
        because,
        changes_at: next_boundary(windows, freezes, now),
    }
}

/// The first instant from `now` on at which changes may be made by all of these hours; `now` itself when they may be made now,
/// `None` when there is no such instant in sight.
pub fn opens_at(all: &[Hours], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut at = now;
    for _ in 0..BOUNDARIES_LOOKED_AT {
        let mut open = true;
        let mut next = at;
        for hours in all {
            let state = gate(&hours.windows, &hours.freezes, at);
            if !state.open {
                open = false;
                // Before that moment this one stays closed, whatever the others do.
                next = next.max(state.changes_at?);
            }
        }
        if open {
            return Some(at);
        }
        at = next;
    }
    None
}

fn reason(windows: &[Window], freezes: &[Freeze], now: DateTime<Utc>) -> WindowReason {
    let frozen = freezes
        .iter()
        .filter(|f| f.from <= now && now < f.to)
        .max_by_key(|f| f.to);
    if let Some(freeze) = frozen {
        return WindowReason::Frozen {
            reason: freeze.reason.clone(),
            until: freeze.to,
        };
    }
    if let Some((window, span)) = longest_active(windows, WindowKind::Deny, now) {
        return WindowReason::InsideDeny {
            window: window.schedule.to_string(),
            until: span.end,
        };
    }
    if let Some((window, span)) = longest_active(windows, WindowKind::Allow, now) {
        return WindowReason::InsideAllow {
            window: window.schedule.to_string(),
            until: span.end,
        };
    }
    let mut allows = windows
        .iter()
        .filter(|w| w.kind == WindowKind::Allow)
        .peekable();
    if allows.peek().is_none() {
        return WindowReason::NothingForbids;
    }
    WindowReason::OutsideAllow {
        next: allows
            .filter_map(|w| next_span(w, now))
            .map(|s| s.start)
            .min(),
    }
}

fn longest_active(
    windows: &[Window],
    kind: WindowKind,
    now: DateTime<Utc>,
) -> Option<(&Window, Span)> {
    windows
        .iter()
        .filter(|w| w.kind == kind)
        .filter_map(|w| Some((w, active_span(w, now)?)))
        .max_by_key(|(_, span)| span.end)
}

/// The first instant after `now` at which a window or freeze begins or ends.
fn next_boundary(
    windows: &[Window],
    freezes: &[Freeze],
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let of_windows = windows.iter().filter_map(|w| match active_span(w, now) {
        Some(span) => Some(span.end),
        None => next_span(w, now).map(|span| span.start),
    });
    let of_freezes = freezes
        .iter()
        .filter(|f| f.from < f.to)
        .flat_map(|f| [f.from, f.to]);
    of_windows.chain(of_freezes).filter(|at| *at > now).min()
}

impl fmt::Display for WindowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        })
    }
}

impl fmt::Display for WindowReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minute = |at: &DateTime<Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
        match self {
            Self::NothingForbids => f.write_str("no window or freeze forbids it"),
            Self::InsideAllow { window, until } => {
                write!(
                    f,
                    "inside the allow window {window} until {}",
                    minute(until)
                )
            }
            Self::OutsideAllow { next: Some(next) } => {
                write!(
                    f,
                    "outside the allow windows; the next one begins {}",
                    minute(next)
                )
            }
            Self::OutsideAllow { next: None } => {
                f.write_str("outside the allow windows, and none of them begins again")
            }
            Self::InsideDeny { window, until } => {
                write!(f, "inside the deny window {window} until {}", minute(until))
            }
            Self::Frozen { reason, until } => write!(f, "frozen until {}: {reason}", minute(until)),
        }
    }
}

mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(duration: &Duration, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(duration.as_secs())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
        u64::deserialize(d).map(Duration::from_secs)
    }
}
