//! Whose an object is, before, between and after requests.

use serde_json::json;

use super::*;
use crate::plan::tests::World;

fn claims(of: &[(&str, Option<&str>, Option<&str>)]) -> Claims {
    Claims {
        version: 1,
        claims: of
            .iter()
            .map(|(key, natural, id)| {
                let claim = Claim {
                    natural: natural.map(str::to_owned),
                    id: id.map(str::to_owned),
                    ..Claim::default()
                };
                (key.parse().unwrap(), claim)
            })
            .collect(),
        ..Claims::default()
    }
}

fn ledger(pipeline: &str, env: &str, claims: Claims) -> Ledger {
    Ledger {
        pipeline: pipeline.into(),
        env: env.into(),
        claims,
    }
}

/// Schemas that nobody has marked.
fn schemas(names: &[&str]) -> Vec<ObservedObject> {
    let mut world = World::new();
    for name in names {
        let config = json!({"name": name, "catalog_name": "main"});
        world.add_foreign("schemas", name, config, None);
    }
    world.observed.objects
}

fn owners(objects: &[ObservedObject]) -> Vec<Option<String>> {
    objects
        .iter()
        .map(|object| {
            let marker = object.listed.marker.as_ref()?;
            Some(format!("{}/{}/{}", marker.pipeline, marker.env, marker.key))
        })
        .collect()
}

#[test]
fn an_object_belongs_to_who_claims_its_id_and_else_to_who_claims_its_name() {
    let mut objects = schemas(&["a", "b", "c"]);
    let ours = claims(&[
        ("schemas.one", Some("main.a"), Some("main.a")),
        ("schemas.two", Some("main.b"), None),
        // Made once, removed by hand; what has the name now is another object.
        ("schemas.three", Some("main.c"), Some("former id")),
        // Clusters have tags; nobody claims them.
        ("clusters.x", None, Some("main.a")),
    ]);
    ours.mark(&mut objects, "shop", "qa");
    assert_eq!(
        owners(&objects),
        [Some("shop/qa/one".into()), Some("shop/qa/two".into()), None]
    );
}

#[test]
fn two_claims_of_one_object_are_told_with_both_names() {
    let mut objects = schemas(&["a", "b"]);
    let marked = mark(
        &[
            ledger(
                "shop",
                "qa",
                claims(&[("schemas.s", Some("main.a"), Some("main.a"))]),
            ),
            ledger(
                "shop",
                "dev",
                claims(&[("schemas.t", Some("main.a"), Some("main.a"))]),
            ),
            ledger("tax", "qa", claims(&[("schemas.u", Some("main.z"), None)])),
        ],
        &mut objects,
    );
    let [contested] = &marked.contested[..] else {
        panic!("{marked:?}")
    };
    let claimants: Vec<&str> = contested
        .claimants
        .iter()
        .map(|marker| marker.env.as_str())
        .collect();
    assert_eq!(
        (contested.id.as_str(), claimants),
        ("main.a", vec!["dev", "qa"])
    );
    assert_eq!(owners(&objects)[1], None);
    let elsewhere = marked.elsewhere("shop", "qa");
    let names: Vec<&str> = elsewhere
        .keys()
        .map(|(_, natural)| natural.as_str())
        .collect();
    assert_eq!(names, ["main.a", "main.z"]);
    assert_eq!(marked.elsewhere("tax", "qa").len(), 1);
}

fn world() -> World {
    World::new()
        .resource("schemas.s", json!({"name": "s", "catalog_name": "main"}))
        .resource("jobs.j", json!({"name": "j"}))
}

#[test]
fn a_claim_is_written_before_the_create_completed_after_it_and_found_again() {
    let mut world = world();
    let plan = world.plan();
    let mut claims = Claims::default().before(&plan.parts[0], &world.desired());
    let text = String::from_utf8(claims.to_bytes()).unwrap();
    assert_eq!(Claims::parse("x", text.as_bytes()).unwrap(), claims);
    assert_eq!(claims.kinds(), BTreeSet::from(["schemas"]), "{text}");
    // The create took effect, and nobody heard of it.
    world.apply();
    let forget = |world: &mut World| {
        for object in &mut world.observed.objects {
            if object.kind == "schemas" {
                object.listed.marker = None;
            }
        }
    };
    forget(&mut world);
    assert!(world.try_plan().is_err());
    claims.mark(&mut world.observed.objects, "shop", "qa");
    assert!(world.plan().is_empty());
    // Completed, and the database is lost.
    let listed = world.object("schemas.s").listed.clone();
    claims.with_id(&"schemas.s".parse().unwrap(), &listed);
    forget(&mut world);
    claims.mark(&mut world.observed.objects, "shop", "qa");
    assert!(world.plan().is_empty());
}

#[test]
fn what_vanished_is_made_again_and_what_was_put_into_it_is_forgotten() {
    let mut world = world();
    let key: ResourceKey = "schemas.s".parse().unwrap();
    let mut claims = Claims::default().before(&world.plan().parts[0], &world.desired());
    world.apply();
    claims.with_id(&key, &world.object("schemas.s").listed.clone());
    let put = Put {
        version: "v".into(),
        at: 1,
        reference: None,
    };
    claims.put(&key, put);
    assert_eq!(claims.puts().len(), 1);
    world
        .observed
        .objects
        .retain(|object| object.kind != "schemas");
    let plan = world.plan();
    assert_eq!(plan.summary().create, 1);
    let again = claims.before(&plan.parts[0], &world.desired());
    assert_eq!(
        (&again.claims[&key].id, &again.claims[&key].put),
        (&None, &None)
    );
    claims.forget(&key);
    assert!(claims.claims.is_empty());
}

#[test]
fn an_adopted_object_is_claimed_by_its_id_alone_by_its_new_key() {
    let mut world =
        World::new().resource("schemas.new", json!({"name": "s", "catalog_name": "main"}));
    let config = json!({"name": "s", "catalog_name": "main"});
    world.add_foreign("schemas", "main.s", config, None);
    let id = world.observed.objects[0].listed.id.clone();
    let former = claims(&[("schemas.old", Some("main.s"), Some(&id))]);
    former.mark(&mut world.observed.objects, "shop", "qa");
    world
        .context
        .adopt
        .insert("schemas.new".parse().unwrap(), id.clone());
    let plan = world.plan();
    let claims = former.before(&plan.parts[0], &world.desired());
    assert_eq!(claims.claims.len(), 1);
    assert_eq!(claims.claims[&"schemas.new".parse().unwrap()].id, Some(id));
}

#[test]
fn what_a_package_protects_is_protected_until_a_package_says_otherwise() {
    let mut world = World::new().resource("jobs.j", json!({"name": "j"}));
    let key: ResourceKey = "jobs.j".parse().unwrap();
    let part = WorkspacePart::default();
    let protects = |world: &mut World, protects: bool| {
        let resource = world.bundle.resources.get_mut(&key).unwrap();
        resource.lifecycle.prevent_destroy = protects;
        world.desired()
    };
    let claims = Claims::default().before(&part, &protects(&mut world, true));
    assert_eq!(claims.protected(), BTreeSet::from([key.clone()]));
    let written = Claims::parse("p", &claims.to_bytes()).unwrap();
    let gone = written.before(&part, &Desired::default());
    assert_eq!(gone.protected(), BTreeSet::from([key.clone()]));
    let let_go = gone.before(&part, &protects(&mut world, false));
    assert!(let_go.protected().is_empty());
}

#[test]
fn a_kind_with_tags_is_looked_through_after_the_first_of_it_is_gone() {
    let mut held = claims(&[("jobs.j", None, Some("7")), ("queries.q", None, Some("8"))]);
    held.forget(&"jobs.j".parse().unwrap());
    held.forget(&"queries.q".parse().unwrap());
    assert_eq!(held.kinds(), BTreeSet::from(["jobs"]));
    let adopt = BTreeMap::from([("jobs.j".parse().unwrap(), "7".to_owned())]);
    assert!(held.taken_over(&adopt).is_empty());
}

#[test]
fn a_name_with_an_id_in_it_is_noted_once_it_is_known_and_finds_what_a_crash_left_behind() {
    let key: ResourceKey = "account_permission_assignments.team".parse().unwrap();
    let mut own = claims(&[("account_permission_assignments.team", None, None)]);
    assert!(own.name(&key, "7/9"));
    assert!(!own.name(&key, "7/9"), "nothing new");
    let listed = kind(&key.kind)
        .unwrap()
        .read(
            &json!({"workspace_id": 7, "principal": {"principal_id": 9}, "permissions": ["USER"]}),
        )
        .unwrap()
        .unwrap();
    let mut objects = vec![ObservedObject {
        kind: key.kind.clone(),
        listed,
    }];
    mark(&[ledger("shop", "qa", own)], &mut objects);
    assert_eq!(owners(&objects), [Some("shop/qa/team".to_owned())]);
    // Tags say whose a job is, so its name is not noted.
    assert!(!claims(&[]).name(&"jobs.a".parse().unwrap(), "a"));
}

#[test]
fn a_claim_on_what_was_not_made_is_taken_back_and_on_what_was_removed_to_be_replaced_waits_for_the_next()
 {
    let mut own = claims(&[
        ("schemas.refused", Some("main.a"), None),
        ("git_folders.replaced", Some("/Repos/x"), Some("17")),
        ("schemas.there", Some("main.b"), Some("main.b")),
    ]);
    own.unmade(&"schemas.refused".parse().unwrap());
    own.unmade(&"schemas.there".parse().unwrap());
    own.removed(&"git_folders.replaced".parse().unwrap());
    let mut objects = schemas(&["a", "b"]);
    let at = ledger("shop", "qa", own.clone());
    mark(&[at], &mut objects);
    assert_eq!(owners(&objects), [None, Some("shop/qa/there".to_owned())]);
    let replaced = &own.claims[&"git_folders.replaced".parse().unwrap()];
    assert_eq!(
        (&replaced.natural, &replaced.id),
        (&Some("/Repos/x".to_owned()), &None)
    );
    // The old one of two that follow each other stays ours until it goes.
    let mut followed = claims(&[("schemas.f", Some("main.f"), Some("old"))]);
    let key: ResourceKey = "schemas.f".parse().unwrap();
    followed.retire(&key);
    followed.unmade(&key);
    assert_eq!(followed.claims[&key].former, ["old"]);
    assert_eq!(followed.retired(|_, _| true), []);
}

#[test]
fn only_a_create_whose_end_nobody_saw_makes_what_has_no_mark_ours() {
    let key: ResourceKey = "aws_buckets.root".parse().unwrap();
    let bucket = json!({"name": "shop-root"});
    let world = World::new().resource("aws_buckets.root", bucket.clone());
    let desired = world.desired();
    let begun = || Claims::default().before(&world.plan().parts[0], &desired);
    // What somebody made of that name, without any mark.
    let theirs = |claims: &Claims| {
        let mut world = World::new().resource("aws_buckets.root", bucket.clone());
        world.add_foreign("aws_buckets", "shop-root", bucket.clone(), None);
        claims.mark(&mut world.observed.objects, "shop", "qa");
        world.context.begun = claims.begun();
        world.try_plan()
    };
    // Cut off in the middle of its making it is ours: its first request leaves no mark.
    let cut_off = begun();
    assert!(cut_off.is_in_doubt(&key));
    assert_eq!(theirs(&cut_off).unwrap().summary().create, 1);
    // Refused for certain, or never asked for.
    let mut refused = begun();
    refused.unmade(&key);
    // Somebody made it between the plan and the create; and the same after we removed ours.
    let mut taken = begun();
    taken.forget(&key);
    let mut removed = claims(&[("aws_buckets.root", Some("shop-root"), Some("shop-root"))]);
    removed.forget(&key);
    for claims in [refused, taken, removed] {
        assert!(!claims.is_in_doubt(&key), "{claims:?}");
        let error = theirs(&claims).unwrap_err().to_string();
        assert!(error.contains("wants the name `shop-root`"), "{error}");
        assert_eq!(claims.kinds(), BTreeSet::from(["aws_buckets"]));
    }
    // One that went by itself is made again, and is begun then, too.
    let again = claims(&[("aws_buckets.root", Some("shop-root"), Some("shop-root"))]);
    assert!(again.begun().is_empty());
    let again = again.before(&world.plan().parts[0], &desired);
    assert!(again.is_in_doubt(&key), "{again:?}");
}

#[test]
fn every_object_that_another_replaced_goes_also_when_the_last_one_is_gone() {
    let key: ResourceKey = "account_credentials.main".parse().unwrap();
    let mut own = claims(&[("account_credentials.main", None, Some("first"))]);
    own.retire(&key);
    own.claims.get_mut(&key).unwrap().id = Some("second".into());
    own.retire(&key);
    let retired = |claims: &Claims, there: &[&str]| -> Vec<String> {
        let retired = claims.retired(|_, id| there.contains(&id));
        retired.into_iter().map(|(_, id)| id).collect()
    };
    // Nobody saw a third: the second is the object still, and the first one is in nobody's way.
    assert_eq!(retired(&own, &["second"]), ["first"]);
    // The second was removed, with a crash before that was noted, and without.
    assert_eq!(retired(&own, &[]), ["first", "second"]);
    own.forget(&key);
    assert_eq!(retired(&own, &[]), ["first"]);
    own.went(&key, "first");
    assert!(own.claims.is_empty(), "{own:?}");
}

#[test]
fn what_has_no_name_of_its_own_is_claimed_with_the_moment_until_it_is_known() {
    let key: ResourceKey = "account_credentials.main".parse().unwrap();
    let config =
        json!({"credentials_name": "c", "aws_credentials": {"sts_role": {"role_arn": "arn:r"}}});
    let mut world = World::new().resource("account_credentials.main", config);
    let rows = world.plan().parts.remove(0);
    let mut own = Claims::default().before(&rows, &world.desired());
    own.note_since(&rows, 5_000);
    // Tried again it may have been made since the first time.
    own.note_since(&rows, 9_000);
    assert_eq!(own.claims[&key].since, Some(5_000));
    world.apply();
    own.with_id(
        &key,
        &world.object("account_credentials.main").listed.clone(),
    );
    assert_eq!(own.claims[&key].since, None);
    let job = World::new().resource("jobs.j", json!({"name": "j"}));
    let rows = job.plan().parts.remove(0);
    let mut own = Claims::default();
    own.note_since(&rows, 5_000);
    assert!(own.claims.is_empty(), "tags say whose a job is");
}

#[test]
fn what_a_module_said_of_a_stack_once_is_remembered_until_the_stack_goes() {
    let stack = |parameters: serde_json::Value| {
        let config = json!({"stack_name": "s", "template": "sha256:1", "parameters": parameters});
        World::new().resource("cloudformation_stacks.one", config)
    };
    let key: ResourceKey = "cloudformation_stacks.one".parse().unwrap();
    let world = stack(json!({"Days": "7", "Name": "s"}));
    let claims = Claims::default().before(&world.plan().parts[0], &world.desired());
    let less = stack(json!({"Name": "s"}));
    let mut claims = claims.before(&less.plan().parts[0], &less.desired());
    let both = BTreeSet::from(["Days".to_owned(), "Name".to_owned()]);
    assert_eq!(claims.said().get(&key), Some(&&both));
    claims.forget(&key);
    assert!(claims.said().is_empty());
}
