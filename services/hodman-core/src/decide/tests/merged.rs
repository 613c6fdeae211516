//! What the checks of promotion pull requests say before a merge and after it.

use super::world::{World, story};
use crate::decide::Verdict as Became;
use crate::effect::{Act, Effect, Report, Verdict};
use crate::event::{Ask, Event, Outcome};
use crate::explain::Standing;
use crate::ids::PullNumber;

#[test]
fn a_pull_request_merged_before_its_check_was_green_says_that_it_counts() {
    let mut w = story();
    w.env("qa", |qa| qa.gates.approvals = 1);
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.pull(1).approvals = 1;
    w.mute = true;
    w.merge(1);
    let said: Vec<(String, Verdict)> = w
        .due
        .values()
        .filter_map(|effect| match &effect.act {
            Act::Say { commit, report, .. } => Some((commit.clone()?.to_string(), report.verdict)),
            _ => None,
        })
        .collect();
    let head = ("head1".to_owned(), Verdict::Success);
    assert!(said.contains(&head), "{said:?}");
}

/// The report that waits to be said.
fn report(w: &World, env: &str) -> (Option<PullNumber>, Report) {
    let said = w
        .due
        .values()
        .filter(|effect| effect.env.as_ref() == Some(&env.into()));
    let mut said = said.filter_map(|effect| match &effect.act {
        Act::Say { pull, report, .. } if pull.is_some() => Some((*pull, report.clone())),
        _ => None,
    });
    let first = said.next().expect("a report on a pull request");
    assert_eq!(said.next(), None);
    first
}

#[test]
fn a_pull_request_is_not_green_before_its_merge_would_count_and_a_refused_one_says_what_helps() {
    let mut w = story();
    w.env("qa", |qa| qa.gates.approvals = 1);
    w.build("p1");
    w.planned("qa", &["a"]);
    w.mute = true;
    w.opened("qa", 1);
    let (_, early) = report(&w, "qa");
    assert_eq!(early.verdict, Verdict::Pending);
    assert_eq!(early.title, "1 to update in qa; not to be merged yet");
    assert!(
        early
            .summary
            .contains("merged before its gates are open, it is refused")
    );
    w.answer("qa", "say", Outcome::Said);
    w.pull(1).approvals = 1;
    w.look();
    let (_, ready) = report(&w, "qa");
    assert_eq!(
        (ready.verdict, ready.title.as_str()),
        (Verdict::Success, "1 to update in qa")
    );
    w.answer("qa", "say", Outcome::Said);
    w.pull(1).approvals = 0;
    w.look();
    w.answer("qa", "say", Outcome::Said);

    w.merge(1);
    let (pull, refused) = report(&w, "qa");
    assert_eq!(pull, Some(PullNumber(1)));
    assert_eq!(refused.verdict, Verdict::ActionRequired);
    let words = "revert #1 on the promoted branch";
    assert!(refused.summary.contains(words), "{}", refused.summary);
    assert!(w.why("qa").contains(words), "{}", w.why("qa"));
    // On its head by itself, or a second try would take it for the late word on a proposal.
    let says = |effect: &&Effect| matches!(effect.act, Act::Say { .. });
    let said: Vec<Effect> = w.due.values().filter(says).cloned().collect();
    let on_head = |effect: &&Effect| matches!(&effect.act, Act::Say { pull: None, commit: Some(head), .. } if head.to_string() == "head1");
    assert_eq!(said.iter().filter(on_head).count(), 1, "{said:?}");
    for Effect { op, .. } in said {
        w.due.remove(&op);
        w.event(&Event::Ended {
            op,
            outcome: Outcome::Said,
        });
    }
    w.ask(Ask::Retry { env: "qa".into() });
    let Became::Ignored(why) = &w.verdict else {
        panic!("there is nothing to try again")
    };
    assert!(why.contains(words), "{why}");

    w.commit();
    (w.file("qa").pin, w.file("qa").pin_origin) = (None, None);
    w.look();
    assert!(w.of("qa").refused.is_none());
    assert_ne!(w.standing("qa"), Standing::Refused);
    assert!(
        w.waiting("qa").contains(&"plan".to_owned()),
        "{:?}",
        w.waiting("qa")
    );
}
