//! Events in one short line each, for traces.

use hodman_core::event::{Event, Outcome};

/// What a look brought, without what never changes; everything else as it is.
pub fn brief(event: &Event) -> String {
    let Event::Ended {
        op,
        outcome: Outcome::Observed { facts },
    } = event
    else {
        return format!("{event:?}");
    };
    let mut line = format!("{op} saw {}", facts.head);
    for (env, file) in &facts.environments {
        let Some(pin) = &file.pin else { continue };
        let number = file
            .pin_origin
            .as_ref()
            .map(|origin| (origin.number, origin.approvals));
        line.push_str(&format!(
            "; {env} pins {} by {number:?} plan {}",
            pin.package, pin.plan
        ));
    }
    for pull in &facts.pulls {
        let pushed = if pull.person_pushed { " pushed to" } else { "" };
        line.push_str(&format!(
            "; {} {:?} {} {:?}{pushed}",
            pull.number, pull.kind, pull.env, pull.state
        ));
    }
    line
}
