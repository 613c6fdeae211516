//! A backend that is neither files nor S3: `http`, as forges have one, with a password that stands in no file.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hodman_clients::terraform::{Input, Inputs, TerraformError};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::bench::{Bench, CANARY, COMMIT, MAIN, key, leaks, quiet};

#[derive(Default)]
struct Kept {
    state: Option<Bytes>,
    lock: Option<Bytes>,
    /// Who asked, each time.
    signed: Vec<String>,
}

/// One state.
#[derive(Clone, Default)]
struct States(Arc<Mutex<Kept>>);

impl States {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap()
    }

    async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}/states/net")
    }
}

async fn answer(
    State(states): State<States>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut kept = states.kept();
    let signed = headers.get("authorization");
    let signed = signed.map_or("", |signed| signed.to_str().unwrap());
    kept.signed.push(signed.to_owned());
    match method.as_str() {
        "GET" => match &kept.state {
            Some(state) => state.clone().into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        "POST" => {
            kept.state = Some(body);
            StatusCode::OK.into_response()
        }
        "LOCK" => match &kept.lock {
            Some(lock) => (StatusCode::LOCKED, lock.clone()).into_response(),
            None => {
                kept.lock = Some(body);
                StatusCode::OK.into_response()
            }
        },
        "UNLOCK" => {
            kept.lock = None;
            StatusCode::OK.into_response()
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_http_backend_is_used_as_it_is_configured_and_its_password_lies_nowhere() {
    let states = States::default();
    let url = states.serve().await;
    let bench = Bench::http(
        json!({"address": url, "lock_address": url, "unlock_address": url, "username": "hodman"}),
    );
    let workdir = bench.stack("run", MAIN, 1).into_workdir();
    let mut inputs = Inputs {
        backend: bench.backend.clone(),
        ..Inputs::default()
    };
    let password = SecretString::from(CANARY);
    inputs
        .identity
        .insert("TF_HTTP_PASSWORD".to_owned(), password);
    for (name, value) in [("size", json!(1)), ("token", json!("none"))] {
        inputs
            .variables
            .insert(name.to_owned(), Input::Plain(value));
    }
    let stack = bench.stack_with(workdir, inputs);
    stack.init(&mut quiet()).await.unwrap();
    assert_eq!(stack.backend().unwrap()["type"], "http");

    let lock = json!({"ID": "485c9b73", "Operation": "OperationTypeApply", "Who": "ana@laptop", "Version": "1.11.4",
        "Created": "2026-11-23T23:20:38Z", "Path": "", "Info": ""});
    states.kept().lock = Some(lock.to_string().into());
    let refused = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap_err();
    let TerraformError::Locked(holder) = &refused else {
        panic!("not locked: {refused}");
    };
    assert_eq!(holder.id, "485c9b73");
    // Terraform does not say who, and OpenTofu does.
    assert!(["", "ana@laptop"].contains(&&*holder.who), "{holder}");
    states.kept().lock = None;

    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    stack
        .apply(COMMIT, &planned.saved, &key(), &mut quiet())
        .await
        .unwrap();
    let now = stack.state().await.unwrap();
    let kept = states.kept();
    let state: Value = serde_json::from_slice(kept.state.as_deref().unwrap()).unwrap();
    assert_eq!(state["resources"][0]["name"], "kept");
    assert_eq!(
        (state["lineage"].as_str(), state["serial"].as_u64()),
        (Some(&*now.lineage), Some(now.serial))
    );
    assert_eq!(kept.lock, None);
    let signed = format!("Basic {}", STANDARD.encode(format!("hodman:{CANARY}")));
    assert!(
        kept.signed.iter().all(|who| *who == signed),
        "{:?}",
        kept.signed.len()
    );
    drop(kept);
    let root = bench.folder.path().join("run");
    assert_eq!(leaks(&root), [""; 0].map(std::path::PathBuf::from));
}
