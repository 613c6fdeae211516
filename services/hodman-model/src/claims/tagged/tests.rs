//! People clear tags, and copy objects with their tags on them.

use serde_json::json;

use super::*;
use crate::drift::{Class, Drift, HandEdits, ThreeWay, drift};
use crate::plan::tests::{World, rows};
use crate::plan::{Action, PlanError};

const APPLIED: i64 = 1_000_000;

/// A job and a warehouse as an apply left them, and what was noted then.
fn applied() -> (World, Claims) {
    let mut world = World::new()
        .resource(
            "jobs.load",
            json!({"name": "load", "max_concurrent_runs": 2}),
        )
        .resource(
            "sql_warehouses.bi",
            json!({"name": "bi", "cluster_size": "Small"}),
        );
    world.apply();
    let mut own = Claims::default();
    assert!(look(&mut world, &mut own), "noted for the first time");
    assert!(!look(&mut world, &mut own), "and no news then");
    let own = Claims::parse("c", &own.to_bytes()).unwrap();
    (world, own)
}

/// What a comparison does before all else; whether it noted anything.
fn look(world: &mut World, own: &mut Claims) -> bool {
    let desired = world.desired();
    let whose = Whose {
        pipeline: "shop",
        env: "qa",
        adopt: &world.context.adopt,
        applied: DateTime::from_timestamp_millis(APPLIED),
    };
    let objects = &mut world.observed.objects;
    world.observed.tags = own.look_at_tags(objects, &desired, whose);
    own.note_tags(objects, &desired, &world.observed.tags, whose)
}

fn compared(world: &World) -> Drift {
    let declared = world.desired();
    drift(&ThreeWay {
        last_applied: Some(&declared),
        declared: &declared,
        observed: &world.observed,
        context: &world.context,
        hand_edits: HandEdits::PutBack,
    })
    .unwrap()
}

/// Class, key and field of what is not as it was left.
fn told(world: &World) -> Vec<(Class, String)> {
    let drift = compared(world);
    let drifted = drift.drifted();
    drifted
        .map(|row| {
            (
                row.class,
                format!("{} {}", row.key, row.path).trim().to_owned(),
            )
        })
        .collect()
}

/// A copy of the job, as the page makes one: with its tags.
fn copy(world: &mut World, id: &str, made: i64) {
    let tags = Some(("shop", "qa", "load"));
    world.add_foreign("jobs", id, json!({"name": "Clone of load"}), tags);
    let copy = world.observed.objects.last_mut().unwrap();
    copy.listed.created_at = DateTime::from_timestamp_millis(made);
}

fn is_there(world: &World, id: &str) -> bool {
    let mut objects = world.observed.objects.iter();
    objects.any(|object| object.listed.id == id)
}

#[test]
fn what_lost_its_tags_is_known_by_its_id_and_gets_them_back() {
    let (mut world, mut own) = applied();
    let ids: Vec<String> = own.tagged.values().map(|is| is.id.clone()).collect();
    for key in ["jobs.load", "sql_warehouses.bi"] {
        world.object(key).listed.marker = None;
    }
    look(&mut world, &mut own);
    world.edit("jobs.load", |config| {
        config["max_concurrent_runs"] = json!(9)
    });
    let plan = world.plan();
    assert_eq!(
        rows(&plan),
        ["update jobs.load", "update sql_warehouses.bi"]
    );
    let back = Class::HandEditToPutBack;
    let expected = [
        "jobs.load marker",
        "jobs.load max_concurrent_runs",
        "sql_warehouses.bi marker",
    ];
    assert_eq!(told(&world), expected.map(|at| (back, at.to_owned())));
    assert!(
        compared(&world)
            .rows
            .iter()
            .any(|row| row.reason.starts_with("lost its marker: job "))
    );
    for row in &plan.parts[0].rows {
        assert!(ids.iter().any(|id| row.live_id.as_ref() == Some(id)));
        assert!(
            row.reason.starts_with("lost its marker") && row.perhaps.is_none(),
            "{}",
            row.reason
        );
    }
    world.apply();
    look(&mut world, &mut own);
    assert!(world.plan().is_empty() && told(&world).is_empty());
    assert_eq!(world.observed.objects.len(), 2, "none twice");
}

#[test]
fn without_a_note_what_has_the_name_may_be_it_and_is_named() {
    let (mut world, _) = applied();
    world.object("jobs.load").listed.marker = None;
    // As files of claims were before there were such notes.
    let old = br#"{"version": 1, "claims": {"jobs.load": {}}}"#;
    let mut old = Claims::parse("c", old).unwrap();
    look(&mut world, &mut old);
    let plan = world.plan();
    assert_eq!(rows(&plan), ["create jobs.load"]);
    let row = &plan.parts[0].rows[0];
    let id = &world.observed.objects[0].listed.id;
    assert_eq!(row.perhaps, Some(format!("job {id}")));
    let drift = compared(&world);
    for reason in [&row.reason, &drift.drifted().next().unwrap().reason] {
        let words = format!("job {id}, made by robot, is called `load` and has no marker of ours");
        assert!(reason.contains(&words), "{reason}");
    }
    // Of what has its name for itself no second one could be made.
    world.object("sql_warehouses.bi").listed.marker = None;
    look(&mut world, &mut Claims::default());
    let refused = world.try_plan().unwrap_err().to_string();
    assert!(refused.contains("carries no marker of ours"), "{refused}");
}

#[test]
fn what_lost_its_tags_and_its_name_is_somebodys_and_is_named() {
    let (mut world, mut own) = applied();
    let listed = &mut world.object("jobs.load").listed;
    (listed.marker, listed.name) = (None, "mine now".to_owned());
    look(&mut world, &mut own);
    let plan = world.plan();
    assert_eq!(rows(&plan), ["create jobs.load"]);
    let row = &plan.parts[0].rows[0];
    assert!(
        row.reason.contains("is called `mine now`"),
        "{}",
        row.reason
    );
    assert_eq!(row.perhaps, None, "nothing waits for a person");
    // Nobody wants it any more: then it is left alone.
    world.bundle.resources.remove(&"jobs.load".parse().unwrap());
    look(&mut world, &mut own);
    assert!(world.plan().is_empty());
}

#[test]
fn a_copy_is_told_and_left_alone_also_when_the_object_goes() {
    let (mut world, mut own) = applied();
    let id = own.tagged[&"jobs.load".parse().unwrap()].id.clone();
    copy(&mut world, "7", APPLIED + 1);
    assert!(look(&mut world, &mut own), "the copy is noted");
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    let drift = compared(&world);
    let [row] = &drift.drifted().collect::<Vec<_>>()[..] else {
        panic!("{}", drift.to_table())
    };
    assert_eq!(
        (row.class, row.key.to_string().as_str()),
        (Class::ForeignObject, "jobs.load")
    );
    let reason = &row.reason;
    for words in [
        "job 7, made by robot, carries the tags of jobs.load",
        &id,
        "clear its tags `hodman_pipeline`",
    ] {
        assert!(reason.contains(words), "{words}: {reason}");
    }
    // Also when the tags of the object itself are gone.
    for at in world
        .observed
        .objects
        .iter_mut()
        .filter(|object| object.kind == "jobs")
    {
        let marker = (at.listed.id == "7").then(|| marker("load"));
        at.listed.marker = marker;
    }
    look(&mut world, &mut own);
    let plan = world.plan();
    assert_eq!(rows(&plan), ["update jobs.load"]);
    assert_eq!(plan.parts[0].rows[0].live_id.as_ref(), Some(&id));
    world.apply();
    // The job goes with its resource, and the copy stays, then and later.
    world.bundle.resources.remove(&"jobs.load".parse().unwrap());
    for again in [false, true] {
        for object in world
            .observed
            .objects
            .iter_mut()
            .filter(|object| object.listed.id == "7")
        {
            object.listed.marker = Some(marker("load"));
        }
        look(&mut world, &mut own);
        let deletes = rows(&world.plan());
        assert_eq!(deletes.is_empty(), again, "{deletes:?}");
        world.apply();
        own.forget(&"jobs.load".parse().unwrap());
        assert!(is_there(&world, "7") && !is_there(&world, &id));
    }
}

fn marker(key: &str) -> Marker {
    Marker {
        pipeline: "shop".into(),
        env: "qa".into(),
        key: key.into(),
    }
}

#[test]
fn without_a_note_the_one_that_was_there_at_the_last_apply_is_it() {
    let both = |first: i64, second: i64| {
        let (mut world, _) = applied();
        let listed = &mut world.object("jobs.load").listed;
        listed.created_at = DateTime::from_timestamp_millis(first);
        let id = listed.id.clone();
        copy(&mut world, "7", second);
        let mut own = Claims::default();
        look(&mut world, &mut own);
        (world.try_plan(), own, id)
    };
    let (plan, own, id) = both(APPLIED - 5, APPLIED + 5);
    assert!(plan.unwrap().is_empty());
    assert_eq!(own.tagged[&"jobs.load".parse().unwrap()].id, id);
    assert!(own.copies.values().any(|copies| copies.contains("7")));
    // Both since then: a create whose answer was lost may have made either. Both before: nobody knows.
    for made in [(APPLIED + 1, APPLIED + 5), (APPLIED - 5, APPLIED - 1)] {
        let (plan, ..) = both(made.0, made.1);
        assert!(
            matches!(plan, Err(PlanError::TwoClaimants { .. })),
            "{made:?}"
        );
    }
}

#[test]
fn one_that_was_made_anew_is_it_whatever_was_noted() {
    let (mut world, mut own) = applied();
    // Its create went through, its answer was lost, and so was the note.
    world.object("jobs.load").listed.id = "900".to_owned();
    assert!(look(&mut world, &mut own));
    assert!(world.plan().is_empty());
    assert_eq!(own.tagged[&"jobs.load".parse().unwrap()].id, "900");
}

#[test]
fn where_ids_are_names_one_made_later_is_another() {
    let config = json!({"name": "e", "config": {"served_entities": []}});
    for (made, ours) in [(Some(5), true), (Some(APPLIED), false), (None, false)] {
        let mut world = World::new().resource("model_serving_endpoints.e", config.clone());
        world.apply();
        let listed = &mut world.object("model_serving_endpoints.e").listed;
        assert_eq!(listed.natural.as_ref(), Some(&listed.id));
        listed.created_at = DateTime::from_timestamp_millis(5);
        let mut own = Claims::default();
        look(&mut world, &mut own);
        let listed = &mut world.object("model_serving_endpoints.e").listed;
        listed.marker = None;
        listed.created_at = made.and_then(DateTime::from_timestamp_millis);
        look(&mut world, &mut own);
        let plan = world.try_plan();
        assert_eq!(plan.is_ok(), ours, "{made:?}: {plan:?}");
    }
}

#[test]
fn what_is_to_be_taken_over_is_taken_over_again() {
    let (mut world, mut own) = applied();
    let key: ResourceKey = "jobs.load".parse().unwrap();
    let id = own.tagged[&key].id.clone();
    world.context.adopt.insert(key.clone(), id);
    world.observed.taken_over.insert(key);
    world.object("jobs.load").listed.marker = None;
    look(&mut world, &mut own);
    let plan = world.plan();
    let row = &plan.parts[0].rows[0];
    assert_eq!(row.action, Action::Adopt);
    assert!(row.reason.contains("former owner"), "{}", row.reason);
}
