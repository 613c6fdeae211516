//! The hours of a policy: windows and freezes.

use crate::policy::Policy;
use crate::reason::Reason;
use crate::schedule::Schedule;
use crate::window::{self, Freeze, Hours, Window, WindowKind};
use chrono::{DateTime, Utc};

/// Whether something may be applied now, as far as windows and freezes go.
#[must_use]
pub fn window(policy: &Policy, now: DateTime<Utc>) -> Option<Reason> {
    let hours = match hours(policy) {
        Ok(hours) => hours,
        // Closed rather than open: a window nobody can read must not let anything through.
        Err(because) => {
            return Some(Reason::WindowClosed {
                because,
                until: None,
            });
        }
    };
    let found = window::gate(&hours.windows, &hours.freezes, now);
    (!found.open).then(|| Reason::WindowClosed {
        because: found.because.to_string(),
        until: found.changes_at,
    })
}

/// Whether there is no moment at which something may be applied by all of these. What nobody can read may be mended, and says nothing.
#[must_use]
pub fn never_open_together<'a>(
    policies: impl Iterator<Item = &'a Policy>,
    now: DateTime<Utc>,
) -> bool {
    let all: Result<Vec<Hours>, String> = policies.map(hours).collect();
    all.is_ok_and(|all| window::opens_at(&all, now).is_none())
}

fn hours(policy: &Policy) -> Result<Hours, String> {
    let mut windows = Vec::new();
    for spec in &policy.gates.windows {
        let schedule = Schedule::parse(&spec.cron, &spec.zone)
            .map_err(|error| format!("window `{}` cannot be read: {error}", spec.cron))?;
        windows.push(Window {
            kind: if spec.deny {
                WindowKind::Deny
            } else {
                WindowKind::Allow
            },
            schedule,
            duration: std::time::Duration::from_secs(spec.seconds.unsigned_abs()),
        });
    }
    let freezes = policy.gates.freezes.iter().map(|freeze| Freeze {
        from: freeze.from,
        to: freeze.to,
        reason: freeze.reason.clone(),
    });
    Ok(Hours {
        windows,
        freezes: freezes.collect(),
    })
}
