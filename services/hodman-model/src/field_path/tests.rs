use super::*;
use proptest::prelude::*;
use serde_json::json;

fn segment() -> impl Strategy<Value = PathSegment> {
    prop_oneof![
        ".{0,8}".prop_map(PathSegment::Key),
        ("[a-z_]{1,8}", ".{0,8}").prop_map(|(field, value)| PathSegment::Element { field, value }),
        (0usize..9).prop_map(PathSegment::Index),
    ]
}

proptest! {
    #[test]
    fn a_path_is_read_as_it_was_written(segments in prop::collection::vec(segment(), 0..5)) {
        let path = FieldPath(segments);
        prop_assert_eq!(path.to_string().parse::<FieldPath>(), Ok(path.clone()));
    }
}

#[test]
fn paths_read_well() {
    let root = FieldPath::default();
    let element = PathSegment::Element {
        field: "task_key".into(),
        value: "load".into(),
    };
    assert_eq!(
        root.key("tasks")
            .then(element)
            .key("new_cluster")
            .key("spark_conf")
            .key("spark.sql.x")
            .to_string(),
        r#"tasks[task_key=load].new_cluster.spark_conf["spark.sql.x"]"#
    );
    for bad in [".a", "a..b", "a[", "a[x=", "a[1", "a[\"b]", "a b"] {
        assert!(bad.parse::<FieldPath>().is_err(), "{bad}");
    }
}

#[test]
fn a_value_is_found_put_and_removed_by_the_elements_key() {
    let mut value = json!({"tasks": [{"task_key": "a", "n": 1}, {"task_key": "b", "n": 2}]});
    let path: FieldPath = "tasks[task_key=b].n".parse().unwrap();
    assert_eq!(path.get(&value), Some(&json!(2)));
    assert!(path.put(&mut value, Some(json!(3))));
    assert!(
        "tasks[task_key=c].n"
            .parse::<FieldPath>()
            .unwrap()
            .put(&mut value, Some(json!(4)))
    );
    assert!(
        "tasks[task_key=a]"
            .parse::<FieldPath>()
            .unwrap()
            .put(&mut value, None)
    );
    assert!(
        "schedule.zone"
            .parse::<FieldPath>()
            .unwrap()
            .put(&mut value, Some(json!("UTC")))
    );
    assert_eq!(
        value,
        json!({"tasks": [{"task_key": "b", "n": 3}, {"task_key": "c", "n": 4}], "schedule": {"zone": "UTC"}})
    );
    assert!(
        !"schedule.zone.deeper"
            .parse::<FieldPath>()
            .unwrap()
            .put(&mut value, Some(json!(1)))
    );
}
