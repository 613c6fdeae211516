//! What is left of an action that was cut off, and what is more than that.

use serde_json::json;

use super::World;
use crate::bundle::ResourceKey;
use crate::plan::*;
use crate::stacks::{Imports, StackAction, StackPlan, StackRules, TemplateText, from_change_set};

fn only(world: &World) -> Row {
    let plan = world.plan();
    let [row] = &plan.parts[0].rows[..] else {
        panic!("{}", plan.to_table())
    };
    row.clone()
}

fn job(runs: u32, team: &str) -> World {
    let config = json!({"name": "j", "max_concurrent_runs": runs, "timeout_seconds": runs, "description": team});
    World::new().resource("jobs.j", config)
}

fn is_rest(row: &Row, approved: &Row) -> bool {
    row.is_rest_of(approved, &SentValue::default())
}

#[test]
fn a_part_of_an_update_is_its_rest_and_what_somebody_changed_meanwhile_is_not() {
    let mut world = job(1, "one");
    world.apply();
    let observed = world.observed;
    let mut next = job(2, "two");
    next.observed = observed;
    let approved = only(&next);
    assert_eq!(approved.action, Action::Update);
    next.edit("jobs.j", |config| config["max_concurrent_runs"] = json!(2));
    let left = only(&next);
    assert_ne!(left.digest, approved.digest);
    assert!(is_rest(&left, &approved));
    assert!(!is_rest(&approved, &left), "the whole is no rest of a part");
    // Somebody set another number: that is not what the update was to change.
    next.edit("jobs.j", |config| config["timeout_seconds"] = json!(7));
    assert!(!is_rest(&only(&next), &approved));
}

#[test]
fn an_object_that_was_made_in_part_is_made_whole_and_one_that_went_is_made_again() {
    let pool = |node: &str| {
        let config = json!({"instance_pool_name": "p", "node_type_id": node, "max_capacity": 4});
        World::new().resource("instance_pools.p", config)
    };
    let mut world = pool("small");
    let create = only(&world);
    world.apply();
    world.edit("instance_pools.p", |config| {
        config["max_capacity"] = json!(1)
    });
    assert!(is_rest(&only(&world), &create));
    let mut larger = pool("large");
    larger.observed = world.observed;
    let replace = only(&larger);
    assert_eq!(replace.action, Action::Replace);
    assert!(!is_rest(&replace, &create), "a removal was not approved");
    larger.observed.objects.clear();
    let again = only(&larger);
    assert_eq!(again.action, Action::Create);
    assert!(is_rest(&again, &replace));
    assert!(!is_rest(&again, &create), "the same action, or none of it");
}

#[test]
fn nothing_irreversible_is_a_rest_of_what_was_not() {
    let mut world = job(1, "one");
    world.apply();
    let mut next = job(2, "two");
    next.observed = world.observed;
    let approved = only(&next);
    let mut left = approved.clone();
    left.changes = Changes::from(&left.changes.read()[..1]);
    assert!(is_rest(&left, &approved));
    left.reversible = Reversibility::Irreversible {
        loses: "all".to_owned(),
    };
    assert!(!is_rest(&left, &approved));
}

#[test]
fn a_takeover_goes_on_as_an_update_of_the_same_object_only() {
    let config = json!({"name": "s", "catalog_name": "main", "comment": "new"});
    let mut world = World::new().resource("schemas.s", config);
    let there = json!({"name": "s", "catalog_name": "main", "comment": "old"});
    world.add_foreign("schemas", "main.s", there, None);
    let id = world.observed.objects[0].listed.id.clone();
    let key: crate::bundle::ResourceKey = "schemas.s".parse().unwrap();
    world.context.adopt.insert(key, id);
    let approved = only(&world);
    assert_eq!(approved.action, Action::Adopt);
    let claims = crate::claims::Claims::default().before(&world.plan().parts[0], &world.desired());
    claims.mark(&mut world.observed.objects, "shop", "qa");
    let mut left = only(&world);
    assert_eq!(left.action, Action::Update);
    assert!(is_rest(&left, &approved));
    left.live_id = Some("another".to_owned());
    assert!(!is_rest(&left, &approved));
}

#[test]
fn what_is_made_anew_after_what_it_refers_to_was_is_made_anew_all_the_same() {
    let world = |bucket: &str, prefix: &str| {
        let storage = json!({"storage_configuration_name": "logs", "root_bucket_info": {"bucket_name": bucket}});
        let logs = json!({"log_type": "AUDIT_LOGS", "output_format": "JSON", "delivery_path_prefix": prefix,
            "storage_configuration_id": "${resources.account_storage_configurations.logs.id}"});
        World::new()
            .resource("account_storage_configurations.logs", storage)
            .resource("account_log_deliveries.audit", logs)
    };
    let row = |world: &World| {
        let rows: Vec<Row> = world.plan().parts[0].rows.clone();
        let audit = rows.into_iter().find(|row| row.key.key == "audit");
        audit.expect("a row")
    };
    let mut first = world("one", "a");
    first.apply();
    let mut second = world("two", "b");
    second.observed = first.observed;
    let approved = row(&second);
    assert_eq!(approved.action, Action::Replace);
    // The storage was made anew, and the delivery not yet.
    let storage = second.object("account_storage_configurations.logs");
    storage.listed.id = "another".to_owned();
    storage.listed.config["root_bucket_info"]["bucket_name"] = json!("two");
    let left = row(&second);
    assert_ne!(left.digest, approved.digest);
    assert!(is_rest(&left, &approved), "{left:?}");
    // That it is to lie elsewhere was shown to nobody.
    let mut third = world("two", "c");
    third.observed = second.observed;
    assert!(!is_rest(&row(&third), &approved));
}

#[test]
fn a_role_between_its_old_policies_and_its_new_ones_is_brought_on() {
    let role = |attached: &[&str]| {
        let config = json!({"name": "r", "trust": {"Statement": []}, "attached": attached});
        World::new().resource("aws_roles.r", config)
    };
    let mut world = role(&["goes", "stays"]);
    world.apply();
    let mut next = role(&["comes", "stays"]);
    next.observed = world.observed;
    let approved = only(&next);
    for (there, rest) in [
        (&["comes", "goes", "stays"][..], true),
        (&["stays"], true),
        // Somebody took away what was to stay, or gave it what nobody was shown.
        (&["comes", "goes"], false),
        (&["comes", "other", "stays"], false),
    ] {
        next.edit("aws_roles.r", |config| config["attached"] = json!(there));
        let left = only(&next);
        assert_ne!(left.digest, approved.digest);
        assert_eq!(is_rest(&left, &approved), rest, "{there:?}");
    }
    let (mut all, mut none) = (role(&["a", "b"]), role(&[]));
    all.apply();
    none.observed = all.observed;
    let approved = only(&none);
    none.edit("aws_roles.r", |config| config["attached"] = json!(["b"]));
    assert!(is_rest(&only(&none), &approved));
}

#[test]
fn a_role_that_lost_some_of_its_policies_on_its_way_out_still_goes() {
    let role = |path: &str| {
        let policy = json!({"Version": "2012-10-17", "Statement": []});
        let config = json!({"name": "r", "path": path, "trust": {"Statement": []}, "policies": {"a": policy, "b": policy}, "attached": ["x", "y"]});
        World::new().resource("aws_roles.r", config)
    };
    let mut world = role("/a/");
    world.apply();
    let (mut moved, mut gone) = (role("/b/"), World::new());
    moved.observed = world.observed.clone();
    gone.observed = world.observed;
    for (next, action) in [(&mut moved, Action::Replace), (&mut gone, Action::Delete)] {
        let approved = only(next);
        assert_eq!(approved.action, action);
        next.edit("aws_roles.r", |config| {
            config["policies"].as_object_mut().unwrap().remove("a");
            config["attached"] = json!(["y"]);
        });
        let left = only(next);
        assert_ne!(left.digest, approved.digest);
        assert!(is_rest(&left, &approved));
        // What somebody gave it meanwhile was shown to nobody.
        next.edit("aws_roles.r", |config| {
            config["attached"] = json!(["y", "z"])
        });
        assert!(!is_rest(&only(next), &approved));
    }
}

fn net() -> ResourceKey {
    ResourceKey::new("cloudformation_stacks", "net")
}

fn stack() -> World {
    let config = json!({"stack_name": "s", "template": "sha256:2", "template_body": "", "parameters": {}, "capabilities": []});
    World::new().resource("cloudformation_stacks.net", config)
}

/// The row where the stack is there and its engine says this.
fn told(world: &mut World, preview: StackPlan) -> Row {
    world.observed.previews.insert(net(), preview);
    only(world)
}

#[test]
fn a_stack_that_was_removed_to_be_made_anew_is_made_and_no_other() {
    let mut failed = stack();
    failed.apply();
    let whole = |action| StackPlan::of_the_whole("ROLLBACK_COMPLETE", action, None);
    let remade = told(&mut failed, whole(StackAction::Replace));
    let back = told(&mut failed, whole(StackAction::Update));
    let mut gone = stack();
    let create = only(&gone);
    assert_eq!(
        (remade.action, create.action),
        (Action::Update, Action::Create)
    );
    assert!(is_rest(&create, &remade));
    assert!(
        !is_rest(&create, &back),
        "nobody was shown that it is removed"
    );
    assert!(!is_rest(&remade, &create) && !is_rest(&remade, &back));
    let import = StackPlan::of_import(&wanted(), None, &imports(), &[].into());
    let create = told(&mut gone, import);
    assert!(
        !is_rest(&create, &remade),
        "what it takes over was not shown"
    );
}

fn wanted() -> TemplateText {
    let text = "\
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', DeletionPolicy: Retain}
  Logs: {Type: 'AWS::Logs::LogGroup'}
Outputs: {VpcId: {Value: !Ref Vpc}}
";
    TemplateText::read(text).unwrap()
}

fn imports() -> Imports {
    [(
        "Vpc".to_owned(),
        [("VpcId".to_owned(), "vpc-1".to_owned())].into(),
    )]
    .into()
}

#[test]
fn a_stack_that_took_over_what_exists_gets_the_rest_of_its_template_and_no_more() {
    let mut world = stack();
    let import = StackPlan::of_import(&wanted(), None, &imports(), &[].into());
    let approved = told(&mut world, import);
    assert_eq!(approved.action, Action::Create);
    assert!(
        approved.looks_again
            && approved
                .reason
                .contains("takes over what exists: 1 resource")
    );

    let there =
        json!({"stack_name": "s", "template": "sha256:1", "parameters": {}, "capabilities": []});
    let mut world = stack();
    world.add_foreign("cloudformation_stacks", "s", there, None);
    let id = world.observed.objects[0].listed.id.clone();
    world.context.adopt.insert(net(), id);
    let change = |id: &str, kind: &str, action: &str, attribute: &str| {
        json!({"ResourceChange": {"Action": action, "LogicalResourceId": id, "ResourceType": kind, "Replacement": "False",
            "Details": [{"Target": {"Attribute": attribute}}]}})
    };
    let tags = change("Vpc", "AWS::EC2::VPC", "Modify", "Tags");
    let logs = change("Logs", "AWS::Logs::LogGroup", "Add", "Properties");
    let mut left = |changes: serde_json::Value| {
        let preview = from_change_set(&changes, &StackRules::default()).unwrap();
        told(&mut world, preview)
    };
    let rest = left(json!([tags, logs]));
    assert_eq!(rest.action, Action::Adopt);
    assert!(is_rest(&rest, &approved));
    let more = change("Other", "AWS::Logs::LogGroup", "Add", "Properties");
    assert!(!is_rest(&left(json!([tags, more])), &approved));
    let other = change("Vpc", "AWS::EC2::VPC", "Modify", "Properties");
    assert!(!is_rest(&left(json!([other])), &approved));
    let gone = change("Vpc", "AWS::EC2::VPC", "Remove", "Properties");
    assert!(!is_rest(&left(json!([gone])), &approved));
    let plain = only(&stack());
    assert!(
        !is_rest(&rest, &plain),
        "a creation that takes nothing over leaves no stack without marks"
    );
}
