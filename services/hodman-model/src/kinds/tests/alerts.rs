//! Alerts: as whom they run, and what an update leaves alone.

use serde_json::{Value, json};

use super::harness::{changes, kind, marker};

fn config() -> Value {
    json!({"display_name": "late", "query_text": "select 1", "warehouse_id": "w",
        "evaluation": {"source": {"name": "n"}, "comparison_operator": "IS_NULL"},
        "schedule": {"quartz_cron_schedule": "0 0 * * * ?", "timezone_id": "UTC"}})
}

fn answer(more: Value) -> Value {
    let mut answer = config();
    answer["id"] = json!("a1");
    answer["owner_user_name"] = json!("robot");
    answer["effective_run_as"] = json!({"service_principal_name": "robot"});
    let map = answer.as_object_mut().unwrap();
    map.extend(more.as_object().unwrap().clone());
    answer
}

#[test]
fn whom_people_let_it_run_as_is_seen_and_its_owner_is_what_silence_means() {
    let kind = kind("alerts");
    let none = Vec::<String>::new();
    for silent in [json!({}), json!({"run_as_user_name": "robot"})] {
        assert_eq!(changes(kind, &config(), &answer(silent)), none);
    }
    let by_hand = answer(json!({"run_as": {"user_name": "ana@x"}}));
    assert_eq!(changes(kind, &config(), &by_hand), ["run_as"]);
    let live = kind.read(&by_hand).unwrap().unwrap().config;
    let update = &kind.update("a1", &live, &config(), &marker())[0];
    assert_eq!(update.query["update_mask"], "run_as");
    assert_eq!(update.body, Some(json!({})), "named, without a value");
}

#[test]
fn an_update_names_what_changes_and_takes_nothing_else_away() {
    let kind = kind("alerts");
    let mut there = answer(json!({}));
    there["evaluation"]["empty_result_state"] = json!("OK");
    let live = kind.read(&there).unwrap().unwrap().config;
    let mut next = config();
    next["evaluation"]["comparison_operator"] = json!("IS_NOT_NULL");
    let update = |config: &Value| kind.update("a1", &live, config, &marker()).remove(0);
    let sent = update(&next);
    assert_eq!(sent.query["update_mask"], "evaluation");
    let body = sent.body.unwrap();
    assert_eq!(body["evaluation"]["empty_result_state"], "OK");
    assert_eq!(body.as_object().unwrap().len(), 1);
    // What left the package goes back to the service.
    let mut given_back = config();
    given_back["evaluation"]["empty_result_state"] = Value::Null;
    let sent = update(&given_back);
    assert_eq!(sent.query["update_mask"], "evaluation");
    assert_eq!(
        sent.body,
        Some(json!({"evaluation": config()["evaluation"]}))
    );
}
