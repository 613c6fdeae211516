mod documents;

use proptest::prelude::*;
use serde_json::json;

use super::*;

const JOB: &str = "\
# The nightly load.
resources:
  jobs:
    nightly:
      name: \"nightly\"   # shown in the list
      max_concurrent_runs: 1

      # every morning
      schedule:
        quartz_cron_expression: '0 0 5 * * ?'  # UTC
        timezone_id: UTC
      tags: {team: sales, cost: low}
      tasks:
        # first
        - task_key: load
          notebook_task:
            notebook_path: ../src/load.py
        - task_key: check   # last
          depends_on:
            - task_key: load
          sql: |
            select 1

# end
";

fn path(text: &str) -> Vec<PathSegment> {
    format!("resources.jobs.nightly.{text}")
        .parse::<FieldPath>()
        .unwrap()
        .0
}

/// The edit, checked to be in place, as the lines that differ.
fn diff(edited: &Edited) -> String {
    assert_eq!(edited.rewritten, None, "{}", edited.text);
    lines_that_differ(JOB, &edited.text)
}

fn lines_that_differ(before: &str, after: &str) -> String {
    let diff = similar::TextDiff::from_lines(before, after);
    let mut out = String::new();
    for change in diff
        .iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal)
    {
        out.push_str(&format!("{}{}", change.tag(), change.value()));
    }
    out
}

fn set_to(at: &str, value: serde_json::Value) -> String {
    diff(&set(JOB, &path(at), &value, &["task_key"]).unwrap())
}

fn without(at: &str) -> String {
    diff(&remove(JOB, &path(at), &[]).unwrap())
}

#[test]
fn a_scalar_changes_alone_and_keeps_quotes_and_comment() {
    assert_eq!(
        set_to("schedule.quartz_cron_expression", json!("0 0 6 * * ?")),
        "-        quartz_cron_expression: '0 0 5 * * ?'  # UTC\n+        quartz_cron_expression: '0 0 6 * * ?'  # UTC\n"
    );
    assert_eq!(
        set_to("name", json!("daily")),
        "-      name: \"nightly\"   # shown in the list\n+      name: \"daily\"   # shown in the list\n"
    );
    assert_eq!(
        set_to("max_concurrent_runs", json!(4)),
        "-      max_concurrent_runs: 1\n+      max_concurrent_runs: 4\n"
    );
}

#[test]
fn new_fields_and_elements_go_to_the_end_of_their_block() {
    assert_eq!(
        set_to("schedule.pause_status", json!("PAUSED")),
        "+        pause_status: PAUSED\n"
    );
    assert_eq!(
        set_to("tasks[task_key=load].max_retries", json!(2)),
        "+          max_retries: 2\n"
    );
    assert_eq!(
        set_to(
            "tasks[task_key=new]",
            json!({"task_key": "new", "x": {"z": [1]}})
        ),
        "+        - task_key: new\n+          x:\n+            z:\n+              - 1\n"
    );
    assert_eq!(
        set_to(
            "tasks[task_key=load].notebook_task.base_parameters.day",
            json!("2026-01-01")
        ),
        "+            base_parameters:\n+              day: \"2026-01-01\"\n"
    );
    let inserted = insert(
        JOB,
        &path("tasks[task_key=check].depends_on"),
        &json!({"task_key": "other"}),
        &[],
    )
    .unwrap();
    assert_eq!(diff(&inserted), "+            - task_key: other\n");
}

#[test]
fn removal_takes_the_comment_that_belongs_to_it() {
    assert_eq!(
        without("max_concurrent_runs"),
        "-      max_concurrent_runs: 1\n"
    );
    assert_eq!(
        without("tasks[task_key=check].depends_on"),
        "-          depends_on:\n-            - task_key: load\n"
    );
    assert_eq!(
        without("schedule"),
        "-      # every morning\n-      schedule:\n-        quartz_cron_expression: '0 0 5 * * ?'  # UTC\n-        timezone_id: UTC\n"
    );
    assert_eq!(
        without("tasks[task_key=check].sql"),
        "-          sql: |\n-            select 1\n"
    );
    assert_eq!(without("nothing.here"), "");
}

#[test]
fn flow_collections_stay_flow() {
    assert_eq!(
        set_to("tags.cost", json!("a, b")),
        "-      tags: {team: sales, cost: low}\n+      tags: {team: sales, cost: \"a, b\"}\n"
    );
}

#[test]
fn the_first_field_of_an_element_can_go() {
    let text = "a:\n  - x: 1\n    y: 2\n  - x: 3\n";
    let edited = remove(text, &"a[0].x".parse::<FieldPath>().unwrap().0, &[]).unwrap();
    assert_eq!(edited.text, "a:\n  - y: 2\n  - x: 3\n");
    let edited = remove(text, &"a[0]".parse::<FieldPath>().unwrap().0, &[]).unwrap();
    assert_eq!(edited.text, "a:\n  - x: 3\n");
}

fn edited(text: &str, at: &str, value: Option<serde_json::Value>) -> Edited {
    let path = at.parse::<FieldPath>().unwrap().0;
    match value {
        Some(value) => set(text, &path, &value, &[]).unwrap(),
        None => remove(text, &path, &[]).unwrap(),
    }
}

#[test]
fn items_of_a_list_without_a_key_keep_the_comments_above_them() {
    let text = "\
task:
  libraries:
    # pinned, SHOP-12
    - pypi:
        package: shop==1  # not 2
    - whl: ../a.whl

    # about jars

    # the driver
    - jar: x
  # after
  end: 1
";
    let shop = json!({"pypi": {"package": "shop==1"}});
    let (whl, jar) = (json!({"whl": "../a.whl"}), json!({"jar": "x"}));
    let new = json!({"whl": "b"});
    let added = edited(
        text,
        "task.libraries",
        Some(json!([new, shop, whl, jar, new])),
    );
    assert_eq!(
        (lines_that_differ(text, &added.text), added.rewritten),
        ("+    - whl: b\n+    - whl: b\n".to_owned(), None)
    );
    assert!(
        added
            .text
            .contains("libraries:\n    - whl: b\n    # pinned")
    );
    let gone = edited(text, "task.libraries", Some(json!([shop, whl])));
    assert_eq!(
        (lines_that_differ(text, &gone.text), gone.rewritten),
        ("-    # the driver\n-    - jar: x\n".to_owned(), None)
    );
    let changed = json!([{"pypi": {"package": "shop==2"}}, whl, jar]);
    let changed = edited(text, "task.libraries", Some(changed));
    assert_eq!(changed.text, text.replace("shop==1", "shop==2"));
    let moved = edited(text, "task.libraries", Some(json!([jar, shop, whl])));
    assert_eq!(
        moved.text,
        "\
task:
  libraries:

    # about jars

    # the driver
    - jar: x
    # pinned, SHOP-12
    - pypi:
        package: shop==1  # not 2
    - whl: ../a.whl
  # after
  end: 1
"
    );
    assert_eq!(moved.rewritten, None);
}

#[test]
fn the_comment_of_the_next_field_stays_when_the_first_goes() {
    let text =
        "tasks:\n  - timeout_seconds: 5  # short\n    # which notebook\n    notebook_task: x\n";
    let edited = edited(text, "tasks[0].timeout_seconds", None);
    assert_eq!(
        edited.text,
        "tasks:\n  - # which notebook\n    notebook_task: x\n"
    );
    assert_eq!(edited.rewritten, None);
}

#[test]
fn comments_inside_of_brackets_stay_or_are_told() {
    let text = "tags: {  # who\n  team: sales,  # or shop\n  cost: low\n}\n";
    let set = edited(text, "tags.team", Some(json!("shop")));
    assert_eq!(set.text, text.replace("sales", "shop"));
    assert_eq!(set.rewritten, None);
    let new = edited(text, "tags.more", Some(json!(1)));
    assert!(!new.text.contains('#'), "{}", new.text);
    assert_eq!(new.rewritten.unwrap().to_string(), "tags.more");
}

#[test]
fn what_looks_like_a_comment_in_a_text_is_none() {
    let text = "a: 1\nsql: |\n  select 1\n  # no comment\nb: 2\nc: '# none'\n";
    let edited = edited(text, "b", None);
    assert_eq!(edited.text, text.replace("b: 2\n", ""));
    assert_eq!(edited.rewritten, None);
}

#[test]
fn line_breaks_of_windows_stay() {
    let text = "a: 1\r\n# b\r\nb:\r\n  - x  # one\r\n  - y\r\n";
    let edited = edited(text, "b", Some(json!(["x", "z", "y"])));
    assert_eq!(edited.text, text.replace("  - y", "  - z\r\n  - y"));
    assert_eq!(edited.rewritten, None);
}

#[test]
fn where_a_splice_would_lie_the_block_is_written_anew_and_said() {
    let text = "base: &b {x: 1}\na:\n  <<: *b\n  y: 2\n";
    if let Ok(edited) = set(
        text,
        &"base.x".parse::<FieldPath>().unwrap().0,
        &json!(5),
        &[],
    ) {
        assert!(edited.rewritten.is_some(), "{}", edited.text);
        assert_eq!(read(&edited.text).unwrap()["base"]["x"], 5);
    }
    let only = remove(
        "a:\n  b:\n    c: 1\n",
        &"a.b.c".parse::<FieldPath>().unwrap().0,
        &[],
    )
    .unwrap();
    assert_eq!(read(&only.text).unwrap(), json!({"a": {"b": {}}}));
    assert_eq!(only.rewritten.unwrap().to_string(), "a.b");
}

#[test]
fn an_empty_file_and_an_empty_value_are_filled() {
    assert_eq!(
        set("", &path("name"), &json!("x"), &[]).unwrap().text,
        "resources:\n  jobs:\n    nightly:\n      name: x\n"
    );
    let text = "# head\nresources:\n  jobs:   # none yet\n";
    let edited = set(text, &path("name"), &json!("x"), &[]).unwrap();
    assert_eq!(
        read(&edited.text).unwrap(),
        json!({"resources": {"jobs": {"nightly": {"name": "x"}}}})
    );
    assert!(edited.text.starts_with("# head\n"), "{}", edited.text);
}

#[test]
fn errors_say_what_is_wrong() {
    assert!(matches!(
        set("a: [", &path("x"), &json!(1), &[]),
        Err(EditError::Unreadable(_))
    ));
    assert!(matches!(
        set("resources: 1\n", &path("x"), &json!(1), &[]),
        Err(EditError::NoSuchPlace(_))
    ));
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof![
        any::<String>(),
        "[a-z \\n:#'\"{}\\[\\],*&!|>%@-]{0,12}",
        Just("yes".to_owned()),
        Just("012".to_owned()),
        Just("1:30".to_owned()),
        Just("2026-01-01".to_owned()),
        Just("1e5".to_owned()),
        Just("~".to_owned()),
        Just("a\nb\n".to_owned()),
        Just(" a\nb".to_owned()),
        Just("<<".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i32>().prop_map(|n| json!(n)),
        text.prop_map(|t| json!(t)),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map(prop_oneof!["[a-z]{1,4}", "[ -~]{0,5}"], inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_rendered_reads_back_the_same(value in value()) {
        let text = render(&value, &["name"]);
        prop_assert_eq!(read(&text).unwrap(), value.clone(), "{}", text);
        prop_assert_eq!(render(&read(&text).unwrap(), &["name"]), text);
    }

    #[test]
    fn edits_mean_what_they_say_and_keep_all_comments(
        at in prop::sample::select(vec!["name", "tags.team", "schedule.timezone_id", "x.y", "tasks[task_key=load].z", "tasks[task_key=n].z"]),
        value in value(),
    ) {
        let edited = set(JOB, &path(at), &value, &[]).unwrap();
        let mut intended = read(JOB).unwrap();
        FieldPath(path(at)).put(&mut intended, Some(value));
        prop_assert_eq!(read(&edited.text).unwrap(), intended);
        prop_assert_eq!(edited.rewritten, None);
        for comment in ["# The nightly load.", "# shown in the list", "# every morning", "# first", "# last", "# UTC", "# end"] {
            prop_assert!(edited.text.contains(comment), "{} lost in\n{}", comment, edited.text);
        }
    }
}
