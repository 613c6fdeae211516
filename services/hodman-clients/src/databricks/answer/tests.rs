use reqwest::header::HeaderValue;
use serde_json::json;

use super::*;

const JOB_GET: &str = "/api/2.2/jobs/get";

fn refused(method: Method, path: &str, status: u16, body: &str) -> ApiError {
    refusal(
        &method,
        path,
        StatusCode::from_u16(status).unwrap(),
        &HeaderMap::new(),
        body.as_bytes(),
    )
}

fn kind(status: u16, code: &str, message: &str) -> ErrorKind {
    refused(
        Method::GET,
        "/api/2.0/x/y",
        status,
        &json!({"error_code": code, "message": message}).to_string(),
    )
    .kind
}

#[test]
fn the_standard_body() {
    let body = json!({"error_code": "RESOURCE_ALREADY_EXISTS", "message": "there", "details": [
        {"@type": "type.googleapis.com/google.rpc.RequestInfo", "request_id": "r-1"}]});
    let error = refused(
        Method::POST,
        "/api/2.0/workspace/import",
        400,
        &body.to_string(),
    );
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert_eq!(
        (error.error_code(), error.message(), error.request_id()),
        (Some("RESOURCE_ALREADY_EXISTS"), "there", Some("r-1"))
    );
    assert_eq!(
        error.to_string(),
        "POST /api/2.0/workspace/import failed: 400 RESOURCE_ALREADY_EXISTS there"
    );
    assert!(!error.may_have_taken_effect());
}

#[test]
fn the_scim_body() {
    let error = refused(
        Method::GET,
        "/api/2.0/x",
        404,
        r#"{"detail":"User 7 not found","status":"404"}"#,
    );
    assert_eq!(
        (error.kind, error.message()),
        (ErrorKind::NotFound, "User 7 not found")
    );
    let error = refused(
        Method::POST,
        "/api/2.0/x",
        409,
        r#"{"detail":"taken","scimType":"uniqueness"}"#,
    );
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
}

#[test]
fn the_api_1_2_and_oauth_bodies() {
    let error = refused(
        Method::GET,
        "/api/1.2/x",
        400,
        r#"{"error":"ContextNotFound"}"#,
    );
    assert_eq!(
        (error.kind, error.message(), error.error_code()),
        (ErrorKind::Invalid, "ContextNotFound", None)
    );
    let body = r#"{"error":"invalid_client","error_description":"no such client"}"#;
    let error = refused(Method::POST, "/oidc/v1/token", 400, body);
    assert_eq!(
        (error.kind, error.message()),
        (ErrorKind::Unauthenticated, "no such client")
    );
}

#[test]
fn the_plain_text_body() {
    let error = refused(
        Method::GET,
        "/api/2.0/x",
        400,
        "MALFORMED_REQUEST: Failed credentials validation checks: x\n",
    );
    assert_eq!(error.error_code(), Some("MALFORMED_REQUEST"));
    assert_eq!(error.message(), "Failed credentials validation checks: x");
    let error = refused(Method::GET, "/api/2.0/x", 502, "upstream: gone");
    assert_eq!(
        (error.kind, error.error_code(), error.message()),
        (ErrorKind::Temporary, None, "upstream: gone")
    );
    assert_eq!(
        refused(Method::GET, "/api/2.0/x", 400, "").message(),
        "Bad Request"
    );
}

#[test]
fn a_web_page_is_never_a_missing_object() {
    let page = "<!doctype html><html><head><title>Sign in</title></head>secret</html>";
    for (status, kind) in [
        (200, ErrorKind::Html),
        (303, ErrorKind::Html),
        (403, ErrorKind::Html),
        (404, ErrorKind::Html),
        (401, ErrorKind::Unauthenticated),
        (503, ErrorKind::Temporary),
        (429, ErrorKind::RateLimited { retry_after: None }),
    ] {
        let error = refused(Method::GET, "/api/2.0/x", status, page);
        assert_eq!(error.kind, kind, "{status}");
        assert_eq!(
            error.message(),
            "a web page came instead of the API's answer: \"Sign in\""
        );
    }
}

#[test]
fn every_disguise_of_not_found() {
    assert_eq!(kind(404, "NOT_FOUND", ""), ErrorKind::NotFound);
    assert_eq!(
        kind(400, "RESOURCE_DOES_NOT_EXIST", ""),
        ErrorKind::NotFound
    );
    assert_eq!(kind(404, "CATALOG_DOES_NOT_EXIST", ""), ErrorKind::NotFound);
    let body = r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Job 17 does not exist."}"#;
    assert_eq!(
        refused(Method::GET, JOB_GET, 400, body).kind,
        ErrorKind::NotFound
    );
    assert_eq!(
        refused(Method::POST, "/api/2.2/jobs/reset", 400, body).kind,
        ErrorKind::NotFound
    );
    let body = r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Run 17 does not exist."}"#;
    assert_eq!(
        refused(Method::GET, "/api/2.2/jobs/runs/get", 400, body).kind,
        ErrorKind::NotFound
    );
    let body = r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Cluster 1-2 does not exist"}"#;
    assert_eq!(
        refused(Method::POST, "/api/2.1/clusters/edit", 400, body).kind,
        ErrorKind::NotFound
    );
}

#[test]
fn what_a_new_object_refers_to_is_not_the_object() {
    let body = r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Job 17 does not exist."}"#;
    assert_eq!(
        refused(Method::POST, "/api/2.2/jobs/create", 400, body).kind,
        ErrorKind::Invalid
    );
    let body = r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Cluster 1-2 does not exist"}"#;
    assert_eq!(
        refused(Method::POST, "/api/2.2/jobs/reset", 400, body).kind,
        ErrorKind::Invalid
    );
}

#[test]
fn a_missing_api_is_not_a_missing_object() {
    assert_eq!(
        kind(404, "ENDPOINT_NOT_FOUND", "No API found for 'GET /x'"),
        ErrorKind::Unsupported
    );
    assert_eq!(kind(501, "NOT_IMPLEMENTED", ""), ErrorKind::Unsupported);
}

#[test]
fn the_other_kinds() {
    assert_eq!(
        kind(403, "PERMISSION_DENIED", ""),
        ErrorKind::PermissionDenied
    );
    assert_eq!(kind(401, "UNAUTHENTICATED", ""), ErrorKind::Unauthenticated);
    assert_eq!(
        kind(403, "403", "Invalid access token."),
        ErrorKind::Unauthenticated
    );
    assert_eq!(kind(409, "ABORTED", ""), ErrorKind::Conflict);
    assert_eq!(kind(400, "INVALID_STATE", ""), ErrorKind::Conflict);
    assert_eq!(kind(400, "DIRECTORY_NOT_EMPTY", ""), ErrorKind::Conflict);
    assert_eq!(
        kind(403, "MAX_NOTEBOOK_SIZE_EXCEEDED", ""),
        ErrorKind::Invalid
    );
    assert_eq!(
        kind(400, "REQUEST_LIMIT_EXCEEDED", ""),
        ErrorKind::RateLimited { retry_after: None }
    );
    assert_eq!(
        kind(503, "TEMPORARILY_UNAVAILABLE", ""),
        ErrorKind::Temporary
    );
    assert_eq!(
        kind(400, "BAD_REQUEST", "ClusterNotReadyException: soon"),
        ErrorKind::Temporary
    );
    assert_eq!(kind(400, "QUOTA_EXCEEDED", ""), ErrorKind::Invalid);
}

#[test]
fn numeric_codes_are_read() {
    let error = refused(
        Method::GET,
        "/api/2.0/x",
        403,
        r#"{"error_code":403,"message":"Invalid access token."}"#,
    );
    assert_eq!(
        (error.kind, error.error_code()),
        (ErrorKind::Unauthenticated, Some("403"))
    );
}

#[test]
fn a_name_that_is_taken_may_be_told_in_words_alone() {
    let words = r#"{"error_code": "INVALID_PARAMETER_VALUE", "message": "Endpoint with name x Already Exists."}"#;
    for status in [400, 409] {
        let error = refused(Method::POST, "/api/2.0/x", status, words);
        assert_eq!(error.kind, ErrorKind::AlreadyExists, "{status}");
    }
    // A change cannot be a second create, and trouble says nothing of names.
    let change = refused(Method::PATCH, "/api/2.0/x", 400, words);
    assert_eq!(change.kind, ErrorKind::Invalid);
    assert!(refused(Method::POST, "/api/2.0/x", 503, words).is_transient());
}

#[test]
fn a_server_error_to_a_write_leaves_a_doubt() {
    assert!(refused(Method::POST, "/api/2.2/jobs/create", 500, "").may_have_taken_effect());
    assert!(!refused(Method::GET, JOB_GET, 500, "").may_have_taken_effect());
    assert!(!refused(Method::POST, "/api/2.2/jobs/create", 501, "").may_have_taken_effect());
    assert!(!refused(Method::POST, "/api/2.2/jobs/create", 429, "").may_have_taken_effect());
}

#[test]
fn retry_after_in_both_spellings() {
    let mut headers = HeaderMap::new();
    assert_eq!(retry_after(&headers), None);
    headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
    assert_eq!(retry_after(&headers), Some(Duration::from_secs(7)));
    headers.insert(
        RETRY_AFTER,
        HeaderValue::from_static("Fri, 21 Aug 2026 10:00:30 GMT"),
    );
    assert_eq!(retry_after(&headers), None);
    headers.insert(
        DATE,
        HeaderValue::from_static("Fri, 21 Aug 2026 10:00:00 GMT"),
    );
    assert_eq!(retry_after(&headers), Some(Duration::from_secs(30)));
}

#[test]
fn long_messages_are_cut() {
    let error = refused(Method::GET, "/api/2.0/x", 400, &"ü".repeat(5000));
    let expected = "ü".repeat(LONGEST_MESSAGE) + "…";
    assert_eq!(error.message(), expected);
    let whole = "ü".repeat(LONGEST_MESSAGE);
    let error = refused(Method::GET, "/api/2.0/x", 400, &whole);
    assert_eq!(error.message(), whole);
}
