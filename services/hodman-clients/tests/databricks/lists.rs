//! Lists page by page, answers in parts, and who we are.

use hodman_clients::databricks::{Pages, Request};
use serde_json::{Value, json};

use crate::server::{Server, TestTime, ok, refuse};

#[tokio::test]
async fn people_are_counted_through() {
    let server = Server::start(|seen| match seen.query.as_str() {
        "startIndex=1&count=100" => {
            ok(json!({ "totalResults": 3, "Resources": [{ "id": "1" }, { "id": "2" }] }))
        }
        "startIndex=3&count=100" => ok(json!({ "totalResults": 3, "Resources": [{ "id": "3" }] })),
        other => refuse(400, "INVALID_PARAMETER_VALUE", other),
    })
    .await;
    let workspace = server.workspace(&TestTime::new());
    let mut pages: Vec<usize> = Vec::new();
    let list = Request::get("/api/2.0/preview/scim/v2/Groups");
    let take = |items: Vec<Value>| pages.push(items.len());
    workspace
        .each_page(&list, "Resources", Pages::StartIndex, take)
        .await
        .unwrap();
    assert_eq!(pages, [2, 1]);
}

#[tokio::test]
async fn a_list_of_people_that_promises_more_than_it_has_ends() {
    let server = Server::start(|_| ok(json!({ "totalResults": 9, "Resources": [] }))).await;
    let workspace = server.workspace(&TestTime::new());
    let list = Request::get("/api/2.0/preview/scim/v2/Groups");
    workspace
        .each_page(&list, "Resources", Pages::StartIndex, |_| {})
        .await
        .unwrap();
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_list_without_pages_is_asked_for_once() {
    let server = Server::start(|_| ok(json!({ "items": [1], "next_page_token": "x" }))).await;
    let workspace = server.workspace(&TestTime::new());
    let mut found = Vec::new();
    workspace
        .each_page(
            &Request::get("/api/2.0/things"),
            "items",
            Pages::Once,
            |items| found.extend(items),
        )
        .await
        .unwrap();
    assert_eq!((found, server.seen().len()), (vec![json!(1)], 1));
}

#[tokio::test]
async fn an_answer_in_parts_is_put_together() {
    let server = Server::start(|seen| match seen.query.as_str() {
        "id=7" => ok(json!({ "id": 7, "parts": [1, 2], "next_page_token": "b" })),
        "id=7&page_token=b" => ok(json!({ "id": 7, "parts": [2, 3] })),
        other => refuse(400, "INVALID_PARAMETER_VALUE", other),
    })
    .await;
    let workspace = server.workspace(&TestTime::new());
    let get = Request::get("/api/2.0/thing").query("id", "7");
    let whole = workspace.whole(&get, &["parts"]).await.unwrap();
    assert_eq!(whole["parts"], json!([1, 2, 3]));
}

#[tokio::test]
async fn who_we_are_is_asked_once() {
    let server = Server::start(|_| ok(json!({ "id": "1", "userName": "robot" }))).await;
    let workspace = server.workspace(&TestTime::new());
    for _ in 0..3 {
        assert_eq!(
            workspace.clone().principal().await.unwrap().user_name,
            "robot"
        );
    }
    assert_eq!(server.seen().len(), 1);
}
