//! Environments that people ask for.

use super::world::{World, name, story};
use crate::effect::Act;
use crate::event::{Ask, Outcome};
use crate::ids::PullNumber;
use std::collections::BTreeMap;

fn ask(w: &mut World, env: &str) {
    w.ask(Ask::NewEnvironment {
        env: env.into(),
        from: "own-vpc".into(),
        files: BTreeMap::from([(
            format!("environments/{env}/environment.yaml"),
            "mode: promoted".into(),
        )]),
    });
}

#[test]
fn it_is_proposed_once_and_forgotten_when_it_is_in_git() {
    let mut w = story();
    w.look();
    ask(&mut w, "eu");
    let Act::NewEnvironment { files, by, .. } = w.one("eu", "new_environment").act else {
        unreachable!()
    };
    assert_eq!((files.len(), by.as_str()), (1, "ann"));
    ask(&mut w, "eu");
    assert_eq!(w.waiting("eu"), ["new_environment"], "asked twice");
    w.answer(
        "eu",
        "new_environment",
        Outcome::PullReady {
            number: PullNumber(9),
            head: "h".into(),
        },
    );
    assert_eq!(w.noted("environment-proposed: #9"), 1);
    assert_eq!(w.state.proposing[&name("eu")].pull, Some(PullNumber(9)));
    w.env("eu", |_| {});
    w.commit();
    w.look();
    assert!(w.state.proposing.is_empty());
    ask(&mut w, "eu");
    assert!(w.waiting("eu").is_empty(), "it is there");
}

#[test]
fn a_refusal_is_told_and_may_be_asked_again() {
    let mut w = story();
    // Before the repository was read for the first time.
    ask(&mut w, "eu");
    w.look();
    w.fail("eu", "new_environment", false);
    assert!(w.state.proposing[&name("eu")].error.is_some());
    ask(&mut w, "eu");
    assert_eq!(w.waiting("eu"), ["new_environment"]);
}
