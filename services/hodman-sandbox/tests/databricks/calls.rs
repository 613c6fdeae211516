//! Calls with any method, and what is refused.

use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{Answer, Bench};

/// Any call of the workspace, with Ana's token.
pub async fn call(bench: &Bench, method: Method, path: &str, body: Value) -> Answer {
    let url = format!("{}{path}", bench.dev.url());
    bench.send(method, &url, body).await
}

/// A call that succeeds.
pub async fn done(bench: &Bench, method: Method, path: &str, body: Value) -> Value {
    let (status, answer) = call(bench, method.clone(), path, body).await;
    assert_eq!(status, 200, "{method} {path}: {answer}");
    answer
}

/// A read that succeeds.
pub async fn read(bench: &Bench, path: &str) -> Value {
    done(bench, Method::GET, path, json!({})).await
}

/// Status, code and text of a call that is refused.
pub async fn refused(
    bench: &Bench,
    method: Method,
    path: &str,
    body: Value,
) -> (u16, String, String) {
    let (status, answer) = call(bench, method.clone(), path, body).await;
    assert!(status >= 400, "{method} {path} is not refused: {answer}");
    let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    (status, text("error_code"), text("message"))
}
