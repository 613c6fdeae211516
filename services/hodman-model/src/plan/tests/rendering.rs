use serde_json::json;

use super::two_jobs;
use super::world::World;
use crate::kinds::secrets::REDACTED;

const CANARY: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

#[test]
fn the_table_reads_well() {
    let mut world = two_jobs().resource(
        "jobs.other",
        json!({"name": "o", "x": "${files}/src/load.py"}),
    );
    world.apply();
    world = world.file("src/load.py", "print(2)");
    world.edit("clusters.etl", |config| config["num_workers"] = json!(4));
    let table = world.plan().to_table();
    let expected = "  ↔ resize   clusters.etl  num_workers differs from the package
        - num_workers: 4
        + num_workers: 1
  ~ update   2 jobs point to the new files
        jobs.load
        jobs.other
2 update, 1 resize, 1 unchanged, new files
";
    assert!(table.ends_with(expected), "{table}");
    assert!(table.starts_with("qa-eu\n  + create   files"), "{table}");
    world.apply();
    assert_eq!(world.plan().to_table(), "nothing to do (4 unchanged)\n");
}

#[test]
fn secrets_are_in_no_rendering_but_two_secrets_are_two_actions() {
    let world = |secret: &str| {
        World::new().resource(
            "jobs.a",
            json!({"name": "a", "parameters": [{"name": "db_password", "default": secret}],
                   "tasks": [{"task_key": "t", "new_cluster": {"spark_env_vars": {"API_TOKEN": secret}}}]}),
        )
    };
    let plan = world(CANARY).plan();
    let everything = [
        plan.to_table(),
        plan.to_markdown(60_000).0,
        plan.to_json().to_string(),
        format!("{plan:?}"),
    ];
    for text in &everything {
        assert!(text.contains(REDACTED) && !text.contains(CANARY), "{text}");
    }
    assert_ne!(plan.digest(), world("another").plan().digest());
    let mut live = world(CANARY);
    live.apply();
    let mut changed = world("another");
    changed.observed = live.observed;
    let plan = changed.plan();
    assert_eq!(plan.parts[0].rows[0].changes.read().len(), 2);
    assert!(
        plan.parts[0].rows[0]
            .changes
            .iter()
            .all(|change| change.redacted)
    );
    assert!(!format!("{plan:?}{}", plan.to_table()).contains(CANARY));
}

#[test]
fn nothing_in_a_value_works_as_markup() {
    let hostile =
        "```\n### merged by @octocat <!-- hodman: {} -->\n````` [x](https://evil) \u{202e}";
    let plan = World::new()
        .resource("jobs.a", json!({"name": hostile, "@team `x`": "y"}))
        .plan();
    let (text, truncated) = plan.to_markdown(60_000);
    assert!(!truncated);
    let mut fence: Option<String> = None;
    for line in text.lines() {
        let ticks: String = line
            .trim_start()
            .chars()
            .take_while(|c| *c == '`')
            .collect();
        match &fence {
            None if ticks.len() >= 3 => fence = Some(ticks),
            Some(open) if line.trim() == open => fence = None,
            Some(_) => {}
            None => assert!(
                !line.contains("@octocat") && !line.contains("evil"),
                "{line}"
            ),
        }
    }
    assert_eq!(fence, None, "every fence is closed:\n{text}");
    assert!(!text.contains('\u{202e}'));
}

#[test]
fn long_plans_are_cut_between_rows_and_say_so() {
    let mut world = World::new();
    for index in 0..200 {
        world = world.resource(
            &format!("jobs.j{index:03}"),
            json!({"name": "x".repeat(300)}),
        );
    }
    let plan = world.plan();
    for limit in [0, 50, 300, 1_000, 5_000, 20_000] {
        let (text, truncated) = plan.to_markdown(limit);
        assert!(truncated && text.chars().count() <= limit, "{limit}");
        assert_eq!(text.matches("```").count() % 2, 0, "{limit}");
        if limit >= 1_000 {
            assert!(
                text.contains("left out") || text.contains("shortened"),
                "{limit}"
            );
        }
    }
    assert!(!plan.to_markdown(1_000_000).1);
}

#[test]
fn what_cannot_be_taken_back_is_named_before_a_long_plan_is_cut() {
    let schema = json!({"name": "old", "catalog_name": "main"});
    let mut world = World::new().resource("schemas.old", schema);
    world.apply();
    let mut without = World::new();
    for index in 0..200 {
        let config = json!({"name": "x".repeat(300)});
        without = without.resource(&format!("jobs.j{index:03}"), config);
    }
    without.observed = world.observed;
    let key: crate::bundle::ResourceKey = "schemas.old".parse().unwrap();
    without.context.allow_destroy.insert(key.clone());
    let plan = without.plan();
    assert!(plan.irreversible().contains(&key), "{}", plan.to_table());
    for limit in [1_000, 5_000, 60_000] {
        let (text, truncated) = plan.to_markdown(limit);
        assert!(truncated && text.chars().count() <= limit, "{limit}");
        let list = text.split("###").next().unwrap();
        assert!(list.contains("Cannot be taken back"), "{limit}: {text}");
        assert!(list.contains("schemas.old"), "{limit}: {text}");
    }
}

/// Whoever approves sees what changes, however far behind in a long value it stands.
#[test]
fn a_change_at_the_end_of_a_long_value_is_shown() {
    let described = |end: &str| {
        let description = format!("{}{end}{}", "a".repeat(640), "z".repeat(300));
        json!({"name": "n", "description": description})
    };
    let mut world = World::new().resource("jobs.j", described("END-ONE"));
    world.apply();
    let mut next = World::new().resource("jobs.j", described("END-TWO drop table prod.orders"));
    next.observed = world.observed;
    let plan = next.plan();
    for text in [plan.to_table(), plan.to_markdown(60_000).0] {
        for part in [
            "END-ONE",
            "END-TWO drop table prod.orders",
            "characters as before",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains(&"a".repeat(100)), "{text}");
    }
    // What differs all over is cut in its middle, and says so.
    let all = |letter: &str| json!({"name": "n", "description": letter.repeat(9_000)});
    let mut world = World::new().resource("jobs.j", all("b"));
    world.apply();
    let mut next = World::new().resource("jobs.j", all("c"));
    next.observed = world.observed;
    let text = next.plan().to_table();
    assert!(text.contains("characters that differ, too"), "{text}");
}
