//! A stack's state is freed because a person asks for it, in the lane of applies, and what failed because of it goes on.

use super::super::Verdict;
use super::world::{World, story};
use crate::effect::Act;
use crate::event::{Ask, Outcome, Unlock};
use std::collections::BTreeSet;

fn unlock(env: &str, id: &str) -> Ask {
    free(env, Unlock::Lock(id.into()))
}

fn free(env: &str, unlock: Unlock) -> Ask {
    Ask::Unlock {
        env: env.into(),
        stack: "net".into(),
        unlock,
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn refused(w: &mut World, ask: Ask) -> String {
    w.ask(ask);
    match &w.verdict {
        Verdict::Ignored(why) => why.clone(),
        Verdict::Handled => panic!("it was taken in"),
    }
}

#[test]
fn one_at_a_time_and_what_came_of_it_is_told() {
    let mut w = story();
    w.look();
    w.ask(unlock("qa", "1"));
    let effect = w.one("qa", "unlock");
    assert_eq!(effect.lane(), "qa/apply", "never beside an apply");
    let Act::Unlock { unlock: asked, .. } = effect.act else {
        panic!("it is an unlock");
    };
    assert_eq!(asked, Unlock::Lock("1".into()));
    assert!(refused(&mut w, unlock("qa", "2")).contains("already"));
    w.fail("qa", "unlock", true);
    let why = w.of("qa").unlocking.error.clone();
    assert!(why.is_some(), "told, and not tried again by itself");
    assert!(w.waiting("qa").is_empty());
    w.ask(unlock("qa", "2"));
    w.answer("qa", "unlock", Outcome::Unlocked);
    assert_eq!(w.of("qa").unlocking, Default::default());
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut w = story();
    w.look();
    assert!(refused(&mut w, unlock("dev", "1")).contains("free-form"));
    assert!(refused(&mut w, unlock("qa", "")).contains("which lock"));
    let gone = names(&["aws_vpc.old", ""]);
    let forget = free("qa", Unlock::ForgetState { gone });
    assert!(refused(&mut w, forget).contains("what is gone"));
    for skip in [names(&[]), names(&[" "])] {
        let back = free("qa", Unlock::GoBack { skip });
        assert!(refused(&mut w, back).contains("which resources"));
    }
}

#[test]
fn what_is_named_is_shown_and_nothing_else_is_asked_for() {
    for (asked, words) in [
        (
            Unlock::ForgetState {
                gone: names(&["aws_vpc.old", "aws_subnet.old[0]"]),
            },
            "by ann: the state of net that is older than the stored one, of which is gone: aws_subnet.old[0], aws_vpc.old",
        ),
        (
            Unlock::GoBack {
                skip: names(&["Store", "Inner.Logs"]),
            },
            "by ann: the way back of net, which leaves as it is: Inner.Logs, Store",
        ),
    ] {
        let mut w = story();
        w.look();
        w.ask(free("qa", asked.clone()));
        assert_eq!(w.noted(words), 1, "{:?}", w.notes);
        let Act::Unlock { unlock, .. } = w.one("qa", "unlock").act else {
            panic!("it is an unlock");
        };
        assert_eq!(unlock, asked);
    }
}
