//! What a rollback does not do on its way: nothing that was not approved, and nothing that it leaves comes back by itself.

use super::rollback::{back, two_packages};
use super::world::{World, digest, name};
use crate::effect::Act;
use crate::event::{Ask, Outcome};
use crate::policy::MergeBy;
use crate::state::Aside;
use chrono::Duration;

#[test]
fn now_goes_back_under_the_approved_binding_whatever_main_says_since() {
    let mut w = two_packages();
    let approved = w.facts.head.clone();
    w.file("qa").binding = Some("b2".into());
    w.commit();
    w.look();
    w.ask(back(true));
    let Act::Apply {
        binding, config, ..
    } = w.one("qa", "apply").act
    else {
        unreachable!()
    };
    assert_eq!((binding.as_str(), config), ("b1", approved));
    w.applied("qa");
    // The pull request that follows shows what main's binding does; merging it approves that.
    w.planned("qa", &["rebind"]);
    w.opened("qa", 3);
    w.merge(3);
    let Act::Apply { binding, .. } = w.one("qa", "apply").act else {
        unreachable!()
    };
    assert_eq!(binding.as_str(), "b2");
}

#[test]
fn now_waits_where_nobody_knows_the_approved_binding_any_more() {
    let mut w = two_packages();
    let qa = w.state.environments.get_mut(&name("qa"));
    qa.unwrap().bound_at = None;
    w.file("qa").binding = Some("b2".into());
    w.commit();
    w.look();
    w.ask(back(true));
    assert!(!w.waiting("qa").contains(&"apply".to_owned()));
    assert!(w.why("qa").contains("needs approval"), "{}", w.why("qa"));
}

/// p2 was rolled back from by an override that failed on its way.
fn half_way_back() -> World {
    let mut w = two_packages();
    w.ask(back(true));
    w.fail("qa", "apply", false);
    w
}

fn unlocked(w: &mut World) {
    w.ask(Ask::Unlock {
        env: "qa".into(),
        stack: "net".into(),
        unlock: crate::event::Unlock::Lock("1".into()),
    });
    w.answer("qa", "unlock", Outcome::Unlocked);
}

#[test]
fn helping_a_rollback_along_does_not_let_in_again_what_it_leaves() {
    for by_unlock in [true, false] {
        let mut w = half_way_back();
        match by_unlock {
            true => unlocked(&mut w),
            false => w.ask(Ask::Retry { env: "qa".into() }),
        }
        // Nothing has failed any more, and the way back has not come to its end.
        w.applied("qa");
        w.ask(Ask::Retry { env: "qa".into() });
        w.planned("qa", &[]);
        w.opened("qa", 3);
        w.merge(3);
        w.applied("qa");
        w.wait(Duration::hours(1));
        assert_eq!(w.waiting("qa"), [""; 0], "p2 is not proposed again");
        assert!(w.why("qa").contains("rolled back"), "{}", w.why("qa"));
        unlocked(&mut w);
        assert!(w.waiting("qa").is_empty(), "nor by an unlock later on");
        w.ask(Ask::Retry { env: "qa".into() });
        assert_eq!(w.waiting("qa"), ["plan"], "somebody asked for it");
    }
}

#[test]
fn an_override_that_ends_does_not_propose_what_it_left() {
    let mut w = two_packages();
    w.ask(back(true));
    w.applied("qa");
    w.planned("qa", &["undo"]);
    w.opened("qa", 3);
    w.close(3);
    w.env("qa", |qa| qa.merge = MergeBy::Auto);
    w.wait(Duration::hours(25));
    w.not_approved("qa", &["a"]);
    w.wait(Duration::hours(1));
    assert_eq!(w.waiting("qa"), [""; 0], "nobody asked for p2 again");
    assert!(w.why("qa").contains("rolled back"), "{}", w.why("qa"));
    w.ask(Ask::Retry { env: "qa".into() });
    w.not_approved("qa", &["a"]);
    assert_eq!(w.waiting("qa"), ["plan"], "somebody asked for it");
}

#[test]
fn closing_a_pull_request_does_not_make_less_of_a_rollback() {
    let mut w = two_packages();
    w.env("qa", |qa| qa.merge = MergeBy::Auto);
    w.file("qa").binding = Some("b2".into());
    w.commit();
    w.look();
    w.planned("qa", &["d"]);
    w.opened("qa", 3);
    // It cannot be left while it is being merged.
    assert_eq!(w.waiting("qa"), ["merge_pull"]);
    w.ask(back(true));
    w.close(3);
    let aside = w.of("qa").put_aside.get(&digest("p2"));
    assert_eq!(aside, Some(&Aside::RolledBack));
}
