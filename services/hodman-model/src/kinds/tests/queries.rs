//! Saved queries.

use serde_json::json;

use super::harness::{changes, kind};

#[test]
fn who_may_view_a_query_may_read_it() {
    let permissions = kind("queries").permissions().unwrap();
    assert_eq!(
        permissions.levels,
        ["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"]
    );
    let answer = |level: &str| json!({"access_control_list": [{"group_name": "users", "all_permissions": [{"permission_level": level, "inherited": false}]}]});
    for level in ["CAN_VIEW", "CAN_READ"] {
        assert_eq!(permissions.spelled(level), "CAN_READ");
        assert_eq!(
            permissions.read(&answer(level)),
            json!({"group:users": "CAN_READ"})
        );
    }
    // A job is viewed.
    assert_eq!(
        kind("jobs").permissions().unwrap().spelled("CAN_VIEW"),
        "CAN_VIEW"
    );
}

#[test]
fn dates_are_days_unless_a_parameter_says_otherwise() {
    let query = |precision: Option<&str>| {
        let mut date = json!({"dynamic_date_value": "NOW"});
        let mut range = json!({"dynamic_date_range_value": "TODAY"});
        if let Some(precision) = precision {
            date["precision"] = json!(precision);
            range["precision"] = json!(precision);
        }
        json!({"display_name": "n", "parameters": [{"name": "a", "date_value": date}, {"name": "b", "date_range_value": range}]})
    };
    let kind = kind("queries");
    let live = |precision: &str| {
        let mut answer = query(Some(precision));
        answer["id"] = json!("q");
        answer
    };
    assert_eq!(
        changes(kind, &query(None), &live("DAY_PRECISION")),
        Vec::<String>::new()
    );
    assert_eq!(
        changes(kind, &query(None), &live("SECOND_PRECISION")).len(),
        2
    );
}
