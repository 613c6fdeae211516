//! Objects of a former owner: asked for by a person, proposed, and from there on a binding like any other.

use super::super::Verdict;
use super::world::{World, story};
use crate::effect::Act;
use crate::event::{Ask, FormerObject, FormerResource, Outcome, Takeover};
use crate::explain::explain;
use crate::ids::PullNumber;

fn takeover(ids: &[&str]) -> Takeover {
    Takeover {
        from: "ids".into(),
        workspace: None,
        objects: ids
            .iter()
            .map(|id| FormerObject {
                key: format!("jobs.j{id}"),
                address: format!("jobs.j{id}"),
                id: (*id).to_owned(),
                name: None,
                facts: std::collections::BTreeMap::new(),
            })
            .collect(),
        resources: vec![],
    }
}

fn adopt(env: &str, ids: &[&str]) -> Ask {
    Ask::Adopt {
        env: env.into(),
        takeover: takeover(ids),
    }
}

/// Asks for what makes no sense; gives the reason.
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
    w.ask(adopt("qa", &["1", "2"]));
    let Act::TakeOver {
        takeover: asked, ..
    } = w.one("qa", "take_over").act
    else {
        panic!("a takeover is proposed in the lane of pull requests");
    };
    assert_eq!(asked, takeover(&["1", "2"]));
    let second = refused(&mut w, adopt("qa", &["3"]));
    assert!(second.contains("being proposed already"), "{second}");
    w.answer(
        "qa",
        "take_over",
        Outcome::PullReady {
            number: PullNumber(9),
            head: "h".into(),
        },
    );
    assert_eq!(w.of("qa").takeover.pull, Some(PullNumber(9)));
    w.ask(adopt("qa", &["3"]));
    w.fail("qa", "take_over", false);
    assert!(w.of("qa").takeover.error.is_some());
    assert!(
        w.waiting("qa").is_empty(),
        "a person asked and a person asks again"
    );
}

#[test]
fn a_takeover_is_told_of_while_its_pull_request_is_open() {
    let mut w = story();
    w.look();
    w.ask(adopt("qa", &["1"]));
    let ready = Outcome::PullReady {
        number: PullNumber(9),
        head: "h".into(),
    };
    w.answer("qa", "take_over", ready);
    let told = |w: &World| {
        let explained = explain(&w.state, &"qa".into(), w.now).unwrap();
        let lines = explained.there.into_iter();
        lines
            .filter(|line| line.contains("takeover"))
            .collect::<Vec<_>>()
    };
    assert!(w.state.pulls_of_interest().contains(&PullNumber(9)));
    w.look();
    assert_eq!(told(&w), vec!["takeover proposed in #9".to_owned()]);
    w.facts.ended.insert(PullNumber(9));
    w.look();
    assert_eq!(told(&w), Vec::<String>::new());
    assert!(!w.state.pulls_of_interest().contains(&PullNumber(9)));
}

#[test]
fn nothing_in_a_free_form_environment_is_taken_over() {
    let mut w = story();
    w.look();
    assert!(refused(&mut w, adopt("dev", &["1"])).contains("free-form"));
    assert!(refused(&mut w, adopt("qa", &[])).contains("no object"));
    let vpc = FormerResource {
        address: "aws_vpc.main".into(),
        kind: Some("AWS::EC2::VPC".into()),
        place: None,
        id: "vpc-1".into(),
        identifier: [("VpcId".into(), "vpc-1".into())].into(),
        properties: [].into(),
    };
    let takeover = Takeover {
        resources: vec![vpc],
        ..takeover(&[])
    };
    let env = "dev".into();
    assert!(refused(&mut w, Ask::Adopt { env, takeover }).contains("free-form"));
    assert!(w.waiting("qa").is_empty());
}
